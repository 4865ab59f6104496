"""Adds many rows to a table with one statement, as fast as each database can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.db import connection

from qamqor.store.node import Transaction

Row = tuple[Any, ...]


class Table(NamedTuple):
    """A table whose rows belong to resources: its columns in the order of rows, the key last."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


_TYPES: Final = {"int": "integer", "double": "double precision"}


def table(name: str, columns: str) -> Table:
    """A table by the columns before its key, each ``name:type`` (int, bigint, double, text)."""
    pairs = [column.split(":") for column in f"{columns} key:bigint".split()]
    return Table(
        name,
        tuple(column for column, _ in pairs),
        tuple(_TYPES.get(kind, kind) for _, kind in pairs),
    )


def insert(tx: Transaction, into: Table, rows: Sequence[Row], *, first: int = 0) -> None:
    """Add rows; one that is there already stays.

    Args:
        first: added to the key of every row, so that rows may be made before keys are known.
    """
    if not rows:
        return
    names = ", ".join(into.columns)
    if connection.vendor == "sqlite":
        marks = ", ".join(["%s"] * (len(into.columns) - 1) + [f"%s + {first:d}"])
        tx.executemany(
            f"insert into {into.name} ({names}) values ({marks}) on conflict do nothing", rows
        )
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in into.types)
    given = ", ".join(["d." + column for column in into.columns[:-1]] + [f"d.key + {first:d}"])
    tx.execute(
        f"""insert into {into.name} ({names})
        select {given} from unnest({arrays}) as d({names}) on conflict do nothing""",
        by_column(rows),
    )


def by_column(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows as one list for each column."""
    return [list(column) for column in zip(*rows, strict=True)]
