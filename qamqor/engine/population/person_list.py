"""One row a person with everything due, the longest waiting first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import duckdb

from qamqor.engine.population.due import DUE_COLUMNS
from qamqor.engine.population.one_person import Due

NOW: Final = ("overdue", "due")
_STATUS_ORDER: Final = (
    "case status when 'overdue' then 0 when 'due' then 1 when 'unknown' then 2 else 3 end"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the due table a list is made of; empty = all.

    Attributes:
        places: a place and all below it.
        limit: most people to list; null = everyone.
    """

    roles: Sequence[str] = ()
    places: Sequence[str] = ()
    programmes: Sequence[str] = ()
    organisations: Sequence[str] = ()
    areas: Sequence[str] = ()
    statuses: Sequence[str] = NOW
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class PersonDue:
    """One person and what is wanted of the person's due rows, the most pressing first."""

    patient_id: str
    needs: tuple[Due, ...] = field(default=())

    @property
    def oldest_due_on(self) -> date | None:
        """Since when the longest waiting need has been due."""
        return min((one.due_on for one in self.needs if one.due_on), default=None)

    @property
    def urgency(self) -> int:
        """The most urgent need: 1 now to 4 routine."""
        return min(one.urgency for one in self.needs)


@dataclass(frozen=True, slots=True)
class PersonList:
    """The people listed, and how many there are without the limit."""

    people: tuple[PersonDue, ...]
    all_people: int


def list_people(
    connection: duckdb.DuckDBPyConnection, due_files: Sequence[str], wanted: Wanted
) -> PersonList:
    """The people with a wanted row: the most urgent first, then the oldest due date, then id.

    Only what is due now makes a person urgent, so an old routine need never hides a red one.

    Args:
        due_files: Parquet files of the due table.
    """
    if not due_files:
        return PersonList((), 0)
    where, values = _where(wanted)
    values["files"] = list(due_files)
    limit = "" if wanted.limit is None else f"limit {int(wanted.limit)}"
    columns = ", ".join(DUE_COLUMNS)
    rows = connection.execute(
        f"""
        with wanted_ as materialized (
            select {columns} from read_parquet($files) where {where}),
        person as materialized (
            select patient_id, min(due_on) as oldest_,
                min(urgency) filter (where status in ('due', 'overdue')) as urgency_
            from wanted_ group by patient_id),
        chosen as (
            select row_number() over (
                order by urgency_ nulls last, oldest_ nulls last, patient_id) as place_, patient_id
            from person order by place_ {limit})
        select (select count(*) from person), wanted_.*
        from chosen join wanted_ using (patient_id)
        order by place_, {_STATUS_ORDER}, urgency, due_on nulls last, programme, action, item
        """,  # noqa: S608
        values,
    ).fetchall()
    people: dict[str, list[Due]] = {}
    for _, *row in rows:
        due = Due(*row)
        people.setdefault(due.patient_id, []).append(due)
    listed = tuple(PersonDue(who, tuple(needs)) for who, needs in people.items())
    return PersonList(listed, rows[0][0] if rows else 0)


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    asked = {
        "role": wanted.roles,
        "place_id": wanted.places,
        "programme": wanted.programmes,
        "organization_id": wanted.organisations,
        "area_id": wanted.areas,
        "status": wanted.statuses,
    }
    chosen = {column: list(values) for column, values in asked.items() if values}
    conditions = [f"list_contains(${column}, {column})" for column in chosen]
    return " and ".join(conditions) or "true", dict(chosen)
