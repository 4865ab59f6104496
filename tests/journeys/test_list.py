"""Journeys on the list."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.counting import walked
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_call_in_vain(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        with walked("call_outcome", page) as journey:
            journey.decide("who is first")
            journey.press("j", "Enter")
            expect(page.locator("#panel h2")).to_be_visible()
            journey.press("2")
            expect(page.locator(".q-saved")).to_contain_text("Saved: no answer")


def test_the_next_person_is_one_key_away(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel [data-person=dana]")).to_be_attached()
        with walked("next_person", page) as journey:
            journey.press("j")
            expect(page.locator("#panel [data-person=amina]")).to_be_attached()


def test_calls_in_a_row(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel [data-person=dana]")).to_be_attached()
        with walked("calls_in_a_row", page) as journey:
            for person in ("amina", "bolat"):
                journey.press("2")
                expect(page.locator(f"#panel [data-person={person}]")).to_be_attached()
            journey.press("2")
            expect(page.locator("#panel")).to_contain_text("That was the last one")


def test_a_call_that_ends_with_a_booking(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel [data-person=dana]")).to_be_attached()
        with walked("call_and_book", page) as journey:
            journey.press("1")
            expect(page.locator("#panel")).to_contain_text("When do they come?")
            journey.decide("which of the times suits")
            journey.press("2")
            expect(page.locator(".q-saved")).to_contain_text("Booked: ")
