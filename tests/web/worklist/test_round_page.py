"""A round of home visits in a real browser: where to go, what to do there, what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from qamqor.engine.booking import Wish, appointment
from qamqor.engine.fhir import json_text
from qamqor.store.fhir import versions
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.test_derived import put

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
GEOLOCATION = "http://hl7.org/fhir/StructureDefinition/geolocation"
WHERE = {"amina": (42.84, 73.20), "bolat": (42.84, 73.20), "dana": (42.90, 73.27)}


@pytest.fixture
def positions(village: None) -> None:
    """Where the village's people live, so that their doors can be drawn."""
    for who, (latitude, longitude) in WHERE.items():
        found = versions.read("Patient", who)
        assert found is not None
        person = json_text.decode(found.content or "")
        parts = [
            {"url": "latitude", "valueDecimal": latitude},
            {"url": "longitude", "valueDecimal": longitude},
        ]
        person["address"][0]["extension"] = [{"url": GEOLOCATION, "extension": parts}]
        put(person)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_round_is_whole_and_the_sketch_has_the_numbers_of_the_list(
    positions: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    with signed_in(browser, live_server.url, language=language, size=size) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/round")

        listed = page.locator(".q-stop__number").all_inner_texts()
        picture = page.locator(".q-round__sketch").inner_html()
        drawn = re.findall(r'font-size="14"[^>]*>([0-9+]+)<', picture)
        assert listed == ["1", "2", "+"]
        assert drawn == ["1", "2"]
        expect(page.locator(".q-stop__do", has_text="190/80, 05.12.2025")).to_have_count(1)
        assert faults(page) == []


def test_without_positions_the_doors_stand_by_settlement_and_street(
    village: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/round")

        expect(page.locator("main")).to_contain_text("does not know where these doors are")
        expect(page.locator("li.q-stop")).to_have_count(3)


def test_nobody_home_is_one_press_and_the_next_door_is_tinted(
    positions: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url, size="phone") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/round")
        expect(page.locator(".q-stop--next .q-stop__number")).to_have_text("1")
        page.locator(".q-stop--next").get_by_role("button", name="Nobody home").click()

        expect(page.locator(".q-stop").first).to_contain_text("no answer")
        expect(page.locator(".q-stop--next .q-stop__number")).to_have_text("2")
        page.goto(f"{live_server.url}/round")
        expect(page.locator(".q-stop--next .q-stop__number")).to_have_text("2")
        assert faults(page) == []


@pytest.mark.parametrize(
    ("place", "status", "is_said"),
    [
        pytest.param("home", "booked", True, id="a visit"),
        pytest.param("clinic", "booked", False, id="they come to the clinic"),
        pytest.param("home", "noshow", False, id="nobody was at home"),
    ],
)
def test_a_door_says_when_the_worker_is_expected_there(
    village: None, live_server: Any, browser: Browser, place: str, status: str, is_said: bool
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/round")
        begins = timezone.localtime().replace(hour=15, minute=0, second=0, microsecond=0)
        until = begins + timedelta(minutes=20)
        wish = Wish(begins, until, "PractitionerRole/nurse", "practice_nurse", place)
        put({**appointment("one", "dana", wish, created=begins), "status": status})
        page.goto(f"{live_server.url}/round")

        door = page.locator(".q-stop", has_text="ул. Школьная")
        expect(door).to_have_count(1)
        expect(door.get_by_text("Booked: today, 15:00")).to_have_count(int(is_said))


def test_the_list_on_paper_has_every_door_and_no_buttons(
    positions: None, live_server: Any, browser: Browser
) -> None:
    with signed_in(browser, live_server.url) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/round")
        page.emulate_media(media="print")

        expect(page.locator(".q-stop").first).to_contain_text("+7 701 000-14-27")
        expect(page.get_by_role("button", name="Nobody home").first).to_be_hidden()
