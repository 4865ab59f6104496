"""Evaluates some buckets of the warehouse: in a thread here, or as a task elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from qamqor.engine.population.due import SQL_TYPES
from qamqor.engine.population.evaluate import DUE, MEASURES, evaluate
from qamqor.engine.population.questions import Questions
from qamqor.engine.population.sight import WAREHOUSE
from qamqor.engine.programmes.schema import Table
from qamqor.store.warehouse import Warehouse

MOST_PEOPLE: Final = 500_000  # beyond it planning is a small part already and memory only grows
BYTES_PER_PERSON: Final = 7_000  # what a person's rows and results take while they are worked on


@dataclass(frozen=True, slots=True)
class Group:
    """Some buckets, and where their due rows go.

    Attributes:
        due_file: a new Parquet file.
        memory_bytes: what DuckDB may use before it spills into ``spill``.
    """

    buckets: tuple[int, ...]
    due_file: Path
    memory_bytes: int
    spill: Path


def run(warehouse: Warehouse, questions: Questions, group: Group) -> pa.Table:
    """Write the due rows of a group of people; the small table of their measures comes back.

    Groups never talk to each other; their measures are added up afterwards. One thread: a
    second group beside this one uses the second processor better than two threads on one.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{group.memory_bytes // 2**20}MiB",
        "temp_directory": str(group.spill),
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("set enable_progress_bar = false")  # a task's stdout stays clean
        register(connection, warehouse, questions.pack.tables.values(), group.buckets)
        evaluate(connection, questions)
        connection.execute(
            f"copy {DUE} to '{_quoted(group.due_file)}' (format parquet, compression zstd)"
        )
        return connection.sql(f"from {MEASURES}").to_arrow_table()


def register(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    tables: Iterable[Table],
    buckets: Sequence[int] | None,
) -> None:
    """Give a connection the schema ``warehouse``: a view of each table in some buckets."""
    connection.execute(f"create schema if not exists {WAREHOUSE}")
    for table in tables:
        paths = warehouse.files(table.name, buckets) if table.name in warehouse.tables else []
        columns = ", ".join(table.columns)
        rows = f"select {columns} from read_parquet([{', '.join(map(_literal, paths))}])"  # noqa: S608
        if not paths:
            nulls = (f"cast(null as {SQL_TYPES[k]}) as {c}" for c, k in table.columns.items())
            rows = f"select {', '.join(nulls)} where false"
        connection.execute(f"create or replace view {WAREHOUSE}.{table.name} as {rows}")


def _literal(path: Path) -> str:
    return f"'{_quoted(path)}'"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def groups(warehouse: Warehouse, folder: Path, *, workers: int, memory_bytes: int) -> list[Group]:
    """Share the buckets among as few groups as memory allows, at least one for each worker.

    Args:
        folder: where the due files go.
        workers: how many groups run at a time; they share the memory.
        memory_bytes: what all of them together may use.
    """
    people = max(1, warehouse.rows("patient"))
    each = memory_bytes // workers
    fit = max(1, min(MOST_PEOPLE, each // BYTES_PER_PERSON))
    count = min(warehouse.buckets, max(workers, math.ceil(people / fit)))
    count = math.ceil(count / workers) * workers if warehouse.buckets > count else count
    spread = [
        tuple(range(start, warehouse.buckets, count))
        for start in range(min(count, warehouse.buckets))
    ]
    return [
        Group(
            buckets, folder / f"{number:04d}.parquet", each, folder.parent / ".spill" / str(number)
        )
        for number, buckets in enumerate(spread)
    ]
