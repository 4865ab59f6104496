"""Asks short questions of the database with as little between as the driver allows.

Django prepares each statement anew, which costs more than SQLite takes to answer from an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Every row of a query; ``%s`` stands for a value, and a lone percent sign for nothing else.

    Args:
        sql: a select of constant text; it is kept, so that values never belong in it.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "sqlite":
        if here.connection is None:
            here.ensure_connection()
        found: list[tuple[Any, ...]] = here.connection.execute(_marked(sql), values).fetchall()
        return found
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def is_sqlite() -> bool:
    """Whether the record is kept in SQLite, whose functions have other names here and there."""
    return str(connections[DEFAULT_DB_ALIAS].vendor) == "sqlite"


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    return sql.replace("%s", "?")
