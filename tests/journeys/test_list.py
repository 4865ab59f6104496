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
