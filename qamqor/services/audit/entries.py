"""Adds entries to the chain: with a change in its transaction, and before a reading is answered.

Readers who come together share one commit: the first of them leads, takes along whoever waits, and
tells them when it is durable. Nobody gets an answer that is not in the chain.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
from django.db import connection

from qamqor.services.audit import checkpoints
from qamqor.store import audit, node
from qamqor.store.node import Transaction

_ENCODE: Final = msgspec.json.Encoder().encode
_MICROSECOND: Final = timedelta(microseconds=1)
BROKEN_GLASS: Final = "BTG"
"""v3-ActReason: looking was open only because the glass was broken."""
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


A = TypeVar("A")
Answering = Callable[[Sequence[A]], list["Entry"]]


class Agent(Protocol):
    """Who acts, as the audit keeps them: the Actor of the access room."""

    @property
    def account(self) -> int | None: ...
    @property
    def reference(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def client(self) -> str | None: ...
    @property
    def purpose(self) -> str: ...


class Said(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an entry says beside its columns, in this order; what is empty is left out.

    Attributes:
        relation: by which relation the record was open to them.
        what: references of resources returned or changed, with their versions.
        people: ids of the patients concerned.
        query: what was asked, names of parameters without values.
        detail: anything else worth keeping; a reason somebody gave.
    """

    role: str
    purpose: str
    account: int | None = None
    organization: str | None = None
    client: str | None = None
    relation: str | None = None
    what: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    query: str | None = None
    detail: str | None = None


class Entry(NamedTuple):
    """One line of the trail.

    Attributes:
        at: microseconds since 1970 UTC.
        action: read, vread, history, search, create, update, delete, export, import, operation,
            sign_in, sign_out, break_glass, review.
        outcome: ``ok``, ``refused`` or ``failed``.
        agent: FHIR reference of who acted.
        said: the rest, as JSON.
        people: ids of the patients concerned.
    """

    at: int
    action: str
    outcome: str
    agent: str
    said: str
    people: tuple[str, ...]


def entry(
    actor: Agent,
    action: str,
    *,
    at: datetime,
    what: Iterable[str] = (),
    people: Iterable[str] = (),
    outcome: str = "ok",
    relation: str | None = None,
    query: str | None = None,
    detail: str | None = None,
) -> Entry:
    """One line, not yet kept."""
    concerned = tuple(sorted({person for person in people if person}))
    said = Said(
        role=actor.role,
        purpose=BROKEN_GLASS if relation == "break_glass" else actor.purpose,
        account=actor.account,
        organization=actor.organization,
        client=actor.client,
        relation=relation,
        what=tuple(what),
        people=concerned,
        query=query,
        detail=detail,
    )
    moment = (at - _EPOCH) // _MICROSECOND
    return Entry(moment, action, outcome, actor.reference, _ENCODE(said).decode(), concerned)


def note(tx: Transaction, actor: Agent, action: str, **said: Any) -> None:
    """Keep a line with the transaction that makes the change: both or neither."""
    tx.note("audit", entry(actor, action, **said))


def record(actor: Agent, action: str, **said: Any) -> None:
    """Keep a line by itself; returns once it is durable, so that an answer may follow.

    Args:
        said: as of ``entry``: ``at``, ``what``, ``people``, ``outcome``, ``relation``, ``query``,
            ``detail``.
    """
    keep(entry(actor, action, **said))


def keep(*lines: Entry) -> None:
    """Keep lines that are already made; returns once they are durable."""
    if connection.in_atomic_block:
        node.commit(lambda tx: tx.note("audit", *lines))
    else:
        _TOGETHER.keep(lines)


def keep_answered(asked: A, answer: Answering[A]) -> None:
    """Answer what waits for the record together, in the commit that keeps its lines.

    Args:
        asked: what is asked; its answer is put into it.
        answer: called by whoever makes the commit, in its transaction, with all that wait to be
            answered by it; gives the lines to keep. What it raises each of them raises.
    """
    _TOGETHER.keep((), (asked, answer))


MANY: Final = 4
MOMENT: Final = 0.001
"""Seconds to wait for others where the commit before held many: they are on their way again."""


class _Together:
    """Lines of readers who wait at the same time, kept by one piece of work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Reader] = []
        self._is_led = False
        self._size = 0

    def keep(
        self, brought: Sequence[Entry], asks: tuple[Any, Answering[Any]] | None = None
    ) -> None:
        reader = _Reader(brought, asks)
        with self._lock:
            self._waiting.append(reader)
            leads, self._is_led = not self._is_led, True
        if leads:
            self._lead()
        else:
            reader.done.acquire()
        if reader.error is not None:
            raise reader.error

    def _lead(self) -> None:
        taken: list[_Reader] = []

        def lines() -> list[Entry]:
            if self._size > MANY and len(self._waiting) <= MANY:
                time.sleep(MOMENT)
            taken.extend(self._take())
            self._size = len(taken)
            return _lines(taken)

        error: BaseException | None = None
        try:
            node.append("audit", lines)
        except BaseException as failed:
            error = failed
            if not taken:
                taken.extend(self._take())
        for reader in taken:
            reader.error = error
            reader.done.release()

    def _take(self) -> list[_Reader]:
        with self._lock:
            taken, self._waiting, self._is_led = self._waiting, [], False
        return taken


class _Reader:
    """Somebody who waits until their line is durable, or what they ask for is answered."""

    __slots__ = ("asks", "done", "error", "lines")

    def __init__(self, lines: Sequence[Entry], asks: tuple[Any, Answering[Any]] | None) -> None:
        self.lines, self.asks = lines, asks
        self.done = threading.Lock()
        self.done.acquire()
        self.error: BaseException | None = None


def _lines(readers: list[_Reader]) -> list[Entry]:
    """The lines that readers bring, and those of the answers to what they ask."""
    lines = [line for reader in readers for line in reader.lines]
    asked: dict[Answering[Any], list[Any]] = {}
    for reader in readers:
        if reader.asks is not None:
            asked.setdefault(reader.asks[1], []).append(reader.asks[0])
    for answer, waiting in asked.items():
        lines += answer(waiting)
    return lines


_TOGETHER: Final = _Together()


def _write(tx: Transaction, lines: list[Entry]) -> None:
    """The end of a commit: all its lines join the chain, in the order they came."""
    if not lines:
        return
    number, hash_ = audit.add(tx, lines)
    checkpoints.sign_if_time(tx, number, hash_, at=lines[-1].at, added=len(lines))


node.at_the_end("audit", _write)
