"""Loads deliveries of many resources into the record: checked, versioned, indexed, kept apart.

Other processes read, check and flatten; this one stores a thousand resources in each commit. It
stops at nothing: what cannot be stored is kept apart with its reason. Due care is worked out at the
end, and until then the people touched say that theirs is old.
"""

from __future__ import annotations

import multiprocessing
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

from qamqor.engine.fhir import json_text
from qamqor.services import derived
from qamqor.services.access.actor import Actor
from qamqor.services.fhir.prepare import Piece, Prepared, prepare
from qamqor.services.fhir.write import Change, apply
from qamqor.services.warehouse.quarantine import Entry
from qamqor.services.warehouse.sources import Line, Source, lines, sources_of
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

LINES: Final = 400  # handed to a process at once
TOGETHER: Final = 1000  # stored in one commit
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
    with quarantine.open("ab") as apart:
        for waiting in _commits(_prepared(sources, processes), found, apart):
            node.commit(partial(store, waiting, found, actor, at))
            progress(found.read)
    worked = derived.refresh(derived.day_of(at), sequence=versions.last_sequence())
    found.people = worked.people
    return found


def _prepared(sources: Sequence[Source], processes: int) -> Iterator[Prepared]:
    """What other processes made of the lines, in the order of the delivery."""
    size = sum(one.path.stat().st_size for one in sources if one.path.is_file())
    jobs = ((sources, number, some) for number, some in _slices(sources))
    if processes < 2 or size < FEW_BYTES:
        yield from map(prepare, jobs)
        return
    with ExitStack() as stack:
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(processes, mp_context=context))
        running: deque[Future[Prepared]] = deque()
        for job in jobs:
            running.append(pool.submit(prepare, job))
            if len(running) > 4 * processes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


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


def _commits(
    prepared: Iterable[Prepared], found: Loaded, apart: BinaryIO
) -> Iterator[dict[Key, Piece]]:
    """Pieces for one commit each, no resource twice in it; keeps apart what has to be."""
    waiting: dict[Key, Piece] = {}
    for some in prepared:
        found.read += some.read
        _keep_apart(some.apart, found, apart)
        for piece in some.pieces:
            if (piece.type, piece.id) in waiting or len(waiting) >= TOGETHER:
                yield waiting
                waiting = {}
            waiting[piece.type, piece.id] = piece
    yield waiting


def _keep_apart(entries: Iterable[Entry], found: Loaded, apart: BinaryIO) -> None:
    for entry in entries:
        found.apart[entry.code] = found.apart.get(entry.code, 0) + 1
        apart.write(msgspec.json.encode(entry) + b"\n")


def store(
    pieces: dict[Key, Piece], found: Loaded, actor: Actor, at: datetime, tx: Transaction
) -> None:
    """Store some pieces; what the record has already, word for word, makes no new version."""
    standing = versions.standing(tx, pieces)
    kept = versions.read_by_keys([one.key for one in standing.values()])
    now = {(one.type, one.id): one for one in kept.values()}
    changes: list[Change] = []
    for key, piece in pieces.items():
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
        tx.prepared["flat"] = {key: piece.flat for key, piece in pieces.items()}
        tx.prepared["search"] = {key: piece.values for key, piece in pieces.items()}
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
