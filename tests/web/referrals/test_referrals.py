"""A referral from the first word to the last, by the two who write to each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation
from playwright.sync_api import Browser, Page, expect

from qamqor.engine.booking import Wish as Booking
from qamqor.engine.booking import appointment
from qamqor.engine.fhir import json_text
from qamqor.services.referral import write
from qamqor.services.referral.write import Wish
from qamqor.store import referrals
from qamqor.store.fhir import versions
from qamqor.web.referrals.forms import StepForm
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.access.village import actor
from tests.services.test_derived import AT, put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
WISH = Wish("183519002", "urgent", "Organization/hospital", "Is the murmur new?",
            enclosed=("Condition/amina-heart",))  # fmt: skip


@pytest.fixture
def hospital(village: None) -> None:
    """A hospital that can be asked, a heart specialist in it, and something to send along."""
    put(
        {"resourceType": "Organization", "id": "hospital", "name": "Аудандық аурухана"},
        {
            "resourceType": "PractitionerRole",
            "id": "cardiologist",
            "active": True,
            "organization": {"reference": "Organization/hospital"},
        },
        {
            "resourceType": "Condition",
            "id": "amina-heart",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {
                "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}],
                "text": "Артериялық гипертензия",
            },
            "subject": {"reference": "Patient/amina"},
        },
    )


def sent() -> str:
    nurse = actor("practice_nurse", reference="PractitionerRole/nurse")
    return write.send("amina", WISH, actor=nurse, at=AT, key="9c5b94b1-35ad-49bb-b118-8e8fc24abf80")


def opened(context: Any, url: str, path: str) -> Page:
    page: Page = context.new_page()
    page.goto(f"{url}{path}")
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_are_whole(
    hospital: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    id_ = sent()
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url, "/referrals")
        expect(page.locator("[data-row]")).to_have_count(1)
        assert faults(page) == []
        for path in (f"/referrals/{id_}", "/person/amina/refer"):
            page.goto(f"{live_server.url}{path}")
            assert faults(page) == []


def test_a_referral_is_written_and_what_is_typed_is_kept_before_it_is_sent(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/person/amina/refer")
        page.get_by_label("Specialist", exact=True).select_option(label="Cardiologist")
        page.get_by_label("What do you want to know?").fill("Is the murmur new?")
        page.get_by_label("Who is to answer").focus()
        expect(page.locator("#draft-state")).to_contain_text("Draft saved")
        page.reload()
        expect(page.get_by_label("What do you want to know?")).to_have_value("Is the murmur new?")

        page.get_by_role("button", name="Send the referral").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose who is to answer.")
        page.get_by_label("Who is to answer").select_option(label="Аудандық аурухана")
        page.get_by_label("I10").check()
        page.get_by_role("button", name="Send the referral").click()

        page.wait_for_url("**/referrals/*")
        expect(page.get_by_role("status")).to_have_text("Sent.")
        expect(page.locator("main")).to_contain_text("I10")
        (way,) = referrals.of_person("amina")
        assert (way.state, way.performer) == ("sent", "Organization/hospital")
        page.goto(f"{live_server.url}/person/amina/refer")
        expect(page.get_by_label("What do you want to know?")).to_have_value("")


def test_the_hospital_advises_instead_and_the_nurse_reads_and_closes(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    id_ = sent()
    with signed_in(
        browser, live_server.url, role="gp", post="cardiologist", organization="hospital"
    ) as context:
        page = opened(context, live_server.url, "/referrals?to=us")
        page.locator("[data-row]").click()
        page.locator("summary", has_text="Write advice instead").click()
        page.get_by_role("button", name="Write advice instead").click()
        expect(page.get_by_role("alert")).to_contain_text("Write the answer.")
        assert faults(page) == []
        page.locator("#id_text").fill("Repeat the ECG in a month.")
        page.get_by_role("button", name="Write advice instead").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/referrals?tab=replied")
        page.locator("[data-row]").click()
        expect(page.locator("main")).to_contain_text("Repeat the ECG in a month.")
        assert faults(page) == []
        page.get_by_role("button", name="Read and close").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")
        assert faults(page) == []
    version = versions.read("ServiceRequest", id_)
    assert version is not None
    assert json_text.decode(version.content or "")["status"] == "completed"


def test_a_step_on_a_page_that_is_too_old_is_refused_in_words(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    id_ = sent()
    with signed_in(browser, live_server.url) as context:
        old = opened(context, live_server.url, f"/referrals/{id_}")
        new = opened(context, live_server.url, f"/referrals/{id_}")
        new.get_by_role("button", name="Set the day").click()
        expect(new.get_by_role("status")).to_have_text("Saved.")
        old.locator("summary", has_text="Take the referral back").click()
        old.locator("#text-cancelled").fill("she went elsewhere")
        old.get_by_role("button", name="Take the referral back").click()
        expect(old.get_by_role("alert")).to_contain_text("Somebody changed this meanwhile.")
        expect(old.locator("#text-cancelled")).to_have_value("she went elsewhere")


def test_a_list_costs_the_same_however_long_it_is(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    sent()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, "/referrals?tab=nonsense&page=999999&to=x")
        expect(page.get_by_role("heading", name="Referrals")).to_be_visible()


@pytest.mark.parametrize("path", ["/referrals/nothing", "/person/nobody/refer"])
def test_what_is_not_there_is_not_there(
    hospital: None, live_server: Any, browser: Browser, path: str
) -> None:
    with signed_in(browser, live_server.url) as context:
        answer = context.new_page().goto(f"{live_server.url}{path}")
        assert answer is not None
        assert answer.status == 404


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_set_stands_on_the_referral_and_among_the_persons_bookings(
    hospital: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    id_, day = sent(), timezone.localdate() + timedelta(days=9)
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        page.locator("#id_on").fill(day.isoformat())
        page.locator("#id_clock").fill("10:30")
        expect(page.locator("#id_place")).to_have_value("Аудандық аурухана")
        page.locator("form:has(#id_on) button").click()
        booked = page.locator("main a[href^='/booking/']")
        expect(booked).to_contain_text("10:30")
        assert faults(page) == []
        page.goto(f"{live_server.url}/person/amina")
        expect(page.get_by_text("Аудандық аурухана").first).to_be_visible()
        page.goto(f"{live_server.url}/referrals/{id_}")
        booked.click()
        expect(page.locator(f"main a[href='/referrals/{id_}']")).to_be_visible()
        assert faults(page) == []


def test_a_booking_cancelled_at_the_desk_sets_the_referral_waiting_again(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    id_, day = sent(), timezone.localdate() + timedelta(days=9)
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        page.locator("#id_on").fill(day.isoformat())
        page.locator("form:has(#id_on) button").click()
        page.locator("main a[href^='/booking/']").click()
        page.get_by_label("the person cannot come").check()
        with page.expect_navigation():
            page.get_by_role("button", name="Cancel the booking").click()
        page.goto(f"{live_server.url}/referrals/{id_}")
        expect(page.locator(".q-way li.is-done")).to_have_count(1)
        expect(page.locator("main a[href^='/booking/']")).to_have_count(0)


def test_an_odd_time_and_a_place_too_long_are_named() -> None:
    said = {"key": "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "version": "1", "to": "booked",
            "on": f"{timezone.localdate()}", "clock": "25:99", "place": "x" * 121}  # fmt: skip
    assert set(StepForm(said).errors) == {"clock", "place"}


@pytest.mark.parametrize(
    ("to", "away", "said"),
    [
        ("booked", timedelta(days=-1), "Say a day, today or later."),
        ("booked", timedelta(days=731), "This day is years ahead. Check the year."),
        ("seen", timedelta(days=1), "That day is still to come."),
        ("seen", timedelta(days=-731), "This day is years ago. Check the year."),
    ],
)
def test_a_day_typed_wrong_is_refused_beside_what_was_typed(
    hospital: None, live_server: Any, browser: Browser, to: str, away: timedelta, said: str
) -> None:
    id_, day = sent(), (timezone.localdate() + away).isoformat()
    with signed_in(browser, live_server.url) as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        form = page.locator(f"form:has(input[value={to}])")
        page.locator(f"details:has(input[value={to}])").evaluate("e => { e.open = true }")
        form.locator("[name=on]").fill(day)
        form.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(form.locator("[name=on]")).to_have_value(day)
        assert faults(page) == []


def test_what_is_too_long_is_said_in_kazakh_too() -> None:
    with translation.override("kk"):
        said = StepForm({"place": "x" * 121}).errors["place"]
    assert said == ["Орын тым ұзын жазылған: ең көбі 120 таңба."]


def test_the_last_day_of_all_is_no_fault_of_ours() -> None:
    said = {"key": "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "version": "1", "to": "booked",
            "on": "9999-12-31", "clock": "23:59"}  # fmt: skip
    assert [wrong.code for wrong in StepForm(said).errors.as_data()["on"]] == ["far"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_at_which_the_person_is_booked_already_is_said_and_may_be_set_all_the_same(
    hospital: None, live_server: Any, browser: Browser, language: str
) -> None:
    id_ = sent()
    start = timezone.localtime().replace(hour=10, minute=0, second=0, microsecond=0)
    start += timedelta(days=1)
    wish = Booking(start, start + timedelta(minutes=20), "PractitionerRole/nurse",
                   "practice_nurse", "clinic", room="7")  # fmt: skip
    put(appointment("here", "amina", wish, created=start))
    with signed_in(browser, live_server.url, language=language) as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        page.locator("#id_on").fill(f"{start:%Y-%m-%d}")
        page.locator("#id_clock").fill("10:10")
        page.locator("#id_place").fill("Cabinet 12")
        button = page.locator("form", has=page.locator("#id_clock")).locator("button")
        button.click()
        said = page.get_by_role("alert")
        expect(said).to_be_focused()
        expect(said).to_contain_text("10:00")
        expect(said.locator("a")).to_have_attribute("href", "/booking/here")
        expect(page.locator("#id_place")).to_have_value("Cabinet 12")
        assert faults(page) == []
        (way,) = referrals.of_person("amina")
        assert way.state == "sent"
        button.click()
        expect(page.get_by_role("status")).to_be_visible()
        (way,) = referrals.of_person("amina")
        assert way.state == "booked"


def test_what_is_wrong_with_a_step_is_said_at_its_field_too(
    hospital: None, live_server: Any, browser: Browser
) -> None:
    id_ = sent()
    with signed_in(browser, live_server.url, language="ru") as context:
        page = opened(context, live_server.url, f"/referrals/{id_}")
        page.locator("#id_on").fill("2020-01-01")
        page.locator("#id_place").evaluate(
            "e => { e.removeAttribute('maxlength'); e.value = 'x'.repeat(200) }"
        )
        page.locator("form", has=page.locator("#id_clock")).locator("button").click()
        expect(page.locator(".nhsuk-error-summary")).to_be_focused()
        expect(page).to_have_title("Ошибка: Направление: Ахметова Айгүл · Qamqor")
        expect(page.locator("#id_on-error")).to_contain_text("Укажите день")
        expect(page.locator("#id_place-error")).to_contain_text("не больше 120 знаков")
        expect(page.locator("#id_on")).to_have_attribute("aria-invalid", "true")
        assert faults(page) == []
