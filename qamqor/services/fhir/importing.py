"""Takes NDJSON that a system sends, and stores it line by line while the system asks how far it is.

What came is kept as a file and stored a few hundred lines a commit. Each commit also keeps how far
it came, so that a worker that dies is followed by one that goes on with the next line and stores
nothing twice, whatever others changed meanwhile. What cannot be stored is kept with its reason.
"""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import shutil
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import dropwhile, islice
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

import msgspec
from django.conf import settings
from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.definitions import resource_types
from qamqor.engine.fhir.envelope import microseconds
from qamqor.errors import Issue, NotAllowed, NotThere, Unusable
from qamqor.services import audit, derived
from qamqor.services.access import limits
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import load
from qamqor.services.fhir.load import Loaded
from qamqor.services.fhir.prepare import Job as Slice
from qamqor.services.fhir.prepare import Piece, Prepared, packed, prepare, unpack
from qamqor.services.settled import begin
from qamqor.services.warehouse.quarantine import Entry, text_of
from qamqor.services.warehouse.sources import Line, Source, lines
from qamqor.store import node
from qamqor.store.fhir import jobs, versions
from qamqor.store.fhir.jobs import Job
from qamqor.store.node import Transaction

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
Read = Callable[[int], bytes]
KIND: Final = "import"
PACKINGS: Final = {"": "", "identity": "", "gzip": ".gz", "zstd": ".zst"}
"""How a delivery may be packed (Content-Encoding), and the ending of its file."""
MOST_BYTES: Final = 4 << 30
BLOCK: Final = 1 << 20
LINES: Final = 400  # in one commit
FEW_BYTES: Final = 1 << 20  # below it, starting a process takes longer than the work
SILENT_SECONDS: Final = 60
"""A worker not heard of for so long has died; it reports with every commit."""
FORBIDDEN: Final = frozenset({"AuditEvent"})
"""Written by the platform alone."""
APART, ERRORS = "apart.ndjson", "errors.ndjson"
COUNTS: Final = ("new", "replaced", "unchanged", "deleted", "not_here")


class Overtaken(Exception):
    """The job was cancelled, or somebody else is working on it."""


def ask(*, actor: Actor, clock: Clock, read: Read, packing: str = "") -> Job:
    """Keep a delivery and start to store it; returns when it is all here.

    Args:
        read: gives the next bytes of the delivery, none at its end.
        packing: a key of PACKINGS.

    Raises:
        NotAllowed: the actor is no system that may create and change resources.
        Unusable: nothing came, too much came, or it is packed in another way.
        TooMany: the actor has imported too often of late.
    """
    at = clock()
    _must_be_allowed(actor, at)
    limits.IMPORTS.take(actor, at)
    if packing not in PACKINGS:
        text = f"a delivery may be packed as {', '.join(p for p in PACKINGS if p)}"
        raise Unusable([Issue("not-supported", text)], status=415)
    id_ = str(uuid.uuid4())
    name = f"delivery.ndjson{PACKINGS[packing]}"
    job = Job(
        id=id_,
        client=_client(actor),
        state="waiting",
        asked={
            "kind": KIND,
            "at": at.isoformat(),
            "file": name,
            "bytes": _keep(id_, name, read),
            "actor": _written(actor),
        },
        so_far={"line": 0, "read": 0, "apart": {}, "apart_bytes": 0, "people": 0}
        | dict.fromkeys(COUNTS, 0),
        created_at=microseconds(at) or 0,
        seen_at=0,
    )
    node.commit(partial(_begin, job, actor, at))
    go_on(id_, clock=clock)
    return job


def _begin(job: Job, actor: Actor, at: datetime, tx: Transaction) -> None:
    """The job and its line in the audit: both or neither."""
    jobs.add(tx, job)
    audit.note(tx, actor, KIND, at=at, detail=f"import {job.id}, {job.asked['bytes']} bytes")


def _must_be_allowed(actor: Actor, at: datetime) -> None:
    if actor.role != "system" or not any(_may_write(actor, at, t) for t in resource_types()):
        text = "an import needs a system scope that creates and updates, such as system/*.cu"
        raise NotAllowed(text)


def _may_write(actor: Actor, at: datetime, type_: str) -> bool:
    sights = Sights(actor, at)
    both = (sights.of("create", type_), sights.of("update", type_))
    return type_ not in FORBIDDEN and None not in both


def _client(actor: Actor) -> str:
    return actor.client or actor.reference


def _written(actor: Actor) -> dict[str, Any]:
    """The actor as the job keeps it: rights are asked again for each line, as they are then."""
    said = dataclasses.asdict(actor)
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in said.items()}


def _actor(said: Mapping[str, Any]) -> Actor:
    return msgspec.convert(said, Actor)


def folder(id_: str) -> Path:
    """Where an import keeps what came and what could not be stored."""
    return Path(settings.QAMQOR.data) / "imports" / id_


