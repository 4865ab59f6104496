"""One connection for all who make a commit of readers, one after another.

SQLite forgets the pages that a connection has read as soon as another connection commits. Readers
commit some hundred times a second, in whichever thread comes first; if each used its own
connection, every one would read every page anew, which was a third of what a search cost.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from qamqor.store import quick

_ALL: Final[list[Shared]] = []


class Shared:
    """A connection that threads borrow, one at a time.

    Attributes:
        at_work: held by whoever borrows it.
    """

    def __init__(self, vendor: str, *, begin: Sequence[str]) -> None:
        """One to databases of a vendor, on others each thread keeps its own.

        Args:
            begin: what it is told when it is opened.
        """
        self._vendor, self._begin = vendor, begin
        self.at_work = threading.Lock()
        self._connection: Any = None
        self._left_behind: list[Any] = []
        os.register_at_fork(after_in_child=self._begin_anew)
        _ALL.append(self)

    def _begin_anew(self) -> None:
        """In a child that was forked off: the parent's stays its own, and is not closed here."""
        if self._connection is not None:
            self._left_behind.append(self._connection)
            self._connection = None

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Make it this thread's connection for a while."""
        own: Any = connections[DEFAULT_DB_ALIAS]
        if own.vendor != self._vendor:
            yield
            return
        if self._connection is None:
            self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            self._connection.inc_thread_sharing()
        shared = self._connection
        connections[DEFAULT_DB_ALIAS] = shared
        try:
            if shared.connection is None:
                self._open(shared)
            yield
        except DatabaseError:
            shared.close()
            raise
        finally:
            connections[DEFAULT_DB_ALIAS] = own

    def _open(self, shared: Any) -> None:
        shared.ensure_connection()
        with shared.cursor() as cursor:
            for statement in self._begin:
                cursor.execute(statement)

    def close(self) -> None:
        """Let go of the database; the next who borrows opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


SHARED: Final = Shared("sqlite", begin=(quick.ROOM,))


def close_all() -> None:
    """Let go of the database, each once nobody has borrowed it."""
    for one in _ALL:
        with one.at_work:
            one.close()
