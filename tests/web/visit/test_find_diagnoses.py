"""Diagnoses are found at a visit by words and codes of three languages, with keys alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.fhir.names import ICD10
from qamqor.store.accounts import Account
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.test_derived import put
from tests.web.visit.test_visit_page import opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def found(page: Page, text: str) -> list[str]:
    with page.expect_response(lambda one: one.url.endswith("/visit/diagnoses")):
        page.locator("#id_find").fill(text)
    expect(page.locator("#id_find")).to_have_attribute("data-answered", text)
    return [str(one.get_attribute("value")) for one in page.locator("#hits input").all()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_found_chosen_and_refused_in_every_language(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url)
        assert found(page, "И10") == ["I10"]
        page.locator("#id_find").press("Enter")
        expect(page.locator("#chosen input")).to_have_value("I10")
        expect(page.locator("#id_find")).to_be_focused()

        hits = found(page, "A52")
        assert hits[:2] == ["A52", "A52.0"]
        assert faults(page) == []
        english = page.locator("#hits small[lang=en]")
        assert (english.count() > 0) == (language != "en")
        if language != "en":
            expect(english.first).to_contain_text("syphilis", ignore_case=True)

        assert "H36" not in found(page, "H36.0")
        expect(page.locator("#hits .q-hits__said")).to_contain_text("H36.0")
        assert "E11.3" in [o.get_attribute("value") for o in page.locator("#hits input").all()]
        assert faults(page) == []
        assert found(page, "гипиртензия")[0] == "I11"
        expect(page.locator("#chosen input")).to_have_value("I10")


def test_arrows_walk_enter_takes_and_parts_open(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        found(page, "asthma")
        keys = page.keyboard
        page.locator("#id_find").press("ArrowDown")
        expect(page.locator("#hits [value=J45]").first).to_be_focused()
        keys.press("ArrowDown")
        expect(page.locator("#hits button[value=J45]")).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#hits input").nth(1)).to_have_value("J45.0")
        expect(page).to_have_url(f"{live_server.url}/person/amina/visit")
        expect(page.locator("#hits input").first).to_be_focused()
        keys.press("ArrowDown")
        keys.press("ArrowDown")
        keys.press("Enter")
        expect(page.locator("#chosen input")).to_have_count(1)
        keys.press("Escape")
        expect(page.locator("#hits input")).to_have_count(0)
        page.get_by_role("button", name="Sign the visit").click()
        expect(page.get_by_role("heading", name="Visit signed")).to_be_visible()


def test_the_persons_own_diagnoses_are_offered_at_once_and_come_first(
    village: None, live_server: Any, browser: Browser
) -> None:
    put(
        {
            "resourceType": "Condition",
            "id": "sugar",
            "subject": {"reference": "Patient/amina"},
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                        "code": "active",
                    }
                ]
            },
            "code": {"coding": [{"system": ICD10, "code": "O24"}]},
        }
    )
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url)
        expect(page.locator("#hits")).to_contain_text("In the record already")
        expect(page.locator("#hits input[value=O24]")).to_be_attached()
        assert found(page, "diabetes")[0] == "O24"


def test_without_scripts_parts_open_and_a_wrong_code_names_the_nearest(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as with_session:
        cookies = with_session.cookies()
    context = browser.new_context(java_script_enabled=False, locale="en")
    context.add_cookies(cookies)
    page = opened(context, live_server.url)
    page.locator("#id_find").fill("asthma")
    page.get_by_role("button", name="Find", exact=True).last.click()
    page.locator("#hits button[value=J45]").click()
    expect(page.locator("#hits input[value='J45.0']")).to_be_attached()
    page.locator("#id_find").fill("I16")
    page.get_by_role("button", name="Find", exact=True).last.click()
    expect(page.locator("#hits")).to_contain_text("There is no diagnosis I16. The nearest:")
    expect(page.locator("#hits input[value=I15]")).to_be_attached()
    context.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("I16", "There is no diagnosis I16. The nearest: I11"),
        ("G63.2", "only stands beside the code of the illness itself: E11.4"),
        ("<b>", "There is no diagnosis"),
    ],
)
def test_a_code_that_cannot_be_chosen_is_not_signed(
    village: None, client: Client, code: str, said: str
) -> None:
    account = Account.objects.create_user(
        "nurse-1",
        role="practice_nurse",
        practitioner_role_id="nurse",
        organization_id="centre",
        is_demo=True,
    )
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    session = client.session
    session["began"] = session["seen"] = timezone.now().timestamp()
    session.save()
    page = client.get("/person/amina/visit").content.decode()
    key = page.partition('name="key" value="')[2].partition('"')[0]
    answer = client.post(
        "/person/amina/visit",
        {"key": key, "version": "0", "act": "sign", "setting": "clinic", "diagnoses": code},
    )

    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&gt;", ">").replace("&lt;", "<")
