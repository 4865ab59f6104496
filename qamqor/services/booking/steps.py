"""What becomes of a booking: arrived, done, missed, cancelled; what a signed visit does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.booking import OPEN, REASON, Booking
from qamqor.errors import BookingOver, Issue, Unusable, VersionConflict
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import reading
from qamqor.services.fhir import valid
from qamqor.services.fhir.write import Change, apply, save
from qamqor.services.referral import follow
from qamqor.store.node import Transaction

Resource = dict[str, Any]
NEXT: Final[Mapping[str, frozenset[str]]] = {
    "proposed": frozenset({"cancelled"}),
    "pending": frozenset({"arrived", "noshow", "cancelled", "fulfilled"}),
    "booked": frozenset({"arrived", "noshow", "cancelled", "fulfilled"}),
    "arrived": frozenset({"booked", "fulfilled", "noshow"}),
    "noshow": frozenset({"booked", "arrived"}),
}
"""What may follow; who was said to be missing may still have come."""


def may_step(booking: Booking, at: datetime) -> frozenset[str]:
    """The steps a booking may take now."""
    after = NEXT.get(booking.status, frozenset())
    here = at.astimezone(zone())
    if booking.start is None or booking.start <= here:
        return after
    # Who comes before their time is there; on a day to come nobody was.
    is_later_day = booking.start.date() > here.date()
    return after - ({"noshow", "arrived", "fulfilled"} if is_later_day else {"noshow"})


def take(
    id_: str, to: str, *, seen: int, actor: Actor, at: datetime, reason: str = "", text: str = ""
) -> Booking:
    """Take one step; the same step again changes nothing.

    Args:
        seen: version of the Appointment that was shown.
        reason: id of why it is cancelled, as in the content; ``text``: more in a few words.

    Raises:
        NotThere, NotAllowed: not a booking of the actor's. VersionConflict: changed meanwhile.
        BookingOver: nothing leads there any more. Unusable: cancelled without a reason.
    """
    looks.at_one(Sights(actor, at), "Appointment", id_, action="update")
    before, resource = reading.one(id_)
    if before.status == to:
        return before
    if before.version != seen:
        raise VersionConflict("Appointment", id_, seen=seen)
    if to not in may_step(before, at):
        raise BookingOver(f"{to} does not follow {before.status}")
    changed = _stepped(resource, to, reason, text)
    valid.must_be(changed, type_="Appointment")
    # Who sees the person by this booking alone may say what became of it, and nothing else.
    also = follow.after_booking(before.request, to, before.day, at) if before.request else []
    save(
        [Change("PUT", "Appointment", id_, changed, if_version=seen), *also],
        actor=replace(actor, is_service=True), at=at,
    )  # fmt: skip
    return replace(before, status=to, version=seen + 1)


def _stepped(resource: Resource, to: str, reason: str, text: str) -> Resource:
    changed = {name: value for name, value in resource.items() if name != "cancelationReason"}
    changed["status"] = to
    if to == "cancelled":
        known = reading.settings().reason(reason)
        if known is None:
            raise Unusable([Issue("required", "say why it is cancelled", "reason")], status=422)
        coding = {"system": REASON, "code": known.id, "display": known.words["en"]}
        said = {"text": text.strip()} if text.strip() else {}
        changed["cancelationReason"] = {"coding": [coding], **said}
    return changed


def todays(
    patient: str, *, actor: Actor, at: datetime, tx: Transaction | None = None
) -> list[Booking]:
    """The person's open bookings of today that a visit by the actor keeps."""
    found, today = reading.of_person(patient, tx), at.astimezone(zone()).date()
    return [one for one in found if _is_kept(one, actor, today)]


def _is_kept(one: Booking, actor: Actor, today: date) -> bool:
    is_theirs = actor.reference in one.workers or one.role == actor.role
    return one.status in OPEN and one.day == today and is_theirs


def kept_by_visit(tx: Transaction, patient: str, *, actor: Actor, at: datetime) -> None:
    """A visit is being signed: today's booking took place.

    Days wished for with the worker that have come or passed without a time end with it.
    """
    today = at.astimezone(zone()).date()
    ended: list[tuple[Booking, str]] = []
    for one in reading.of_person(patient, tx):
        is_past = one.status == "proposed" and one.day is not None and one.day <= today
        if _is_kept(one, actor, today):
            ended.append((one, "fulfilled"))
        elif is_past and actor.reference in one.workers:
            ended.append((one, "cancelled"))
    changes = [
        Change(
            "PUT",
            "Appointment",
            one.id,
            {**reading.one(one.id)[1], "status": to},
            if_version=one.version,
        )
        for one, to in ended
    ]
    if changes:
        apply(tx, changes, actor=replace(actor, is_service=True), at=at)