def _keep(id_: str, name: str, read: Read) -> int:
    """Write what comes to the disk; its size in bytes."""
    place = folder(id_)
    place.mkdir(parents=True)
    size = 0
    with (place / name).open("wb") as out:
        while (block := read(BLOCK)) and size <= MOST_BYTES:
            out.write(block)
            size += len(block)
        out.flush()
        os.fsync(out.fileno())
    if 0 < size <= MOST_BYTES:
        return size
    shutil.rmtree(place)
    if size:
        text = f"at most {MOST_BYTES >> 30} GB at a time; send it in parts"
        raise Unusable([Issue("too-long", text)], status=413)
    raise Unusable([Issue("required", "send the resources as the body, one on each line")])


def find(id_: str, *, actor: Actor) -> Job:
    """An import of this client.

    Raises:
        NotThere: there is none, it is another client's, or it was cancelled.
    """
    job = jobs.find(id_)
    is_one = job is not None and job.asked.get("kind") == KIND
    if job is None or not is_one or job.client != _client(actor) or job.state == "cancelled":
        raise NotThere("there is no such import")
    return job


def cancel(id_: str, *, actor: Actor) -> None:
    """Store no more of an import and remove its files; what is stored stays, with its history."""
    job = find(id_, actor=actor)
    node.commit(lambda tx: jobs.cancel(tx, job.id))
    shutil.rmtree(folder(job.id), ignore_errors=True)


def go_on(id_: str, *, clock: Clock) -> None:
    """See that somebody works on an import: this process, if nobody else was heard of lately."""
    at = microseconds(clock()) or 0
    silent = at - SILENT_SECONDS * 1_000_000
    if node.commit(lambda tx: jobs.claim(tx, id_, at=at, silent_since=silent)):
        threading.Thread(target=_work, args=(id_, clock), name=f"import-{id_}", daemon=True).start()


def _work(id_: str, clock: Clock) -> None:
    try:
        work(id_, clock=clock)
    except Overtaken:
        logger.info("import left off", extra={"job": id_})
    except Exception:
        logger.exception("import failed", extra={"job": id_})
        at = microseconds(clock()) or 0
        node.commit(lambda tx: jobs.fail(tx, id_, at=at))
    finally:
        connection.close()


def work(id_: str, *, clock: Clock) -> None:
    """Do a claimed import to its end.

    Raises:
        Overtaken: it was cancelled, or somebody else works on it.
    """
    job = jobs.find(id_)
    if job is None:
        return
    source = Source("delivery", folder(id_) / job.asked["file"])
    so_far = dict(job.so_far)
    with _apart(id_, so_far) as apart:
        for line, prepared in _prepared(source, so_far["line"], job.asked["bytes"]):
            step = partial(_store, id_, so_far, line, prepared, apart, _actor(job.asked["actor"]))
            so_far = node.commit(partial(step, clock()))
    _work_out(id_, so_far, clock)
    source.path.unlink(missing_ok=True)


def _apart(id_: str, so_far: Mapping[str, Any]) -> BinaryIO:
    """The file of what could not be stored, without what a worker wrote and did not commit."""
    path = folder(id_) / APART
    path.touch()
    opened = path.open("r+b")
    opened.truncate(so_far["apart_bytes"])
    opened.seek(0, os.SEEK_END)
    return opened


def _prepared(source: Source, after: int, size: int) -> Iterator[tuple[int, Prepared]]:
    """What comes of the lines behind a number, some hundred at a time, with their last number."""
    rest = dropwhile(lambda line: 0 < line.number <= after, lines(source))
    slices = iter(lambda: list(islice(rest, LINES)), [])
    if size < FEW_BYTES:
        for some in slices:
            yield some[-1].number, prepare(_job(source, some))
        return
    with ExitStack() as stack:
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=context, initializer=begin))
        running: deque[tuple[int, Future[bytes]]] = deque()
        for some in slices:
            running.append((some[-1].number, pool.submit(packed, _job(source, some))))
            if len(running) > 4:
                line, future = running.popleft()
                yield line, unpack(future.result())
        while running:
            line, future = running.popleft()
            yield line, unpack(future.result())


def _job(source: Source, some: list[Line]) -> Slice:
    return Slice([source], 0, some)


