"""Counts what is asked of the database, by whichever door: Django's, or the driver's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext


@contextmanager
def reads() -> Iterator[list[str]]:
    """Every statement that reads, in the order they were asked; whole at the end of the block.

    What is written is left out: the audit names everybody who was shown, some people a statement.
    """
    found: list[str] = []
    if connection.vendor != "sqlite":
        with CaptureQueriesContext(connection) as asked:
            yield found
        found += [sql for one in asked if _reads(sql := str(one["sql"]))]
        return
    connection.ensure_connection()
    here = connection.connection
    here.set_trace_callback(lambda sql: found.append(sql) if _reads(sql) else None)
    try:
        yield found
    finally:
        here.set_trace_callback(None)


def _reads(sql: str) -> bool:
    return sql.lstrip(" (\n").lower().startswith(("select", "with"))
