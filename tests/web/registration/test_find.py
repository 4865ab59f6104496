"""The box that finds people: on every page, with and without scripts, by keys alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.store.accounts import Account
from qamqor.store.fhir import versions
from tests.browser import LANGUAGES, SIZES, faults, new_context
from tests.pages import signed_in
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
IIN = "870312900004"


@pytest.fixture
def numbered(village: None) -> None:
    """Amina has a number of her own."""
    version = versions.read("Patient", "amina")
    assert version is not None
    number = [{"system": f"{IDENTIFIERS}/iin", "value": IIN}]
    put({**json_text.decode(version.content or ""), "identifier": number})


def opened(context: Any, url: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/today")
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_and_its_answers_are_whole(
    numbered: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        assert faults(page) == []
        page.locator("#find").fill("Гүлбаршын")
        expect(page.locator("[data-found]")).to_have_count(1)
        assert faults(page) == []
        page.locator("#find").fill("1427")
        expect(page.locator("[data-found]")).to_have_count(3)
        assert faults(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_under_the_box_of_a_page_are_whole(
    numbered: None, live_server: Any, browser: Browser, language: str
) -> None:
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url)
        page.keyboard.press("/")
        page.keyboard.type("axmetova")
        expect(page.locator("#found [data-found]")).to_have_count(1)
        assert faults(page) == []


def test_a_slash_twelve_digits_and_enter_open_the_person(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.press("/")
        page.keyboard.type(IIN)
        page.keyboard.press("Enter")
        page.wait_for_url("**/person/amina")
        assert IIN not in page.url


def test_the_arrows_walk_the_answers_and_escape_closes_them(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.press("/")
        page.keyboard.type("1427")
        expect(page.locator("#found [data-found]")).to_have_count(3)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#found [data-found]").nth(1)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#found [data-found]")).to_have_count(0)
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type(" ")
        expect(page.locator("#found [data-found]")).to_have_count(3)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/person/*")


def test_nothing_is_asked_before_two_letters_or_four_digits(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        asked: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url) if sent.method == "POST" else None)
        page.keyboard.press("/")
        for text in ("а", "142"):
            page.locator("#find").fill(text)
            page.wait_for_timeout(400)
        assert asked == []
        page.locator("#find").fill("1427")
        expect(page.locator("#found [data-found]")).to_have_count(3)
        assert asked == [f"{live_server.url}/find"]


def test_without_scripts_the_box_leads_to_a_page_of_answers(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        cookies = context.cookies()
    bare = new_context(browser)
    with browser.new_context(java_script_enabled=False, locale="en") as plain:
        bare.close()
        plain.add_cookies(cookies)
        page = opened(plain, live_server.url)
        page.locator("#find").fill("1427")
        page.locator("#find").press("Enter")
        expect(page.locator("[data-found]")).to_have_count(3)
        expect(page.locator("[data-found]").first).to_contain_text("telephone: ends so")
        assert "1427" not in page.url
        page.locator("#find").fill(IIN[:-1] + "5")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("#found")).to_contain_text("This IIN has a mistake")


def test_the_registry_finds_people_and_begins_there(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="registrar") as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.wait_for_url("**/find")
        page.keyboard.type("әбіш")
        expect(page.locator("[data-found]")).to_have_count(1)


def test_who_may_find_nobody_has_no_box(numbered: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url, role="auditor") as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/find")
        assert answer is not None
        assert answer.status == 403
        expect(page.locator("#find")).to_have_count(0)


def test_a_question_costs_the_same_however_many_are_found(
    village: None, client: Any, django_assert_max_num_queries: Any
) -> None:
    account = Account.objects.create_user(
        "nurse-1",
        role="practice_nurse",
        practitioner_role_id="nurse",
        organization_id="centre",
        is_demo=True,
    )
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    for text in ("1427", "Жұмағұлова"):
        with django_assert_max_num_queries(26):
            answer = client.post("/find", {"text": text}, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert b"data-found" in answer.content


@pytest.mark.parametrize(("language", "size"), [("kk", "narrow"), ("ru", "phone"), ("en", "desk")])
def test_who_was_opened_lately_is_one_key_away_while_the_record_is_still_open(
    numbered: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        expect(page.locator("#lately")).to_have_count(0)
        for who in ("amina", "bolat", "amina", "dana"):
            page.goto(f"{live_server.url}/person/{who}")
        page.goto(f"{live_server.url}/find")
        found = page.locator("[data-found] .q-found__name")
        assert [one.split()[0] for one in found.all_inner_texts()] == [
            "Жұмағұлова-Сейтқалиева", "Ахметова", "Әбіш",
        ]  # fmt: skip
        expect(page.locator("#find")).to_be_focused()
        assert faults(page) == []
        page.keyboard.type("әбіш")
        expect(page.locator("#found [data-found]")).to_have_count(1)
        expect(page.locator("#lately")).to_be_hidden()
        page.locator("#find").fill("")
        page.keyboard.press("Backspace")
        expect(page.locator("#lately")).to_be_visible()
        for type_ in ("Patient", "EpisodeOfCare"):
            for version in versions.current_of_type(type_):
                if "bolat" in str(version.content):
                    moved = str(version.content).replace("Organization/north", "Organization/south")
                    put(json_text.decode(moved.encode()))
        page.reload()
        expect(page.locator("[data-found]")).to_have_count(2)
        assert page.url == f"{live_server.url}/find"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/person/dana")


def test_another_worker_does_not_see_who_was_opened(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        context.new_page().goto(f"{live_server.url}/person/amina")
    with signed_in(browser, live_server.url, role="registrar", post="desk") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        expect(page.locator("[data-found]")).to_have_count(0)


def test_nobody_found_leads_to_registering_only_who_may_register(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="registrar", post="") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        page.keyboard.type("87")
        expect(page.locator("#found")).to_be_empty()
        page.keyboard.type("0312900055")
        expect(page.locator("#found")).to_contain_text("mistake")
        expect(page.locator("#found a")).to_have_count(0)
        page.locator("#find").fill("Никтошин")
        expect(page.get_by_text("Nobody is found.")).to_be_visible()
        assert faults(page) == []
        page.locator("#found").get_by_role("link", name="Register a person").click()
        page.wait_for_url("**/register")
    with signed_in(browser, live_server.url, role="head") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        page.keyboard.type("Никтошин")
        expect(page.get_by_text("Nobody is found.")).to_be_visible()
        expect(page.get_by_role("link", name="Register a person")).to_have_count(0)


def test_a_single_answer_opens_with_enter(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/find")
        page.keyboard.type(IIN)
        page.keyboard.press("Enter")
        page.wait_for_url("**/person/amina")
        assert IIN not in page.url
