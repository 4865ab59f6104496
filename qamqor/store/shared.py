"""One connection for all who make a commit of readers, one after another.

SQLite forgets the pages that a connection has read as soon as another connection commits. Readers
commit some hundred times a second, in whichever thread comes first; if each used its own
connection, every one would read every page anew, which was a third of what a search cost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from qamqor.store import quick


class Shared:
    """A connection that threads borrow; whoever does must hold what lets one at a time in."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._left_behind: list[Any] = []
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        """In a child that was forked off: the parent's stays its own, and is not closed here."""
        if self._connection is not None:
            self._left_behind.append(self._connection)
            self._connection = None

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Make it this thread's connection for a while; on PostgreSQL each keeps its own."""
        own: Any = connections[DEFAULT_DB_ALIAS]
        if own.vendor != "sqlite":
            yield
            return
        if self._connection is None:
            self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
            self._connection.inc_thread_sharing()
        shared = self._connection
        connections[DEFAULT_DB_ALIAS] = shared
        try:
            if shared.connection is None:
                shared.ensure_connection()
                quick.make_room()
            yield
        except DatabaseError:
            shared.close()
            raise
        finally:
            connections[DEFAULT_DB_ALIAS] = own

    def close(self) -> None:
        """Let go of the database; the next who borrows opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


SHARED: Final = Shared()
