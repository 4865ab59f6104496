"""The node's one committer: changes happen one after another and are answered once durable.

Every change to the record is a piece of work handed to ``commit``. One thread does them in the
order they came, several in one database commit where they came together, so that fifty small
saves cost one wait for the disk; pieces of one kind share each statement as well. A piece that
fails is undone alone (a savepoint) and tells only its own caller. Nobody is answered before the
commit that holds their work has returned.

Because there is one committer, the change sequence has no gaps and is in commit order. Several
processes on one database queue behind a lock: SQLite's write lock, or the row of the counter.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError

from qamqor.errors import QamqorError
from qamqor.store import quick, shared
from qamqor.store.quick import Statements
from qamqor.store.shared import SHARED

logger = logging.getLogger(__name__)
T = TypeVar("T")
A = TypeVar("A")
Doing = Callable[["Transaction", list[A]], Sequence[T | Exception]]
MOST_TOGETHER: Final = 64
"""Pieces of work in one commit: bounds how much one failing disk can take back."""

OBSERVERS: Final[list[Callable[[int, float], None]]] = []
"""Told, after each commit of the committer, how many pieces it held and the seconds it took."""

_AT_WORK: Final = SHARED.at_work
"""Held by whoever makes a commit in this process: who waits here wakes when it is free, who waits
for SQLite's lock sleeps and asks again."""

_here: Final = threading.local()
"""The commit that this thread is making, so that work inside work joins it."""


class Transaction:
    """What a piece of work may do to the database.

    Attributes:
        notes: what the work leaves for the end of the commit, by name; audit entries wait here,
            because their chain follows the order of commits.
        are_many: the work is part of a load of many, after which due care is worked out once.
    """

    def __init__(self, group: _Group) -> None:
        self._group = group
        self._cursor = group.cursor
        self.execute: Callable[..., None] = self._cursor.execute
        self.notes: dict[str, list[Any]] = {}
        self.are_many = False

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query; ``%s`` stands for a value."""
        return self._cursor.rows(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows; nothing is sent for none."""
        listed = rows if isinstance(rows, list) else list(rows)
        if listed:
            self._cursor.executemany(sql, listed)

    def changed(self) -> int:
        """How many rows the last statement changed."""
        return self._cursor.changed()

    def sequence(self, count: int = 1) -> int:
        """Take the next numbers of the change sequence; returns the first of them."""
        return self._group.take(count)

    @property
    def parameters(self) -> int | None:
        """Which search parameters of its own the node has; None once this commit changed them."""
        return self._group.parameters

    def parameters_changed(self) -> None:
        """Whoever indexes later in this commit reads them anew."""
        self._group.parameters = None

    def note(self, name: str, *things: Any) -> None:
        """Leave something for the end of the commit."""
        self.notes.setdefault(name, []).extend(things)


