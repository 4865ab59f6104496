"""Journeys of a visit."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.counting import walked
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_blood_pressure_and_pulse(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/visit")
        expect(page.locator("#id_systolic")).to_be_focused()
        with walked("pressure_and_pulse", page) as journey:
            journey.decide("what the device says")
            journey.type("1327872")
            journey.press("Enter")
            expect(page.locator(".q-step__acts")).to_contain_text("132/78, Pulse 72")
