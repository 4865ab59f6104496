"""Finds resources by the parameters they have a value for, and by any part of a text.

The parameters of a resource that have a value are its *shape*. A type has few shapes however many
resources it has, so that what lacks a value is found by the shapes that lack it. Texts are kept
once each, with an index of every three letters that follow each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connection

from qamqor.engine.fhir.search.own import FIRST_NUMBER
from qamqor.engine.fhir.search.values import KINDS, Values
from qamqor.store import many
from qamqor.store.many import Table
from qamqor.store.node import Transaction

SHAPES: Final = "shapes"
"""The kind of rows of shape, number of the shape and its parameters, key."""
SHAPE: Final[Table] = many.table("search_shape", "shape:bigint")
NOTHING: Final = 0
"""The shape of resources that have no value at all, of whatever type."""
LEAST_LETTERS: Final = 3
"""Shorter parts of a text are in no index of three letters."""
ENOUGH_LETTERS: Final = 60
"""Of a longer part the beginning is looked for in the index, and the whole in what that finds."""

ShapeRow = tuple[int, tuple[int, ...], int]


def shape_of(values: Values) -> tuple[int, tuple[int, ...]]:
    """The number of a resource's shape, and the parameters of R4 for which it has values."""
    found = {
        row[0] for kind in KINDS if kind != "labels" for row in getattr(values, kind)
    }  # fmt: skip
    return shape(tuple(sorted(number for number in found if number < FIRST_NUMBER)))


@lru_cache(maxsize=10_000)
def shape(parameters: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The shape of some parameters, by a number that is the same everywhere."""
    if not parameters:
        return NOTHING, parameters
    digest = hashlib.sha256(",".join(map(str, parameters)).encode()).digest()
    return int.from_bytes(digest[:8]) >> 1, parameters


def replace(tx: Transaction, changes: Iterable[tuple[int, Values | None, Values | None]]) -> None:
    """Bring the shapes of resources from their old to their new values; as ``search_index``."""
    gone: list[tuple[int, int]] = []
    come: list[ShapeRow] = []
    for key, old, new in changes:
        before = None if old is None else shape_of(old)
        after = None if new is None else shape_of(new)
        if before == after:
            continue
        if before is not None:
            gone.append((before[0], key))
        if after is not None:
            come.append((*after, key))
    if gone:
        tx.executemany("delete from search_shape where shape = %s and key = %s", gone)
    add(tx, come)


def add(tx: Transaction, rows: Sequence[ShapeRow], *, first: int = 0) -> None:
    """Add the shapes of resources that had none."""
    many.insert(tx, SHAPE, sorted((number, key) for number, _, key in rows), first=first)
    for number, parameters in {number: parameters for number, parameters, _ in rows}.items():
        if parameters and not _is_known(tx, number, parameters[0]):
            tx.executemany(
                """insert into search_shape_of (param, shape) values (%s, %s)
                on conflict do nothing""",
                [(parameter, number) for parameter in parameters],
            )


def _is_known(tx: Transaction, number: int, parameter: int) -> bool:
    sql = "select 1 from search_shape_of where param = %s and shape = %s"
    return bool(tx.rows(sql, [parameter, number]))


def add_texts(tx: Transaction, texts: Iterable[str]) -> None:
    """Keep folded texts, each once; the database keeps the index of their letters."""
    listed = sorted(set(texts))
    if not listed:
        return
    if connection.vendor == "sqlite":
        tx.executemany(
            "insert into search_text (text) values (%s) on conflict do nothing",
            [(text,) for text in listed],
        )
        return
    tx.execute(
        """insert into search_text (text) select * from unnest(%s::text[])
        on conflict do nothing""",
        [listed],
    )


def clear(tx: Transaction) -> None:
    """Forget which resource has which shape; shapes and texts are true whoever has them."""
    tx.execute("delete from search_shape")


def lacking(number: int, numbers: Sequence[int], resource_type: str) -> list[tuple[str, Any]]:
    """Statements, with their values, that list the keys of resources without a value.

    Args:
        number: of the parameter. numbers: of all parameters of R4 that the type has.
    """
    marks = ",".join(["%s"] * len(numbers))
    return [
        (
            f"""select a.key from search_shape a where a.shape in (
            select o.shape from search_shape_of o where o.param in ({marks})
            except select n.shape from search_shape_of n where n.param = %s)""",
            (*numbers, number),
        ),
        (
            """select a.key from search_shape a cross join fhir_resource t
            where a.shape = %s and t.key = a.key and t.type = %s""",
            (NOTHING, resource_type),
        ),
    ]


def holding(number: int, text: str, like: str) -> tuple[str, Any] | None:
    """A statement, with its values, that lists the keys of resources with a part of a text.

    Args:
        text: folded, as looked for. like: the same as a pattern, backslash before what is meant
            as it stands.

    Returns:
        None where no index knows: the part is too short.
    """
    if len(text) < LEAST_LETTERS or "\0" in text:
        return None
    if connection.vendor == "sqlite":
        quoted = '"' + text[:ENOUGH_LETTERS].replace('"', '""') + '"'
        return (
            """select a.key from search_text_part p cross join search_text t
            cross join search_string a where p.search_text_part match %s and t.id = p.rowid
            and t.text like %s escape '\\' and a.param = %s and a.text = t.text""",
            (quoted, like, number),
        )
    return (
        """select a.key from search_text t join search_string a on a.text = t.text
        where t.text like %s escape '\\' and a.param = %s""",
        (like, number),
    )
