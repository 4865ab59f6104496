"""Booking a person, moving and cancelling it, and a day of bookings, in a real browser."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from qamqor.services.booking import reading
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.organisation import area as team_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def team(village: None) -> None:
    """The village with a doctor beside its nurse."""
    team_of("north", roles={"practice_nurse": "nurse", "gp": "doctor"}, site="centre")


CUT_NAME = """e => {
  const style = getComputedStyle(e), pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(e.selectedOptions[0].text).width - room;
}"""


def book(page: Page, url: str, who: str = "amina") -> None:
    page.goto(f"{url}/person/{who}/book")
    page.locator(".q-slot").first.click()
    expect(page.get_by_role("heading", name="Booking")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_bookings_are_whole(
    team: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/bookings")
        assert faults(page) == []
        page.goto(f"{live_server.url}/person/dana/book")
        expect(page.locator(".q-slot")).to_have_count(3)
        assert faults(page) == []
        page.locator(".q-slot").first.click()
        page.wait_for_url("**/booking/*")
        assert faults(page) == []
        day = reading.of_person("dana")[0].day
        page.goto(f"{live_server.url}/bookings?day={day}&with=team")
        expect(page.locator("[data-row]")).to_contain_text("Жұмағұлова")
        assert faults(page) == []
        for name in page.locator("#with option").all_inner_texts():
            page.locator("#with").select_option(label=name)
            assert size != "desk" or page.locator("#with").evaluate(CUT_NAME) <= 0, name


def test_a_free_time_is_one_press_and_any_other_a_form(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        page.get_by_label("Room or site").fill("7")
        page.get_by_label("Time").select_option("afternoon")
        page.get_by_role("button", name="Move", exact=True).click()

        expect(page.locator(".q-message--done")).to_contain_text("Moved")
        expect(page.locator("main")).to_contain_text("room 7")
        expect(page.locator("main")).to_contain_text("after midday, 14:00–18:00")


def test_the_times_follow_the_day_without_leaving_the_page(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        booked = reading.of_person("amina")[0]
        page.goto(f"{live_server.url}/person/bolat/book")
        page.get_by_label("In the person's words").fill("After work")
        with page.expect_response("**/book/times*"):
            page.get_by_label("Day", exact=True).fill(f"{booked.day}")

        expect(
            page.locator("#times option", has_text=f"{booked.start:%H:%M}, not free")
        ).to_have_count(1)
        expect(page.get_by_label("In the person's words")).to_have_value("After work")


def test_a_worker_booked_already_is_said_before_it_is_done(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        booked = reading.of_person("amina")[0]
        page.goto(f"{live_server.url}/person/bolat/book?day={booked.day}")
        page.get_by_label("Time").select_option(f"{booked.start:%H:%M}")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Another booking stands at this time")
        assert faults(page) == []
        assert reading.of_person("bolat") == []

        page.get_by_role("button", name="Book at the same time all the same").click()
        expect(page.locator(".q-message--done")).to_contain_text("Booked")

        page.goto(f"{live_server.url}/person/amina/book?day={booked.day}")
        page.get_by_label("With whom").select_option("PractitionerRole/doctor")
        page.get_by_label("Time").select_option(f"{booked.start:%H:%M}")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("booked at this time already")
        assert len(reading.of_person("amina")) == 1


def test_a_cancellation_wants_a_reason(team: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        page.locator("#id_text").fill("her daughter is ill")
        page.get_by_role("button", name="Cancel the booking").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose why it is cancelled")
        expect(page.locator("#id_reason-error")).to_contain_text("Choose why it is cancelled")
        expect(page.locator("#id_text")).to_have_value("her daughter is ill")
        assert faults(page) == []

        page.get_by_label("the person cannot come").check()
        page.get_by_role("button", name="Cancel the booking").click()
        expect(page.locator("main")).to_contain_text("the person cannot come")
        assert faults(page) == []


def test_the_day_is_walked_with_keys_and_says_who_arrived(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        day = timezone.localdate()
        page.goto(f"{live_server.url}/person/amina/book?day={day}")
        page.get_by_label("Time").select_option("afternoon")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.locator(".q-message--done")).to_contain_text("Booked")
        with page.expect_navigation():
            page.get_by_role("link", name="Bookings").first.click()
        page.keyboard.press("j")
        expect(page.locator("[data-row]")).to_be_focused()

        page.get_by_role("button", name="Arrived").click()
        expect(page.locator(".q-day")).to_contain_text("arrived")
        page.keyboard.press("n")
        expect(page.locator("main")).to_contain_text("Nobody is booked on this day")


def test_the_registry_books_and_does_not_read_what_is_due(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, role="registrar", post="desk") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/book")
        expect(page.get_by_text("What for")).to_have_count(0)
        page.get_by_label("With whom").select_option("PractitionerRole/nurse")
        page.get_by_label("Time").select_option("morning")
        page.get_by_label("Day", exact=True).fill(f"{timezone.localdate()}")
        page.get_by_role("button", name="Book", exact=True).click()
        expect(page.locator(".q-message--done")).to_contain_text("Booked")
        page.goto(f"{live_server.url}/bookings")
        expect(page.locator("[data-row]")).to_contain_text("Ахметова")


def test_a_day_without_bookings_leads_to_the_next_that_has_some(
    team: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        page.goto(f"{live_server.url}/bookings?day={timezone.localdate() - timedelta(days=3)}")

        page.get_by_role("link", name="Next bookings").click()

        expect(page.locator("[data-row]")).to_have_count(1)


def test_who_is_booked_is_not_invited_again(team: None, live_server: Any, browser: Browser) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        book(page, live_server.url)
        page.goto(f"{live_server.url}/today?tab=agreed")

        row = page.get_by_role("row").filter(has=page.locator("#row-amina"))
        expect(row.locator(".q-button")).to_have_text("Show")


NAMES = {"kk": "Тәуелсіздік күні", "ru": "День Независимости", "en": "Independence Day"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holiday_offers_no_free_time_and_says_which_it_is(
    team: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    today = timezone.localdate()
    holiday = date(today.year + (today > date(today.year, 12, 15)), 12, 16)
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/person/amina/book")
        with page.expect_response("**/book/times*"):
            page.locator("#id_day").fill(holiday.isoformat())
        expect(page.locator("#times")).to_contain_text(NAMES[language])
        expect(page.locator("#id_time")).to_have_value("")
        free = page.locator("#id_time option[value*=':']")
        expect(free.first).to_contain_text(",")
        assert all("," in text for text in free.all_inner_texts())
        assert faults(page) == []
        page.goto(f"{live_server.url}/bookings?day={holiday}&with=team")
        expect(page.locator("main .q-message")).to_contain_text(NAMES[language])
        assert faults(page) == []
