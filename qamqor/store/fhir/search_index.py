"""Keeps the search index in step with resources: what changed in a resource changes its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from django.db import connection

from qamqor.engine.fhir.search.values import KINDS, Values
from qamqor.store import many
from qamqor.store.fhir import search_shapes
from qamqor.store.fhir.search_shapes import SHAPES
from qamqor.store.many import Row, Table
from qamqor.store.node import Transaction


def _table(name: str, columns: str) -> Table:
    return many.table(f"search_{name}", f"param:int {columns}")


TABLES: Final[dict[str, Table]] = {
    "tokens": _table("token", "code:text system:bigint"),
    "labels": _table("label", "label:bigint"),
    "strings": _table("string", "text:text exact:text"),
    "dates": _table("date", "low:bigint high:bigint"),
    "quantities": _table(
        "quantity",
        "low:double high:double code:text system:bigint unit:text kind:text least:double "
        "most:double",
    ),
    "references": _table("reference", "id:text type:text"),
    "uris": _table("uri", "uri:text"),
    "composites": _table(
        "composite",
        "code:text system:bigint code2:text system2:bigint low:double high:double unit:text "
        "kind:text least:double most:double third_low:double third_high:double place:int",
    ),
}


def replace(
    tx: Transaction,
    changes: Collection[tuple[int, Values | None, Values | None]],
    *,
    is_all: bool = True,
) -> None:
    """Bring the index from the old to the new values of some resources.

    Args:
        tx: the transaction that changes them.
        changes: for each resource its key, the values of the version that was indexed (None: none
            was) and those of the new one (None: deleted). A resource is there at most once.
        is_all: whether the values are all of each resource, and not those of some parameters.
    """
    if is_all:
        search_shapes.replace(tx, changes)
    gone: dict[str, list[Row]] = defaultdict(list)
    come: dict[str, list[Row]] = defaultdict(list)
    texts: dict[int, str] = {}
    for key, old, new in changes:
        if new is not None:
            texts |= new.texts
        for kind in KINDS:
            before, after = _rows(kind, old), _rows(kind, new)
            if before == after:
                continue
            gone[kind] += [(*row, key) for row in before - after]
            come[kind] += [(*row, key) for row in after - before]
    for kind, rows in gone.items():
        _delete(tx, TABLES[kind], rows)
    add(tx, come, texts)


def add(
    tx: Transaction, rows: Mapping[str, list[Row]], texts: Mapping[int, str], *, first: int = 0
) -> None:
    """Add rows of resources that had none of them.

    Args:
        rows: by kind, each as the engine gives it with the key of its resource behind.
        first: added to every key.
    """
    search_shapes.add(tx, rows.get(SHAPES, []), first=first)
    search_shapes.add_texts(tx, (row[1] for row in rows.get("strings", [])))
    for kind, some in rows.items():
        if kind == SHAPES:
            continue
        some.sort()
        many.insert(tx, TABLES[kind], some, first=first)
    _insert_texts(tx, texts)


def rows_of(values: Values, key: int) -> Iterator[tuple[str, list[Row]]]:
    """The rows of one resource by kind, ready to be added."""
    for kind in KINDS:
        if found := _rows(kind, values):
            yield kind, [(*row, key) for row in found]
    yield SHAPES, [(*search_shapes.shape_of(values), key)]


def _rows(kind: str, values: Values | None) -> set[Row]:
    """The distinct rows of one kind; composites are numbered, since several may start alike."""
    if values is None:
        return set()
    listed: list[Any] = getattr(values, kind)
    if not listed:
        return set()
    if kind == "composites":
        return {(*row, place) for place, row in enumerate(sorted(set(listed)))}
    return set(listed)


def _delete(tx: Transaction, table: Table, rows: list[Row]) -> None:
    if not rows:
        return
    if connection.vendor == "sqlite":
        same = " and ".join(f"{column} = %s" for column in table.columns)
        tx.executemany(f"delete from {table.name} where {same}", rows)
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in table.types)
    names = ", ".join(table.columns)
    same = " and ".join(f"t.{column} = d.{column}" for column in table.columns)
    tx.execute(
        f"delete from {table.name} t using unnest({arrays}) as d({names}) where {same}",
        many.by_column(rows),
    )


def _insert_texts(tx: Transaction, texts: Mapping[int, str]) -> None:
    """Texts beside codes are kept once for all resources, under a number made from the text."""
    if not texts:
        return
    rows = sorted(texts.items())
    if connection.vendor == "sqlite":
        tx.executemany(
            "insert into search_label_text (label, text) values (%s, %s) on conflict do nothing",
            rows,
        )
        return
    tx.execute(
        """insert into search_label_text (label, text)
        select * from unnest(%s::bigint[], %s::text[]) on conflict do nothing""",
        many.by_column(rows),
    )


def clear(tx: Transaction) -> None:
    """Empty the index, to be filled again."""
    for table in (*TABLES.values(), Table("search_label_text", (), ())):
        tx.execute(f"delete from {table.name}")
    search_shapes.clear(tx)
