"""Says what else a person is booked for at a time, and of it no more than the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from qamqor.engine.booking import Booking, meets
from qamqor.engine.referral_day import TAKES
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import reading
from qamqor.services.referral.booking import id_of
from qamqor.store.fhir import versions

_CLOSED: Final[dict[str, object]] = {
    "workers": (), "role": "", "place": "", "room": "", "actions": (), "about": "", "note": "",
    "reason": "", "request": "", "service": "", "is_closed": True,
}  # fmt: skip


def told(found: Sequence[Booking], sights: Sights, *, is_near: bool = True) -> list[Booking]:
    """A person's bookings as a reader may be told of them: of one that is closed only when it is.

    Args:
        is_near: the reader is of the person's own people, to whom only a label closes a booking.
    """
    asked = [one for one in found if one.is_labelled or not is_near]
    kept = [version for one in asked if (version := versions.read("Appointment", one.id))]
    open_ = {one.id for one in looks.at_each(sights, kept, action="read")} if kept else set()
    closed = {one.id for one in asked} - open_
    return [replace(one, **_CLOSED) if one.id in closed else one for one in found]  # type: ignore[arg-type]


def of_referral(
    request_id: str, on: date, clock: time, *, actor: Actor, at: datetime
) -> list[Booking]:
    """What the person is booked for when a referral's time would be; its own booking is none.

    Raises:
        NotThere, NotAllowed: no such referral, or not the actor's to see.
    """
    sights = Sights(actor, at)
    _, facts = looks.at_one(sights, "ServiceRequest", request_id)
    start = datetime.combine(on, clock, zone())
    met = [
        one
        for patient in facts.people
        for one in reading.of_person(patient)
        if one.id != id_of(request_id) and meets(one, start, start + TAKES)
    ]
    return told(met, sights, is_near=False)
