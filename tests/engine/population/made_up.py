"""A small warehouse in memory and programmes of one question, so that tests can ask anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from qamqor.engine.population.due import SQL_TYPES
from qamqor.engine.population.evaluate import evaluate
from qamqor.engine.population.measures import summed
from qamqor.engine.population.one_person import Due, OnePerson
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Action, Measure, Pack, Parameter, Programme, State

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 3, 10)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]

EVERYONE = """-- Who is on the register? Everybody.
select patient_id, born_on as enrolled_on, cast(null as text) as left_on,
    'Patient/' || patient_id as evidence
from patient"""
WEIGHED = """-- When should each person be weighed again?
select everyone.patient_id, '' as item,
    coalesce(add_months(last.effective_on, $interval_months), everyone.enrolled_on) as due_on,
    case when last.patient_id is null then 'never' else 'again' end as reason,
    'Observation/' || last.observation_id as evidence
from weighing_population as everyone
left join latest_weight as last on last.patient_id = everyone.patient_id"""


@cache
def shipped() -> Pack:
    """The shipped pack, read once."""
    return load_pack(ROOT / "content")


def action(sql: str, **changes: Any) -> Action:
    """An action with one question; whatever the test does not say is plain."""
    plain = Action(
        name="weigh",
        title="Weighing",
        file="weigh.sql",
        sql=sql,
        items={},
        role="practice_nurse",
        channel="clinic",
        urgency={"never": 1, "again": 3},
        overdue_after_days="allowance_days",
        overdue_after_months=None,
        reasons={"never": "Never weighed", "again": "Weighed before"},
        closes="A weight on record",
    )
    return replace(plain, **changes)


def measure(sql: str, **changes: Any) -> Measure:
    """A measure over twelve months."""
    plain = Measure("weighed", "Weighed", "weighed.sql", sql, 12, "weighed", "everybody", {})
    return replace(plain, **changes)


def state(sql: str, name: str = "size") -> State:
    """A state of the programme's people."""
    return State(name, "Size", f"{name}.sql", sql, {"big": "Big", "small": "Small"})


def programme(
    *actions: Action,
    population: str = EVERYONE,
    measures: Sequence[Measure] = (),
    states: Sequence[State] = (),
    **changes: Any,
) -> Programme:
    """A programme in force since 2025 with the parameters the questions here name."""
    plain = Programme(
        id="weighing",
        valid_from=date(2025, 1, 1),
        status="draft",
        belongs="eligible",
        title="Weighing",
        purpose="People are weighed.",
        sources={"test": "made up"},
        tables=(),
        value_sets=(),
        parameters={
            "interval_months": Parameter("interval_months", 12, "test", "assumption"),
            "allowance_days": Parameter("allowance_days", 10, "test", "assumption"),
        },
        population_file="population.sql",
        population_sql=population,
        eligible_file=None,
        eligible_sql=None,
        actions={one.name: one for one in actions},
        measures={one.name: one for one in measures},
        words={},
        reads=(),
        sha256="0" * 64,
        folder=Path(),
        where="made_up/weighing/2025-01-01",
        states={one.name: one for one in states},
    )
    return replace(plain, **changes)


def pack(*programmes: Programme) -> Pack:
    """The shipped tables and value sets with these programmes."""
    return replace(shipped(), programmes=programmes)


def questions(*programmes: Programme, as_of: date = TODAY, **more: Any) -> Questions:
    """What the programmes ask on a day."""
    return ask(pack(*programmes), as_of, **more)


def connection(rows: Rows) -> duckdb.DuckDBPyConnection:
    """DuckDB with schema ``warehouse``; a column that a row leaves out is null."""
    duck = duckdb.connect(config={"threads": 1})
    duck.execute("create schema warehouse")
    for table in shipped().tables.values():
        columns = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind in table.columns.items())
        duck.execute(f"create table warehouse.{table.name} ({columns})")
        if rows.get(table.name):
            marks = ", ".join("?" * len(table.columns))
            duck.executemany(
                f"insert into warehouse.{table.name} values ({marks})",
                [[row.get(column) for column in table.columns] for row in rows[table.name]],
            )
    return duck


def due_of_everyone(asked: Questions, rows: Rows) -> list[Due]:
    """The due table as DuckDB makes it."""
    duck = connection(rows)
    evaluate(duck, asked)
    return [Due(*row) for row in duck.execute("from due").fetchall()]


def measures_of_everyone(asked: Questions, rows: Rows) -> list[dict[str, Any]]:
    """The measures table as DuckDB makes it."""
    duck = connection(rows)
    evaluate(duck, asked)
    found: pa.Table = duck.sql(summed("measures")).to_arrow_table()
    return found.to_pylist()


def due_of_each(asked: Questions, rows: Rows) -> list[Due]:
    """The due rows as SQLite makes them, one person after another."""
    asker = OnePerson(asked, **directory(rows))
    people = sorted({row["patient_id"] for row in rows.get("patient", ())})
    return [due for who in people for due in asker.due(rows_of(who, rows))]


def rows_of(patient_id: str, rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """One person's rows."""
    return {
        table: [row for row in found if row.get("patient_id") == patient_id]
        for table, found in rows.items()
        if shipped().tables[table].has_patient
    }


def directory(rows: Rows) -> dict[str, dict[str, str]]:
    """What ``OnePerson`` needs to know of places and organisations."""
    return {
        "places": {row["kato"]: row["place_id"] for row in rows.get("territory", ())},
        "organisations": {
            row["id"]: row["parent_id"] for row in rows.get("organisation", ()) if row["parent_id"]
        },
    }


def both(asked: Questions, rows: Rows) -> list[Due]:
    """The due rows, after making sure that both engines say the same."""
    everyone, each = due_of_everyone(asked, rows), due_of_each(asked, rows)
    assert sorted(everyone, key=repr) == sorted(each, key=repr)
    return each