class _Group:
    """One database commit: the counter as this commit moves it, and what its works left."""

    def __init__(self) -> None:
        self.cursor = Statements()
        lock = "" if connection.vendor == "sqlite" else " for update"
        counters = self.cursor.rows(
            "select value from node_counter where name in ('parameters', 'sequence')"
            f" order by name{lock}"
        )
        self.parameters: int | None
        self.parameters, self.value = (int(row[0]) for row in counters)
        self._stored = self.value
        self.notes: dict[str, list[Any]] = {}
        _here.group = self

    def take(self, count: int) -> int:
        first, self.value = self.value + 1, self.value + count
        return first

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Do one piece; if it fails its numbers are free again and its notes are gone."""
        before = self.value
        tx = Transaction(self)
        try:
            with _undone_alone(self.cursor):
                result = work(tx)
        except BaseException:
            self.value = before
            raise
        for name, things in tx.notes.items():
            self.notes.setdefault(name, []).extend(things)
        return result

    def finish(self) -> None:
        """The last statements before the commit: notes are written, the counter is stored."""
        _here.group = None
        for name, things in self.notes.items():
            _ENDINGS[name](Transaction(self), things)
        if self.value != self._stored:
            self.cursor.execute(
                "update node_counter set value = %s where name = 'sequence'", [self.value]
            )
        self.cursor.close()


@contextmanager
def _undone_alone(cursor: Statements) -> Iterator[None]:
    """A savepoint, as ``transaction.atomic`` makes one inside another, in a tenth of the time."""
    cursor.execute("savepoint piece")
    try:
        yield
        if connection.needs_rollback:
            raise TransactionManagementError("an error inside this work was passed over")
    except BaseException:
        try:
            cursor.execute("rollback to savepoint piece")
            cursor.execute("release savepoint piece")
            connection.needs_rollback = False
        except DatabaseError:
            connection.needs_rollback = True
        raise
    cursor.execute("release savepoint piece")


_ENDINGS: dict[str, Callable[[Transaction, list[Any]], None]] = {}


def at_the_end(name: str, write: Callable[[Transaction, list[Any]], None]) -> None:
    """Say how notes of a name are written just before each commit, all of the commit at once."""
    _ENDINGS[name] = write


class _Job(Generic[T]):
    """A piece of work and the place where its caller waits; ``doing`` does several like it."""

    def __init__(
        self,
        work: Callable[[Transaction], T],
        *,
        is_aside: bool = False,
        asked: Any = None,
        doing: Doing[Any, T] | None = None,
    ) -> None:
        self.work, self.is_aside = work, is_aside
        self.asked, self.doing = asked, doing
        self.future: Future[T] = Future()
        self.result: T
        self.error: BaseException | None = None

    def aside(self) -> None:
        """Do work that changes nothing, outside of any commit."""
        try:
            self.result = self.work()  # type: ignore[call-arg]
        except Exception as error:
            self.error = error
        self.answer()

    def answer(self) -> None:
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Committer:
    """A queue and one thread; the thread starts with the first work, once in each process."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._process = 0
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        """In a child that was forked off: a lock another thread held would stay closed for ever."""
        self._starting = threading.Lock()
        self._process, self._thread = 0, None

    def commit(self, work: Callable[[Transaction], T]) -> T:
        """Do the work in the committer's thread and wait until it is durable.

        Raises:
            whatever the work raises, with nothing of it kept.
        """
        return self.wait_for(_Job(work))

    def wait_for(self, job: _Job[T]) -> T:
        """Have a job done and wait until it is durable."""
        self._start()
        self._queue.put(job)
        return job.future.result()

    def aside(self, work: Callable[[], T]) -> T:
        """Do work in the committer's thread that is no part of any commit.

        Raises:
            whatever the work raises.
        """
        return self.wait_for(_Job(work, is_aside=True))  # type: ignore[arg-type]

    def _start(self) -> None:
        if self._process == os.getpid():
            return
        with self._starting:
            if self._process != os.getpid():
                self._queue = SimpleQueue()
                self._thread = threading.Thread(target=self._serve, name="committer", daemon=True)
                self._thread.start()
                self._process = os.getpid()

    def stop(self) -> None:
        """Finish what is waiting, close the connection, end the thread; the next work restarts."""
        with self._starting:
            if self._thread is None or self._process != os.getpid():
                return
            self._queue.put(None)
            self._thread.join()
            self._thread, self._process = None, 0

    def _serve(self) -> None:
        while True:
            waiting: list[_Job[Any] | None] = [self._queue.get()]
            try:
                while waiting[-1] is not None and len(waiting) < MOST_TOGETHER:
                    waiting.append(self._queue.get_nowait())
            except Empty:
                pass
            for job in waiting:
                if job is not None and job.is_aside:
                    job.aside()
            jobs = [job for job in waiting if job is not None and not job.is_aside]
            if jobs:
                self._do(jobs)
            if waiting[-1] is None:
                connection.close()
                return

    def _do(self, jobs: list[_Job[Any]]) -> None:
        started = time.perf_counter()
        try:
            if connection.connection is None:
                connection.ensure_connection()
                quick.make_room()
            with _AT_WORK, transaction.atomic():
                group = _Group()
                for alike in _side_by_side(jobs):
                    _attempt_all(group, alike)
                group.finish()
        except BaseException as error:
            _here.group = None
            for job in jobs:
                job.error = error
            if isinstance(error, DatabaseError):
                connection.close()
        for job in jobs:
            job.answer()
        for observe in OBSERVERS:
            observe(len(jobs), time.perf_counter() - started)


def _side_by_side(jobs: Sequence[_Job[Any]]) -> Iterator[list[_Job[Any]]]:
    """Jobs in their order, those that one call can do in one list."""
    for doing, some in groupby(jobs, key=lambda job: job.doing):
        if doing is None:
            yield from ([job] for job in some)
        else:
            yield list(some)


