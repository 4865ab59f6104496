"""Reads the list of one role: one row a person, families together, each place with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.worklist import PRESSING, URGENCIES, Known, Need, Points, Row, Tab, row
from qamqor.engine.worklist_facts import WHOLE_TEAM, day_number, known, need_of
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.closed import closed_labels
from qamqor.services.access.sights import Sights
from qamqor.services.worklist.evidence import Resource, masked, readable
from qamqor.services.worklist.settings import points
from qamqor.store import access, derived, work
from qamqor.store import worklist as store
from qamqor.store.fhir import versions
from qamqor.store.worklist import Chosen, Weights

TEAM: Final = ("gp", "practice_nurse", "district_nurse", "midwife", "psychologist", "social_worker")
"""Roles that own due care; each sees its own list, lead nurse and head see all of them."""
LEADING: Final = ("lead_nurse", "head")
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a list is wanted; empty is everything.

    Attributes:
        role: whose list, for who leads; empty = all roles together.
        most_urgent: people with a need at least as urgent, 1 to 4.
        place: id of a town or village; ``area`` of a GP area.
        is_household: only people of whom another of the same home stands there too.
        late_from: only people who have been late since this day.
    """

    role: str = ""
    programme: str = ""
    most_urgent: int = 4
    channel: str = ""
    place: str = ""
    area: str = ""
    is_household: bool = False
    late_from: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One person on a page of the list: where they stand and why, and who they are.

    Attributes:
        row: its needs masked where a record they rest on is closed to the reader by its label.
        person: the Patient resource.
        facts: what the needs rest on and the reader may see, by reference; on a page of many
            people only of the first need.
    """

    row: Row
    person: Mapping[str, Any]
    facts: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Today:
    """A page of the list.

    Attributes:
        tab: the one that is shown.
        counts: people on each tab, of all that the filters leave.
        people: how many stand on the tab that is shown.
        sequence: the newest change the page knows; ``changed_since`` counts from it.
        is_current: whether every person was worked out for this day.
    """

    tab: Tab
    lines: tuple[Line, ...]
    counts: Mapping[Tab, int]
    people: int
    as_of: date
    sequence: int
    is_current: bool


def roles_of(actor: Actor, asked: str = "") -> tuple[str, ...]:
    """Whose lists an actor may see: their own, or any of the team's for who leads it.

    Raises:
        NotAllowed: no list of this role is theirs.
    """
    allowed = TEAM if actor.role in LEADING else (actor.role,) if actor.role in TEAM else ()
    chosen = allowed if not asked else tuple(one for one in allowed if one == asked)
    if not chosen:
        raise NotAllowed(f"{actor.role} has no list of {asked or 'due care'} here")
    return chosen


def areas_of(actor: Actor) -> tuple[str, ...]:
    """The GP areas whose people are on an actor's list; for who leads, every one below them."""
    return areas_below(actor) if actor.role in LEADING else tuple(sorted(actor.areas))


def areas_below(actor: Actor) -> tuple[str, ...]:
    """The GP areas of an actor, and every one below their organisation."""
    found, above = set(actor.areas), {actor.organization or ""}
    seen: set[str] = set()
    while above:
        seen |= above
        below = work.areas_below(sorted(above))
        found |= below
        above = below - seen
    return tuple(sorted(found))


def chosen_by(actor: Actor, filters: Filters) -> Chosen:
    """Whose list an actor asks for, as the store answers it.

    Raises:
        NotAllowed: no such list is theirs.
    """
    roles = roles_of(actor, filters.role)
    areas = areas_of(actor)
    own = "" if actor.role in LEADING else actor.reference.removeprefix("PractitionerRole/")
    if not areas and not own:
        raise NotAllowed(f"{actor.role} has no list here")
    return Chosen(
        areas=areas,
        role=roles[0] if len(roles) == 1 else WHOLE_TEAM,
        owner=own,
        covered=tuple(sorted(actor.covers)) if own else (),
        programme=filters.programme,
        closed=tuple(sorted(closed_labels(actor))) if actor.role in LEADING else (),
        place=filters.place,
        channel=filters.channel,
        area=filters.area,
        most_urgent=filters.most_urgent,
        late_from=day_number(filters.late_from) if filters.late_from else None,
        is_household=filters.is_household,
    )


def weights(as_of: date, own: Points) -> Weights:
    """The points of a site and the day, as the store orders by them."""
    until = (own.waits_until(urgency, as_of) for urgency in URGENCIES)
    waits = [(day + timedelta(days=1)).isoformat() for day in until]
    return Weights(
        urgency=(own.urgency[1], own.urgency[2], own.urgency[3], own.urgency[4]),
        week_overdue=own.week_overdue,
        most_weeks=own.most_weeks,
        need=own.need,
        failed_attempt=own.failed_attempt,
        visit_after_attempts=own.visit_after_attempts,
        as_of=as_of.isoformat(),
        day=day_number(as_of),
        waits=(waits[0], waits[1], waits[2], waits[3]),
    )


