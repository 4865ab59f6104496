"""Books a person, gives a wish its time, moves a booking; two at one time are never unseen."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from qamqor.engine import booking as engine
from qamqor.engine.booking import Booking, Wish, meets
from qamqor.errors import (
    BookingOver,
    Issue,
    NotAllowed,
    NotThere,
    Unusable,
    VersionConflict,
)
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import meeting, reading
from qamqor.services.fhir import valid
from qamqor.services.fhir.write import Change, apply, keep_refusal
from qamqor.store import access, derived, node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

Resource = dict[str, Any]
MOVABLE: Final = ("booked", "arrived", "pending", "proposed")
LONGEST: Final = timedelta(hours=8)
LONGEST_NOTE: Final = 500
_COLUMN: Final = {name: n for n, name in enumerate(derived.DUE_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Clash:
    """Another booking at the same time.

    Attributes:
        is_persons: the same person's; else the same worker's.
        is_hard: nobody can be in two places at once: this stops the booking.
    """

    booking: Booking
    is_persons: bool
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a wish: the id of the booking, or what stands in its way; never both."""

    id: str
    clashes: tuple[Clash, ...] = ()


def book(
    patient: str,
    wish: Wish,
    *,
    actor: Actor,
    at: datetime,
    key: str,
    accepted: Collection[str] = (),
) -> Result:
    """Book a person with a worker; nothing is kept where another booking stands in the way.

    Args:
        key: made by the form once; the same key again changes nothing.
        accepted: ids of the worker's bookings at the same time that whoever books has seen.

    Raises:
        NotThere, NotAllowed: not a person of the actor's, or not theirs to book.
        Unusable: a day that is past or years ahead, a place or a worker there is not.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    wish = checked(patient, wish, actor=actor, at=at)
    id_ = _id(key, patient)

    def work(tx: Transaction) -> Result:
        if versions.read("Appointment", id_) is not None:
            return Result(id_)
        made = engine.appointment(id_, patient, wish, created=at.astimezone(zone()))
        change = Change("PUT", "Appointment", id_, made)
        return _kept(tx, patient, wish, change, accepted, actor, at)

    return _commit(work, id_, actor, at)


def move(
    id_: str, wish: Wish, *, seen: int, actor: Actor, at: datetime, accepted: Collection[str] = ()
) -> Result:
    """Give a booking another time, worker or place; a wish for a day gets its first time.

    Args:
        seen: version of the Appointment that whoever moves it has seen.

    Raises:
        As ``book``; also VersionConflict: somebody changed it meanwhile, BookingOver: it was kept,
        missed or cancelled.
    """
    looks.at_one(Sights(actor, at), "Appointment", id_, action="update")
    before, _ = reading.one(id_)
    if before.request:
        raise Unusable([Issue("value", "its day is set in the referral", "day")], status=422)
    kept_by = {before.workers[0]: before.role} if before.workers else {}
    wish = checked(before.patient, wish, actor=actor, at=at, also=kept_by, was=before.actions)

    def work(tx: Transaction) -> Result:
        standing, resource = reading.one(id_)
        if standing.version != seen:
            raise VersionConflict("Appointment", id_, seen=seen)
        if standing.status not in MOVABLE:
            raise BookingOver(f"Appointment/{id_} is {standing.status}")
        made = engine.appointment(id_, standing.patient, wish, created=_made_at(resource, at))
        kept: Resource = {
            name: resource[name]
            for name in ("requestedPeriod", "supportingInformation", "identifier", "description")
            if name in resource
        }
        change = Change("PUT", "Appointment", id_, {**kept, **made}, if_version=seen)
        return _kept(tx, standing.patient, wish, change, accepted, actor, at)

    return _commit(work, id_, actor, at)


def _commit(work: Any, id_: str, actor: Actor, at: datetime) -> Result:
    try:
        found: Result = node.commit(work)
    except (NotAllowed, NotThere) as refusal:
        keep_refusal(refusal, [Change("PUT", "Appointment", id_)], actor=actor, at=at)
        raise
    own = [one.booking for one in found.clashes if one.is_persons]
    said = iter(meeting.told(own, Sights(actor, at)))
    clashes = [replace(c, booking=next(said)) if c.is_persons else c for c in found.clashes]
    return Result(found.id, tuple(clashes))


def _kept(
    tx: Transaction, patient: str, wish: Wish, change: Change, accepted: Collection[str],
    actor: Actor, at: datetime,
) -> Result:  # fmt: skip
    """Keep a booking where no other meets it; asked here, where one commit follows another."""
    found = tuple(_clashes(tx, patient, wish, change.id))
    if any(one.is_hard or one.booking.id not in accepted for one in found):
        return Result("", found)
    valid.must_be(change.resource, type_="Appointment")
    apply(tx, [change], actor=actor, at=at)
    return Result(change.id)


def _clashes(tx: Transaction, patient: str, wish: Wish, id_: str) -> Iterator[Clash]:
    for one in reading.of_person(patient, tx):
        if one.id != id_ and meets(one, wish.start, wish.end):
            yield Clash(one, is_persons=True, is_hard=not one.half and not wish.half)
    day = wish.start.astimezone(zone()).date()
    for one in reading.of_workers([wish.worker], day, day, tx):
        # A part of the day is shared by many: a round of visits.
        is_shared = bool(one.half or wish.half) or one.patient == patient
        if one.id != id_ and not is_shared and meets(one, wish.start, wish.end):
            yield Clash(one, is_persons=False, is_hard=False)


def checked(
    patient: str, wish: Wish, *, actor: Actor, at: datetime, also: dict[str, str] | None = None,
    was: Sequence[str] = (),
) -> Wish:  # fmt: skip
    """A wish that can be kept, with the role of its worker and the records it rests on.

    Args:
        also: worker → role that may stay though not of the actor's teams.
        was: actions it was for before.

    Raises:
        Unusable: with everything that is wrong.
    """
    own, today, issues = reading.settings(), at.astimezone(zone()).date(), []
    roles = (also or {}) | reading.roles(actor, today)
    if wish.worker not in roles:
        issues.append(Issue("value", "choose somebody of the team", "worker"))
    if own.place(wish.place) is None:
        issues.append(Issue("value", "choose a place", "place"))
    if wish.half and wish.half not in own.halves:
        issues.append(Issue("value", "choose a time or a part of the day", "time"))
    if not today <= wish.start.date() <= own.latest(today):
        issues.append(Issue("value", "say a day, today or later, and not years ahead", "day"))
    if not timedelta(0) < wish.end - wish.start <= LONGEST:
        issues.append(Issue("value", "say how long, up to 8 hours", "length"))
    if len(wish.note) > LONGEST_NOTE:
        issues.append(Issue("too-long", f"at most {LONGEST_NOTE} signs", "note"))
    if issues:
        raise Unusable(issues, status=422)
    known = sayable(due_of(patient))
    actions = tuple(one for one in wish.actions if one in known or one in was)
    rests = dict.fromkeys(ref for one in actions for ref in known.get(one, ()))
    return replace(
        wish,
        role=roles[wish.worker],
        actions=actions,
        rests_on=tuple(ref for ref in rests if not ref.startswith("Patient/")),
    )


def due_of(patient: str) -> list[Sequence[Any]]:
    """The due care of a person as it is stored, in the columns of ``derived``."""
    return list(dict(derived.due_of([patient])).get(patient, ()))


def sayable(rows: Iterable[Sequence[Any]]) -> dict[str, tuple[str, ...]]:
    """Due care that a booking may name, of that of a person, with what each rests on.

    Bookings are read by the registry and by whoever keeps the door: what rests on a record with a
    label of sensitivity is not named in them.
    """
    told = {_key_of(row): tuple(str(row[_COLUMN["evidence"]] or "").split()) for row in rows}
    names = {(t, i) for refs in told.values() for t, _, i in (r.partition("/") for r in refs) if i}
    keys = access.keys_of(sorted(names))
    facts = access.facts(list(keys.values()))
    labelled = {f"{t}/{i}" for (t, i), key in keys.items() if key in facts and facts[key].labels}
    return {one: refs for one, refs in told.items() if labelled.isdisjoint(refs)}


def _key_of(row: Sequence[Any]) -> str:
    return "/".join(str(row[_COLUMN[name]] or "") for name in ("programme", "action", "item"))


def _id(key: str, patient: str) -> str:
    try:
        return str(uuid.uuid5(uuid.UUID(key), f"booking {patient}"))
    except ValueError:
        raise Unusable([Issue("value", "the key is a UUID", "key")], status=422) from None


def _made_at(resource: Resource, at: datetime) -> datetime:
    text = str(resource.get("created") or "")
    try:
        return datetime.fromisoformat(text).astimezone(zone())
    except ValueError:
        return at.astimezone(zone())


def named(found: Iterable[Clash]) -> list[str]:
    """Ids of the worker's bookings that stand in the way, to be accepted once seen."""
    return [one.booking.id for one in found if not one.is_hard]
