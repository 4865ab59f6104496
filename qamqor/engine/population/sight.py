"""Puts before the queries what they may see on a day: the tables, newest rows, codes and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

import duckdb

from qamqor.engine.calendar import register_duckdb
from qamqor.engine.population.members import members
from qamqor.engine.population.questions import Questions, Read
from qamqor.engine.programmes.filters import PEOPLE, known, value_set
from qamqor.engine.programmes.schema import Programme, Table

WAREHOUSE: Final = "warehouse"
PERSON: Final = "person_"
BEFORE_FIRST: Final = -(2**31) - 1  # below zero, so that no id of a person looks like it


def lay_out_people(connection: duckdb.DuckDBPyConnection, questions: Questions) -> None:
    """Make what the queries that find people name, from the views in schema ``warehouse``.

    Each table is read once, with only the columns that count; while the queries run a number
    stands for each person, which joins about twice as fast as text.
    """
    register_duckdb(connection)
    for name in questions.value_sets:
        codes = value_set(questions.pack.value_sets[name])
        connection.execute(f"create temp table {name} as {codes}")
    connection.execute(f"create temp table {PERSON} as {_people(questions)}")
    for read in questions.reads:
        if read.whole and read.programmes is None:
            _lay_out_whole(connection, read, questions, PERSON)
        if read.newest and read.newest_programmes is None:
            _lay_out_newest(connection, read, questions, PERSON)


def lay_out_rest(connection: duckdb.DuckDBPyConnection, questions: Questions) -> None:
    """Make what only the other queries name, with the rows of their programmes' people alone.

    The tables that find people are small and the long ones are read for few, so this order
    keeps most rows from being copied, sorted and joined at all.
    """
    cohorts: dict[tuple[str, ...], str] = {}

    def cohort(programmes: Iterable[Programme]) -> str:
        needed = tuple(sorted(members(one) for one in programmes))
        if needed not in cohorts:
            cohorts[needed] = f"cohort_{len(cohorts)}_"
            found = " union ".join(f"select patient_id from {name}" for name in needed)
            connection.execute(
                f"create temp table {cohorts[needed]} as"
                f" select patient_id, id from {PERSON} where patient_id in ({found})"
            )
        return cohorts[needed]

    for read in map(_together, questions.reads):
        if read.whole and read.programmes is not None:
            _lay_out_whole(connection, read, questions, cohort(read.programmes))
        if read.newest and read.newest_programmes is not None:
            _lay_out_newest(connection, read, questions, cohort(read.newest_programmes))


def _together(read: Read) -> Read:
    """What is read with one set of people, if the table and its newest rows are for different ones.

    More rows are then copied, but the files, which cost most, are decoded once.
    """
    if read.programmes is None or read.newest_programmes is None:
        return read
    both = {one.id: one for one in (*read.programmes, *read.newest_programmes)}
    return replace(read, programmes=tuple(both.values()), newest_programmes=tuple(both.values()))


def _lay_out_whole(
    connection: duckdb.DuckDBPyConnection, read: Read, questions: Questions, people: str
) -> None:
    seen = _seen(read.table, read.columns, questions, people)
    connection.execute(f"create temp table {read.table.name} as {seen}")


def _lay_out_newest(
    connection: duckdb.DuckDBPyConnection, read: Read, questions: Questions, people: str
) -> None:
    """Each person's newest row, from the whole table where that has the people and columns."""
    columns = tuple(dict.fromkeys((*read.columns, read.table.known_on or "", *read.table.keys)))
    enough = read.whole and len(columns) == len(read.columns) and _has_all_people(read)
    seen = read.table.name if enough else f"({_seen(read.table, columns, questions, people)})"
    newest = _newest(read.table, columns, seen)
    connection.execute(f"create temp table {read.table.latest} as {newest}")


def _has_all_people(read: Read) -> bool:
    if read.programmes is None or read.newest_programmes is None:
        return read.programmes is None
    return {one.id for one in read.newest_programmes} <= {one.id for one in read.programmes}


def _seen(table: Table, columns: Iterable[str], questions: Questions, people: str) -> str:
    """The rows of a table known on the day, of some people, with a number for each."""
    rows = as_known(table, f"{WAREHOUSE}.{table.name}", questions.as_of, questions.known_at)
    if not table.has_patient:
        return f"select {', '.join(columns)} from ({rows})"
    kept = "".join(f", rows_.{column}" for column in columns if column != "patient_id")
    return (
        f"select who_.patient_id{kept} from ({rows}) as rows_"
        f" join {people} as who_ on who_.id = rows_.patient_id"
    )


def as_known(table: Table, source: str, as_of: date, known_at: date | None) -> str:
    """The rows of a table dated up to ``as_of`` that had been recorded by ``known_at``.

    A table that does not say when a row was recorded is taken to have been told at once.
    """
    rows = known(table, source, f"date '{as_of}'")
    told = recorded(table)
    if known_at is None or told is None:
        return rows
    return f"select * from ({rows}) where ({told} is null or {told} <= date '{known_at}')"


def recorded(table: Table) -> str | None:
    """The column that says when a row was told, as an expression; null where there is none."""
    if "recorded_on" in table.columns and table.known_on not in {None, "recorded_on"}:
        return f"coalesce(recorded_on, {table.known_on})"
    return table.known_on


def _newest(table: Table, columns: Iterable[str], source: str) -> str:
    """Each person's newest row, by date, then by key, as ``filters.latest`` gives it.

    One pass that keeps the greatest row of each person takes half the time of a window.
    """
    row = ", ".join(f"{column} := {column}" for column in columns if column != "patient_id")
    rank = f"coalesce({table.known_on}, date '0001-01-01')"
    rank += "".join(f", coalesce({key}, '')" for key in table.keys)
    return (
        f"select patient_id, unnest(newest_) from (select patient_id,"
        f" arg_max(struct_pack({row}), row({rank})) as newest_ from {source} group by patient_id)"
    )


def _people(questions: Questions) -> str:
    """Everyone who counts on the day, with the facts by which results are told apart."""
    tables, day = questions.pack.tables, f"date '{questions.as_of}'"
    number = "patient_id"
    if questions.only_joins_people:
        number = f"cast({BEFORE_FIRST} + row_number() over () as integer)"
    attached = as_known(
        tables["attachment"], _in_warehouse("attachment"), questions.as_of, questions.known_at
    )
    everyone = as_known(tables[PEOPLE], _in_warehouse(PEOPLE), questions.as_of, questions.known_at)
    return f"""
        with area as (
            select patient_id, arg_max(organization_id,
                row(coalesce(from_on, date '0001-01-01'), episode_of_care_id)) as area_id
            from ({attached}) where left_on is null or left_on > {day} group by patient_id),
        everyone as (select {number} as number_, * from ({everyone}) where patient_id is not null),
        place as (select kato, min(place_id) as place_id from {_in_warehouse("territory")}
            where kato is not null group by kato),
        over_ as (select id, max(parent_id) as parent_id
            from {_in_warehouse("organisation")} group by id)
        select everyone.number_ as patient_id, everyone.patient_id as id, area.area_id,
            over_.parent_id as organization_id, place.place_id, everyone.is_rural, everyone.sex,
            cast(age_years(everyone.born_on, {day}) as integer) as age_years
        from everyone
        left join area on area.patient_id = everyone.patient_id
        left join over_ on over_.id = area.area_id
        left join place on place.kato = everyone.kato"""


def _in_warehouse(table: str) -> str:
    return f"{WAREHOUSE}.{table}"
