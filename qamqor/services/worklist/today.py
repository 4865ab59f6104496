"""Reads the list of one role: one row a person, families together, each place with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine.fhir import json_text
from qamqor.engine.population.one_person import Due
from qamqor.engine.worklist import (
    PRESSING,
    Attempt,
    Known,
    Need,
    Points,
    Row,
    Tab,
    counts,
    ordered,
    read_points,
    row,
)
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit, installed
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.store import derived, work
from qamqor.store.fhir import versions

TEAM: Final = ("gp", "practice_nurse", "district_nurse", "midwife", "psychologist", "social_worker")
"""Roles that own due care; each sees its own list, lead nurse and head see all of them."""
WHOLE_TEAM: Final = ("lead_nurse", "head")
PAGE: Final = 50
PROMISED: Final = ("agreed", "later")


@dataclass(frozen=True, slots=True)
class Line:
    """One person on a page of the list: where they stand and why, and who they are.

    Attributes:
        person: the Patient resource.
    """

    row: Row
    person: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Today:
    """A page of the list.

    Attributes:
        counts: people on each tab, of the whole list.
        people: how many stand on the tab that is shown.
        is_current: whether every person was worked out for this day.
    """

    lines: tuple[Line, ...]
    counts: Mapping[Tab, int]
    people: int
    as_of: date
    is_current: bool


def roles_of(actor: Actor, asked: str = "") -> tuple[str, ...]:
    """Whose lists an actor may see: their own, or any of the team's for who leads it.

    Raises:
        NotAllowed: no list of this role is theirs.
    """
    allowed = TEAM if actor.role in WHOLE_TEAM else (actor.role,) if actor.role in TEAM else ()
    chosen = allowed if not asked else tuple(one for one in allowed if one == asked)
    if not chosen or not actor.areas:
        raise NotAllowed(f"{actor.role} has no list of {asked or 'due care'} here")
    return chosen


def today(
    actor: Actor, *, tab: Tab, as_of: date, at: datetime, role: str = "", page: int = 1
) -> Today:
    """One page of the actor's list; who is shown is kept in the audit before it is given.

    Args:
        page: from 1.

    Raises:
        NotAllowed: no such list is theirs.
    """
    rows = listed(actor, as_of=as_of, role=role)
    on_tab = [one for one in rows if one.tab is tab]
    shown = on_tab[(page - 1) * PAGE : page * PAGE]
    people = _people([one.patient_id for one in shown])
    audit.record(
        actor,
        "search",
        at=at,
        what=[f"Patient/{one.patient_id}" for one in shown],
        people={one.patient_id for one in shown},
        relation="panel",
        query="worklist",
    )
    lines = tuple(Line(one, people[one.patient_id]) for one in shown if one.patient_id in people)
    states = derived.states([one.patient_id for one in shown])
    fresh = all(state.as_of == as_of.isoformat() for state in states.values())
    return Today(lines, counts(rows), len(on_tab), as_of, fresh)


def one(actor: Actor, patient: str, *, as_of: date, at: datetime) -> Line:
    """One person as the list shows them, whichever tab they are on; kept in the audit.

    Raises:
        NotThere: not a person of the actor's.
    """
    roles = roles_of(actor)
    relation, facts = looks.at_one(Sights(actor, at), "Patient", patient)
    person = _people([patient]).get(patient)
    if person is None:
        raise NotThere(f"Patient/{patient} is not here")
    audit.record(
        actor, "read", at=at, what=[f"Patient/{patient}"], people=facts.people, relation=relation
    )
    rows = dict(derived.due_of([patient])).get(patient, [])
    due = [derived.read_due(row, as_of) for row in rows]
    needs = [_need(each) for each in due if each.role in roles and each.status in PRESSING]
    beside = work.work_of([patient]).get(patient, {})
    known = replace(_known(patient, needs, beside, as_of), done_on=as_of)
    found = row(known, points=points(), as_of=as_of)
    if found is None:
        raise NotThere(f"Patient/{patient} is not on the list")
    return Line(found, person)


def _need(due: Due) -> Need:
    return Need(*(getattr(due, name) for name in Need.__slots__))


def listed(actor: Actor, *, as_of: date, role: str = "") -> list[Row]:
    """The whole list in its order: three queries for the due care, however many people."""
    roles, sight = roles_of(actor, role), Sights(actor, at=_morning(as_of))
    sight.need("search", "Patient")
    needs: dict[str, list[Need]] = {}
    for due in work.needs_of(sorted(actor.areas), roles, PRESSING):
        one = derived.read_due(due, as_of)
        needs.setdefault(one.patient_id, []).append(_need(one))
    beside = work.work_of(list(needs))
    found = (
        row(_known(who, own, beside.get(who, {}), as_of), points=points(), as_of=as_of)
        for who, own in needs.items()
    )
    return ordered(one for one in found if one is not None)


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone())


def _known(who: str, needs: Sequence[Need], beside: work.Rows, as_of: date) -> Known:
    since = min((need.due_on for need in needs if need.due_on), default=as_of)
    promises = [
        until
        for task in beside.get("task", ())
        if task.get("outcome") in PROMISED and (until := _day(task.get("until"))) is not None
    ]
    homes = [
        str(one["group_id"])
        for one in beside.get("household_member", ())
        if (_day(one.get("left_on")) or as_of) >= as_of
    ]
    return Known(
        patient_id=who,
        needs=tuple(needs),
        attempts=tuple(_attempts(beside, since)),
        agreed_until=max(promises, default=None),
        household=homes[0] if homes else None,
    )


def _attempts(beside: work.Rows, since: date) -> list[Attempt]:
    tries = [
        Attempt(on, str(one.get("medium") or ""), str(one.get("outcome") or "reached"))
        for one in beside.get("contact_attempt", ())
        if (on := _day(one.get("sent_on"))) is not None and on >= since
    ]
    return sorted(tries, key=lambda one: one.on)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def points() -> Points:
    """How the list is ordered here: the site's own points, or the shipped ones."""
    return _points(installed.folders())


@cache
def _points(folders: tuple[Path, ...]) -> Points:
    files = [folder / "worklist/points.yaml" for folder in reversed(folders)]
    file = next((one for one in files if one.is_file()), None)
    if file is None:
        return Points()
    return read_points(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def _people(ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found = (versions.read("Patient", one) for one in ids)
    return {v.id: json_text.decode(v.content) for v in found if v is not None and v.content}
