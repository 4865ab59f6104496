"""The people somebody opened lately, from the audit of their own looks, as open as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.audit import events
from qamqor.services.audit.shown import moment
from qamqor.services.registration.find import card
from qamqor.services.registration.places import names_of
from qamqor.services.registration.search import Match
from qamqor.store import audit, people
from qamqor.store.audit import Wanted

MOST_SHOWN: Final = 8
LATELY: Final = timedelta(days=7)
_MOST_READ: Final = 300
"""Entries looked at: one page of a person makes several."""


@dataclass(frozen=True, slots=True)
class Recent:
    """Somebody opened lately.

    Attributes:
        at: when the record was opened last.
    """

    match: Match
    at: datetime


def recent(*, actor: Actor, at: datetime) -> tuple[Recent, ...]:
    """Whose records an actor opened in the last seven days, the latest first, at most eight.

    Nothing is kept for this: the audit knows. Whoever is no longer open to the actor is left out,
    and that the others were shown is in the audit before this returns.

    Raises:
        NotAllowed: the actor may find nobody.
    """
    sights = rights.need("search", actor=actor, at=at)
    opened = _opened(actor, at)
    filed = [one for one in people.by_ids(list(opened)) if not one.replaced_by]
    visible = rights.visible(filed, sights)
    shown = sorted(
        (one for one in filed if one.key in visible),
        key=lambda one: opened[one.patient_id],
        reverse=True,
    )[:MOST_SHOWN]
    if shown:
        rights.keep([one.patient_id for one in shown], asked="recent", actor=actor, at=at)
    names = names_of({one.area_id for one in shown})
    return tuple(
        Recent(Match(card(one), names.get(one.area_id, {}), True), opened[one.patient_id])
        for one in shown
    )


def _opened(actor: Actor, at: datetime) -> dict[str, datetime]:
    """Whose page an entry of the actor is of, with the latest moment.

    That is the Patient named first, as a page of a person keeps it, or the only one concerned.
    """
    since = int((at - LATELY).timestamp() * 1_000_000)
    wanted = Wanted(agent=actor.reference, actions=("read",), outcome="ok", from_at=since)
    found: dict[str, datetime] = {}
    for row in audit.find(wanted, limit=_MOST_READ):
        if person := events.about(row):
            found.setdefault(person, moment(row.at))
    return found
