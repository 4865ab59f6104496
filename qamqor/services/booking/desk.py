"""What whoever books sees first: whom, what is due, who can be booked, which times are free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from qamqor.engine import booking as engine
from qamqor.engine.booking import Booking, Hours, Settings
from qamqor.engine.fhir import json_text
from qamqor.engine.population.one_person import Due
from qamqor.errors import NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import making, meeting, reading
from qamqor.services.booking.reading import Worker
from qamqor.services.worklist.today import LEADING
from qamqor.store import derived

PRESSING: Final = ("overdue", "due")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the form of a booking offers.

    Attributes:
        person: the Patient resource.
        needs: due care that a booking may name and the reader's role owes.
        bookings: the person's open ones and wishes from today on, the soonest first.
        worker: reference of who is asked about; ``day`` and ``length`` likewise.
        place: the kind of place asked about; the usual one serves the most pressing need.
        times: when they are free on that day. suggested: the next free time of the next days.
        hours: of the worker at the place. closed: why nobody is booked on the day, by language.
    """

    patient: str
    person: Mapping[str, Any]
    needs: tuple[Due, ...]
    bookings: tuple[Booking, ...]
    workers: tuple[Worker, ...]
    worker: str
    place: str
    day: date
    length: int
    hours: Hours
    closed: Mapping[str, str] | None
    times: tuple[datetime, ...]
    suggested: tuple[datetime, ...]
    settings: Settings


def desk(
    patient: str, *, actor: Actor, at: datetime, worker: str = "", day: date | None = None,
    length: int = 0, place: str = "",
) -> Desk:  # fmt: skip
    """What can be booked for a person; who is shown is kept in the audit.

    Args:
        worker: reference of who is asked about; the actor, or the first of the team, where empty.
        place: kind of place; the usual one where none is said.
        day: whose free times are asked for; today where none is said, or none that can be booked.

    Raises:
        NotThere, NotAllowed: not a person of the actor's.
    """
    sights, own = Sights(actor, at), reading.settings()
    relation, facts, version = looks.open_one(sights, "Patient", patient)
    here = at.astimezone(zone())
    today = here.date()
    if version is None or not version.content:
        raise NotThere(f"Patient/{patient} is not here")
    person = json_text.decode(version.content)
    workers = tuple(reading.team(actor, today))
    known = {one.reference for one in workers}
    chosen = worker if worker in known else workers[0].reference if workers else ""
    on = day if day is not None and today <= day <= own.latest(today) else today
    length = length if 0 < length <= 480 else own.length
    found = meeting.told(reading.of_person(patient), sights)
    open_ = [one for one in found if one.is_open or one.status == "proposed"]
    ahead = sorted(
        (one for one in open_ if one.day is not None and one.day >= today),
        key=lambda one: (one.day or today, f"{one.start:%H:%M}" if one.start else ""),
    )
    what = [f"Patient/{patient}", *(f"Appointment/{one.id}" for one in ahead)]
    audit.record(
        actor, "read", at=at, what=what, people=facts.people, relation=relation, query="booking"
    )
    last = max(on, today + timedelta(days=own.ahead_days))
    taken = reading.of_workers([chosen], today, last) if chosen else []
    owed = needs(patient, actor, today)
    if own.place(place) is None:
        place = own.place_for(owed[0].channel if owed else "clinic")
    role = next((one.role for one in workers if one.reference == chosen), "")
    asked: dict[str, Any] = {
        "length": length, "settings": own, "after": here, "role": role, "place": place,
    }  # fmt: skip
    return Desk(
        patient=patient,
        person=person,
        needs=owed,
        bookings=tuple(ahead),
        workers=workers,
        worker=chosen,
        place=place,
        day=on,
        length=length,
        hours=own.hours(role, place),
        closed=own.closures.why(on),
        times=tuple(engine.free_times(on, taken, **asked)) if chosen else (),
        suggested=tuple(engine.suggestions(taken, **asked)) if chosen else (),
        settings=own,
    )


def free(
    worker: str, day: date, length: int, at: datetime, *, role: str = "", place: str = ""
) -> Sequence[datetime]:
    """When a worker of a role is free on a day at a kind of place."""
    taken, here = reading.of_workers([worker], day, day), at.astimezone(zone())
    return engine.free_times(
        day, taken, length=length, settings=reading.settings(), after=here, role=role, place=place
    )


def needs(patient: str, actor: Actor, today: date) -> tuple[Due, ...]:
    """What is due of the reader's role, or of anybody's for who leads; the most pressing first."""
    stored = making.due_of(patient)
    said = making.sayable(stored)
    wanted = [
        one
        for one in (derived.read_due(row, today) for row in stored)
        if one.status in PRESSING
        and (one.role == actor.role or actor.role in LEADING)
        and f"{one.programme}/{one.action}/{one.item}" in said
    ]
    return tuple(sorted(wanted, key=lambda one: (one.urgency, one.due_on or today)))
