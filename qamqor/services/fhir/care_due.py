"""Says of one person what care is due, why, and on which records that rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qamqor.engine.population.one_person import Due
from qamqor.engine.programmes import words
from qamqor.services import audit, due, installed
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.closed import closed_to, told
from qamqor.services.access.sights import Sights


@dataclass(frozen=True, slots=True)
class Said:
    """One due row in words of a language."""

    due: Due
    programme: str
    action: str
    item: str
    reason: str
    closes: str


def of_person(
    patient: str,
    *,
    actor: Actor,
    at: datetime,
    as_of: date,
    programmes: Sequence[str] = (),
    statuses: Sequence[str] = (),
    language: str = "en",
) -> tuple[Said, ...]:
    """What one person is due or not yet due on a day; kept in the audit before it is given.

    What another role owes is left out where it rests on a record whose label is closed to the
    reader; a record closed to them is not named.

    Args:
        programmes, statuses: only these; empty = all.

    Raises:
        NotThere, NotAllowed: as for reading the person.
    """
    sights = Sights(actor, at)
    relation, facts = looks.at_one(sights, "Patient", patient)
    closed = closed_to(sights, [patient])
    known = due.due_of(patient, as_of=as_of)
    rows = [
        _without(row, closed)
        for row in told(known, patient, sights=sights, closed=closed)
        if (not programmes or row.programme in programmes)
        and (not statuses or row.status in statuses)
    ]
    evidence = {one for row in rows for one in (row.evidence or "").split()}
    audit.record(
        actor,
        "operation",
        at=at,
        what=[f"Patient/{patient}", *sorted(evidence - {f"Patient/{patient}"})],
        people=facts.people,
        relation=relation,
        query="$care-due",
    )
    return tuple(_said(row, language) for row in rows)


def _without(row: Due, closed: frozenset[str]) -> Due:
    """A row that names no record closed to the reader."""
    shown = [one for one in (row.evidence or "").split() if one not in closed]
    return row._replace(evidence=" ".join(shown) or None)


def _said(row: Due, language: str) -> Said:
    programme = installed.pack().programme(row.programme, row.version)
    if programme is None or row.action not in programme.actions:
        return Said(row, row.programme, row.action, row.item, row.reason or "", "")
    return Said(
        due=row,
        programme=words.title(programme, language),
        action=words.action_title(programme, row.action, language),
        item=words.item(programme, row.action, row.item, language) if row.item else "",
        reason=words.reason(programme, row.action, row.reason, language) if row.reason else "",
        closes=words.closes(programme, row.action, language),
    )
