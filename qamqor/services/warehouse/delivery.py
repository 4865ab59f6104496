"""Reads one delivery chunk by chunk: what counts becomes rows, the rest is kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import duckdb
import msgspec

from qamqor.engine.tables.shape import Shape
from qamqor.services.warehouse.bundles import Deletion, Refused
from qamqor.services.warehouse.flatten import Flattened, Flattener
from qamqor.services.warehouse.ledger import DUPLICATE, NEW, REPLACED, Ledger
from qamqor.services.warehouse.plan import Plan
from qamqor.services.warehouse.quarantine import NO_ROW, Entry
from qamqor.services.warehouse.sift import Batch, Place, Sieve, duplicate
from qamqor.services.warehouse.sources import Source, lines
from qamqor.store.warehouse import Warehouse

CHUNK_BYTES: Final = 128 << 20
Progress = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the machine a load may use.

    Attributes:
        chunk_bytes: text held at once before it is turned into rows.
        threads, memory_gb: None = as much as there is.
        people: how many the warehouse is to hold once it is full; asked once, by a first load.
    """

    chunk_bytes: int = CHUNK_BYTES
    threads: int | None = None
    memory_gb: float | None = None
    people: int = 0


NO_LIMITS: Final = Limits()


@dataclass(slots=True)
class _Chunk:
    """Resources of one type on their way to rows."""

    kind: str
    number: int
    ids: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)


def _within(progress: Progress, done: int, size: int, total: int) -> Callable[[int], None]:
    """Progress inside a file of ``size`` bytes; packed ones unpack to more, so it is capped."""
    return lambda taken: progress(done + min(taken, size), total)


class Delivery:
    """Everything known of one delivery while it is read."""

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        warehouse: Warehouse,
        plan: Plan,
        sources: Sequence[Source],
        staging: Path,
        limits: Limits,
    ) -> None:
        self.db, self.warehouse, self.plan = db, warehouse, plan
        self.sources, self.staging, self.limits = sources, staging, limits
        self.rows = staging / "rows"
        self.codes: Counter[str] = Counter()
        self.ledger = Ledger(db, warehouse)
        self.apart = (staging / "apart.ndjson").open("wb")
        self._encode = msgspec.json.Encoder().encode
        self.sieve = Sieve(
            sources,
            plan.used,
            about_people=plan.about_people,
            keep_apart=self.keep_apart,
            check=Shape([feed.view for feeds in plan.feeds.values() for feed in feeds]).check,
        )
        self._flattener = Flattener(db.cursor(), plan, self.rows)
        self._pending: list[tuple[_Chunk, Future[Flattened]]] = []
        self._chunk = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.apart.close()

    def keep_apart(self, entry: Entry) -> None:
        """Note an entry for the quarantine; it counts once the delivery does."""
        self.codes[entry.code] += 1
        self.apart.write(self._encode(entry) + b"\n")

    def read(self, deletions: Sequence[Deletion], progress: Progress) -> None:
        """Read every source, then the deletions; rows are made beside the reading."""
        total = sum(s.path.stat().st_size for s in self.sources if s.path.is_file())
        done = 0
        with ThreadPoolExecutor(1) as beside:
            for number, source in enumerate(self.sources):
                size = source.path.stat().st_size if source.path.is_file() else 0
                self._source(number, source, beside, _within(progress, done, size, total))
                done += size
                progress(done, total)
            for deletion in deletions:
                self.sieve.delete(deletion, Place(-1, 0, 0))
            self._settle(beside)
            self._collect()

    def _source(
        self, number: int, source: Source, beside: ThreadPoolExecutor, told: Callable[[int], None]
    ) -> None:
        sieve, limit, taken = self.sieve, self.limits.chunk_bytes, 0
        for line in lines(source):
            sieve.take(line, number)
            if sieve.held_bytes > limit:
                taken += sieve.held_bytes
                told(taken)
                self._settle(beside)

    def _settle(self, beside: ThreadPoolExecutor) -> None:
        """Decide about all gathered pieces, and begin to make rows of those that count."""
        batches = self.sieve.drain()
        self._collect()
        self._chunk += 1
        for kind, batch in batches.items():
            chunk = self._decided(kind, batch)
            if chunk.ids and kind in self.plan.feeds:
                run = beside.submit(self._flattener.run, kind, chunk.raws, self._chunk)
                self._pending.append((chunk, run))

    def _decided(self, kind: str, batch: Batch) -> _Chunk:
        chunk = _Chunk(kind, self._chunk)
        for number, outcome in enumerate(self.ledger.settle(kind, batch, self._chunk)):
            if outcome in {NEW, REPLACED}:
                chunk.ids.append(batch.ids[number])
                chunk.places.append(batch.places[number])
                chunk.raws.append(batch.raws[number])
            elif outcome == DUPLICATE:
                lost = duplicate(f"{kind}/{batch.ids[number]}")
                self.sieve.refuse(lost, batch.places[number], batch.raws[number])
        return chunk

    def _collect(self) -> None:
        """Wait for the rows of the chunk before; keep apart what gave none."""
        for chunk, run in self._pending:
            found = run.result()
            for number, reason in found.refused:
                refused = Refused("not-readable", reason, f"{chunk.kind}/{chunk.ids[number]}")
                self.sieve.refuse(refused, chunk.places[number], chunk.raws[number])
            lost = [chunk.ids[number] for number, _ in found.refused]
            if lost:
                self.ledger.withdraw(chunk.kind, lost, chunk.number)
            self._remark(chunk, found)
        self._pending.clear()

    def _remark(self, chunk: _Chunk, found: Flattened) -> None:
        if not found.rowless and not found.homeless:
            return
        at = {identity: number for number, identity in enumerate(chunk.ids)}
        for rows, reason in (
            (found.rowless, "no row: no date, or no value in a unit this table knows"),
            (found.homeless, "a row without a patient"),
        ):
            for table, identity in rows:
                number = at[identity]
                place, raw = chunk.places[number], chunk.raws[number]
                resource = f"{chunk.kind}/{identity}"
                self.sieve.refuse(Refused(NO_ROW, reason, resource), place, raw, table=table)
