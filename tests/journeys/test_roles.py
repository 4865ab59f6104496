"""A journey for each role that the other files do not walk: at a door, in a letter, for a team."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from qamqor.engine.fhir import json_text
from qamqor.store.fhir import versions
from tests.journeys.counting import Journey, walked
from tests.pages import signed_in
from tests.services.test_derived import put
from tests.web.referrals.test_referrals import hospital, opened
from tests.web.registration.test_find import numbered
from tests.web.support.test_support_pages import team
from tests.web.worklist.test_round_page import positions
from tests.web.worklist.test_team_page import teams

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
__all__ = ["hospital", "numbered", "positions", "teams"]


def choose(journey: Journey, words: str) -> None:
    """Walk down the list that has the focus until it says so."""
    said = "document.activeElement.selectedOptions[0].label"
    for _ in range(9):
        if words in journey.page.evaluate(said):
            return
        journey.press("ArrowDown")
    raise AssertionError(f"{words} is not in the list")


def test_what_came_of_it_at_the_door(positions: None, live_server: Any, browser: Browser) -> None:
    """Given a round of doors, when nobody opens, then one press says so and the next door shows."""
    with signed_in(browser, live_server.url, role="district_nurse", size="phone") as context:
        page = opened(context, live_server.url, "/round")
        first = page.locator(".q-stop--next")
        expect(first.locator(".q-stop__number")).to_have_text("1")
        with walked("at_the_door", page) as journey:
            journey.decide("nobody opens")
            journey.click(first.get_by_role("button", name="Nobody home"))
            expect(page.locator(".q-stop--next .q-stop__number")).to_have_text("2")


def test_a_referral_is_written_and_sent(hospital: None, live_server: Any, browser: Browser) -> None:
    """Given somebody to be seen, when the doctor asks one question, then it is sent."""
    with signed_in(browser, live_server.url, role="gp") as context:
        page = opened(context, live_server.url, "/person/amina/refer")
        with walked("write_referral", page) as journey:
            journey.decide("what for, and who is to answer")
            journey.click(page.locator("[name=kind]").first)
            journey.press("Tab")
            journey.type("Card")
            journey.press("Tab")
            choose(journey, "Аудандық аурухана")
            journey.click(page.get_by_label("What do you want to know?"))
            journey.type("Is the murmur new?")
            journey.click(page.get_by_label("I10"))
            journey.click(page.get_by_role("button", name="Send the referral"))
            expect(page.get_by_role("status")).to_have_text("Sent.")


def test_a_person_is_given_to_another_worker(
    teams: None, live_server: Any, browser: Browser
) -> None:
    """Given a nurse who is away, when the lead nurse gives a person on, then the other has them."""
    names = (("nurse", "Сейтова"), ("second", "Омарова"))
    coding = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": "practice_nurse"}
    put(
        {
            "resourceType": "CareTeam",
            "id": "team-north",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [
                {"role": [{"coding": [coding]}], "member": {"reference": f"PractitionerRole/{one}"}}
                for one, _ in names
            ],
        }
    )
    for one, name in names:
        put(
            {"resourceType": "Practitioner", "id": f"who-{one}", "name": [{"family": name}]},
            {
                "resourceType": "PractitionerRole",
                "id": one,
                "active": True,
                "organization": {"reference": "Organization/north"},
                "practitioner": {"reference": f"Practitioner/who-{one}"},
            },
        )
    with signed_in(browser, live_server.url, role="lead_nurse", post="lead") as context:
        page = opened(context, live_server.url, "/team")
        with walked("give_to_another", page) as journey:
            journey.decide("whose people wait too long")
            row = page.get_by_role("row", name="Practice nurse, Area 4")
            journey.click(row.get_by_role("link", name="Practice nurse").first)
            page.wait_for_url("**/today?*")
            journey.press("j", "Enter")
            expect(page.locator("#panel h2")).to_be_visible()
            journey.click(page.locator("#panel details").last.locator("summary"))
            journey.decide("to whom")
            journey.press("Tab")
            choose(journey, "Омарова")
            journey.click(page.get_by_role("button", name="Give to them"))
            expect(page.locator("#panel")).to_contain_text("given to Омарова")


def test_a_twin_beside_the_form_is_opened_in_place_of_a_second_record(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    """Given somebody who is here, when her name is typed anew, then her own record is opened."""
    with signed_in(browser, live_server.url, role="registrar", post="") as context:
        page = opened(context, live_server.url, "/register")
        with walked("twin_beside_the_form", page) as journey:
            journey.press("Tab", "Tab", "Tab")
            journey.type("Ахметова")
            journey.press("Tab")
            journey.type("Айгүл")
            card = page.locator("#beside .q-twin__card")
            expect(card).to_have_count(1)
            journey.decide("whether it is her")
            journey.click(card)
            page.wait_for_url("**/person/amina**")


def test_a_psychologist_asks_and_plans(village: None, live_server: Any, browser: Browser) -> None:
    """Given a person in need, when asked and planned with, then the score and the plan stand."""
    team()
    soon = f"{timezone.localdate() + timedelta(days=9):%m%d%Y}"
    with signed_in(browser, live_server.url, role="psychologist", post="mind") as context:
        page = opened(context, live_server.url, "/person/dana/needs")
        with walked("needs_and_plan", page) as journey:
            journey.click(page.get_by_role("link", name="Ask: Patient health questionnaire"))
            page.wait_for_url("**/needs/ask/phq9")
            page.locator("[data-question] input").first.focus()
            for digit in "111100000":
                journey.decide("what the person answers")
                journey.type(digit)
            journey.press("Enter")
            page.wait_for_url("**/needs")
            journey.click(page.locator("a[href$='/needs/plan']").first)
            page.wait_for_url("**/needs/plan")
            journey.click(page.locator("#id_title"))
            journey.type("Қыста жылы үй")
            journey.click(page.locator("#id_goal"))
            journey.type("Үйде жылы болсын")
            journey.click(page.locator("#id_what_0"))
            journey.type("Жылу төлемі")
            journey.decide("who helps")
            journey.press("Tab")
            choose(journey, "Мусина")
            journey.press("Tab")
            journey.type(soon)
            journey.click(page.locator("#id_review_on"))
            journey.press("Home")
            journey.type(soon)
            journey.click(page.locator("button.q-button--primary"))
            expect(page.get_by_text("The plan is kept")).to_be_visible()


def test_a_social_worker_asks_of_needs(village: None, live_server: Any, browser: Browser) -> None:
    """Given somebody who may lack something, when asked, then what is lacking stands."""
    team()
    with signed_in(browser, live_server.url, role="social_worker", post="social") as context:
        page = opened(context, live_server.url, "/person/dana/needs")
        with walked("social_needs", page) as journey:
            journey.click(page.get_by_role("link", name="Ask: Social needs"))
            page.wait_for_url("**/needs/ask/social_needs")
            page.locator("[data-question] input").first.focus()
            while page.locator("[data-question] input:focus").count():
                journey.decide("what the person answers")
                journey.type("1")
            journey.press("Enter")
            expect(page.get_by_text("Saved: ").first).to_be_visible()


def test_a_midwife_asks_a_woman_to_the_screening(
    village: None, live_server: Any, browser: Browser
) -> None:
    """Given a woman due for screening, when she agrees on a day, then it is kept."""
    found = versions.read("Patient", "dana")
    assert found is not None
    born = f"{timezone.localdate().year - 42}-03-01"
    put({**json_text.decode(found.content or ""), "gender": "female", "birthDate": born})
    with signed_in(browser, live_server.url, role="midwife") as context:
        page = opened(context, live_server.url, "/today")
        page.get_by_role("link", name="To call").click()
        expect(page.locator("[data-row]")).to_have_count(1)
        with walked("invite_to_screening", page) as journey:
            journey.decide("who is first")
            journey.press("j", "Enter")
            expect(page.locator("#panel h2")).to_be_visible()
            journey.decide("the day she can come")
            journey.press("1")
            expect(page.locator(".q-saved")).to_contain_text("Saved: ")


def test_a_head_sees_in_the_morning_who_waits_too_long(
    teams: None, live_server: Any, browser: Browser
) -> None:
    """Given a team, when the head opens its page, then one click leads to those who wait."""
    with signed_in(browser, live_server.url, role="head", post="head") as context:
        page = opened(context, live_server.url, "/")
        with walked("heads_morning", page) as journey:
            journey.click(page.get_by_role("link", name="Team", exact=True).first)
            page.wait_for_url("**/team")
            journey.decide("where people wait")
            row = page.get_by_role("row", name="Practice nurse, Area 4")
            journey.click(row.get_by_role("link", name="Practice nurse").first)
            page.wait_for_url("**/today?*")
            expect(page.locator("[data-row]")).to_have_count(3)
