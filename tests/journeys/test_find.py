"""Journeys to a person, from any page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.counting import walked
from tests.pages import signed_in
from tests.web.registration.test_find import IIN, numbered, opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
__all__ = ["numbered"]


def test_twelve_digits_and_enter(numbered: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        with walked("find_by_iin", page) as journey:
            journey.press("/")
            journey.type(IIN)
            journey.press("Enter")
            page.wait_for_url("**/person/amina")


def test_the_beginning_of_a_name(numbered: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        with walked("find_by_name", page) as journey:
            journey.press("/")
            journey.type("ахм айг")
            expect(page.locator("#found [data-found]")).to_have_count(1)
            journey.decide("whether it is her")
            journey.press("ArrowDown", "Enter")
            page.wait_for_url("**/person/amina")
