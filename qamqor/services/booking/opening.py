"""Opens one booking to somebody who may see it."""

from __future__ import annotations

from datetime import datetime

from qamqor.engine.booking import Booking, Reason
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.booking import reading


def read(id_: str, *, actor: Actor, at: datetime) -> Booking:
    """One booking; who saw it is kept in the audit.

    Raises:
        NotThere, NotAllowed: there is none, or not one of the actor's.
    """
    relation, facts = looks.at_one(Sights(actor, at), "Appointment", id_)
    found, _ = reading.one(id_)
    what = [f"Appointment/{id_}"]
    audit.record(actor, "read", at=at, what=what, people=facts.people, relation=relation)
    return found


def reasons() -> tuple[Reason, ...]:
    """Why a booking may be cancelled here."""
    return reading.settings().reasons
