"""A nurse's day on the list, in a real browser: see who, see why, close a call with one key."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_and_its_reasons_are_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("[data-row]")).to_have_count(3)
        assert faults(page) == []
        page.goto(f"{live_server.url}/today/dana")
        expect(page.locator("#panel h2")).to_contain_text("Жұмағұлова-Сейтқалиева")
        assert faults(page) == []


def test_a_call_in_vain_is_closed_with_two_keys_and_can_be_taken_back(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel h2")).to_be_visible()
        page.keyboard.press("2")

        expect(page.locator(".q-saved")).to_contain_text("Saved: no answer")
        expect(page.locator(".q-list")).to_contain_text("today, no answer")
        page.get_by_role("button", name="Take back").click()
        expect(page.locator(".q-saved")).to_contain_text("Taken back")
        expect(page.get_by_text("today, no answer")).to_have_count(0)


def test_an_agreed_day_moves_the_person_to_what_is_agreed(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.keyboard.press("1")

        expect(page.locator("[data-row]")).to_have_count(2)
        page.get_by_role("link", name="Agreed").click()
        expect(page.locator("[data-row]")).to_have_text("Жұмағұлова-Сейтқалиева Гүлбаршын")


def test_a_refusal_without_a_reason_comes_back_with_the_question(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.get_by_text("Take off the list").click()
        page.get_by_role("button", name="Refused").click()

        expect(page.get_by_role("alert")).to_contain_text("Say why")
        assert faults(page) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("tab=nonsense&page=²", 200),
        ("page=" + "9" * 5000, 200),
        ("role=gp", 404),
        ('role="><script>', 404),
    ],
)
def test_an_address_written_by_hand_breaks_nothing(
    village: None, live_server: Any, browser: Browser, query: str, status: int
) -> None:
    with signed_in(browser, live_server.url) as context:
        answer = context.new_page().goto(f"{live_server.url}/today?{query}")

        assert answer is not None
        assert answer.status == status


def test_who_cares_for_nobody_has_no_list(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="auditor") as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/today")

        assert answer is not None
        assert answer.status == 404