def _attempt_all(group: _Group, jobs: list[_Job[Any]]) -> None:
    """Do jobs by one call; where it fails, each by itself, so that one cannot fail the others."""
    doing = jobs[0].doing
    if doing is not None and len(jobs) > 1:
        try:
            answers = group.run(lambda tx: doing(tx, [job.asked for job in jobs]))
        except Exception:
            logger.info("work done together failed and is done piece by piece", exc_info=True)
        else:
            for job, answer in zip(jobs, answers, strict=True):
                if isinstance(answer, Exception):
                    job.error = answer
                else:
                    job.result = answer
            return
    for job in jobs:
        _attempt(group, job)


def _attempt(group: _Group, job: _Job[Any]) -> None:
    try:
        job.result = group.run(job.work)
    except Exception as error:
        job.error = error


_COMMITTER: Final = Committer()


def commit(work: Callable[[Transaction], T]) -> T:
    """Do a piece of work whole or not at all; returns once it is durable.

    Work asked for inside a transaction of the calling thread joins that transaction.

    Args:
        work: gets the transaction, returns what the caller wants to know; may be run in another
            thread, so it takes what it needs as arguments or closes over values.
    """
    group: _Group | None = getattr(_here, "group", None)
    if group is not None:
        return group.run(work)
    if connection.in_atomic_block:
        return _joined(work)
    return _COMMITTER.commit(work)


def commit_together(asked: A, doing: Doing[A, T]) -> T:
    """Do one of many pieces of a kind; returns once it is durable.

    Pieces that wait side by side are done by one call, so that each table is written once for all
    of them. Nobody's failure is another's: what cannot be done together is done piece by piece.

    Args:
        asked: what this caller asks.
        doing: does what some callers ask, in their order; answers each with a result, or with the
            error of what left nothing behind. One function for the kind: it is compared.

    Raises:
        whatever the call raises or answers, with nothing of this piece kept.
    """

    def alone(tx: Transaction) -> T:
        (answer,) = doing(tx, [asked])
        if isinstance(answer, Exception):
            raise answer
        return answer

    if getattr(_here, "group", None) is not None or connection.in_atomic_block:
        return commit(alone)
    return _COMMITTER.wait_for(_Job(alone, asked=asked, doing=doing))


def commit_each(asked: list[A], doing: Doing[A, T]) -> list[T | Exception]:
    """Do pieces of a kind that one caller asks for, each table written once for all of them.

    Returns:
        for each what was done, or the error of what left nothing behind; where they cannot be done
        together they are done piece by piece.

    Raises:
        whatever nobody foresaw, with nothing of that piece kept.
    """
    try:
        return list(commit(lambda tx: doing(tx, asked)))
    except Exception:
        logger.info("work done together failed and is done piece by piece", exc_info=True)
    answers: list[T | Exception] = []
    for one in asked:
        try:
            answers.append(commit_together(one, doing))
        except QamqorError as error:
            answers.append(error)
    return answers


def append(name: str, take: Callable[[], list[Any]]) -> None:
    """Write notes in a commit of their own, in the calling thread; returns once it is durable.

    SQLite's is made on a connection that all who call this share, one after another.

    Args:
        name: as of ``at_the_end``.
        take: called once it is this commit's turn, so that whoever came meanwhile comes along.
    """
    try:
        with _AT_WORK, SHARED.borrowed():
            started = time.perf_counter()
            with transaction.atomic():
                group = _Group()
                notes = take()
                group.notes.setdefault(name, []).extend(notes)
                group.finish()
    finally:
        _here.group = None
    for observe in OBSERVERS:
        observe(len(notes), time.perf_counter() - started)


def aside(work: Callable[[], T]) -> T:
    """Do work that changes nothing in the thread that commits: to prepare what it will need."""
    return _COMMITTER.aside(work)


def _joined(work: Callable[[Transaction], T]) -> T:
    try:
        with transaction.atomic():
            group = _Group()
            result = group.run(work)
            group.finish()
        return result
    finally:
        _here.group = None


def stop() -> None:
    """Finish what is waiting and let go of the database: for a graceful stop."""
    _COMMITTER.stop()
    shared.close_all()
