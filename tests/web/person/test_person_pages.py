"""A person's pages in a real browser: whole in three languages, closed to others, wrong said so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser, expect

from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def fill() -> None:
    """Something in every card of Dana."""
    who = {"reference": "Patient/dana"}
    loinc = "http://loinc.org"
    put(
        {
            "resourceType": "AllergyIntolerance",
            "id": "penicillin",
            "patient": who,
            "code": {"text": "Пенициллин"},
            "reaction": [{"manifestation": [{"text": "отёк губ"}]}],
        },
        {
            "resourceType": "Condition",
            "id": "high",
            "subject": who,
            "onsetDateTime": "2019-05-05",
            "code": {
                "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I11.9"}],
            },
        },
        {
            "resourceType": "Goal",
            "id": "market",
            "lifecycleStatus": "active",
            "subject": who,
            "expressedBy": who,
            "description": {"text": "Хочу без одышки дойти до рынка и водить внучку в сад"},
        },
        {
            "resourceType": "MedicationRequest",
            "id": "tablet",
            "status": "active",
            "intent": "order",
            "subject": who,
            "medicationCodeableConcept": {
                "coding": [{"system": "http://www.whocc.no/atc", "code": "C09AA04"}]
            },
            "dosageInstruction": [{"text": "10 мг утром"}],
            "dispenseRequest": {"validityPeriod": {"end": "2026-01-01"}},
        },
        {
            "resourceType": "Appointment",
            "id": "soon",
            "status": "booked",
            "start": "2099-11-26T16:30:00+05:00",
            "end": "2099-11-26T16:50:00+05:00",
            "participant": [{"actor": who, "status": "accepted"}],
            "description": "АД и стопы",
        },
        *(
            {
                "resourceType": "Observation",
                "id": f"weight-{n}",
                "status": "final",
                "subject": who,
                "effectiveDateTime": f"2025-0{n}-05",
                "code": {"coding": [{"system": loinc, "code": "29463-7"}]},
                "valueQuantity": {
                    "value": 80 + n,
                    "unit": "kg",
                    "code": "kg",
                    "system": "http://unitsofmeasure.org",
                },
            }
            for n in range(1, 7)
        ),
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_a_person_is_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    fill()
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator("h1")).to_contain_text("Жұмағұлова-Сейтқалиева Гүлбаршын")
        expect(page.locator(".q-person")).to_contain_text("отёк губ")
        assert faults(page) == []
        for one in page.locator("main details > summary").all():
            one.click()
        assert faults(page) == []
        for rest in ("/history", "/who-opened", "/record/Observation/weight-1"):
            page.goto(f"{live_server.url}/person/dana{rest}")
            expect(page.locator("h1")).to_be_visible()
            assert faults(page) == [], rest


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_with_nothing_on_record_and_a_closed_one_are_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    put({"resourceType": "Patient", "id": "bare", "generalPractitioner": [
        {"reference": "Organization/north"}]})  # fmt: skip
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/bare")
        assert faults(page) == []
        answer = page.goto(f"{live_server.url}/person/nobody")
        assert answer is not None
        assert answer.status == 404
        assert faults(page) == []
        page.locator("form[action$=open] button").first.click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults(page) == []


def test_a_need_says_why_and_a_wrong_one_is_taken_off_with_a_reason(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        first = page.locator(".q-need").first
        first.locator("summary").click()
        expect(first).to_contain_text("190/80")
        expect(first).to_contain_text("Closed by")
        first.get_by_role("button", name="Send").click()
        expect(page.locator(".q-need .nhsuk-error-message")).to_contain_text("Say why")
        assert faults(page) == []

        page.locator(".q-need").first.get_by_label("Is this wrong?").fill("Measured yesterday")
        page.locator(".q-need").first.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status")).to_contain_text("off the list")


def test_what_a_need_rests_on_is_one_click_away(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        page.locator(".q-need summary").first.click()
        page.locator(".q-why-list a").first.click()

        expect(page.locator("h1")).to_have_text("One record")


@pytest.mark.parametrize(
    ("role", "first"),
    [
        ("practice_nurse", "Start the visit"),
        ("gp", "Start the visit"),
        ("psychologist", "Assess needs"),
        ("social_worker", "Assess needs"),
    ],
)
def test_each_role_has_one_filled_button_for_what_it_comes_to_do(
    village: None, live_server: Any, browser: Browser, role: str, first: str
) -> None:
    with signed_in(browser, live_server.url, role=role, size="narrow") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        filled = page.locator(".q-person .q-button--primary")
        expect(filled).to_have_count(1)
        expect(filled).to_have_text(first)
        edge = page.evaluate(
            "Math.max(...[...document.querySelectorAll('.q-person__acts > *')]"
            ".map(e => e.getBoundingClientRect().right))"
        )
        assert edge <= 320 - 16


def test_who_may_not_see_allergies_is_not_told_that_nobody_asked(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill()
    with signed_in(browser, live_server.url, role="social_worker") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator(".q-person")).to_contain_text("Хочу без одышки")
        expect(page.locator(".q-person")).not_to_contain_text("llerg")
        expect(page.locator("#now")).to_contain_text("Nothing of your own work")


def test_the_list_leads_to_the_person(village: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.get_by_role("link", name="Open the whole record").click()

        expect(page.locator("h1")).to_contain_text("Жұмағұлова-Сейтқалиева")


def test_in_an_emergency_a_reason_opens_the_record_of_another_team(
    village: None, live_server: Any, browser: Browser
) -> None:
    put({"resourceType": "Patient", "id": "far", "name": [{"family": "Серік", "given": ["Ержан"]}],
         "generalPractitioner": [{"reference": "Organization/south"}]})  # fmt: skip
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/far")
        expect(page.locator("body")).not_to_contain_text("Ержан")
        page.get_by_label("Why must you").fill("Brought in unconscious, medicines unknown")
        page.get_by_role("button", name="Open for 60 minutes").click()

        expect(page.locator("h1")).to_contain_text("Серік Ержан")
        expect(page.locator(".q-person")).to_contain_text("Emergency access")
        expect(page.locator("#opened")).to_have_count(0)


def test_the_page_asks_the_database_little(village: None, client: Any) -> None:
    from django.utils import timezone

    from qamqor.store.accounts import Account

    account = Account.objects.create_user(
        "nurse", role="practice_nurse", practitioner_role_id="nurse", organization_id="centre"
    )
    client.force_login(account)
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    client.get("/person/dana")

    with CaptureQueriesContext(connection) as asked:
        assert client.get("/person/dana").status_code in (200, 302)
    assert len(asked) <= 20
