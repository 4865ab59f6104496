"""A signed visit keeps the booking of its day by itself; taken back, the booking is as before."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.worklist import Tab
from qamqor.services.booking import days, reading, steps
from qamqor.services.visit import named, signing, undoing
from qamqor.services.visit.measuring import Visit
from qamqor.services.visit.plan import Plan
from qamqor.services.worklist import rounds
from qamqor.services.worklist import today as worklist
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.booking.test_bookings import (
    MORNING,
    NURSE,
    OUTSIDE,
    book,
    clock,
    proposed,
    stored,
    wish,
)
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT, put
from tests.services.worklist.test_today import TODAY, household, resident

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def village(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    team_of("north", roles={"practice_nurse": "practice-nurse", "midwife": "outside"})
    resident("amina")
    resident("bolat")


def signed(who: str = "amina", *, by: Any = NURSE) -> Visit:
    visit = Visit(who, str(uuid.uuid4()), AT)
    signing.sign(visit, {}, Plan(summary="Well"), actor=by, at=AT)
    return visit


def test_todays_booking_took_place_and_the_visit_names_it() -> None:
    id_ = book().id
    tomorrow = book(what=wish(clock(3, 10))).id

    visit = signed()

    found = versions.read("Encounter", named.id_of(visit.key, "encounter"))
    assert found is not None
    encounter = json_text.decode(found.content or "")
    assert encounter["appointment"] == [{"reference": f"Appointment/{id_}"}]
    assert (stored(id_)["status"], stored(tomorrow)["status"]) == ("fulfilled", "booked")

    undoing.take_back("amina", visit.key, actor=NURSE, at=AT)
    assert stored(id_)["status"] == "booked"


def test_a_booking_moved_by_somebody_since_stays_where_it_is() -> None:
    id_ = book().id
    visit = signed()
    put({**stored(id_), "status": "arrived"})

    undoing.take_back("amina", visit.key, actor=NURSE, at=AT)

    assert stored(id_)["status"] == "arrived"


def test_a_wish_that_has_come_ends_with_the_visit_and_another_roles_booking_stays() -> None:
    put(proposed("amina", "2026-03-02"))
    gps = book(what=wish(worker=OUTSIDE.reference)).id

    signed()

    assert (stored("wish")["status"], stored(gps)["status"]) == ("cancelled", "booked")


def test_who_sees_them_by_the_booking_alone_can_sign_the_visit() -> None:
    id_ = book(what=wish(worker=OUTSIDE.reference)).id

    signed(by=OUTSIDE)

    assert stored(id_)["status"] == "fulfilled"


def tab(who: str = "amina", as_of: date = TODAY) -> Tab | None:
    row = worklist.rows_of([who], role="practice_nurse", as_of=as_of).get(who)
    return row.tab if row else None


def on_tab(which: Tab, as_of: date = TODAY) -> list[str]:
    found = worklist.today(NURSE, tab=which, as_of=as_of, at=AT)
    return [line.row.patient_id for line in found.lines]


def test_what_is_agreed_stands_by_its_time_and_a_missed_booking_is_called() -> None:
    before = tab()
    late = book("amina", wish(clock(4, 15))).id
    book("bolat", wish(clock(4, 9)))

    assert on_tab(Tab.agreed) == ["bolat", "amina"]
    steps.take(late, "cancelled", seen=1, reason="person_cannot", actor=NURSE, at=AT)
    assert tab() == before
    missed = book("amina", wish(MORNING)).id
    assert tab() is Tab.agreed
    steps.take(missed, "noshow", seen=1, actor=NURSE, at=AT + timedelta(hours=2))
    assert tab() is Tab.to_call
    assert on_tab(Tab.to_call) == ["amina"]
    book("amina", wish(clock(5, 9)))
    assert tab() is Tab.agreed


def test_who_expects_a_visit_at_home_is_on_the_round_of_that_day() -> None:
    household("amina", "bolat")
    book("bolat", wish(MORNING, place="home"))
    book("amina", wish(clock(3, 9), place="home"))

    booked = days.home_visits(NURSE, TODAY)
    people, _ = rounds.choose(NURSE, as_of=TODAY, booked=booked)

    assert booked == ["bolat"]
    assert people[0][0] == "bolat"
    assert sorted(people[0]) == ["amina", "bolat"]
    assert days.home_visits(actor("gp"), TODAY) == []
    assert reading.of_person("amina")[0].place == "home"
