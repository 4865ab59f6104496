"""Asks short questions of the database with as little between as the driver allows.

Django prepares each statement anew, which costs more than SQLite takes to answer from an index.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor


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


def prepared(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """As ``rows``, by a statement that the database keeps prepared on each connection.

    Args:
        sql: one of few texts, asked often, whose best plan is the same for all values: PostgreSQL
            keeps the plan too. The type of each value must be plain from where it stands.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "sqlite":
        return rows(sql, values)
    here.ensure_connection()
    with _preparing(here.connection), here.wrap_database_errors, Cursor(here.connection) as cursor:
        cursor.execute(sql, values, prepare=True)
        return list(cursor.fetchall())


@contextmanager
def _preparing(connection: Any) -> Iterator[None]:
    """Let a connection prepare: Django turns it off, and then ``prepare`` asks in vain.

    It is on for these statements only, because elsewhere psycopg would count texts with values.
    """
    connection.prepare_threshold = 0
    try:
        yield
    finally:
        connection.prepare_threshold = None


def is_sqlite() -> bool:
    """Whether the record is kept in SQLite, whose functions have other names here and there."""
    return str(connections[DEFAULT_DB_ALIAS].vendor) == "sqlite"


def joining() -> tuple[str, str]:
    """Names of the functions that join texts of many rows, and that give a character by number."""
    return ("group_concat", "char") if is_sqlite() else ("string_agg", "chr")


ROOM: Final = "pragma cache_size = -131072"
"""Told to SQLite, a connection holds what a large commit changes: for the one that writes."""


def make_room() -> None:
    """Let this thread's connection hold what a large commit changes."""
    if is_sqlite():
        rows(ROOM, [])


class TakesLong(Exception):
    """Statements were stopped, because they took more steps than they were given."""


MANY_STEPS: Final = 20_000
"""SQLite is asked so rarely whether it may go on, because the answer waits for the interpreter."""


class Steps:
    """Steps of SQLite's that statements may still take, in portions of ``MANY_STEPS``.

    SQLite counts the steps of a statement from one time to the next, so that a short one may take
    a portion that others began.
    """

    __slots__ = ("left",)

    def __init__(self, portions: int) -> None:
        self.left = portions


class _Within(threading.local):
    """The steps that this thread's statements may take now."""

    steps: Steps | None = None


_within: Final = _Within()


def _is_over() -> bool:
    """What SQLite asks after each portion."""
    steps = _within.steps
    if steps is None:
        return False
    steps.left -= 1
    return steps.left < 0


class at_most:  # noqa: N801 - it is used as a function
    """Stop what is asked of SQLite within, once it has taken its steps; what was read is lost.

    One may stand inside another: what the inner takes the outer has less.

    Raises:
        TakesLong: it was stopped. The transaction around it goes on.
    """

    __slots__ = ("_before", "_here", "_outer", "_steps")

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __enter__(self) -> None:
        self._outer, self._before = _within.steps, self._steps.left
        if self._outer is None:
            here: Any = connections[DEFAULT_DB_ALIAS]
            here.ensure_connection()
            self._here = here.connection
            self._here.set_progress_handler(_is_over, MANY_STEPS)
        _within.steps = self._steps

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        outer = _within.steps = self._outer
        if outer is None:
            self._here.set_progress_handler(None, 0)
        else:
            outer.left -= self._before - self._steps.left
        is_stopped = kind is not None and issubclass(kind, sqlite3.OperationalError)
        if is_stopped and self._steps.left < 0:
            raise TakesLong from None


def is_in_transaction() -> bool:
    """Whether SQLite still has the transaction of this thread open: some failures end it."""
    return bool(connections[DEFAULT_DB_ALIAS].connection.in_transaction)


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    return sql.replace("%s", "?")


class Statements:
    """A cursor for the statements of one commit: SQLite's own, or Django's for PostgreSQL.

    Errors are Django's either way. ``%s`` stands for a value.
    """

    def __init__(self) -> None:
        here: Any = connections[DEFAULT_DB_ALIAS]
        self._is_sqlite = here.vendor == "sqlite"
        if self._is_sqlite:
            here.ensure_connection()
            self._cursor: Any = here.connection.cursor()
        else:
            self._cursor = here.cursor()
        self._errors = here.wrap_database_errors

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """One statement."""
        if self._is_sqlite:
            with self._errors:
                self._cursor.execute(_marked(sql), values)
        else:
            self._cursor.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows."""
        if self._is_sqlite:
            with self._errors:
                self._cursor.executemany(_marked(sql), rows)
        else:
            self._cursor.executemany(sql, rows)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        self.execute(sql, values)
        with self._errors:
            found: list[tuple[Any, ...]] = self._cursor.fetchall()
        return found

    def changed(self) -> int:
        """How many rows the last statement changed."""
        return int(self._cursor.rowcount)

    def close(self) -> None:
        """Let go of the cursor."""
        self._cursor.close()
