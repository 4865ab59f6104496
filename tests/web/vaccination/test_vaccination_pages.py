"""A vaccination in a real browser: asked, checked, given, and what comes next."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import LANGUAGES, SIZES, faults
from tests.children import make_child
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def opened(context: Any, url: str, where: str = "vaccinate") -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/person/rayana/{where}")
    return page


def fill_batches(page: Page) -> None:
    for lot in page.locator("input[name^=lot-]").all():
        lot.fill("MM-3310")
    for day in page.locator("input[name^=expires-]").all():
        day.fill("01.2031")


def answer_yes(page: Page) -> None:
    page.get_by_label("Yes:").check()
    page.get_by_role("radio", name="Consent given").check()
    page.get_by_label("Asked:").check()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    make_child()
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url, "vaccinations")
        assert faults(page) == []
        page.goto(f"{live_server.url}/person/rayana/vaccinate?also=19")
        assert faults(page) == []
        page.locator("#id_identity").check()
        page.locator(".q-footer button.q-button--primary").click()
        expect(page.locator(".nhsuk-error-summary")).to_be_focused()
        assert faults(page) == []
        page.locator("#id_consent").check()
        page.locator("#id_health").check()
        page.locator("#id_what-19").select_option("later")
        fill_batches(page)
        page.locator(".q-footer button.q-button--primary").click()
        expect(page.locator(".q-message--done")).to_be_visible()
        assert faults(page) == []
        page.goto(f"{live_server.url}/vaccination/watch")
        expect(page.locator("tbody tr")).to_have_count(1)
        assert faults(page) == []
        page.goto(f"{live_server.url}/person/rayana/vaccinate/reaction")
        assert faults(page) == []


def test_a_dose_is_saved_shows_what_is_next_and_the_batch_stays(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        names = page.locator(".q-vaccine legend b").all_inner_texts()
        assert "measles, mumps, rubella vaccine" in names
        fill_batches(page)
        answer_yes(page)
        page.get_by_role("button", name="Save the vaccination").click()
        expect(page.get_by_role("status")).to_contain_text("Stays for observation until")
        expect(page.locator("#kept")).to_contain_text("batch MM-3310")
        expect(page.locator("#next")).to_contain_text("in ")
        page.reload()
        expect(page.locator("#kept li")).to_have_count(len(names))
        page.goto(f"{live_server.url}/person/rayana/vaccinate?also=3")
        expect(page.locator("#id_lot-3")).to_have_value("MM-3310")
        expect(page.locator("#vaccine-3")).to_contain_text("recorded for this day already")
        page.get_by_role("link", name="Vaccination card").click()
        expect(page.locator("#given")).to_contain_text("MM-3310")
        page.get_by_role("link", name="Print the card").click()
        expect(page.locator("body")).to_contain_text("MM-3310")


def test_a_dose_too_early_says_why_and_waits_for_a_tick(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child(months=3)
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "vaccinate?also=133")
        expect(page.locator("#vaccine-133")).to_contain_text("It will not count")
        fill_batches(page)
        answer_yes(page)
        save = page.get_by_role("button", name="Save the vaccination")
        with page.expect_navigation():
            save.click()
        expect(page.locator("#vaccine-133 .q-message")).to_contain_text("Good from")
        page.locator("#id_confirm-133").check()
        save.click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")


def test_a_refusal_is_kept_with_its_words_and_gives_no_dose(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.get_by_label("Yes:").check()
        expect(page.get_by_label("Why refused")).to_be_hidden()
        page.get_by_role("radio", name="Consent refused").check()
        expect(page.get_by_label("Why refused")).to_be_visible()
        page.get_by_role("button", name="Save the vaccination").click()
        expect(page.locator(".nhsuk-error-summary")).to_contain_text("Write why")
        page.get_by_label("Why refused").fill("afraid of side effects")
        page.get_by_role("button", name="Save the vaccination").click()
        expect(page.get_by_role("status")).to_contain_text("No dose was given.")
        page.goto(f"{live_server.url}/vaccination/watch")
        expect(page.locator("main")).to_contain_text("Nobody is under observation")
        page.get_by_role("link", name="Who is due for a vaccination").click()
        expect(page).to_have_url(re.compile(r"/today\?programme=\w+"))
        page.goto(f"{live_server.url}/person/rayana/vaccinations")
        expect(page.locator("#given")).to_contain_text("the person's wish")


def test_a_reaction_is_reported_from_the_list_and_warns_next_time(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        fill_batches(page)
        answer_yes(page)
        page.get_by_role("button", name="Save the vaccination").click()
        page.get_by_role("link", name="Report a reaction").click()
        page.get_by_label("Mild").check()
        page.get_by_label("What happened").select_option("rash")
        page.get_by_role("button", name="Save the reaction").click()
        expect(page.get_by_role("status")).to_contain_text("in the record")
        page.goto(f"{live_server.url}/person/rayana/vaccinate")
        expect(page.locator(".q-message--overdue").first).to_contain_text("rash or hives")


def test_somebody_of_another_place_is_not_there(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child()
    with signed_in(browser, live_server.url, post="stranger") as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/person/rayana/vaccinate")
        assert answer is not None
        assert answer.status in (403, 404)


def test_of_a_grown_person_only_what_the_list_asks_is_proposed(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        for where in ("vaccinate", "vaccinations"):
            page.goto(f"{live_server.url}/person/amina/{where}")
            expect(page.locator("main")).to_contain_text("may stand on a paper card")
            expect(page.locator("main")).not_to_contain_text("years ago")
            assert faults(page) == []
        expect(page.locator(".k-chart")).to_have_count(0)
        page.goto(f"{live_server.url}/person/amina/print/vaccinations?language=en")
        expect(page.locator("body")).to_contain_text("063")
        expect(page.locator("body")).not_to_contain_text("overdue")


@pytest.mark.parametrize(("language", "size"), [("kk", "narrow"), ("ru", "phone"), ("en", "desk")])
def test_another_vaccine_is_added_in_place_and_nothing_typed_is_lost(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    make_child()
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url)
        page.locator("#id_identity").check()
        before = page.locator(".q-vaccine").count()
        first = page.locator("input[name^=lot-]").first
        first.fill("TYPED-1")
        page.locator("#id_also").select_option("19")
        page.locator("#id_also").press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#id_what-19")).to_be_focused()
        expect(page.locator("#id_what-19")).to_be_in_viewport()
        expect(page.locator(".q-vaccine")).to_have_count(before + 1)
        expect(page.locator("#also-said")).not_to_be_empty()
        assert "also" not in page.url
        assert page.locator("#id_also option[value='19']").count() == 0
        expect(first).to_have_value("TYPED-1")
        expect(page.locator("#id_identity")).to_be_checked()
        assert faults(page) == []
        fill_batches(page)
        page.locator("#id_consent").check()
        page.locator("#id_health").check()
        page.locator("#id_what-19").select_option("later")
        page.locator(".q-footer button.q-button--primary").click()
        expect(page.locator(".q-message--done")).to_be_visible()


def test_where_nothing_is_due_the_first_vaccine_added_brings_the_button(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/vaccinate")
        expect(page.locator("#no-vaccine")).to_be_visible()
        page.get_by_role("button", name="Add").click()
        expect(page.locator(".q-vaccine")).to_have_count(1)
        expect(page.locator("#no-vaccine")).to_have_count(0)
        expect(page.get_by_role("button", name="Save the vaccination")).to_be_visible()
        assert faults(page) == []


def test_without_a_script_what_was_added_before_stays_added(
    village: None, live_server: Any, browser: Browser
) -> None:
    make_child()
    with signed_in(browser, live_server.url) as context:
        context.route("**/*.js*", lambda route: route.abort())
        page = opened(context, live_server.url, "vaccinate?also=19")
        other = page.locator("#id_also option").last.get_attribute("value")
        page.locator("#id_also").select_option(other)
        page.get_by_role("button", name="Add").click()
        page.wait_for_url(f"**also={other}**")
        expect(page.locator("#vaccine-19")).to_be_visible()
        expect(page.locator(f"#vaccine-{other}")).to_be_visible()
