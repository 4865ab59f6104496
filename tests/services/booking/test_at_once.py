"""Several desks book at the same moment: one commit follows another, and each sees the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections

from qamqor.errors import VersionConflict
from qamqor.services.booking import making, reading, steps
from tests.services.booking.test_bookings import (
    COLLEAGUE,
    MORNING,
    NURSE,
    book,
    clock,
    wish,
)
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT
from tests.services.worklist.test_today import resident

pytestmark = pytest.mark.django_db(transaction=True)
DESKS = 4
PEOPLE = ("amina", "bolat", "dana", "saule")


@pytest.fixture(autouse=True)
def village(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    team_of("north", roles={"practice_nurse": "practice-nurse", "gp": "colleague"})
    for who in PEOPLE:
        resident(who)


def at_once(work: Callable[[int], str]) -> Counter[str]:
    """What becomes of the same work at several desks, each with a connection of its own."""
    ready = Barrier(DESKS)

    def at_desk(number: int) -> str:
        ready.wait(timeout=30)
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(DESKS) as desks:
        return Counter(desks.map(at_desk, range(DESKS)))


def test_one_time_of_a_worker_goes_to_one_of_several_people() -> None:
    found = at_once(lambda n: "booked" if book(PEOPLE[n]).id else "in the way")

    assert found == {"booked": 1, "in the way": DESKS - 1}
    assert len(reading.of_workers([NURSE.reference], MORNING.date(), MORNING.date())) == 1


def test_a_person_is_booked_with_one_of_several_workers_at_a_time() -> None:
    workers = (NURSE.reference, COLLEAGUE)
    found = at_once(
        lambda n: "booked" if book(what=wish(worker=workers[n % 2])).id else "in the way"
    )

    assert found == {"booked": 1, "in the way": DESKS - 1}
    assert len(reading.of_person("amina")) == 1


def test_one_booking_goes_one_way_where_several_change_it() -> None:
    id_ = book().id
    late = AT + timedelta(hours=2)

    def change(number: int) -> str:
        try:
            if number % 2:
                steps.take(id_, "noshow", seen=1, actor=NURSE, at=late)
                return "missed"
            making.move(id_, wish(clock(4, 9 + number)), seen=1, actor=NURSE, at=AT)
        except VersionConflict:
            return "changed meanwhile"
        return "moved"

    found = at_once(change)

    (booking,) = reading.of_person("amina")
    assert booking.version == 2
    assert found["moved"] == (booking.status == "booked")
    # Who says the same as a colleague just did has nothing to change.
    assert found["missed"] in ((0,) if booking.status == "booked" else (1, 2))
