"""A nurse books a person; two at one time are never unseen, and every step stays valid."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.booking import Wish
from qamqor.engine.fhir import json_text
from qamqor.errors import BookingOver, NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.booking import days, desk, making, reading, steps
from qamqor.services.booking.making import Result
from qamqor.services.fhir.valid import must_be
from qamqor.services.person.sight import see
from qamqor.services.worklist import outcome
from qamqor.services.worklist import today as worklist
from qamqor.store import audit
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from tests.services.access.village import ACT, actor
from tests.services.organisation import area as team_of
from tests.services.test_derived import AT, put
from tests.services.worklist.test_today import resident

NURSE = actor("practice_nurse")
COLLEAGUE = "PractitionerRole/colleague"
OUTSIDE = actor("midwife", areas=frozenset({"south"}), reference="PractitionerRole/outside")
CONTACT = "hypertension/nurse_contact/"

ZONE = timezone(timedelta(hours=5))
pytestmark = pytest.mark.django_db


def clock(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


MORNING = clock(2, 10, 30)


@pytest.fixture(autouse=True)
def village(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    team_of("north", roles={"practice_nurse": "practice-nurse", "gp": "colleague"})
    resident("amina")
    resident("bolat")


def wish(at: datetime = MORNING, *, minutes: int = 20, **said: Any) -> Wish:
    named: dict[str, Any] = {"worker": NURSE.reference, "role": "", "place": "clinic", **said}
    return Wish(start=at, end=at + timedelta(minutes=minutes), **named)


def book(
    who: str = "amina", what: Wish | None = None, *, actor: Actor = NURSE, key: str = "",
    accepted: Sequence[str] = (),
) -> Result:  # fmt: skip
    key = key or str(uuid.uuid4())
    return making.book(who, what or wish(), actor=actor, at=AT, key=key, accepted=accepted)


def stored(id_: str) -> dict[str, Any]:
    found: dict[str, Any] = json_text.decode(versions.read("Appointment", id_).content or "")  # type: ignore[union-attr]
    return found


def test_a_booking_is_a_valid_appointment_that_says_what_it_is_for() -> None:
    said = wish(actions=(CONTACT,), room="7", note="After work", minutes=30)
    made = stored(book(what=said).id)

    must_be(made, type_="Appointment")
    assert (made["status"], made["start"], made["minutesDuration"]) == (
        "booked", "2026-03-02T10:30:00+05:00", 30,
    )  # fmt: skip
    assert made["reasonReference"] == [{"reference": "Observation/p-amina"}]
    read = reading.of_person("amina")[0]
    assert (read.workers, read.role, read.place, read.room, read.actions, read.note) == (
        (NURSE.reference,), "practice_nurse", "clinic", "7", (CONTACT,), "After work",
    )  # fmt: skip


def test_the_same_form_sent_twice_is_one_booking() -> None:
    key = str(uuid.uuid4())

    assert book(key=key).id == book(key=key).id
    assert len(reading.of_person("amina")) == 1


def test_a_person_is_never_in_two_places_at_once() -> None:
    first = book().id
    refused = book(what=wish(MORNING + timedelta(minutes=10), worker=COLLEAGUE), accepted=[first])

    assert refused.id == ""
    assert [(one.is_persons, one.is_hard) for one in refused.clashes] == [(True, True)]
    assert len(reading.of_person("amina")) == 1
    assert book(what=wish(MORNING + timedelta(minutes=20))).id


def test_a_worker_is_booked_twice_at_one_time_only_by_who_has_seen_it() -> None:
    first = book().id
    unseen = book("bolat")

    assert (unseen.id, making.named(unseen.clashes)) == ("", [first])
    assert reading.of_person("bolat") == []
    assert book("bolat", accepted=[first]).id
    assert book("bolat", wish(MORNING + timedelta(hours=1)), accepted=[]).id


def test_parts_of_a_day_are_shared_by_many() -> None:
    morning = wish(clock(3, 9), minutes=240, half="morning", place="home")

    assert book(what=morning).id
    assert book("bolat", morning).id
    assert reading.of_person("bolat")[0].half == "morning"
    assert desk.free(NURSE.reference, date(2026, 3, 3), 20, AT)[0].hour == 9


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"at": clock(1, 10)}, id="yesterday"),
        pytest.param({"minutes": 0}, id="no length"),
        pytest.param({"minutes": 60 * 9}, id="longer than a day of work"),
        pytest.param({"place": "moon"}, id="no such place"),
        pytest.param({"worker": "PractitionerRole/outside"}, id="somebody of no team of theirs"),
        pytest.param({"half": "night"}, id="no such part of the day"),
        pytest.param({"note": "x" * 501}, id="a note too long"),
    ],
)
def test_what_cannot_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unusable):
        book(what=wish(**wrong))

    assert reading.of_person("amina") == []


def test_who_is_not_near_a_person_cannot_book_a_way_in() -> None:
    with pytest.raises(NotThere):
        book(actor=OUTSIDE)


def test_what_rests_on_a_sensitive_record_is_not_named() -> None:
    found = json_text.decode(versions.read("Observation", "p-amina").content or "")  # type: ignore[union-attr]
    put({**found, "meta": {"security": [{"system": ACT, "code": "PSY"}]}})

    made = stored(book(what=wish(actions=(CONTACT,))).id)

    assert "reasonCode" not in made
    assert "reasonReference" not in made
    needs = desk.desk("amina", actor=NURSE, at=AT).needs
    assert needs
    assert ("hypertension", "nurse_contact") not in [(one.programme, one.action) for one in needs]


def test_a_booking_moves_once_for_two_who_look_at_the_same() -> None:
    id_ = book().id
    later = wish(clock(4, 9), room="3")

    making.move(id_, later, seen=1, actor=NURSE, at=AT)
    with pytest.raises(VersionConflict):
        making.move(id_, wish(clock(5, 9)), seen=1, actor=NURSE, at=AT)

    assert [(one.day, one.room) for one in reading.of_person("amina")] == [(date(2026, 3, 4), "3")]


def test_a_wish_for_a_day_becomes_a_booking_when_a_time_is_given() -> None:
    put(proposed("amina", "2026-03-06"))
    assert [one.booking.id for one in days.day(NURSE, date(2026, 3, 6), at=AT).wishes] == ["wish"]

    making.move("wish", wish(clock(6, 9)), seen=1, actor=NURSE, at=AT)

    made = stored("wish")
    assert (made["status"], made["requestedPeriod"][0]["start"]) == ("booked", "2026-03-06")
    assert days.day(NURSE, date(2026, 3, 6), at=AT).wishes == ()


def proposed(who: str, day: str) -> dict[str, Any]:
    people = (f"Patient/{who}", NURSE.reference)
    return {
        "resourceType": "Appointment",
        "id": "wish",
        "status": "proposed",
        "requestedPeriod": [{"start": day, "end": day}],
        "participant": [{"actor": {"reference": one}, "status": "needs-action"} for one in people],
    }


def test_a_cancelled_booking_says_why_and_frees_the_time() -> None:
    id_ = book().id
    with pytest.raises(Unusable):
        steps.take(id_, "cancelled", seen=1, actor=NURSE, at=AT)

    steps.take(id_, "cancelled", seen=1, actor=NURSE, at=AT, reason="person_cannot", text="ill")

    made = stored(id_)
    must_be(made, type_="Appointment")
    assert made["cancelationReason"]["text"] == "ill"
    assert book("bolat").id
    with pytest.raises(BookingOver):
        steps.take(id_, "arrived", seen=2, actor=NURSE, at=AT)
    with pytest.raises(BookingOver):
        making.move(id_, wish(), seen=2, actor=NURSE, at=AT)


def test_nobody_is_missing_before_their_time() -> None:
    id_ = book().id
    with pytest.raises(BookingOver):
        steps.take(id_, "noshow", seen=1, actor=NURSE, at=AT)

    late = AT + timedelta(hours=2)
    assert steps.take(id_, "noshow", seen=1, actor=NURSE, at=late).status == "noshow"
    assert steps.take(id_, "noshow", seen=1, actor=NURSE, at=late).status == "noshow"
    assert steps.take(id_, "booked", seen=2, actor=NURSE, at=late).status == "booked"


@pytest.mark.parametrize(
    ("start", "at", "may"),
    [
        pytest.param(clock(3, 9), AT, {"cancelled"}, id="tomorrow"),
        pytest.param(MORNING, AT, {"arrived", "fulfilled", "cancelled"}, id="before the time"),
        pytest.param(
            MORNING, AT + timedelta(days=1), {"arrived", "fulfilled", "noshow", "cancelled"},
            id="a day later",
        ),
    ],
)  # fmt: skip
def test_nobody_has_come_on_a_day_to_come(start: datetime, at: datetime, may: set[str]) -> None:
    book(what=wish(start))

    assert steps.may_step(reading.of_person("amina")[0], at) == may


def test_a_booking_opens_the_record_to_its_worker_on_that_day_only() -> None:
    put(
        {"resourceType": "PractitionerRole", "id": "outside", "active": True},
    )
    with pytest.raises(NotThere):
        see("amina", actor=OUTSIDE, at=AT)
    team_of("north", roles={"practice_nurse": "practice-nurse", "midwife": "outside"})
    id_ = book(what=wish(worker=OUTSIDE.reference)).id

    assert see("amina", actor=OUTSIDE, at=AT).relation == "booking"
    for other in (AT - timedelta(days=1), AT + timedelta(days=1)):
        with pytest.raises(NotThere):
            see("amina", actor=OUTSIDE, at=other)
    # They say what became of it, and cannot make their way in longer.
    steps.take(id_, "arrived", seen=1, actor=OUTSIDE, at=AT)
    with pytest.raises((NotAllowed, Unusable)):
        making.move(id_, wish(clock(9, 9), worker=OUTSIDE.reference), seen=2,
                    actor=OUTSIDE, at=AT)  # fmt: skip


def test_the_day_names_whom_the_reader_may_see_and_keeps_it_in_the_audit() -> None:
    book()
    put({**_far("dana"), "generalPractitioner": [{"reference": "Organization/far"}]})
    put({**stored(reading.of_person("amina")[0].id), "id": "other",
         "participant": [{"actor": {"reference": "Patient/dana"}, "status": "accepted"},
                         {"actor": {"reference": COLLEAGUE}, "status": "accepted"}]})  # fmt: skip

    found = days.day(NURSE, MORNING.date(), at=AT, worker="team")

    seen = {one.booking.patient: one.person is not None for one in found.lines}
    assert seen == {"amina": True, "dana": False}
    line = audit.find(Wanted(patient="amina"), limit=1)[0]
    assert (line.action, line.agent) == ("search", NURSE.reference)
    assert audit.find(Wanted(patient="dana", agent=NURSE.reference), limit=1) == []


def _far(who: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": who, "birthDate": "1970-01-01"}


def test_yesterdays_booking_of_which_nobody_spoke_is_asked_about() -> None:
    book()
    tomorrow = AT + timedelta(days=1)

    left = days.day(NURSE, date(2026, 3, 3), at=tomorrow).left

    assert [one.booking.patient for one in left] == ["amina"]


@pytest.mark.parametrize(
    ("start", "made"),
    [
        pytest.param("9999-12-31T23:59:00Z", "2026-03-01", id="the last hour there is"),
        pytest.param("0001-01-01T00:00:00+14:00", "2026-03-01", id="the first"),
        pytest.param("2026-03-03T09:00:00+05:00", "9999-12-31", id="made on the last day"),
        pytest.param("2026-03-03T09:00:00+05:00", "0001-01-01", id="made on the first"),
    ],
)
def test_a_booking_of_an_odd_moment_from_elsewhere_does_not_stop_the_list(
    start: str, made: str
) -> None:
    known = {**proposed("amina", "2026-03-06"), "status": "booked", "start": start, "end": start}
    put({**known, "created": made})
    call = outcome.Outcome("agreed", (CONTACT,), until=date(2026, 3, 2))
    outcome.record("amina", call, actor=NURSE, at=AT, today=date(2026, 3, 2), key=str(uuid.uuid4()))

    found = worklist.rows_of(["amina"], role="practice_nurse", as_of=date(2026, 3, 2))

    assert [need.action for need in found["amina"].needs]
    assert desk.desk("amina", actor=NURSE, at=AT).person["id"] == "amina"


def test_the_form_asks_once_for_due_care_and_once_for_a_workers_bookings() -> None:
    from tests.statements import reads

    with reads() as found:
        shown = desk.desk("amina", actor=NURSE, at=AT, day=date(2026, 3, 20))

    assert (shown.times[0], len(shown.suggested)) == (clock(20, 9), 3)
    assert sum(" from due " in " ".join(sql.split()) for sql in found) == 1
    assert sum("from search_date d" in sql for sql in found) == 1


def test_a_day_asks_the_same_number_of_questions_however_many_are_booked() -> None:
    from tests.statements import reads

    def asked() -> int:
        with reads() as found:
            days.day(NURSE, MORNING.date(), at=AT, worker="team")
        return len(found)

    book()
    one = asked()
    for n in range(1, 12):
        resident(f"more{n}")
        book(f"more{n}", wish(MORNING + timedelta(minutes=20 * n)))

    assert asked() <= one


def test_a_holiday_and_a_day_the_site_is_closed_offer_no_times_and_say_why(
    settings: Any, tmp_path: Path
) -> None:
    own = tmp_path / "booking" / "closed.yaml"
    own.parent.mkdir()
    words = "words: {en: repairs, ru: ремонт, kk: жөндеу}"
    own.write_text(f"closed: [{{from: 2026-03-24, {words}}}]")
    settings.QAMQOR = replace(settings.QAMQOR, content=tmp_path)

    for day, why in ((23, "Nauryz"), (24, "repairs")):
        shown = desk.desk("amina", actor=NURSE, at=AT, day=date(2026, 3, day))
        assert shown.times == ()
        assert shown.closed is not None
        assert shown.closed["en"] == why
    shown = desk.desk("amina", actor=NURSE, at=AT, day=date(2026, 3, 25))
    assert (shown.closed, shown.times[0]) == (None, clock(25, 9))


def test_who_is_asked_has_the_hours_of_their_service(settings: Any, tmp_path: Path) -> None:
    own = tmp_path / "booking" / "booking.yaml"
    own.parent.mkdir()
    shipped = (django_settings.QAMQOR.shipped_content / "booking/booking.yaml").read_text()
    hours = "hours: [{roles: [gp], places: [video], opens: '15:00', closes: '16:00'}]"
    own.write_text(re.sub(r"(?m)^hours: .*\n.*$", hours, shipped))
    settings.QAMQOR = replace(settings.QAMQOR, content=tmp_path)

    def first(worker: str, place: str) -> datetime:
        day = date(2026, 3, 3)
        found = desk.desk("amina", actor=NURSE, at=AT, worker=worker, place=place, day=day)
        assert found.place == place
        return found.times[0]

    assert first(COLLEAGUE, "video") == clock(3, 15)
    assert first(COLLEAGUE, "clinic") == first(NURSE.reference, "video") == clock(3, 9)
