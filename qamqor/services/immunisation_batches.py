"""The batches a worker has in hand today: kept from one person to the next, forgotten tomorrow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec

from qamqor.services.access.actor import Actor
from qamqor.services.fhir.write import EPOCH
from qamqor.store import drafts as store
from qamqor.store import node

KIND: Final = "batches"
_READ: Final = msgspec.json.Decoder(dict[str, tuple[str, str]]).decode


class Batch(NamedTuple):
    """One batch: its number, and the last day it may be used, ``YYYY-MM-DD`` or empty."""

    lot: str
    expires_on: str

    @property
    def shown(self) -> str:
        """The last day as people write it."""
        return ".".join(reversed(self.expires_on.split("-")))


def in_hand(actor: Actor, today: date) -> dict[int, Batch]:
    """CVX code → the batch the worker used last today."""
    kept = store.read(_id(actor, today))
    found = _READ(kept.content) if kept else {}
    return {int(cvx): Batch(*one) for cvx, one in found.items()}


def keep(used: Mapping[int, Batch], *, actor: Actor, at: datetime, today: date) -> None:
    """Remember the batches used for the rest of the day."""
    now = round((at - EPOCH).total_seconds() * 1_000_000)
    before = store.read(_id(actor, today))
    whole = {**in_hand(actor, today), **used}
    content = msgspec.json.encode({str(cvx): tuple(one) for cvx, one in whole.items()}).decode()
    draft = store.Draft(
        _id(actor, today), KIND, actor.account or 0, actor.reference, "", 0, content, now, now
    )
    node.commit(lambda tx: store.put(tx, draft, seen=before.version if before else 0))


def _id(actor: Actor, today: date) -> str:
    return f"{KIND}/{actor.account or 0}/{today.isoformat()}"
