"""Journeys of a visit."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from qamqor.store.mentions import of
from tests.journeys.counting import walked
from tests.pages import signed_in
from tests.services.test_derived import put

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


def test_a_returning_visit(village: None, live_server: Any, browser: Browser) -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "amlodipine",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/amina"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "C08CA01"}],
            "text": "Amlodipine 5 mg",
        },
    }
    put(order)
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/visit")
        expect(page.locator("#id_systolic")).to_be_focused()
        with walked("returning_visit", page) as journey:
            journey.decide("what the device says")
            journey.type("1327872")
            journey.press("Enter")
            expect(page.locator("[name=takes]").first).to_be_focused()
            journey.decide("whether the medicines go on")
            journey.press("Space")
            journey.decide("whether the day offered for the next visit suits")
            journey.press("Control+Enter")
            expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()
    (taken,) = [one for one in of("Patient/amina") if one.type == "MedicationStatement"]
    (wished,) = [one for one in of("Patient/amina") if one.type == "Appointment"]
    assert '"status":"active"' in str(taken.content)
    assert "requestedPeriod" in str(wished.content)
