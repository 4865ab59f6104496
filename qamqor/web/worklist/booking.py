"""After somebody agreed to come: when and where, in at most two more presses; one key skips it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from qamqor.engine.booking import Wish
from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import allows
from qamqor.services.booking import desk, making, reading
from qamqor.services.booking.making import Result
from qamqor.web.components import bookings


def asked(actor: Actor, patient: str, *, is_taken: bool = False) -> dict[str, Any] | None:
    """The next free times with the worker and the kinds of place; nothing for who may not book."""
    if allows(actor.role, "create", "Appointment") is None:
        return None
    found = desk.desk(patient, actor=actor, at=timezone.now())
    if not found.suggested:
        return None
    return {
        "key": uuid.uuid4(),
        "times": bookings.slots(found.suggested, timezone.localdate()),
        "places": bookings.places(found.settings),
        "place": found.place,
        "actions": " ".join(f"{n.programme}/{n.action}/{n.item}" for n in found.needs),
        "is_taken": is_taken,
    }


def keep(said: dict[str, Any], actor: Actor, patient: str) -> tuple[Result, str]:
    """Book the time that was pressed with the worker who called, and what to say of it.

    What was offered is not worked out again: whether it can still be had is asked in the commit.
    """
    own, now = reading.settings(), timezone.now()
    begins = timezone.localtime(said["slot"])
    worker = actor.reference
    if not reading.is_worker(actor):
        worker = next((one.reference for one in reading.team(actor, timezone.localdate())), worker)
    wish = Wish(
        start=begins, end=begins + timedelta(minutes=own.length), worker=worker, role="",
        place=said["place"] or own.place_for("clinic"), actions=tuple(said["actions"].split()),
    )  # fmt: skip
    made = making.book(patient, wish, actor=actor, at=now, key=str(said["key"]))
    text = gettext("Booked: %(when)s, %(where)s.") % {
        "when": bookings.time_in_words(begins, timezone.localdate()),
        "where": bookings.place_of(wish.place),
    }
    return made, text