def _store(
    id_: str,
    so_far: dict[str, Any],
    line: int,
    prepared: Prepared,
    apart: BinaryIO,
    actor: Actor,
    at: datetime,
    tx: Transaction,
) -> dict[str, Any]:
    """Store some lines and how far that is; what the actor may not write is kept apart."""
    now = jobs.find(id_)
    if now is None or now.state != "running" or now.so_far["line"] != so_far["line"]:
        raise Overtaken
    found = Loaded(read=prepared.read)
    entries = list(prepared.apart)
    pieces = []
    for piece in prepared.pieces:
        if _may_write(actor, at, piece.type):
            pieces.append(piece)
        else:
            entries.append(_refused(piece, f"this client may not write {piece.type}"))
    entries += _stored(pieces, found, actor, at)
    for entry in entries:
        apart.write(msgspec.json.encode(entry) + b"\n")
    apart.flush()
    os.fsync(apart.fileno())
    codes = dict(so_far["apart"])
    for entry in entries:
        codes[entry.code] = codes.get(entry.code, 0) + 1
    new = so_far | {name: so_far[name] + getattr(found, name) for name in COUNTS}
    new |= {
        "line": line,
        "read": so_far["read"] + found.read,
        "apart": codes,
        "apart_bytes": apart.tell(),
    }
    jobs.report(tx, id_, state="running", so_far=new, at=microseconds(at) or 0)
    return new


def _stored(pieces: list[Piece], found: Loaded, actor: Actor, at: datetime) -> list[Entry]:
    """Store pieces together, or where one of them is refused, each by itself."""
    if not pieces:
        return []
    together = Loaded()
    try:
        node.commit(partial(load.store, pieces, together, actor, at))
    except (NotAllowed, NotThere):
        return [entry for piece in pieces for entry in _alone(piece, found, actor, at)]
    _add(found, together)
    return []


def _alone(piece: Piece, found: Loaded, actor: Actor, at: datetime) -> list[Entry]:
    alone = Loaded()
    try:
        node.commit(partial(load.store, [piece], alone, actor, at))
    except (NotAllowed, NotThere) as refusal:
        return [_refused(piece, str(refusal))]
    _add(found, alone)
    return []


def _add(found: Loaded, more: Loaded) -> None:
    for name in COUNTS:
        setattr(found, name, getattr(found, name) + getattr(more, name))


def _refused(piece: Piece, reason: str) -> Entry:
    return Entry(
        source="delivery",
        line=piece.place.line,
        entry=piece.place.entry,
        code="forbidden",
        reason=reason,
        resource=f"{piece.type}/{piece.id}",
        raw=text_of(piece.raw),
    )


def _work_out(id_: str, so_far: dict[str, Any], clock: Clock) -> None:
    """Due care of everyone touched, which until now said that it was old; then it is done."""

    def still(people: int, _: int) -> None:
        _report(id_, so_far | {"people": people}, clock, state="running")

    at = clock()
    done = derived.refresh(derived.day_of(at), sequence=versions.last_sequence(), progress=still)
    _report(id_, so_far | {"people": done.people}, clock, state="done")


def _report(id_: str, so_far: dict[str, Any], clock: Clock, *, state: str) -> None:
    at = microseconds(clock()) or 0
    if not node.commit(lambda tx: jobs.report(tx, id_, state=state, so_far=so_far, at=at)):
        raise Overtaken


def manifest(job: Job, *, request: str, address: str) -> dict[str, Any]:
    """What became of a finished import, in the shape of the Bulk Data manifest.

    Args:
        request: the address that asked for it.
        address: where its files are, without their names.
    """
    so_far = job.so_far
    apart = sum(so_far["apart"].values())
    errors = [{"type": "OperationOutcome", "url": f"{address}/{ERRORS}", "count": apart}]
    counts = {name: so_far[name] for name in ("read", *COUNTS, "people")}
    return {
        "transactionTime": job.asked["at"],
        "request": request,
        "requiresAccessToken": True,
        "output": [],
        "error": errors if apart else [],
        "extension": {
            "counts": {**counts, "apart": so_far["apart"]},
            **({"apart": f"{address}/{APART}"} if apart else {}),
        },
    }


def open_file(id_: str, name: str, *, actor: Actor) -> IO[bytes] | Iterator[bytes]:
    """What could not be stored: as it came with its reason, or as OperationOutcomes.

    Raises:
        NotThere: the import has no such file, or is another client's.
    """
    job = find(id_, actor=actor)
    path = folder(job.id) / APART
    if name not in {APART, ERRORS} or not path.is_file():
        raise NotThere("the import has no such file")
    return path.open("rb") if name == APART else _outcomes(path)


def _outcomes(path: Path) -> Iterator[bytes]:
    decode = msgspec.json.Decoder(Entry).decode
    with path.open("rb") as kept:
        for text in kept:
            entry = decode(text)
            place = f"line {entry.line}" + (f", entry {entry.entry}" if entry.entry else "")
            named = f" {entry.resource}" if entry.resource else ""
            issue = {
                "severity": "error",
                "code": "forbidden" if entry.code == "forbidden" else "invalid",
                "details": {"text": entry.reason},
                "diagnostics": f"{place}{named} [{entry.code}]: {entry.reason}",
            }
            yield json_text.encode({"resourceType": "OperationOutcome", "issue": [issue]}) + b"\n"
