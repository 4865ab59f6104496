"""Which broken glasses an actor carries now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import CLINICIANS
from qamqor.store import glass

EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def carried(actor: Actor, at: datetime) -> Actor:
    """The actor with the glasses they broke in the last sixty minutes; call when they are made."""
    if actor.account is None or actor.role not in CLINICIANS:
        return actor
    return replace(actor, glasses=glass.open_now(actor.account, at=us(at)))


def us(at: datetime) -> int:
    """Microseconds since 1970."""
    return round((at - EPOCH).total_seconds() * 1_000_000)
