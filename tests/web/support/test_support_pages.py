"""Needs, plans, steps and the conference in a real browser, in three languages and sizes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SOON = (timezone.localdate() + timedelta(days=9)).isoformat()


def team() -> None:
    """The village's team: a nurse, a psychologist, a social worker and a GP."""
    names = {"nurse": "Сәрсенбаева", "mind": "Қасымова", "social": "Мусина", "doctor": "Ахметов"}
    roles = {"nurse": "practice_nurse", "mind": "psychologist", "social": "social_worker",
             "doctor": "gp"}  # fmt: skip
    for post, family in names.items():
        coding = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": roles[post]}
        put(
            {
                "resourceType": "Practitioner",
                "id": f"who-{post}",
                "name": [{"family": family, "given": ["Әсел"]}],
            },
            {
                "resourceType": "PractitionerRole",
                "id": post,
                "active": True,
                "organization": {"reference": "Organization/north"},
                "practitioner": {"reference": f"Practitioner/who-{post}"},
                "code": [{"coding": [coding]}],
            },
        )
    put(
        {
            "resourceType": "CareTeam",
            "id": "team",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [
                {"member": {"reference": f"PractitionerRole/{post}"}} for post in names
            ],
        }
    )


def pressed(page: Page, button: str) -> None:
    """Press, and wait for the page that the answer leads to."""
    with page.expect_navigation():
        page.locator(button).click()


def write_plan(page: Page, url: str) -> None:
    page.goto(f"{url}/person/dana/needs/plan")
    page.locator("#id_title").fill("Қыста жылы үй")
    page.locator("#id_goal").fill("Үйде жылы болсын")
    page.locator("#id_is_own").check()
    page.locator("#id_what_0").fill("Жылу төлемін рәсімдеу")
    page.locator("#id_owner_0").select_option("PractitionerRole/social")
    page.locator("#id_until_0").fill(SOON)
    page.locator("#id_review_on").fill(SOON)
    pressed(page, "button.q-button--primary")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_support_is_whole_empty_and_filled(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    team()
    url = live_server.url
    with signed_in(
        browser, url, language=language, size=size, role="psychologist", post="mind"
    ) as context:
        page = context.new_page()
        for address in ("/person/dana/needs", "/support", "/conference"):
            page.goto(f"{url}{address}")
            assert faults(page) == [], address
        page.goto(f"{url}/person/dana/needs/plan")
        page.locator("#id_what_0").fill("…")
        pressed(page, "button.q-button--primary")
        expect(page.get_by_role("alert").first).to_be_visible()
        assert faults(page) == []
        write_plan(page, url)
        page.locator("#id_text").fill("Жалғыздық туралы әңгіме")
        pressed(page, ".q-note-form button")
        expect(page.locator(".q-note")).to_have_count(1)
        assert faults(page) == []
        page.goto(f"{url}/person/dana/bring")
        page.locator("#id_question").fill("Күзден бері жалғыз")
        pressed(page, "button.q-button--primary")
        assert faults(page) == []
        pressed(page, "#brought .q-need__act a")
        assert faults(page) == []
        page.locator("#id_decision").fill("Апта сайын бару")
        page.locator("#id_what_0").fill("Әңгімелесу")
        page.locator("#id_owner_0").select_option("PractitionerRole/mind")
        page.locator("#id_until_0").fill(SOON)
        pressed(page, "button.q-button--primary")
        expect(page.locator("#decided")).to_contain_text("Апта сайын бару")
        assert faults(page) == []
        page.goto(f"{url}/support")
        expect(page.locator(".q-mine li")).to_have_count(1)
        page.locator(".q-mine summary").click()
        pressed(page, ".q-mine button[value=no]")
        assert faults(page) == []
        page.goto(f"{url}/person/dana/needs/ask/phq9")
        assert faults(page) == []


def test_a_psychologist_asks_and_the_score_stands_with_its_answers(
    village: None, live_server: Any, browser: Browser
) -> None:
    team()
    with signed_in(browser, live_server.url, role="psychologist", post="mind") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/needs")
        with page.expect_navigation():
            page.get_by_role("link", name="Ask: Patient health questionnaire").click()
        page.get_by_role("button", name="Save the answers").click()
        expect(page.get_by_role("alert").first).to_contain_text("1. ")
        expect(page).to_have_title(re.compile("^Error: "))
        for question in page.locator("fieldset.q-question").all():
            question.locator("input[type=radio]").nth(1).check()
        page.get_by_role("button", name="Save the answers").click()

        row = page.locator(".q-need", has_text="PHQ-9")
        expect(row).to_contain_text("9 points: mild")
        row.locator("summary").click()
        expect(row).to_contain_text("Several days")


def test_a_social_worker_asks_of_needs_but_not_what_scores_a_mind(
    village: None, live_server: Any, browser: Browser
) -> None:
    team()
    with signed_in(browser, live_server.url, role="social_worker", post="social") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/needs")
        expect(page.locator("#forms")).to_contain_text("Social needs")
        expect(page.locator("#forms")).not_to_contain_text("PHQ-9")
        page.get_by_role("link", name="Ask: Social needs").click()
        page.locator("#social_needs-housing-true").check()
        page.get_by_role("button", name="Save the answers").click()
        page.locator("#forms summary").click()

        expect(page.locator("#forms")).to_contain_text("trouble with housing")


def test_what_a_psychologist_writes_under_a_label_no_nurse_reads(
    village: None, live_server: Any, browser: Browser
) -> None:
    team()
    with signed_in(browser, live_server.url, role="psychologist", post="mind") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/needs")
        expect(page.locator("#id_label")).to_have_value("PSY")
        page.locator("#id_text").fill("Between the two of us")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.locator(".q-note")).to_contain_text("only: general practitioner, psychologist")
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/needs")
        expect(page.locator("body")).not_to_contain_text("Between the two of us")
        expect(page.locator("#notes")).to_contain_text("No notes yet that you may read.")
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator("body")).not_to_contain_text("Sensitive record")


def test_a_plan_reaches_the_list_of_whoever_does_the_step_and_the_persons_page(
    village: None, live_server: Any, browser: Browser
) -> None:
    team()
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        write_plan(page, live_server.url)
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator(".q-person")).to_contain_text("«Үйде жылы болсын»")
    with signed_in(browser, live_server.url, role="social_worker", post="social") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/support")
        expect(page.locator(".q-mine")).to_contain_text("Жұмағұлова-Сейтқалиева Гүлбаршын")
        page.get_by_role("button", name="Done: Жылу төлемін рәсімдеу").click()
        expect(page.get_by_role("status")).to_contain_text("The step is done.")
        expect(page.locator(".q-mine")).to_have_count(0)


def test_somebody_of_another_team_has_no_needs_page(
    village: None, live_server: Any, browser: Browser
) -> None:
    put({"resourceType": "Patient", "id": "far",
         "generalPractitioner": [{"reference": "Organization/south"}]})  # fmt: skip
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        for address in ("needs", "needs/plan", "needs/ask/phq9", "bring"):
            answer = page.goto(f"{live_server.url}/person/far/{address}")
            assert answer is not None
            assert answer.status == 404, address
