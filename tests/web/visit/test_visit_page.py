"""A nurse's visit in a real browser: numbers flow, doubts are said, what was due closes."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def opened(context: Any, url: str, who: str = "amina") -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}/person/{who}/visit")
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url)
        assert faults(page) == []
        page.keyboard.type("168098")
        expect(page.locator("#box-blood_pressure_2")).to_be_visible()
        page.locator("#id_pulse").fill("300")
        page.locator("#id_weight").fill("20")
        for summary in page.locator("summary").all():
            summary.click()
        page.locator("#id_find").fill("I1")
        expect(page.locator("#hits input").first).to_be_attached()
        assert faults(page) == []


def test_the_cursor_moves_on_and_backspace_brings_it_back(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        expect(page.locator("#id_systolic")).to_be_focused()
        page.keyboard.type("132")
        expect(page.locator("#id_diastolic")).to_be_focused()
        page.keyboard.press("Backspace")
        expect(page.locator("#id_systolic")).to_be_focused()
        page.keyboard.press("Backspace")
        page.keyboard.type("478")
        expect(page.locator("#id_pulse")).to_be_focused()
        expect(page.locator("#id_systolic")).to_have_value("134")
        expect(page.locator("#box-blood_pressure_2")).to_be_hidden()


def test_what_was_due_closes_and_the_next_day_is_shown(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        line = page.locator("#closes li", has_text="Nurse check")
        expect(line.locator(".q-state")).not_to_have_class("q-state q-state--done")
        page.keyboard.type("1327872")
        page.keyboard.press("Enter")

        expect(page.locator(".q-step__acts")).to_contain_text("Blood pressure 132/78, Pulse 72")
        expect(line.locator(".q-state")).to_have_class("q-state q-state--done")
        expect(line).to_contain_text("next:")

        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        expect(page.locator("#id_systolic")).to_have_value("132")
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
        expect(line).to_contain_text("next:")
        assert faults(page) == []


def test_a_whole_visit_becomes_the_record(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.get_by_text("Blood pressure", exact=True).first.click()
        page.locator("#id_systolic").focus()
        page.keyboard.type("16898156927872")
        page.locator("#id_find").fill("гипертен")
        page.get_by_text("I10 High blood pressure").click()
        page.get_by_text("Strengthen the treatment now").click()
        page.locator("#id_goal").fill("Walk to the market")
        page.locator("#id_confidence").fill("7")
        page.get_by_text("Amlodipine 5 mg").click()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()

        page.goto(f"{live_server.url}/person/amina/visit")
        expect(page.locator(".q-visit__aside")).to_contain_text("Amlodipine 5 mg")
        expect(page.locator("#step-decide")).to_contain_text("Walk to the market")
        expect(page.locator("#below-systolic")).to_contain_text("was 162/95")
        expect(page.get_by_text("Amlodipine 10 mg")).to_be_visible()


def test_a_number_beyond_all_limits_stays_on_the_page_and_says_why(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.type("132")
        page.keyboard.type("20")
        expect(page.locator("#said-diastolic")).to_contain_text("Below 30 nothing is stored")
        expect(page.locator("#id_diastolic")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#id_diastolic")).to_be_focused()
        expect(page.locator(".q-step__acts")).not_to_contain_text("In the record")


def test_a_doubted_number_can_be_saved(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        page.keyboard.type("092")
        page.locator("#id_systolic").fill("84")
        page.locator("#id_diastolic").fill("50")
        page.keyboard.press("Tab")
        expect(page.locator("#said-systolic")).to_contain_text("Unusually low")
        page.keyboard.press("Enter")
        expect(page.locator(".q-step__acts")).to_contain_text("84/50")


def test_without_scripts_the_server_says_and_keeps_the_same(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as with_session:
        cookies = with_session.cookies()
    context = browser.new_context(java_script_enabled=False, locale="en")
    context.add_cookies(cookies)
    page = opened(context, live_server.url)
    page.locator("#id_systolic").fill("168")
    page.locator("#id_diastolic").fill("190")
    page.get_by_role("button", name="Save the measurements").click()
    expect(page.get_by_role("alert")).to_contain_text("Above 180 nothing is stored")
    page.locator("#id_diastolic").fill("98")
    page.get_by_role("button", name="Save the measurements").click()
    expect(page.locator(".q-step__acts")).to_contain_text("168/98")
    expect(page.locator("#box-blood_pressure_2")).to_be_visible()
    page.get_by_role("button", name="Sign the visit").click()
    expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
    context.close()
