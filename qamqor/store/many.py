"""Adds many rows to a table with one statement, as fast as each database can."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from qamqor.store import quick
from qamqor.store.node import Transaction

Row = tuple[Any, ...]


class Table(NamedTuple):
    """A table whose rows belong to resources: its columns in the order of rows, the key last."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


SIZES: Final = (8, 4, 2, 1)
"""Rows of one statement to SQLite, few sizes, so that each is prepared once."""
MANY: Final = 64
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
    if quick.is_sqlite():
        _into_sqlite(tx, into, rows, first)
        return
    names = ", ".join(into.columns)
    arrays = ", ".join(f"%s::{kind}[]" for kind in into.types)
    given = ", ".join(["d." + column for column in into.columns[:-1]] + [f"d.key + {first:d}"])
    tx.execute(
        f"""insert into {into.name} ({names})
        select {given} from unnest({arrays}) as d({names}) on conflict do nothing""",
        by_column(rows),
    )


def _into_sqlite(tx: Transaction, into: Table, rows: Sequence[Row], first: int) -> None:
    """Few rows in few statements: the interpreter is let go of once for each of them."""
    if len(rows) > MANY:
        tx.executemany(_inserting(into, 1, first), rows)
        return
    start = 0
    while start < len(rows):
        size = next(size for size in SIZES if size <= len(rows) - start)
        some = rows[start : start + size]
        tx.execute(_inserting(into, size, first), [value for row in some for value in row])
        start += size


@lru_cache(maxsize=512)
def _inserting(into: Table, rows: int, first: int) -> str:
    key = "%s" if not first else f"%s + {first:d}"
    row = f"({', '.join(['%s'] * (len(into.columns) - 1) + [key])})"
    values = ", ".join([row] * rows)
    names = ", ".join(into.columns)
    return f"insert into {into.name} ({names}) values {values} on conflict do nothing"


def by_column(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows as one list for each column."""
    return [list(column) for column in zip(*rows, strict=True)]
