"""Printed sheets: in the person's language, on the paper chosen, without what is sensitive."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.booking import Wish, appointment
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.browser import CUT_OFF, LANGUAGES, SIZES, TOO_WIDE, faults
from tests.pages import signed_in
from tests.services.access.village import ACT
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SHEETS = (
    "plan",
    "visit/today",
    "vaccinations",
    "referral/heart",
    "invitation",
    "invitation?kind=home",
)
WHEN, HERE = "Ваше время", "Куда: Поликлиника №4"
POINTS = {"a4": (595, 842), "a5": (420, 595)}


def fill(language: str = "kk") -> None:
    """Dana's visit of today with a finding, a medicine, a referral, and something sensitive."""
    now = timezone.localtime().isoformat(timespec="seconds")
    tomorrow = (timezone.localtime() + timedelta(days=1)).isoformat(timespec="seconds")
    who, visit = {"reference": "Patient/dana"}, {"reference": "Encounter/today"}
    secret = {"security": [{"system": ACT, "code": "PSY"}]}
    icd = "http://hl7.org/fhir/sid/icd-10"
    put(
        {
            "resourceType": "Patient",
            "id": "dana",
            "birthDate": "1961-05-05",
            "gender": "female",
            "identifier": [
                {"system": "http://qamqor.invalid/fhir/sid/iin", "value": "610505400017"}
            ],
            "name": [{"use": "official", "family": "Серік", "given": ["Дана", "Ержанқызы"]}],
            "address": [{"use": "home", "text": "с. Ойтал, ул. Школьная, 3"}],
            "telecom": [{"system": "phone", "value": "+77010001427"}],
            "communication": [{"language": {"coding": [{"code": language}]}, "preferred": True}],
            "generalPractitioner": [{"reference": "Organization/north"}],
            "managingOrganization": {"reference": "Organization/centre"},
        },
        {
            "resourceType": "Organization",
            "id": "centre",
            "name": "Поликлиника №4",
            "alias": ["№4 емхана", "Clinic 4"],
            "telecom": [{"system": "phone", "value": "8 726 123 45 67"}],
            "address": [{"line": ["ул. Абая, 1"], "city": "Мерке"}],
        },
        {
            "resourceType": "Organization",
            "id": "hospital",
            "name": "Областная больница",
            "alias": ["Облыстық аурухана", "Regional hospital"],
        },
        {
            "resourceType": "Encounter",
            "id": "today",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": who,
            "period": {"start": now, "end": now},
        },
        {
            "resourceType": "Observation",
            "id": "weighed",
            "status": "final",
            "subject": who,
            "encounter": visit,
            "effectiveDateTime": now,
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "valueQuantity": {"value": 81.5, "code": "kg", "unit": "kg"},
        },
        {
            "resourceType": "Condition",
            "id": "high",
            "subject": who,
            "encounter": visit,
            "recordedDate": now,
            "code": {"coding": [{"system": icd, "code": "I10"}]},
        },
        {
            "resourceType": "Condition",
            "id": "grief",
            "subject": who,
            "encounter": visit,
            "recordedDate": now,
            "meta": secret,
            "code": {"text": "Тайна"},
        },
        {
            "resourceType": "Goal",
            "id": "peace",
            "lifecycleStatus": "active",
            "subject": who,
            "expressedBy": who,
            "meta": secret,
            "description": {"text": "Тайна цели"},
        },
        {
            "resourceType": "MedicationRequest",
            "id": "calm",
            "status": "active",
            "intent": "order",
            "subject": who,
            "authoredOn": now,
            "meta": secret,
            "medicationCodeableConcept": {"text": "Тайна лекарства"},
        },
        {
            "resourceType": "Appointment",
            "id": "talk",
            "status": "booked",
            "start": tomorrow,
            "end": tomorrow,
            "meta": secret,
            "participant": [{"actor": who, "status": "accepted"}],
            "comment": "Тайна встречи",
            "description": "Тайна встречи",
        },
        {
            "resourceType": "ServiceRequest",
            "id": "heart",
            "status": "active",
            "intent": "order",
            "priority": "urgent",
            "subject": who,
            "encounter": visit,
            "authoredOn": now,
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "183519002"}]},
            "reasonCode": [{"text": "Боль в груди"}],
            "performer": [{"reference": "Organization/hospital"}],
        },
        {
            "resourceType": "MedicationRequest",
            "id": "tablet",
            "status": "active",
            "intent": "order",
            "subject": who,
            "encounter": visit,
            "authoredOn": now,
            "medicationCodeableConcept": {
                "coding": [{"system": "http://www.whocc.no/atc", "code": "C09AA04"}]
            },
            "dosageInstruction": [{"text": "10 мг"}],
        },
        {
            "resourceType": "Immunization",
            "id": "shot",
            "status": "completed",
            "patient": who,
            "occurrenceDateTime": "2025-10-05",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "150"}]},
        },
    )


