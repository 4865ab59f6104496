"""Answers who is due for what from the rows kept with the record, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qamqor.engine.immunisation.one_child.state import Observed
from qamqor.engine.population.explain import Explanation, Need, explain
from qamqor.engine.population.one_person import Due
from qamqor.services import derived
from qamqor.store import derived as store

PRESSING = ("overdue", "due")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose care a list shows; an empty choice is no condition.

    Attributes:
        areas: ids of GP areas.
        organisations: ids of what stands above areas.
        roles: whose work it is.
        statuses: ``overdue``, ``due``, ``unknown``, ``not_due``.
        most_urgent: leave out what is less urgent than this, 1 to 4.
        until: leave out what becomes due after this day.
    """

    areas: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = PRESSING
    patients: tuple[str, ...] = ()
    most_urgent: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PersonDue:
    """One person of a list with everything the list wants of them, as of the day it holds for."""

    patient_id: str
    as_of: date
    due: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class DueList:
    """A page of a list.

    Attributes:
        people: the most pressing first: by status, urgency, day due.
        people_in_all, rows_in_all: how many the whole list has.
        is_current: whether every row shown is that of the day asked about; else the night has
            not worked everybody out yet and each person says as of when.
    """

    people: tuple[PersonDue, ...]
    people_in_all: int
    rows_in_all: int
    is_current: bool


def list_for(wanted: Wanted, *, as_of: date, offset: int = 0, limit: int = 50) -> DueList:
    """One page of the people with something wanted, each once, in four queries however many."""
    where, values = _conditions(wanted)
    in_all = store.count_due(where, values)
    found = [one for one, _ in store.people_due(where, values, offset=offset, limit=limit)]
    states = store.states(found)
    kept = dict(store.due_of(found))
    people = []
    for patient_id in found:
        state = states.get(patient_id)
        day = date.fromisoformat(state.as_of) if state is not None and state.as_of else as_of
        rows = [store.read_due(row, day) for row in kept.get(patient_id, ())]
        people.append(PersonDue(patient_id, day, tuple(one for one in rows if _is(one, wanted))))
    fresh = all(
        one.as_of == as_of and states[one.patient_id].sequence > 0
        for one in people
        if one.patient_id in states
    )
    return DueList(tuple(people), *in_all, is_current=fresh)


def due_of(patient_id: str, *, as_of: date) -> tuple[Due, ...]:
    """Everything one person is due or not yet due on a day.

    From the rows kept where they hold for that day, else worked out now; nothing is written.
    """
    day = derived.asker(as_of)
    state = store.states([patient_id]).get(patient_id)
    if state is not None and state.holds_for(as_of.isoformat(), day.asked):
        kept = dict(store.due_of([patient_id])).get(patient_id, [])
        return tuple(store.read_due(row, as_of) for row in kept)
    rows = store.rows_of([patient_id])
    day.look_up(rows.values())
    return day.due(rows[patient_id]) or ()


def observed_of(patient_id: str, *, as_of: date) -> tuple[Observed, ...]:
    """What programmes tell their schedules of a person, such as a group at risk from an illness.

    A page that asks a schedule itself says the same as the list only if it tells it this too.
    """
    day, rows = derived.asker(as_of), store.rows_of([patient_id])
    children = (told.child for _, told in day.one.answer(rows[patient_id]).told)
    found = {one.code: one for child in children if child for one in child.observations}
    return tuple(found[code] for code in sorted(found))


def why(patient_id: str, *, as_of: date) -> Explanation:
    """What every programme says of a person on a day, with the records it rests on."""
    day = derived.asker(as_of)
    rows = store.rows_of([patient_id])
    day.look_up(rows.values())
    return explain(day.one, patient_id, rows[patient_id])


def why_due(
    patient_id: str, *, programme: str, action: str, item: str = "", as_of: date
) -> Need | None:
    """One row of ``why``: the due row and the records that decide it, where there is one."""
    for need in why(patient_id, as_of=as_of).needs:
        if (need.due.programme, need.due.action, need.due.item) == (programme, action, item):
            return need
    return None


def _conditions(wanted: Wanted) -> tuple[str, list[object]]:
    """The list's conditions as SQL; names are fixed here, what is asked for is bound."""
    conditions, values = ["1 = 1"], list[object]()
    for column, listed in _choices(wanted):
        if listed:
            conditions.append(f"{column} in ({', '.join(['%s'] * len(listed))})")
            values += listed
    if wanted.most_urgent is not None:
        conditions.append("urgency <= %s")
        values.append(wanted.most_urgent)
    if wanted.until is not None:
        conditions.append("(due_on is null or due_on <= %s)")
        values.append(wanted.until.isoformat())
    return " and ".join(conditions), values


def _choices(wanted: Wanted) -> list[tuple[str, Sequence[str]]]:
    return [
        ("area_id", wanted.areas),
        ("organization_id", wanted.organisations),
        ("role", wanted.roles),
        ("programme", wanted.programmes),
        ("action", wanted.actions),
        ("channel", wanted.channels),
        ("status", wanted.statuses),
        ("patient_id", wanted.patients),
    ]


def _is(one: Due, wanted: Wanted) -> bool:
    if any(listed and getattr(one, column) not in listed for column, listed in _choices(wanted)):
        return False
    if wanted.most_urgent is not None and one.urgency > wanted.most_urgent:
        return False
    return wanted.until is None or one.due_on is None or one.due_on <= wanted.until
