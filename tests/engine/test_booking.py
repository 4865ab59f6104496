"""Free times, parts of a day and the settings of bookings, as plainly as they can be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine import booking
from qamqor.engine.booking import Booking, Settings, Wish
from qamqor.engine.closures import Closures, Holiday
from qamqor.errors import InvalidPack

ZONE = timezone(timedelta(hours=5))
MONDAY = date(2026, 3, 2)
FILE = Path("content/booking/booking.yaml")


def raw() -> dict[str, Any]:
    """The file of a site that opens for four hours, in steps of half an hour, and rests at noon."""
    shipped: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    day = {"opens": "10:00", "closes": "14:00", "pause": ["12:00", "13:00"], "step": 30}
    halves = {"morning": ["10:00", "12:00"], "afternoon": ["13:00", "14:00"]}
    return {**shipped, "day": {**day, "closed": ["sunday"]}, "halves": halves}


SITE: Settings = booking.read_settings(raw(), FILE.name)


def at(hour: int, minute: int = 0, *, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


EARLY = at(8)


def taken(start: datetime, minutes: int = 20, *, half: str = "", status: str = "booked") -> Booking:
    wish = Wish(start, start + timedelta(minutes=minutes), "PractitionerRole/one", "gp", "clinic",
                half=half)  # fmt: skip
    made = booking.appointment("one", "amina", wish, created=start)
    return booking.read({**made, "status": status}, SITE, ZONE)


def free(*found: Booking, length: int = 30, day: date = MONDAY, after: datetime = EARLY) -> str:
    times = booking.free_times(day, found, length=length, settings=SITE, after=after)
    return " ".join(f"{one:%H:%M}" for one in times)


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        pytest.param(lambda: free(), "10:00 10:30 11:00 11:30 13:00 13:30", id="a whole day"),
        pytest.param(lambda: free(length=60), "10:00 10:30 11:00 13:00", id="it ends in time"),
        pytest.param(lambda: free(length=20), "10:00 10:30 11:00 11:30 13:00 13:30", id="steps"),
        pytest.param(lambda: free(after=at(11)), "11:30 13:00 13:30", id="what has passed"),
        pytest.param(lambda: free(day=date(2026, 3, 8)), "", id="a day that is closed"),
        pytest.param(
            lambda: free(taken(at(10, 30), 30)), "10:00 11:00 11:30 13:00 13:30", id="one is taken"
        ),
        pytest.param(
            lambda: free(taken(at(9, 30), 60)), "10:30 11:00 11:30 13:00 13:30",
            id="one that began before the day",
        ),
        pytest.param(
            lambda: free(taken(at(13, 45), 60)), "10:00 10:30 11:00 11:30 13:00",
            id="one that ends after the day",
        ),
        pytest.param(
            lambda: free(taken(at(10), 120, half="morning")), "10:00 10:30 11:00 11:30 13:00 13:30",
            id="a part of the day is shared",
        ),
        pytest.param(
            lambda: free(taken(at(10), status="cancelled")), "10:00 10:30 11:00 11:30 13:00 13:30",
            id="what was cancelled is free",
        ),
        pytest.param(
            lambda: free(taken(at(10, day=MONDAY + timedelta(days=1)))),
            "10:00 10:30 11:00 11:30 13:00 13:30", id="of another day",
        ),
    ],
)  # fmt: skip
def test_a_worker_is_free_where_nothing_meets(asked: Callable[[], str], times: str) -> None:
    assert asked() == times


def test_the_first_free_time_of_the_next_days_that_have_one_is_offered() -> None:
    saturday = MONDAY + timedelta(days=5)
    full = [taken(at(10, day=saturday), 240)]

    found = booking.suggestions(
        full, length=30, settings=SITE, after=at(13, 30, day=saturday - timedelta(days=1))
    )

    # Friday is over, Saturday full, Sunday closed.
    assert found == [at(10, day=saturday + timedelta(days=n)) for n in (2, 3, 4)]


def test_a_part_of_the_day_is_read_as_such_and_an_hour_of_its_length_is_not() -> None:
    assert taken(at(10), 120, half="morning").half == "morning"
    assert taken(at(10), 120).half == ""
    assert taken(at(10), 90, half="morning").half == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"places": []}, "names no place", id="no place"),
        pytest.param({"length": 25}, "is not one of the lengths", id="an unusual length"),
        pytest.param({"halves": {"morning": ["10:00"]}}, "cannot be read", id="half a pair"),
        pytest.param({"farthest_days": "far"}, "cannot be read", id="no number"),
        pytest.param({"farthest_days": 9**9}, "farthest_days", id="further than days go"),
        pytest.param({"farthest_days": 1}, "not below the first", id="nearer than free times"),
        pytest.param(
            {"day": {"opens": "14:00", "closes": "10:00", "pause": ["12:00", "13:00"], "step": 30}},
            "must open before it closes", id="a day upside down",
        ),
        pytest.param(
            {"cancelled": {"person": [{"id": "ill", "en": "ill", "ru": "болен"}]}},
            "has no words in kk", id="words are missing",
        ),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_says_where(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidPack, match=said):
        booking.read_settings({**raw(), **wrong}, FILE.name)


@pytest.mark.parametrize("name", ["day", "halves", "ahead_days", "places"])
def test_what_a_file_lacks_is_named(name: str) -> None:
    without = {one: value for one, value in raw().items() if one != name}

    with pytest.raises(InvalidPack, match=f"{name}: is missing"):
        booking.read_settings(without, FILE.name)


def with_hours(**said: Any) -> Settings:
    return booking.read_settings({**raw(), "hours": [said]}, FILE.name)


@pytest.mark.parametrize(
    ("role", "place", "times"),
    [
        ("psychologist", "clinic", "11:00 11:30"),
        ("psychologist", "home", "10:00 10:30 11:00 11:30 13:00 13:30"),
        ("gp", "clinic", "10:00 10:30 11:00 11:30 13:00 13:30"),
    ],
)
def test_a_service_has_hours_of_its_own_and_the_rest_of_the_day(
    role: str, place: str, times: str
) -> None:
    own = with_hours(roles=["psychologist"], places=["clinic"], opens="11:00", closes="13:00")
    found = booking.free_times(
        MONDAY, [], length=30, settings=own, after=EARLY, role=role, place=place
    )
    assert " ".join(f"{one:%H:%M}" for one in found) == times


def test_a_service_has_days_of_its_own_without_bookings() -> None:
    own = with_hours(roles=["psychologist"], closed=["monday", "sunday"])
    said: dict[str, Any] = {"length": 30, "settings": own, "after": EARLY, "most": 1}

    assert booking.suggestions([], **said, role="psychologist") == [at(10, day=date(2026, 3, 3))]
    assert booking.suggestions([], **said, role="gp") == [at(10)]


@pytest.mark.parametrize(
    "wrong", [{"roles": ["gp"], "opens": "15:00"}, {"places": ["nowhere"]}, {"opens": "10:30"}]
)
def test_hours_of_a_service_that_cannot_be_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidPack, match="hours 1"):
        with_hours(**wrong)


def test_a_site_need_not_say_how_far_ahead_it_books() -> None:
    said = {name: value for name, value in raw().items() if name != "farthest_days"}

    assert booking.read_settings(said, FILE.name).farthest_days == 730


def test_a_holiday_offers_no_times_and_the_next_day_does() -> None:
    words = dict.fromkeys(("en", "ru", "kk"), "Spring")
    closures = Closures((Holiday(3, 2, words),))
    own = replace(SITE, closures=closures)

    assert booking.free_times(MONDAY, [], length=30, settings=own, after=EARLY) == []
    found = booking.suggestions([], length=30, settings=own, after=EARLY, most=1)
    assert found == [at(10, day=date(2026, 3, 3))]
