"""Asks every question of a group of people at once, in DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from qamqor.engine.population.due import due_query
from qamqor.engine.population.for_many import for_many
from qamqor.engine.population.measures import measures_query
from qamqor.engine.population.members import members, open_members
from qamqor.engine.population.questions import Questions, words_in
from qamqor.engine.population.sight import lay_out_people, lay_out_rest
from qamqor.engine.programmes.binding import for_duckdb
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.filters import open_on
from qamqor.engine.programmes.scheduled import plan_of
from qamqor.engine.programmes.schema import Programme
from qamqor.errors import MissingColumns, Problem

DUE: Final = "due"
MEASURES: Final = "measures"


def evaluate(connection: duckdb.DuckDBPyConnection, questions: Questions) -> None:
    """Work out who is due and every measure, for the people the connection holds.

    States and actions see who belongs on the day, measures everyone who ever belonged: the
    populations are narrowed in between and put back.

    Args:
        connection: schema ``warehouse`` has a view for each table of the pack; the tables
            made here are temporary.
        questions: what to ask, as of which day.

    Returns:
        Nothing: views ``due`` and ``measures`` (MODEL section 5) are left on the connection,
        ``due`` in the order of the pack.

    Raises:
        MissingColumns: a query does not return exactly what its kind promises.
    """
    lay_out_people(connection, questions)
    for query in questions.people:
        _create(connection, query.name, query, questions)
        _give_kinds(connection, query)
    _note_members(connection, questions, members)
    lay_out_rest(connection, questions)
    _narrow(connection, questions)
    for query in questions.states:
        _create(connection, query.name, query, questions)
        _give_kinds(connection, query)
    due = _ask(connection, questions.due, questions, "a")
    _widen(connection, questions)
    measures = _ask(connection, questions.measures, questions, "m")
    named = [(one.name, one) for one in (*questions.people, *questions.states)]
    asked = [(selected(table) if one.kind == "schedule" else table, one) for table, one in due]
    _check(connection, [*named, *asked, *measures])
    connection.execute(f"create temp view {MEASURES} as {measures_query(questions, measures)}")
    connection.execute(f"create temp view {DUE} as {due_query(questions, due)}")


def _ask(
    connection: duckdb.DuckDBPyConnection,
    asked: Sequence[Query],
    questions: Questions,
    letter: str,
) -> list[tuple[str, Query]]:
    """Put each query's result into a table of its own, named by its place in the order."""
    tables = [(f"{letter}{number}", query) for number, query in enumerate(asked)]
    for table, query in tables:
        if query.kind == "schedule":
            _ask_schedule(connection, table, query, questions)
        else:
            _create(connection, table, query, questions)
    return tables


def _ask_schedule(
    connection: duckdb.DuckDBPyConnection, table: str, query: Query, questions: Questions
) -> None:
    """Hand what the query selects to the schedule; its answers are the table."""
    # The compiler takes a second to start: only who asks a schedule waits for it.
    from qamqor.engine.immunisation.everyone.due import Asked  # noqa: PLC0415

    facts = selected(table)
    _create(connection, facts, query, questions)
    _give_kinds(connection, query, facts)
    asked = Asked(connection, facts, plan_of(questions.pack, query, questions.as_of))
    _keep(connection, table, asked.all_needs())
    doses = query.programme.doses_table
    if doses is not None and any(doses in words_in(one.sql) for one in questions.measures):
        _keep(connection, doses, asked.judged_doses())


def _keep(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    connection.register("found_", rows)
    connection.execute(f"create temp table {table} as from found_")
    connection.unregister("found_")


def schedules_asked(questions: Questions) -> list[tuple[str, Query]]:
    """After ``evaluate``: the tables of facts that schedules were told, and by which query."""
    asked = enumerate(questions.due)
    return [(selected(f"a{n}"), query) for n, query in asked if query.kind == "schedule"]


def selected(table: str) -> str:
    """The table of what a schedule is told, beside that of its answers."""
    return f"{table}_facts_"


def _create(
    connection: duckdb.DuckDBPyConnection, table: str, query: Query, questions: Questions
) -> None:
    text = for_many(query.sql.strip().rstrip(";"))
    values: Any = for_duckdb(text, questions.values(query))
    try:
        connection.execute(f"create temp table {table} as\n{text}", values)
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise MissingColumns([Problem(query.where, f"DuckDB says: {first}")]) from error


def _give_kinds(
    connection: duckdb.DuckDBPyConnection, query: Query, table: str | None = None
) -> None:
    """Make dates of columns that hold only nulls or ISO texts, as a typed table would."""
    table = table or query.name
    for name, kind, *_ in connection.execute(f"describe {table}").fetchall():
        if query.columns.get(name) == "date" and kind != "DATE":
            connection.execute(f"alter table {table} alter column {name} type date")


def _narrow(connection: duckdb.DuckDBPyConnection, questions: Questions) -> None:
    """Keep of each population who belongs on the day, and everyone under another name."""
    for query in questions.people:
        ever = f"{query.name}_ever_"
        connection.execute(f"alter table {query.name} rename to {ever}")
        seen = open_on(ever, f"date '{questions.as_of}'")
        connection.execute(f"create temp table {query.name} as {seen}")
    _note_members(connection, questions, open_members)


def _widen(connection: duckdb.DuckDBPyConnection, questions: Questions) -> None:
    for query in questions.people:
        connection.execute(f"drop table {query.name}")
        connection.execute(f"alter table {query.name}_ever_ rename to {query.name}")


def _note_members(
    connection: duckdb.DuckDBPyConnection,
    questions: Questions,
    named: Callable[[Programme], str],
) -> None:
    """Make the table of the people of each programme, belonging or able to."""
    by_programme: dict[str, list[str]] = {}
    for query in questions.people:
        by_programme.setdefault(named(query.programme), []).append(query.name)
    for table, names in by_programme.items():
        found = " union ".join(f"select patient_id from {name}" for name in names)
        connection.execute(f"create temp table {table} as {found}")


def _check(connection: duckdb.DuckDBPyConnection, asked: Iterable[tuple[str, Query]]) -> None:
    rows = connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " where database_name = 'temp' group by all"
    ).fetchall()
    found = dict(rows)
    problems = [
        Problem(
            query.where,
            f"expected columns {', '.join(query.columns)}; returned {', '.join(found[table])}",
        )
        for table, query in asked
        if list(query.columns) != found[table]
    ]
    if problems:
        raise MissingColumns(problems)