def pages_of(page: Page) -> list[tuple[int, int]]:
    """Width and height, in points, of each page a sheet is printed on."""
    text = page.pdf(prefer_css_page_size=True).decode("latin-1")
    boxes = re.findall(r"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", text)
    return [(round(float(width)), round(float(height))) for width, height in boxes]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_is_whole_on_the_screen(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    fill(language)
    with signed_in(browser, live_server.url, language=language, size=size, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print")
        assert faults(page) == []
        for sheet in SHEETS:
            page.goto(f"{live_server.url}/person/dana/print/{sheet}")
            expect(page.locator("h1")).to_be_visible()
            assert faults(page) == [], sheet


@pytest.mark.parametrize("paper", ["a4", "a5"])
def test_every_sheet_prints_on_the_paper_chosen_without_its_bar(
    village: None, live_server: Any, browser: Browser, paper: str
) -> None:
    fill()
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        for sheet in SHEETS:
            joint = "&" if "?" in sheet else "?"
            page.goto(f"{live_server.url}/person/dana/print/{sheet}{joint}size={paper}")
            printed = pages_of(page)
            assert set(printed) == {POINTS[paper]}, sheet
            assert len(printed) <= 2, sheet
            page.emulate_media(media="print")
            expect(page.locator(".q-paper__bar")).to_be_hidden()
            page.emulate_media(media="null")


def test_a_sheet_speaks_the_persons_language_and_the_bar_the_workers(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill("kk")
    with signed_in(browser, live_server.url, language="ru", role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/visit/today")
        expect(page.locator("html")).to_have_attribute("lang", "kk")
        expect(page.locator("h1")).to_have_text("Қабылдау қорытындысы")
        expect(page.locator(".q-sheet")).to_contain_text("№4 емхана")
        expect(page.locator(".q-sheet")).to_contain_text("81,5 кг")
        expect(page.get_by_role("button")).to_have_text("Распечатать")

        page.get_by_role("link", name="ENG").click()
        expect(page.locator("h1")).to_have_text("Visit summary")
        expect(page.locator(".q-sheet")).to_contain_text("Clinic 4")


def test_what_is_sensitive_is_on_no_sheet_though_the_doctor_may_see_it(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill()
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana")
        expect(page.locator("body")).to_contain_text("Тайна")
        expect(page.locator("body")).to_contain_text("Тайна цели")
        for sheet in SHEETS:
            page.goto(f"{live_server.url}/person/dana/print/{sheet}")
            expect(page.locator("body")).not_to_contain_text("Тайна")


def test_an_invitation_says_nothing_of_an_illness(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill("ru")
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/invitation")
        sheet = page.locator(".q-sheet")
        expect(sheet).to_contain_text("Здравствуйте, Дана Ержанқызы!")
        expect(sheet).to_contain_text("8 726 123 45 67")
        for word in ("гипертенз", "давлен", "610505400017", "Периндоприл"):
            expect(sheet).not_to_contain_text(word)


@pytest.mark.parametrize(
    ("place", "said", "unsaid"),
    [
        pytest.param("clinic", (WHEN, HERE, "в поликлинике, кабинет 7"), (), id="here"),
        pytest.param("mobile", (WHEN, "в передвижном комплексе"), (HERE,), id="a bus"),
        pytest.param("phone", (HERE,), (WHEN, "по телефону"), id="a call"),
        pytest.param("home", (HERE,), (WHEN, "на дому"), id="a visit"),
    ],
)
def test_an_invitation_says_the_place_to_come_to(
    village: None, live_server: Any, browser: Browser, place: str, said: Any, unsaid: Any
) -> None:
    fill("ru")
    begins = timezone.localtime().replace(microsecond=0) + timedelta(hours=1)
    wish = Wish(begins, begins + timedelta(minutes=20), "PractitionerRole/nurse", "gp", place,
                room="7")  # fmt: skip
    put(appointment("tomorrow", "dana", wish, created=begins))
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/invitation")
        sheet = page.locator(".q-sheet")

        for words in said:
            expect(sheet).to_contain_text(words)
        for words in unsaid:
            expect(sheet).not_to_contain_text(words)
        assert sheet.inner_text().casefold().count("удостоверение") == 1


def test_an_invitation_of_a_child_is_written_to_the_parents(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill("ru")
    born = (timezone.localdate() - timedelta(days=700)).isoformat()
    put({"resourceType": "Patient", "id": "dana", "birthDate": born,
         "name": [{"family": "Серік", "given": ["Дана"]}],
         "communication": [{"language": {"coding": [{"code": "ru"}]}, "preferred": True}],
         "generalPractitioner": [{"reference": "Organization/north"}],
         "managingOrganization": {"reference": "Organization/centre"}})  # fmt: skip
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/invitation")
        expect(page.locator("h1")).to_have_text("Уважаемые родители!")
        expect(page.locator(".q-sheet")).to_contain_text("Серік Дана")


def test_a_referral_carries_what_the_specialist_needs(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill("ru")
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/referral/heart")
        sheet = page.locator(".q-sheet")
        for word in ("Кардиолог", "срочно", "610505400017", "Боль в груди", "Периндоприл", "I10"):
            expect(sheet).to_contain_text(word)


def test_printing_is_kept_and_another_teams_person_cannot_be_printed(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill()
    put({"resourceType": "Patient", "id": "far",
         "generalPractitioner": [{"reference": "Organization/south"}]})  # fmt: skip
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/referral/heart")
        entry = audit.find(Wanted(patient="dana", agent="PractitionerRole/nurse"), limit=1)[0]
        assert "print referral" in entry.entry
        for sheet in SHEETS:
            answer = page.goto(f"{live_server.url}/person/far/print/{sheet}")
            assert answer is not None
            assert answer.status == 404, sheet


@pytest.mark.parametrize("paper", ["a4", "a5"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_says_who_writes_to_whom_and_when_and_nothing_is_cut_on_paper(
    village: None, live_server: Any, browser: Browser, language: str, paper: str
) -> None:
    fill(language)
    clinic = {"kk": "№4 емхана", "ru": "Поликлиника №4", "en": "Clinic 4"}[language]
    width, _ = POINTS[paper]
    margins = 2 * (15 if paper == "a4" else 10)  # mm, of @page
    room = round(width / 72 * 96 - margins / 25.4 * 96)
    with signed_in(browser, live_server.url, language=language, role="gp") as context:
        page = context.new_page()
        page.set_viewport_size({"width": room, "height": 900})
        page.emulate_media(media="print")
        for sheet in SHEETS:
            joint = "&" if "?" in sheet else "?"
            page.goto(f"{live_server.url}/person/dana/print/{sheet}{joint}size={paper}")
            head = page.locator(".q-sheet__head")
            for words in (clinic, "ул. Абая, 1, Мерке", "8 726 123 45 67"):
                expect(head).to_contain_text(words)
            expect(head.locator(".q-sheet__day")).to_contain_text(str(timezone.localdate().year))
            expect(page.locator(".q-sheet")).to_contain_text("Серік Дана Ержанқызы")
            assert page.evaluate(TOO_WIDE) <= 0, sheet
            assert page.evaluate(CUT_OFF) == [], sheet
            size = page.locator(".q-sheet").evaluate(
                "e => parseFloat(getComputedStyle(e).fontSize)"
            )
            assert size * 72 / 96 >= (13 if paper == "a4" else 11) - 0.1, sheet


@pytest.mark.parametrize("sheet", ["plan", "visit/today", "referral/heart"])
def test_what_to_do_next_is_read_first(
    village: None, live_server: Any, browser: Browser, sheet: str
) -> None:
    fill("en")
    begins = timezone.localtime().replace(microsecond=0) + timedelta(hours=1)
    wish = Wish(begins, begins + timedelta(minutes=20), "PractitionerRole/nurse", "gp", "clinic",
                room="7")  # fmt: skip
    put(appointment("tomorrow", "dana", wish, created=begins))
    with signed_in(browser, live_server.url, role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/{sheet}")
        first = page.locator(".q-sheet section").first
        expect(first).to_have_class("q-sheet__box")
        if sheet == "referral/heart":
            expect(first).to_contain_text("Where: Regional hospital")
            expect(page.locator(".q-sheet")).to_contain_text("not asked yet: please ask")
        else:
            expect(first.locator(".q-sheet__when")).to_contain_text(f"{begins:%H:%M}")
            expect(first).to_contain_text("It is time for:")
            # Her diagnosis asks the doctor to enrol her: that is not hers to do.
            expect(first).not_to_contain_text("Enrol")


def test_a_sheet_without_a_phone_says_so_to_the_worker_and_not_on_paper(
    village: None, live_server: Any, browser: Browser
) -> None:
    fill("kk")
    put({"resourceType": "Organization", "id": "centre", "name": "Поликлиника №4"})
    with signed_in(browser, live_server.url, language="en", role="gp") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/dana/print/plan")
        expect(page.locator(".q-paper__note")).to_contain_text("no phone on record")
        page.emulate_media(media="print")
        expect(page.locator(".q-paper__note")).to_be_hidden()
