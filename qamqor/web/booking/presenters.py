"""Turns bookings into what pages show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from qamqor.engine.booking import Booking
from qamqor.services.booking import reading, steps
from qamqor.services.booking.days import Day, Line
from qamqor.services.booking.desk import Desk
from qamqor.services.booking.making import MOVABLE, Clash
from qamqor.services.booking.reading import Worker
from qamqor.web.components import bookings, needs, people, words


@dataclass(frozen=True, slots=True)
class Shown:
    """One booking on a page; ``name`` is empty where the reader may not see whose it is."""

    id: str
    version: int
    patient: str
    name: str
    who: str
    phone: str
    address: str
    clock: str
    when: str
    where: str
    is_home: bool
    icon: str
    what: tuple[str, ...]
    worker: str
    state: str
    shape: str
    note: str
    reason: str
    may: frozenset[str]
    is_open: bool
    is_closed: bool
    request: str


def shown(
    booking: Booking, person: Mapping[str, Any] | None, names: Mapping[str, str], now: datetime
) -> Shown:
    """One booking in words."""
    today = timezone.localtime(now).date()
    state, shape = bookings.state(booking, now)
    own = reading.settings()
    place = own.place(booking.place)
    known = person or {}
    return Shown(
        id=booking.id,
        version=booking.version,
        patient=booking.patient,
        name=people.name_of(known) if person else "",
        who=", ".join(filter(None, [people.sex_of(known), people.age_of(known, today)]))
        if person
        else "",
        phone=people.phone_of(known) if person else "",
        address=people.address_of(known) if person else "",
        clock=bookings.clock_of(booking),
        when=bookings.when(booking),
        where=bookings.where(booking),
        is_home=own.is_home(booking.place),
        icon=place.icon if place is not None else "calendar",
        what=tuple(bookings.what_for(booking)) if person else (),
        worker=", ".join(names[one] for one in booking.workers if names.get(one)),
        state=state,
        shape=shape,
        note=booking.note if person else "",
        reason=bookings.why_cancelled(booking),
        may=steps.may_step(booking, now),
        is_open=booking.status in MOVABLE and not booking.request,
        is_closed=booking.is_closed,
        request=booking.request if person else "",
    )


def named(workers: Sequence[Worker]) -> dict[str, str]:
    """References of posts → role and name, as a list shows them."""
    return {
        one.reference: ", ".join(filter(None, [one.name, words.role(one.role).lower()]))
        for one in workers
    }


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day with its bookings; ``name`` is a part of the day for those without one."""

    name: str
    rows: tuple[Shown, ...]


def hours(found: Day, now: datetime) -> list[Hour]:
    """The hours of a day down, with people as rows; parts of the day stand before its hours."""
    names = named(found.workers)
    groups: dict[str, list[Shown]] = {}
    for line in sorted(found.lines, key=lambda one: not one.booking.half):
        groups.setdefault(_hour(line.booking), []).append(_row(line, names, now))
    return [Hour(name, tuple(rows)) for name, rows in groups.items()]


def _hour(booking: Booking) -> str:
    if booking.half:
        return bookings.clock_of(booking)
    return f"{booking.start:%H}:00" if booking.start else ""


def _row(line: Line, names: Mapping[str, str], now: datetime) -> Shown:
    return shown(line.booking, line.person, names, now)


def rows(lines: Sequence[Line], found: Day, now: datetime) -> list[Shown]:
    """Some bookings of a day, in their order."""
    names = named(found.workers)
    return [_row(one, names, now) for one in lines]


def around(day: date) -> dict[str, date]:
    """The days beside a day."""
    return {"before": day - timedelta(days=1), "after": day + timedelta(days=1)}


def actions(desk: Desk, also: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The due care a booking can be for, by title, the most pressing first."""
    keys = [f"{one.programme}/{one.action}/{one.item}" for one in desk.needs]
    every = dict.fromkeys([*keys, *also])
    return [(one, needs.title_of(*(one.split("/") + ["", ""])[:3])) for one in every]


def times(desk: Desk) -> list[tuple[str, str]]:
    """Parts of the day, then every time of it; a time that is taken says so."""
    return list(_times(desk))


def _times(desk: Desk) -> Iterator[tuple[str, str]]:
    own = desk.settings
    if desk.closed is not None:  # Nothing is chosen by itself on a day that is closed.
        yield "", gettext("choose")
    for name, (first, last) in own.halves.items():
        yield name, f"{bookings.half(name)}, {first:%H:%M}–{last:%H:%M}"
    free = {f"{one:%H:%M}" for one in desk.times}
    at = datetime.combine(desk.day, desk.hours.opens)
    closes = datetime.combine(desk.day, desk.hours.closes)
    while at < closes:
        text = f"{at:%H:%M}"
        yield text, text if text in free else gettext("%(time)s, not free") % {"time": text}
        at += timedelta(minutes=own.step)


def clashes(found: Sequence[Clash], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What stands in the way, in words."""
    return [
        {
            "is_persons": one.is_persons,
            "is_hard": one.is_hard,
            "when": bookings.when(one.booking),
            "where": bookings.where(one.booking),
            "worker": ", ".join(names[w] for w in one.booking.workers if names.get(w)),
            "href": reverse("booking", args=[one.booking.id])
            if one.is_persons and not one.booking.is_closed
            else "",
        }
        for one in found
    ]
