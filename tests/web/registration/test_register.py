"""Registering: twins beside the form, one record for one person, and what a person belongs to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.fhir import json_text
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.services.registration.consents import decisions_of
from qamqor.store.fhir import versions
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.test_derived import AT, put
from tests.web.registration.test_find import numbered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
__all__ = ["numbered"]
FREE_IIN = "850312900030"


def opened(context: Any, url: str, path: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}{path}")
    return page


def record(type_: str, id_: str) -> dict[str, Any]:
    found = versions.read(type_, id_)
    assert found is not None
    assert found.content is not None
    resource: dict[str, Any] = json_text.decode(found.content)
    return resource


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_and_the_cards_beside_it_are_whole(
    numbered: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url, "/register")
        assert faults(page) == []
        page.locator("#id_family").fill("Akhmetova")
        page.locator("#id_given").fill("Aigul")
        expect(page.locator("#beside .q-twin__card")).to_have_count(1)
        page.locator("#id_line").fill("ул. Абая, 27")
        expect(page.locator("#beside [name=home]")).to_have_count(1)
        assert faults(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tab", ["edit", "attachment", "household", "consent"])
def test_the_pages_of_a_person_are_whole(
    numbered: None, live_server: Any, browser: Browser, language: str, size: str, tab: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url, f"/person/amina/{tab}")
        expect(page.locator("h1")).to_contain_text("Ахметова")
        assert faults(page) == []


def test_a_person_is_registered_with_area_household_and_consents(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        page.locator("#id_iin").fill(FREE_IIN)
        page.locator("#id_born_on").fill("5.3.1999")
        page.locator("#id_family").fill("Сейтқали")
        page.locator("#id_given").fill("Дана")
        page.get_by_label("female").check()
        page.locator("#id_phone").fill("8 702 555 44 33")
        page.locator("#id_line").fill("ул. Абая, 27")
        page.get_by_text("Joins:").click()
        page.locator("#id_role").select_option("other")
        page.get_by_label("agrees", exact=True).first.check()
        page.get_by_role("button", name="Register", exact=True).click()

        page.wait_for_url("**/person/*/edit")
        expect(page.get_by_role("status")).to_have_text("Registered.")
        patient = page.url.split("/")[-2]
        made = record("Patient", patient)
        assert made["birthDate"] == "1999-03-05"
        assert made["gender"] == "female"
        assert made["generalPractitioner"] == [{"reference": "Organization/north"}]
        assert decisions_of(patient)["contact"].is_permitted
        page.get_by_role("link", name="Household", exact=True).click()
        expect(page.locator("tbody tr")).to_have_count(3)
        assert FREE_IIN not in page.url


def test_a_twin_stops_registering_until_it_is_said_why(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        page.locator("#id_iin").fill("870312900004")
        page.locator("#id_family").fill("Ким")
        expect(page.locator("#beside .q-twin__card")).to_contain_text("IIN: the same")
        page.get_by_role("button", name="Register", exact=True).click()

        expect(page.get_by_role("alert")).to_contain_text("This person is here already")
        assert faults(page) == []
        expect(page.locator("#id_family")).to_have_value("Ким")
        page.locator("#id_despite").fill("her number was given twice")
        page.get_by_role("button", name="Register", exact=True).click()
        page.wait_for_url("**/person/*/edit")


def test_one_tap_on_a_card_opens_the_record_that_is_here(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        page.locator("#id_family").fill("Ахметова")
        page.locator("#id_given").fill("Айгүл")
        page.locator("#beside .q-twin__card").click()
        page.wait_for_url("**/person/amina")


def test_what_is_wrong_is_said_at_its_field(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        for field, text in (("iin", "870312900005"), ("born_on", "31.02.1999"), ("phone", "12")):
            page.locator(f"#id_{field}").fill(text)
        page.get_by_role("button", name="Register", exact=True).click()
        alert = page.get_by_role("alert")
        for said in ("last digit", "day.month.year", "ten digits", "family name"):
            expect(alert).to_contain_text(said)
        expect(page.locator("#id_iin")).to_have_value("870312900005")
        assert faults(page) == []


def test_two_who_correct_one_person_see_both(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/amina/edit")
        theirs = record("Patient", "amina") | {"birthDate": "1962-06-06"}
        save([Change("PUT", "Patient", "amina", theirs)], actor=PLATFORM, at=AT)
        page.locator("#id_given").fill("Айгуль")
        page.get_by_role("button", name="Save", exact=True).click()

        expect(page.get_by_role("alert")).to_contain_text("Somebody changed this meanwhile")
        expect(page.locator(".q-both__differs")).to_have_count(2)
        expect(page.locator("#id_given")).to_have_value("Айгуль")
        assert faults(page) == []
        assert record("Patient", "amina")["name"][0]["given"] == ["Айгүл"]
        page.get_by_role("button", name="Save mine").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        names = record("Patient", "amina")["name"]
        assert [one["given"] for one in names] == [["Айгуль"], ["Айгүл"]]
        assert names[1]["use"] == "old"


def test_a_person_moves_and_both_areas_stand_in_the_history(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    put(
        {
            "resourceType": "Organization",
            "id": "south",
            "name": "Area 5",
            "type": [{"coding": [{"code": "gp_area"}]}],
            "partOf": {"reference": "Organization/centre"},
        }
    )
    with signed_in(browser, live_server.url, role="registrar", post="") as context:
        page = opened(context, live_server.url, "/person/amina/attachment")
        page.locator("#id_area").select_option("south")
        page.get_by_role("button", name="Attach from today").click()
        expect(page.get_by_role("status")).to_contain_text("Attached.")
        expect(page.locator("tbody tr").first).to_contain_text("Area 5")
        expect(page.locator("tbody tr").first).to_contain_text(re.compile(r"\d\d\.\d\d\.\d{4}"))
        assert record("Patient", "amina")["generalPractitioner"] == [
            {"reference": "Organization/south"}
        ]


def test_a_household_is_made_joined_and_left(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/dana/household")
        page.get_by_role("button", name="Make a new household").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.locator("#role").select_option("spouse")
        page.get_by_role("button", name="Save the role").click()
        expect(page.locator("tbody tr")).to_contain_text("husband or wife")
        page.get_by_role("button", name="Take out of the household").click()
        expect(page.get_by_text("Not in a household yet.")).to_be_visible()


def test_a_consent_that_changes_ends_the_one_before(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/amina/consent")
        for answer in ("agrees", "does not agree"):
            page.get_by_label(answer, exact=True).first.check()
            with page.expect_navigation():
                page.get_by_role("button", name="Save", exact=True).click()
            expect(page.get_by_role("status")).to_have_text("Saved.")
        found = [json_text.decode(one.content or "") for one in versions.current_of_type("Consent")]
        assert sorted((one["status"], one["provision"]["type"]) for one in found) == [
            ("active", "deny"),
            ("inactive", "permit"),
        ]


def test_the_registry_makes_one_record_of_two_and_two_again(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    twin = record("Patient", "amina")
    put({**twin, "id": "second", "identifier": [], "telecom": []})
    with signed_in(browser, live_server.url, role="registrar", post="") as context:
        page = opened(context, live_server.url, "/twins")
        assert faults(page) == []
        page.get_by_role("button", name="Look through the register now").click()
        expect(page.locator(".q-pairs li")).to_have_count(1)
        assert faults(page) == []
        page.get_by_role("link", name="Compare").click()
        expect(page.locator(".q-both__differs")).to_have_count(2)
        assert faults(page) == []
        page.locator("#reason").fill("the same woman")
        page.get_by_role("button", name="One person: the first record stays").click()
        expect(page.get_by_role("status")).to_contain_text("One record was made of two")
        states = {record("Patient", id_).get("active") for id_ in ("amina", "second")}
        assert False in states
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_role("status")).to_contain_text("two records again")
        assert record("Patient", "amina").get("active") is not False
        assert record("Patient", "second").get("active") is not False


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_people_are_not_asked_about_again_until_it_is_taken_back(
    numbered: None, live_server: Any, browser: Browser, language: str
) -> None:
    put({**record("Patient", "amina"), "id": "second", "identifier": [], "telecom": []})
    with signed_in(
        browser, live_server.url, role="registrar", post="", language=language
    ) as context:
        page = opened(context, live_server.url, "/twins/amina/second")
        page.locator("[name=apart]").click()
        expect(page.locator("#reason-error")).to_be_visible()
        assert faults(page) == []
        page.locator("#reason").fill("twin sisters")
        page.locator("[name=apart]").click()
        page.wait_for_url("**/twins")
        page.locator("form[action='/twins'] button").click()
        pair = page.locator("[aria-labelledby=apart] li")
        expect(pair).to_contain_text("Назгүл Сарсенбаева")
        expect(pair).to_contain_text("«twin sisters»")
        expect(page.locator(".q-pairs li")).to_have_count(1)
        assert faults(page) == []
        page.goto(f"{live_server.url}/twins/amina/second")
        expect(page.locator(".q-message--info")).to_contain_text("twin sisters")
        page.go_back()
        pair.locator("button").click()
        expect(page.locator(".q-pairs:not([aria-labelledby]) li")).to_have_count(1)


def test_who_was_registered_despite_a_twin_is_not_stopped_by_it_again(
    numbered: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/register")
        page.locator("#id_iin").fill("870312900004")
        page.locator("#id_family").fill("Ким")
        page.get_by_role("button", name="Register", exact=True).click()
        page.locator("#id_despite").fill("her number was given twice")
        page.get_by_role("button", name="Register", exact=True).click()
        page.wait_for_url("**/person/*/edit")
        page.locator("#id_given").fill("Ольга")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("Saved.")


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [("head", "/register", 404), ("auditor", "/register", 403), ("practice_nurse", "/twins", 404),
     ("practice_nurse", "/twins/amina/bolat", 404)],
)  # fmt: skip
def test_who_may_not_is_told_that_others_may(
    numbered: None, live_server: Any, browser: Browser, role: str, path: str, status: int
) -> None:
    with signed_in(browser, live_server.url, role=role) as context:
        answer = context.new_page().goto(f"{live_server.url}{path}")
        assert answer is not None
        assert answer.status == status


@pytest.mark.parametrize(
    ("language", "north", "south"),
    [("kk", "4-учаске", "5-учаске"), ("ru", "Участок 4", "Участок 5"), ("en", "Area 4", "Area 5")],
)
def test_areas_are_named_in_the_readers_language(
    numbered: None, live_server: Any, browser: Browser, language: str, north: str, south: str
) -> None:
    for id_, number in (("north", 4), ("south", 5)):
        put(
            {
                "resourceType": "Organization",
                "id": id_,
                "name": f"Участок {number}",
                "alias": [f"{number}-учаске", f"Area {number}"],
                "type": [{"coding": [{"code": "gp_area"}]}],
                "partOf": {"reference": "Organization/centre"},
            }
        )
    with signed_in(
        browser, live_server.url, role="registrar", post="", language=language
    ) as context:
        page = opened(context, live_server.url, "/find")
        page.locator("#find").fill("1427")
        expect(page.locator("[data-found]").first).to_contain_text(north)
        page = opened(context, live_server.url, "/person/amina/attachment")
        assert south in page.locator("#id_area").inner_text()
        page.locator("#id_area").select_option("south")
        page.locator("main button.q-button--primary").click()
        expect(page.locator("tbody tr").first).to_contain_text(south)
        expect(page.locator("tbody tr").nth(1)).to_contain_text(north)
        page = opened(context, live_server.url, "/register")
        assert north in page.locator("#id_area").inner_text()
