"""A nurse's day on the list, in a real browser: see who, see why, close a call with one key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from qamqor.engine.booking import Wish, appointment
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.access.village import ACT
from tests.services.test_derived import pressure, put
from tests.services.worklist.test_today import call, of, resident

WHOLE_ROWS = """() => [...document.querySelectorAll('[data-row]')].filter(
  row => row.closest('tr').getBoundingClientRect().bottom <= innerHeight).length"""
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_and_its_reasons_are_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("[data-row]")).to_have_count(3)
        assert faults(page) == []
        page.goto(f"{live_server.url}/today/dana")
        expect(page.locator("#panel h2")).to_contain_text("Жұмағұлова-Сейтқалиева")
        assert faults(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reason_is_the_fact_and_the_panel_leads_to_its_record(
    village: None, live_server: Any, browser: Browser, language: str
) -> None:
    with signed_in(browser, live_server.url, language=language) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("#line-dana")).to_contain_text("190/80, 05.12.2025")
        page.goto(f"{live_server.url}/today/dana")
        record = page.locator("#panel .q-facts a", has_text="190/80").first
        record.click()
        expect(page).to_have_url(f"{live_server.url}/person/dana/record/Observation/p-dana")


def test_a_sensitive_fact_stays_with_who_may_see_it(
    village: None, live_server: Any, browser: Browser
) -> None:
    label = {"security": [{"system": ACT, "code": "PSY"}]}
    put({**of(pressure("p", "2025-12-05", 190), "dana"), "meta": label})
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        expect(page.locator("#line-dana")).to_be_visible()
        assert "190/80" not in page.content()
        page.goto(f"{live_server.url}/today/dana")
        expect(page.locator("#panel .q-facts").first).to_contain_text("record you may not see")
        assert "190/80" not in page.content()


def test_a_call_in_vain_is_closed_with_two_keys_and_can_be_taken_back(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(live_server.url)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#panel h2")).to_be_visible()
        page.keyboard.press("2")

        expect(page.locator(".q-saved")).to_contain_text("Saved: no answer")
        expect(page.locator("#line-dana")).to_contain_text("today, no answer")
        expect(page.locator("#panel h2")).to_contain_text("Ахметова")
        page.get_by_role("button", name="Take back").click()
        expect(page.locator(".q-saved")).to_contain_text("Taken back")
        expect(page.get_by_text("today, no answer")).to_have_count(0)


def test_who_agrees_is_booked_with_one_more_key_and_stands_by_the_time(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.keyboard.press("1")

        expect(page.locator("#line-dana")).to_contain_text("Agreed")
        expect(page.locator("#panel")).to_contain_text("When do they come?")
        assert faults(page) == []
        page.keyboard.press("5")
        page.keyboard.press("2")
        expect(page.locator(".q-saved")).to_contain_text("Booked: ")
        expect(page.locator(".q-saved")).to_contain_text("at home")
        expect(page.locator("#panel h2")).to_contain_text("Ахметова")
        expect(page.locator("[data-row]")).to_have_count(3)
        page.get_by_role("link", name="Agreed").click()
        expect(page.locator("[data-row]")).to_have_text("Жұмағұлова-Сейтқалиева Гүлбаршын")
        expect(page.locator("#line-dana")).to_contain_text("at home")
        assert faults(page) == []


def test_on_a_phone_the_tab_one_is_on_is_in_sight(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, language="kk", size="phone") as context:
        page = context.new_page()
        for tab in ("to_see", "agreed", "done"):
            page.goto(f"{live_server.url}/today?tab={tab}")
            page.wait_for_load_state("networkidle")
            box = page.locator(".q-tabs [aria-current]").bounding_box()
            assert box is not None
            assert box["x"] >= 0, tab
            assert box["x"] + box["width"] <= 390.5, tab


def test_enter_takes_the_first_time_and_nought_none(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.keyboard.press("1")
        expect(page.locator("#panel")).to_contain_text("When do they come?")
        page.keyboard.press("Enter")
        expect(page.locator(".q-saved")).to_contain_text("Booked: ")
        expect(page.locator("#panel [data-person=amina]")).to_be_attached()
        page.keyboard.press("1")
        expect(page.locator("#panel")).to_contain_text("When do they come?")
        page.keyboard.press("0")
        expect(page.locator("#panel [data-person=bolat]")).to_be_attached()

        page.goto(f"{live_server.url}/today?tab=agreed")
        expect(page.locator("[data-row]")).to_have_count(2)
        expect(page.locator("#line-amina")).to_contain_text("no time yet")


def test_a_missed_booking_brings_the_call_back_with_its_reason(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today?tab=to_call")
        before = page.locator("#line-dana").count()
        assert before == 0
        at = timezone.localtime() - timedelta(minutes=30)
        put(
            {
                "resourceType": "Appointment",
                "id": "missed",
                "status": "noshow",
                "start": at.isoformat(timespec="seconds"),
                "end": (at + timedelta(minutes=20)).isoformat(timespec="seconds"),
                "minutesDuration": 20,
                "created": at.isoformat(timespec="seconds"),
                "participant": [{"actor": {"reference": "Patient/dana"}, "status": "accepted"}],
            },
            at=timezone.now(),
        )
        page.goto(f"{live_server.url}/today?tab=to_call")
        expect(page.locator("#line-dana")).to_contain_text("did not come: ")


def test_a_refusal_without_a_reason_comes_back_with_the_question(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        page.get_by_text("Take off the list").click()
        page.get_by_role("button", name="Refused").click()

        expect(page.get_by_role("alert")).to_contain_text("Say why")
        assert faults(page) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("tab=nonsense&page=²", 200),
        ("page=" + "9" * 5000, 200),
        ("role=gp", 404),
        ('role="><script>', 404),
    ],
)
def test_an_address_written_by_hand_breaks_nothing(
    village: None, live_server: Any, browser: Browser, query: str, status: int
) -> None:
    with signed_in(browser, live_server.url) as context:
        answer = context.new_page().goto(f"{live_server.url}/today?{query}")

        assert answer is not None
        assert answer.status == status


def test_who_cares_for_nobody_has_no_list(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="auditor") as context:
        page = context.new_page()
        answer = page.goto(f"{live_server.url}/today")

        assert answer is not None
        assert answer.status == 403


def test_the_list_stands_still_and_says_what_changed(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        before = page.locator("[data-row]").all_inner_texts()
        call("agreed", "amina", until=timezone.localdate() + timedelta(days=2))
        asks = page.locator("#changed").get_attribute("hx-get")
        page.evaluate("asks => htmx.ajax('GET', asks, '#changed')", asks)

        expect(page.locator("#changed")).to_contain_text("1 changed since")
        assert page.locator("[data-row]").all_inner_texts() == before
        page.get_by_role("link", name="show").click()
        expect(page.locator("[data-row]")).to_have_count(2)


def test_twelve_whole_people_stand_beside_an_open_one(
    village: None, live_server: Any, browser: Browser
) -> None:
    for number in range(14):
        resident(f"person-{number:02}", systolic=150 + number)
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")

        # What an ordinary day does not show: the demo's line, and people not worked out yet.
        page.evaluate(
            "document.querySelectorAll('.q-notice, .q-message--due').forEach(e => e.remove())"
        )
        assert page.evaluate(WHOLE_ROWS) >= 12


def test_filters_stay_in_the_address_and_name_nobody(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        page.get_by_text("Filters", exact=True).click()
        assert faults(page) == []
        page.get_by_text("only homes with several people").click()
        page.get_by_role("button", name="Show").click()

        expect(page.locator("[data-row]")).to_have_count(2)
        assert "household=1" in page.url
        page.get_by_role("link", name="To call").click()
        expect(page.get_by_role("link", name="To call")).to_have_attribute("aria-current", "page")
        assert "household=1" in page.url


def test_how_dense_the_list_is_stays_with_the_worker(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today")
        page.get_by_role("button", name="Enlarge rows").click()
        expect(page.locator("html")).to_have_attribute("data-density", "comfortable")
        page.goto(f"{live_server.url}/today")
        expect(page.locator("html")).to_have_attribute("data-density", "comfortable")
        assert faults(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_points_are_explained_and_can_be_tried(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    lead = {"role": "lead_nurse", "post": "nurse", "language": language, "size": size}
    with signed_in(browser, live_server.url, **lead) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/order")
        page.fill("[name=urgency_1]", "5")
        page.locator("main form button").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults(page) == []
        page.fill("[name=urgency_1]", "5000")
        page.locator("main form button").click()
        expect(page.locator("#effect")).to_be_visible()
        assert faults(page) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_booked_far_ahead_and_needed_now_stands_on_the_list_with_the_booking(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    day = timezone.localtime().replace(hour=10, minute=30, second=0, microsecond=0)
    begins = day + timedelta(days=60)
    wish = Wish(begins, begins + timedelta(minutes=20), "PractitionerRole/practice-nurse",
                "practice_nurse", "clinic", actions=("diabetes/tests/hba1c",))  # fmt: skip
    put(appointment("far", "dana", wish, created=day - timedelta(days=30)))
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/today/dana")
        expect(page.locator("#line-dana")).to_contain_text(f"{begins:%d.%m.%Y}, 10:30")
        expect(page.locator("#panel .q-message--due")).to_contain_text(f"{begins:%d.%m.%Y}, 10:30")
        assert faults(page) == []
        page.locator("#panel .q-message--due a").click()
        expect(page).to_have_url(f"{live_server.url}/person/dana/book")
