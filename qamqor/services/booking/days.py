"""A day of bookings, of one worker or of a whole team; who is shown is kept in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from qamqor.engine.booking import OPEN, Booking
from qamqor.errors import NotAllowed
from qamqor.services import audit
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import reading
from qamqor.services.booking.reading import Worker
from qamqor.services.person.sight import visible_people
from qamqor.services.worklist.today import people_of
from qamqor.store import booking as store
from qamqor.store.access import Facts

LOOKED_BACK: Final = timedelta(days=14)
MOST_LEFT: Final = 50
NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One booking; ``person`` is None where the reader may not see who it is."""

    booking: Booking
    person: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Day:
    """A day of bookings.

    Attributes:
        lines: by time; cancelled ones are left out.
        wishes: people for whom the day was agreed and no time is set.
        left: bookings of the days before of which nobody said whether they were kept.
        workers: who of the team can be chosen; ``chosen`` is empty for all of them.
        following: of a day without bookings, the next day that has some.
    """

    day: date
    lines: tuple[Line, ...]
    wishes: tuple[Line, ...]
    left: tuple[Line, ...]
    workers: tuple[Worker, ...]
    chosen: str
    following: date | None = None


def day(actor: Actor, on: date, *, at: datetime, worker: str = "") -> Day:
    """The bookings of a day.

    Args:
        worker: reference of a post of the actor's teams; ``team``: all of them; else the actor's
            own, or the team's for who leads or registers.

    Raises:
        NotAllowed: they see no bookings.
    """
    sights = Sights(actor, at)
    sights.need("search", "Appointment")
    today = at.astimezone(zone()).date()
    workers = tuple(reading.team(actor, today))
    known = {one.reference for one in workers}
    own = "" if reading.leads(actor) else actor.reference
    chosen = worker if worker in known else "" if worker == "team" else own
    posts = [chosen] if chosen else sorted(known)
    if not posts:
        raise NotAllowed(f"{actor.role} has no team here")
    found = [b for b in reading.of_workers(posts, on, on) if b.status not in _GONE]
    wishes = [b for b in reading.read(store.wishes_of(_ids(posts))) if b.day == on]
    left: list[Booking] = []
    if on == today:
        before = reading.of_workers(posts, on - LOOKED_BACK, on - timedelta(days=1))
        left = [b for b in before if b.status in OPEN][-MOST_LEFT:]
    shown = _lines(sights, [*found, *wishes, *left])
    people = {one.booking.patient for one in shown.values() if one.person is not None}
    what = [f"Appointment/{id_}" for id_, one in shown.items() if one.person is not None]
    audit.record(
        actor, "search", at=at, what=[*(f"Patient/{one}" for one in sorted(people)), *what],
        people=people, relation="panel", query="bookings",
    )  # fmt: skip
    return Day(
        on,
        tuple(shown[one.id] for one in found),
        tuple(shown[one.id] for one in wishes if shown[one.id].person is not None),
        tuple(shown[one.id] for one in left if shown[one.id].person is not None),
        workers,
        chosen,
        None if found else _following(posts, on),
    )


def _following(posts: Sequence[str], on: date) -> date | None:
    last = on + timedelta(days=reading.settings().ahead_days)
    ahead = reading.of_workers(posts, on + timedelta(days=1), last)
    return next((one.day for one in ahead if one.status not in _GONE), None)


_GONE: Final = ("cancelled", "entered-in-error", "proposed")


def _ids(posts: Sequence[str]) -> list[str]:
    return [one.removeprefix(reading.POST) for one in posts]


def _lines(sights: Sights, found: Sequence[Booking]) -> dict[str, Line]:
    """Bookings by id, with whom they are of where both are open to the reader."""
    asked = [Facts(frozenset({one.patient}), NONE) for one in found]
    answers = sights.each("search", "Appointment", asked)
    open_ = {one.patient for one, by in zip(found, answers, strict=True) if by is not None}
    people = people_of(sorted(visible_people(sights, sorted(open_))))
    return {one.id: Line(one, people.get(one.patient)) for one in found}


def home_visits(actor: Actor, on: date) -> list[str]:
    """Ids of people whom the actor is booked to visit at home on a day, by time."""
    own, found = reading.settings(), reading.of_workers([actor.reference], on, on)
    return [one.patient for one in found if one.is_open and own.is_home(one.place)]
