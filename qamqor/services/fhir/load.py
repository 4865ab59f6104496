"""Loads deliveries of many resources into the record: checked, versioned, indexed, kept apart.

Other processes read, check and flatten; this one stores a thousand resources in each commit. It
stops at nothing: what cannot be stored is kept apart with its reason. Due care is worked out at the
end, and until then the people touched say that theirs is old.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
from django.db import connections

from qamqor.engine.fhir import json_text
from qamqor.services import derived
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import fresh
from qamqor.services.fhir.prepare import Job, Piece, Prepared, packed, prepare, unpack
from qamqor.services.fhir.write import Change, apply
from qamqor.services.settled import begin, settled
from qamqor.services.warehouse.quarantine import Entry
from qamqor.services.warehouse.sources import Line, Source, lines, sources_of
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

LINES: Final = 1000  # handed to a process at once
TOGETHER: Final = 2000  # stored in one commit: others wait for it, perhaps a quarter of a second
FEW_BYTES: Final = 1 << 20  # below it, starting processes takes longer than the work
LARGE: Final = 4 << 20  # bytes of lines handed over at once, however few they are

Key = tuple[str, str]
Progress = Callable[[int], None]


@dataclass(slots=True)
class Loaded:
    """What became of every piece; ``read`` is the sum of the others.

    Attributes:
        apart: by code, what was kept apart.
        people: whose due care was worked out at the end.
    """

    read: int = 0
    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    deleted: int = 0
    not_here: int = 0
    apart: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, int] = field(default_factory=dict)
    people: int = 0


def load(
    paths: Sequence[Path],
    *,
    quarantine: Path,
    actor: Actor,
    at: datetime,
    processes: int = 2,
    progress: Progress = lambda done: None,
) -> Loaded:
    """Store everything in some files and folders.

    Args:
        paths: NDJSON, Bundles, packed or not, or folders of them.
        quarantine: file to which what cannot be stored is added, a JSON object a line.
        at: now; stamped on every version.
        progress: told how many pieces were read.

    Raises:
        NotThere: a path does not exist or holds nothing to load.
    """
    sources = sources_of(paths)
    found = Loaded()
    quarantine.parent.mkdir(parents=True, exist_ok=True)
    with settled(), quarantine.open("ab") as apart:
        for some in _together(_prepared(sources, processes, at)):
            for one in some:
                found.read += one.read
                _keep_apart(one.apart, found, apart)
            node.commit(partial(_store, some, found, actor, at))
            progress(found.read)
        worked = derived.refresh(derived.day_of(at), sequence=versions.last_sequence())
    found.people = worked.people
    return found


def _prepared(sources: Sequence[Source], processes: int, at: datetime) -> Iterator[Prepared]:
    """What other processes made of the lines, in the order of the delivery."""
    size = sum(one.path.stat().st_size for one in sources if one.path.is_file())
    jobs = (Job(sources, number, some, at) for number, some in _slices(sources))
    if processes < 2 or size < FEW_BYTES:
        yield from map(prepare, jobs)
        return
    with ExitStack() as stack:
        context = multiprocessing.get_context(_way_to_start())
        pool = stack.enter_context(
            ProcessPoolExecutor(processes, mp_context=context, initializer=begin)
        )
        running: deque[Future[bytes]] = deque()
        for job in jobs:
            running.append(pool.submit(packed, job))
            if len(running) > 2 * processes:
                yield unpack(running.popleft().result())
        while running:
            yield unpack(running.popleft().result())


def _way_to_start() -> str:
    """Copies of this process know all it has read; with other threads about, new ones are safe.

    The thread that commits starts again with the next work.
    """
    node.stop()
    if threading.active_count() > 1:
        return "spawn"
    derived.tables()
    connections.close_all()
    return "fork"


def _slices(sources: Sequence[Source]) -> Iterator[tuple[int, list[Line]]]:
    for number, source in enumerate(sources):
        some: list[Line] = []
        size = 0
        for line in lines(source):
            some.append(line)
            size += len(line.raw)
            if len(some) >= LINES or size > LARGE:
                yield number, some
                some, size = [], 0
        if some:
            yield number, some


def _together(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Slices for one commit each: many small ones share it."""
    waiting: list[Prepared] = []
    size = 0
    for one in prepared:
        many = len(one.fresh.named) + len(one.pieces)
        if waiting and size + many > TOGETHER:
            yield waiting
            waiting, size = [], 0
        waiting.append(one)
        size += many
    if waiting:
        yield waiting


def _keep_apart(entries: Iterable[Entry], found: Loaded, apart: BinaryIO) -> None:
    for entry in entries:
        found.apart[entry.code] = found.apart.get(entry.code, 0) + 1
        apart.write(msgspec.json.encode(entry) + b"\n")


def _store(
    some: Sequence[Prepared], found: Loaded, actor: Actor, at: datetime, tx: Transaction
) -> None:
    """Store some slices; what the record has never seen goes the short way."""
    for one in some:
        if one.fresh.named and actor.is_platform and fresh.is_fresh(tx, one.fresh):
            fresh.store(tx, one.fresh, actor=actor, at=at)
            found.new += len(one.fresh.named)
            for type_, _ in one.fresh.named:
                found.by_type[type_] = found.by_type.get(type_, 0) + 1
        else:
            store(one.fresh_as_pieces(), found, actor, at, tx)
        store(one.pieces, found, actor, at, tx)


def store(
    pieces: Sequence[Piece], found: Loaded, actor: Actor, at: datetime, tx: Transaction
) -> None:
    """Store some pieces; what the record has already, word for word, makes no new version."""
    standing = versions.standing(tx, [(piece.type, piece.id) for piece in pieces])
    kept = versions.read_by_keys([one.key for one in standing.values()])
    now = {(one.type, one.id): one for one in kept.values()}
    changes: list[Change] = []
    for piece in pieces:
        key = (piece.type, piece.id)
        before = now[key].content if key in now else None
        change = _change(piece, before)
        if change is None:
            found.unchanged += bool(piece.raw)
            found.not_here += not piece.raw
            continue
        changes.append(change)
        found.deleted += not piece.raw
        found.new += bool(piece.raw) and before is None
        found.replaced += bool(piece.raw) and before is not None
        found.by_type[piece.type] = found.by_type.get(piece.type, 0) + 1
    if changes:
        tx.are_many = True
        apply(tx, changes, actor=actor, at=at)


def _change(piece: Piece, before: str | None) -> Change | None:
    """What has to be done for a piece; nothing where the record says the same."""
    if not piece.raw:
        return None if before is None else Change("DELETE", piece.type, piece.id)
    resource = json_text.decode(piece.raw)
    if before is not None and _said(resource) == _said(json_text.decode(before)):
        return None
    return Change("PUT", piece.type, piece.id, resource)


def _said(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what a server writes into it."""
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in _SERVERS}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return {**rest, "meta": meta} if meta else rest


_SERVERS: Final = {"versionId", "lastUpdated"}
