"""SQL of what a rule may see on a day, in words that DuckDB and SQLite both run.

``day`` is always an SQL expression: ``'2026-01-01'``, ``$as_of`` or a scalar subquery.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from qamqor.engine.programmes.schema import Programme, Table

PEOPLE: Final = "patient"
_GONE: Final = "is_active is false or (died_on is not null and died_on <= {day})"


def known(table: Table, source: str, day: str) -> str:
    """The rows of a table that were known on a day: none dated later; undated ones stay.

    Of the table of people those who had died by then or are not active are left out.
    """
    where = []
    if table.known_on:
        where.append(f"({table.known_on} is null or {table.known_on} <= {day})")
    if table.name == PEOPLE:
        where.append(f"({_GONE.format(day=day)}) is not true")
    return f"select {', '.join(table.columns)} from {source}" + (
        f" where {' and '.join(where)}" if where else ""
    )


def latest(table: Table, source: str) -> str:
    """Each person's newest row of a table that is already filtered: by date, then by key."""
    order = ", ".join(f"{column} desc nulls last" for column in (table.known_on, *table.keys))
    columns = ", ".join(table.columns)
    return (
        f"select {columns} from (select {columns}, row_number() over"
        f" (partition by patient_id order by {order}) as newest_ from {source}) where newest_ = 1"
    )


def gone(people: str, day: str) -> str:
    """The ids of those who had died by a day or are not active, as a query."""
    return f"select patient_id from {people} where {_GONE.format(day=day)}"


def belonging(query: str, people: str, day: str) -> str:
    """The rows of a population or eligible query, without the dead and the inactive.

    Args:
        people: the table of everyone, unfiltered; a person without a row there stays.
    """
    text = query.strip().rstrip(";")
    return f"select * from (\n{text}\n) where patient_id not in ({gone(people, day)})"


def open_on(source: str, day: str) -> str:
    """The rows of a population that are open on a day: half-open, an unknown end is open."""
    return (
        f"select patient_id, enrolled_on, left_on, evidence from {source}"
        f" where (enrolled_on is null or enrolled_on <= {day})"
        f" and (left_on is null or left_on > {day})"
    )


def value_set(codes: Iterable[tuple[str, str]]) -> str:
    """A value set's rows as a query: ``system, code``."""
    rows = ", ".join(f"({_text(system)}, {_text(code)})" for system, code in codes)
    if not rows:
        return "select '' as system, '' as code where 1 = 0"
    return f"with codes(system, code) as (values {rows}) select system, code from codes"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def population_queries(programme: Programme) -> dict[str, str]:
    """The tables a programme's people make, each with its query, eligible people first."""
    queries = {}
    if programme.eligible_sql is not None:
        queries[programme.eligible_table] = programme.eligible_sql
    queries[programme.population_table] = programme.population_sql
    return queries


def state_queries(programme: Programme) -> dict[str, str]:
    """The tables a programme's states make, each with its query, in the order written.

    They are about ``$as_of``: made after the populations, which they see open on that day.
    """
    return {programme.state_table(name): state.sql for name, state in programme.states.items()}