def today(
    actor: Actor,
    *,
    tab: Tab | None,
    as_of: date,
    at: datetime,
    filters: Filters | None = None,
    page: int = 1,
) -> Today:
    """One page of the actor's list; who is shown is kept in the audit before it is given.

    Args:
        tab: none where the actor names none; it then begins where somebody waits.
        page: from 1.

    Raises:
        NotAllowed: no such list is theirs.
    """
    chosen = chosen_by(actor, filters or Filters())
    sights = Sights(actor, at)
    sights.need("search", "Patient")
    sequence = versions.last_sequence()
    heavy = weights(as_of, points())
    numbers, pressing = dict.fromkeys(Tab, 0), dict.fromkeys(Tab, 0)
    for name, (people_there, pressing_there) in store.tabs(chosen, heavy).items():
        numbers[Tab(name)], pressing[Tab(name)] = people_there, pressing_there
    tab = tab or _opening(numbers, pressing)
    ids = [
        one.patient_id
        for one in store.page(chosen, heavy, tab, offset=(page - 1) * PAGE, limit=PAGE)
    ]
    people = people_of(ids)
    rows = masked(rows_of(ids, role=chosen.role, as_of=as_of, is_asked_for=True), sights=sights)
    known = readable(firsts(rows), sights=sights)
    audit.record(
        actor,
        "search",
        at=at,
        what=[*(f"Patient/{one}" for one in ids), *known.shown],
        people=set(ids),
        relation="panel",
        query="worklist",
    )
    lines = tuple(
        Line(rows[one], people[one], known.of(rows[one].needs[:1]))
        for one in ids
        if one in rows and one in people
    )
    states = derived.states(ids)
    fresh = all(state.as_of == as_of.isoformat() for state in states.values())
    return Today(tab, lines, numbers, numbers[tab], as_of, sequence, fresh)


def counts(actor: Actor, *, as_of: date, filters: Filters) -> Mapping[Tab, int]:
    """How many people stand on each tab; nobody is named, so nothing is kept in the audit.

    Raises:
        NotAllowed: no such list is theirs.
    """
    found = store.counts(chosen_by(actor, filters), weights(as_of, points()))
    return dict.fromkeys(Tab, 0) | {Tab(name): number for name, number in found.items()}


def _opening(people: Mapping[Tab, int], pressing: Mapping[Tab, int]) -> Tab:
    """Where a worker begins: where somebody needs something today, else where anybody is."""
    first = (Tab.to_see, Tab.to_visit, Tab.to_call)
    return next((tab for some in (pressing, people) for tab in first if some[tab]), Tab.to_see)


def changed_since(
    actor: Actor, sequence: int, *, filters: Filters, apart_from: Sequence[str] = ()
) -> int:
    """How many people's places on a list changed since it was shown.

    Args:
        apart_from: people whose change the reader made and has seen.

    Raises:
        NotAllowed: no such list is theirs.
    """
    return store.changed_since(chosen_by(actor, filters), sequence, apart_from)


def one(actor: Actor, patient: str, *, as_of: date, at: datetime, role: str = "") -> Line:
    """One person as the list shows them, whichever tab they are on; kept in the audit.

    Raises:
        NotThere: not a person of the actor's.
    """
    roles = roles_of(actor, role)
    sights = Sights(actor, at)
    relation, facts, version = looks.open_one(sights, "Patient", patient)
    if version is None or not version.content:
        raise NotThere(f"Patient/{patient} is not here")
    person = json_text.decode(version.content)
    asked = roles[0] if len(roles) == 1 else WHOLE_TEAM
    rows = rows_of([patient], role=asked, as_of=as_of, is_asked_for=True)
    own = masked(rows, sights=sights)[patient]
    known = readable(own.needs, sights=sights)
    what = [f"Patient/{patient}", *known.shown]
    audit.record(actor, "read", at=at, what=what, people=facts.people, relation=relation)
    return Line(own, person, known.of(own.needs))


def firsts(rows: Mapping[str, Row]) -> list[Need]:
    """The most pressing need of each person: why they stand where they stand."""
    return [need for row in rows.values() for need in row.needs[:1]]


def rows_of(
    ids: Sequence[str], *, role: str, as_of: date, is_asked_for: bool = False
) -> dict[str, Row]:
    """The rows of some people for one role, worked out plainly from their due rows, in two queries.

    Args:
        is_asked_for: they have a row even if nothing is left to do.
    """
    beside = work.work_of(ids)
    kept = dict(derived.due_of(ids))
    found: dict[str, Row] = {}
    for who in ids:
        due = [derived.read_due(each, as_of) for each in kept.get(who, ())]
        needs = [
            need_of(each)
            for each in due
            if each.status in PRESSING and role in (each.role, WHOLE_TEAM)
        ]
        about: Known = known(who, needs, role, beside.get(who, {}), as_of=as_of)
        own = row(about, points=points(), as_of=as_of)
        if own is None and is_asked_for:
            own = row(replace(about, done_on=as_of), points=points(), as_of=as_of)
        if own is not None:
            found[who] = own
    return found


def people_of(ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The Patient resources of some people, in two queries."""
    keys = access.keys_of([("Patient", one) for one in ids])
    found = versions.read_by_keys(list(keys.values()))
    return {v.id: json_text.decode(v.content) for v in found.values() if v.content}
