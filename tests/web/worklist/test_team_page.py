"""Who leads a team sees what each role of each area has to do, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from qamqor.services.worklist import team
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.organisation import area
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def teams(village: None) -> None:
    """The village's area with a team, and an empty one that shares its midwife."""
    for id_, roles in (("north", ("gp", "practice_nurse", "midwife")), ("south", ("midwife",))):
        area(id_, roles={role: f"{role}-1" for role in roles}, site="centre")
    for id_, called in (("north", "Area 4"), ("south", "Area 5")):
        put(
            {
                "resourceType": "Organization",
                "id": id_,
                "name": called,
                "type": [
                    {
                        "coding": [
                            {
                                "system": "http://qamqor.invalid/fhir/CodeSystem/organisation_kind",
                                "code": "gp_area",
                            }
                        ]
                    }
                ],
                "partOf": {"reference": "Organization/centre"},
            }
        )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_team_is_whole(
    teams: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(
        browser, live_server.url, language=language, size=size, role="lead_nurse", post="lead"
    ) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/team")
        expect(page.locator(".q-team")).to_have_count(2)
        assert faults(page) == []


def test_a_number_opens_the_list_of_these_people(
    teams: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="head", post="head") as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.get_by_role("link", name="Team", exact=True).first.click()
        row = page.get_by_role("row", name="Practice nurse, Area 4")
        expect(row).to_contain_text("3 people")
        row.get_by_role("link", name="Practice nurse").first.click()

        expect(page).to_have_url(f"{live_server.url}/today?role=practice_nurse&area=north")
        expect(page.locator("[data-row]")).to_have_count(3)


@pytest.mark.parametrize(("uneven", "marked"), [(1.1, 1), (2.5, 0)])
def test_more_than_others_have_is_marked_from_what_the_site_has_set(
    teams: None, live_server: Any, browser: Browser, monkeypatch: pytest.MonkeyPatch,
    uneven: float, marked: int,
) -> None:  # fmt: skip
    area("south", roles={"practice_nurse": "practice_nurse-2"}, site="centre")
    own = replace(team.measures(), uneven=uneven)
    monkeypatch.setattr(team, "measures", lambda: own)
    with signed_in(browser, live_server.url, role="head", post="head") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/team")
        row = page.get_by_role("row", name="Practice nurse, Area 4")
        said = row.get_by_role("img", name="2.00 times the average of this role")

        expect(said).to_have_count(1)
        expect(row.locator(".q-team__over")).to_have_count(marked)


def test_who_leads_nobody_has_no_such_page(teams: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/team")

        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_text("Open to: Lead nurse, Head of site.")).to_be_visible()
        assert page.get_by_role("link", name="Team", exact=True).count() == 0


@pytest.mark.parametrize(("language", "size"), [("kk", "narrow"), ("ru", "phone"), ("en", "desk")])
def test_a_person_is_given_to_another_worker_and_taken_back(
    teams: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    code = {"system": "http://qamqor.invalid/fhir/CodeSystem/role", "code": "practice_nurse"}
    put(
        {
            "resourceType": "CareTeam",
            "id": "team-north",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [
                {"role": [{"coding": [code]}], "member": {"reference": f"PractitionerRole/{one}"}}
                for one in ("nurse", "second")
            ],
        },
        *(
            {"resourceType": "Practitioner", "id": f"who-{one}", "name": [{"family": name}]}
            for one, name in (("nurse", "Сейтова"), ("second", "Омарова"))
        ),
        *(
            {
                "resourceType": "PractitionerRole",
                "id": one,
                "active": True,
                "organization": {"reference": "Organization/north"},
                "practitioner": {"reference": f"Practitioner/who-{one}"},
            }
            for one in ("nurse", "second")
        ),
    )
    with signed_in(
        browser, live_server.url, language=language, size=size, role="lead_nurse", post="lead"
    ) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana?role=practice_nurse")
        page.locator("#panel details").last.locator("summary").click()
        form = page.locator("form[action*='/give/']")
        form.locator("select").select_option(label="Омарова")
        assert faults(page) == []
        form.locator("input[type=date]").fill("2020-01-01")
        form.locator("button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults(page) == []
        expect(form.locator("select")).to_have_value("second")
        form.locator("input[type=date]").fill("")
        form.locator("button").click()
        expect(page.locator("#panel")).to_contain_text("Омарова")
        assert faults(page) == []
        page.locator("form[action*='/back/'] button").click()
        expect(page.locator("#panel")).not_to_contain_text("Омарова", use_inner_text=True)
        expect(page.locator("form[action*='/give/']")).to_have_count(1)


@pytest.fixture
def two_nurses(teams: None) -> None:
    """The empty area has a nurse too, who can cover for the nurse of the other."""
    area("south", roles={"practice_nurse": "practice_nurse-2"}, site="centre")


@pytest.mark.parametrize("role", ["lead_nurse", "head"])
def test_somebody_is_away_and_the_list_goes_and_comes_back(
    two_nurses: None, live_server: Any, browser: Browser, role: str
) -> None:
    with signed_in(browser, live_server.url, role=role, post="lead") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/team")
        expect(page.get_by_text("Nobody is away.")).to_be_visible()
        page.get_by_text("Somebody is away", exact=True).click()
        page.get_by_role("button", name="Let them cover").click()
        summary = page.locator(".nhsuk-error-summary")
        expect(summary).to_be_focused()
        expect(summary).to_contain_text("Choose who is away.")
        assert faults(page) == []
        page.get_by_label("Who is away").select_option("practice_nurse-1")
        page.get_by_label("Who has their list").select_option("practice_nurse-1")
        page.get_by_label("First day").fill("2099-01-01")
        page.get_by_label("Last day").fill("2099-01-14")
        page.get_by_role("button", name="Let them cover").click()
        expect(summary.locator("li")).to_have_text(["Choose a colleague of the same role."])
        page.get_by_label("Who has their list").select_option("practice_nurse-2")
        page.get_by_role("button", name="Let them cover").click()
        expect(page.get_by_role("status")).to_contain_text("comes back by itself")
        row = page.locator(".q-cover__one")
        expect(row).to_contain_text("to come")
        assert faults(page) == []
        row.get_by_role("button", name="Give the list back now").click()
        expect(page.get_by_text("Nobody is away.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_a_cover_is_whole(
    two_nurses: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(
        browser, live_server.url, language=language, size=size, role="head", post="lead"
    ) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/team")
        page.locator("details.nhsuk-details > summary").first.click()
        assert faults(page) == []
