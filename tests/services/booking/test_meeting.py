"""What else a person is booked for is said to all who book; of what is closed, only when it is."""

from __future__ import annotations

import uuid
from datetime import date, time, timedelta
from typing import Any

import pytest

from qamqor.engine.booking import Wish as Booking
from qamqor.engine.booking import appointment
from qamqor.engine.referral import State
from qamqor.services.access.actor import Actor
from qamqor.services.booking import desk, making, meeting, reading
from qamqor.services.referral import booking, follow, write
from qamqor.services.referral.follow import Step
from qamqor.services.referral.write import Wish
from tests.services.access.village import ACT, AT, actor, patient, put
from tests.services.organisation import area

pytestmark = pytest.mark.django_db
NURSE, REGISTRAR, GP = actor("practice_nurse"), actor("registrar"), actor("gp")
THERE = Actor(9, "PractitionerRole/ward", "practice_nurse", organization="hospital")
DAY, TEN = date(2026, 3, 9), time(10)


@pytest.fixture(autouse=True)
def _people() -> None:
    area("north", roles={"practice_nurse": "practice-nurse", "gp": "gp"}, site="centre")
    put(
        patient("amina"),
        {"resourceType": "Organization", "id": "hospital", "name": "District hospital"},
    )


def booked_here(*labels: str) -> str:
    """Amina is booked with the nurse of her area on that day at ten."""
    start = AT + timedelta(days=7, hours=1)
    wish = Booking(start, start + timedelta(minutes=20), "PractitionerRole/practice-nurse",
                   "practice_nurse", "clinic", room="7", note="Her leg hurts.")  # fmt: skip
    made: dict[str, Any] = appointment("here", "amina", wish, created=AT)
    if labels:
        made["meta"] = {"security": [{"system": ACT, "code": label} for label in labels]}
    put(made)
    return "here"


def referred(by: Actor = GP) -> str:
    wish = Wish("183519002", "routine", "Organization/hospital", "Is the murmur new?")
    return write.send("amina", wish, actor=by, at=AT, key=str(uuid.uuid4()))


def met(id_: str, clock: time = TEN, by: Actor = GP) -> list[Any]:
    return meeting.of_referral(id_, DAY, clock, actor=by, at=AT)


def test_the_time_of_a_referral_meets_what_the_person_is_booked_for() -> None:
    id_, here = referred(), booked_here()
    assert [(one.id, one.room, one.is_closed) for one in met(id_)] == [(here, "7", False)]
    assert met(id_, time(9, 30)) == []
    assert met(id_, time(10, 20)) == []
    follow.take(id_, Step(State.booked, 1, DAY, clock=TEN), actor=GP, at=AT, key=str(uuid.uuid4()))
    assert [one.id for one in met(id_)] == [here], "its own booking does not stand in its way"


def test_who_is_asked_learns_that_somebody_is_booked_and_no_more() -> None:
    id_ = referred()
    booked_here("PSY")
    (one,) = met(id_, by=THERE)
    assert (one.start, one.is_closed) == (AT + timedelta(days=7, hours=1), True)
    assert (one.room, one.workers, one.note, one.place) == ("", (), "", "")


@pytest.mark.parametrize(("by", "is_told"), [(GP, True), (NURSE, False), (REGISTRAR, False)])
def test_a_booking_under_a_label_is_told_with_its_place_to_its_roles_only(
    by: Actor, is_told: bool
) -> None:
    booked_here("PSY")
    (one,) = desk.desk("amina", actor=by, at=AT).bookings
    assert (one.room == "7", one.note != "", not one.is_closed) == (is_told,) * 3

    start = AT + timedelta(days=7, hours=1)
    wish = Booking(start, start + timedelta(minutes=20), "PractitionerRole/gp", "gp", "clinic")
    found = making.book("amina", wish, actor=by, at=AT, key=str(uuid.uuid4()))
    (clash,) = found.clashes
    assert clash.is_hard
    assert (clash.booking.room == "7", not clash.booking.is_closed) == (is_told,) * 2
    assert clash.booking.start == start


def test_the_day_of_a_referral_under_a_label_is_not_named_at_the_registry() -> None:
    id_ = referred()
    follow.take(
        id_, Step(State.booked, 1, DAY, clock=TEN, place="Centre of mental health"),
        actor=GP, at=AT, key=str(uuid.uuid4()),
    )  # fmt: skip
    _, standing = reading.one(booking.id_of(id_))
    put({**standing, "meta": {"security": [{"system": ACT, "code": "PSY"}]}})
    (one,) = desk.desk("amina", actor=REGISTRAR, at=AT).bookings
    assert (one.room, one.service, one.request) == ("", "", "")
