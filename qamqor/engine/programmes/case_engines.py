"""The two engines a case runs in: the same tables, views and texts in DuckDB and in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

import duckdb

from qamqor.engine.calendar import register_duckdb, register_sqlite
from qamqor.engine.programmes.binding import for_duckdb, for_sqlite
from qamqor.engine.programmes.filters import (
    known,
    latest,
    open_on,
    population_queries,
    state_queries,
    value_set,
)
from qamqor.engine.programmes.schema import (
    DOSE_COLUMNS,
    POPULATION_COLUMNS,
    STATE_COLUMNS,
    Kind,
    Pack,
    Value,
)

GIVEN: Final = "given_"
DAY: Final = "(select as_of from moment)"
_DUCKDB: Final[dict[Kind, str]] = {
    "text": "varchar",
    "date": "date",
    "double": "double",
    "integer": "bigint",
    "boolean": "boolean",
}
_SQLITE: Final[dict[Kind, str]] = {
    "text": "text",
    "date": "text",
    "double": "real",
    "integer": "integer",
    "boolean": "integer",
}
EngineError = (duckdb.Error, sqlite3.Error)


class Engine(Protocol):
    """What a case asks of an engine."""

    name: str

    def run(self, sql: str, values: Mapping[str, Value]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a query; of other statements nothing."""

    def insert(self, table: str, kinds: Mapping[str, Kind], rows: Iterable[Any]) -> None:
        """Put rows, mappings of column to value, into a table."""


class DuckDB:
    """The engine of everyone at once."""

    name = "DuckDB"
    kinds = _DUCKDB

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        register_duckdb(self.connection)

    def run(self, sql: str, values: Mapping[str, Value]) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self.connection.execute(sql, for_duckdb(sql, values))
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def insert(
        self, table: str, kinds: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        marks = ", ".join(f"({', '.join('?' * len(kinds))})" for _ in rows)
        values = [row.get(column) for row in rows for column in kinds]
        self.connection.execute(f"insert into {table} values {marks}", values)


class SQLite:
    """The engine of one person at a time."""

    name = "SQLite"
    kinds = _SQLITE

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        register_sqlite(self.connection)

    def run(self, sql: str, values: Mapping[str, Value]) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self.connection.execute(sql, for_sqlite(sql, values))
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def insert(
        self, table: str, kinds: Mapping[str, Kind], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        marks = ", ".join("?" * len(kinds))
        values = [[_for_sqlite(row.get(column)) for column in kinds] for row in rows]
        self.connection.executemany(f"insert into {table} values ({marks})", values)


def _for_sqlite(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def engines(pack: Pack) -> tuple[DuckDB, SQLite]:
    """Both engines with the pack's tables, empty, its views and its value sets."""
    both = DuckDB(), SQLite()
    for engine in both:
        for statement in _statements(pack, engine.kinds):
            engine.run(statement, {})
    return both


def population_tables(pack: Pack) -> list[str]:
    """The tables that population queries make, each once."""
    names = (name for programme in pack.programmes for name in population_queries(programme))
    return list(dict.fromkeys(names))


def state_tables(pack: Pack) -> list[str]:
    """The tables that state queries make, each once."""
    names = (name for programme in pack.programmes for name in state_queries(programme))
    return list(dict.fromkeys(names))


def doses_tables(pack: Pack) -> list[str]:
    """The tables of doses that schedules judged, each once."""
    names = (one.doses_table for one in pack.programmes)
    return list(dict.fromkeys(name for name in names if name is not None))


def _statements(pack: Pack, kinds: Mapping[Kind, str]) -> list[str]:
    statements = ["create table moment (as_of date, sees_all boolean)"]
    for table in pack.tables.values():
        statements.append(_create(GIVEN + table.name, table.columns, kinds))
        seen = known(table, GIVEN + table.name, DAY)
        statements.append(f"create view {table.name} as {seen}")
        if table.has_latest:
            newest = latest(table, table.name)
            statements.append(f"create view {table.latest} as {newest}")
    for name, codes in pack.value_sets.items():
        statements.append(f"create table {name} as {value_set(codes)}")
    for name in population_tables(pack):
        statements.append(_create(GIVEN + name, POPULATION_COLUMNS, kinds))
        seen = open_on(GIVEN + name, DAY)
        everyone = f"select * from {GIVEN}{name} where (select sees_all from moment)"
        statements.append(f"create view {name} as {seen} and not (select sees_all from moment)")
        statements[-1] += f" union all {everyone}"
    for name in doses_tables(pack):
        statements.append(_create(GIVEN + name, DOSE_COLUMNS, kinds))
        statements.append(f"create view {name} as select * from {GIVEN}{name}")
    for name in state_tables(pack):
        statements.append(_create(GIVEN + name, STATE_COLUMNS, kinds))
        statements.append(f"create view {name} as select * from {GIVEN}{name}")
    return statements


def _create(name: str, columns: Mapping[str, Kind], kinds: Mapping[Kind, str]) -> str:
    return f"create table {name} ({', '.join(f'{c} {kinds[k]}' for c, k in columns.items())})"
