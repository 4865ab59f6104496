"""Remembers what a delivery has shown so far, and settles which version of each resource counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import pyarrow as pa

from qamqor.engine.fhir.newest import Version, after, is_newer
from qamqor.services.warehouse.sift import Batch
from qamqor.store.warehouse import Warehouse
from qamqor.store.warehouse_index import lookup

NEW: Final = "new"
REPLACED: Final = "replaced"
REMOVED: Final = "removed"
UNCHANGED: Final = "unchanged"
OLDER: Final = "older"
DUPLICATE: Final = "duplicate"

_LISTED: Final = pa.list_(pa.string())
_SCHEMA: Final = pa.schema(
    [
        ("kind", pa.string()),
        ("id", pa.string()),
        ("updated", pa.int64()),
        ("version", pa.int64()),
        ("content", pa.uint64()),
        ("removed", pa.bool_()),
        ("patients", pa.list_(pa.string())),
        ("source", pa.int32()),
        ("line", pa.int64()),
        ("entry", pa.int64()),
        ("chunk", pa.int32()),
        ("outcome", pa.string()),
        ("was_live", pa.bool_()),
        ("old_patients", pa.list_(pa.string())),
    ]
)


@dataclass(slots=True)
class _Known:
    version: Version
    patients: list[str]


class Ledger:
    """All pieces of a delivery that can be loaded, with what becomes of each.

    Its table ``seen`` has a line for each piece; ``lost`` marks those that a later chunk
    of the same delivery beat.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
        self.db, self.warehouse = db, warehouse
        self._kinds: set[str] = set()
        db.register("shape", _SCHEMA.empty_table())
        db.execute("create table seen as select *, false as lost from shape")
        db.unregister("shape")

    def settle(self, kind: str, batch: Batch, chunk: int) -> list[str]:
        """What becomes of each piece of a batch, in its order."""
        beaten = self._earlier(kind, batch)
        known = self._known(kind, batch.ids)
        outcomes = [REMOVED if version.removed else NEW for version in batch.versions]
        for identity, old in known.items():
            number = batch.at[identity]
            outcomes[number] = _outcome(batch.versions[number], old)
            batch.versions[number] = after(batch.versions[number], old.version)
        for number in beaten:
            outcomes[number] = DUPLICATE
        self._write(kind, batch, chunk, outcomes, known)
        self._kinds.add(kind)
        return outcomes

    def withdraw(self, kind: str, ids: list[str], chunk: int) -> None:
        """Forget pieces that turned out not to be loadable."""
        self.db.execute(
            "delete from seen where kind = $1 and chunk = $2 and id in (select unnest($3))",
            [kind, chunk, ids],
        )

    def _earlier(self, kind: str, batch: Batch) -> set[int]:
        """Settle pieces whose id an earlier chunk of this delivery had; say which of them lose."""
        if kind not in self._kinds:
            return set()
        self.db.register("wanted", pa.table({"id": pa.array(batch.ids, pa.string())}))
        rows = self.db.execute(
            "select id, updated, version, content, removed from seen semi join wanted using (id)"
            " where kind = $1 and not lost",
            [kind],
        ).fetchall()
        self.db.unregister("wanted")
        beaten, winners = set(), []
        for identity, updated, version, content, removed in rows:
            old, number = Version(updated, version, content, removed), batch.at[identity]
            if is_newer(batch.versions[number], old):
                batch.versions[number] = after(batch.versions[number], old)
                winners.append(identity)
            else:
                beaten.add(number)
        if winners:
            self.db.execute(
                "update seen set lost = true where kind = $1 and id in (select unnest($2))",
                [kind, winners],
            )
        return beaten

    def _known(self, kind: str, ids: list[str]) -> dict[str, _Known]:
        found = lookup(self.db, self.warehouse, kind, ids)
        columns = [found.column(name).to_pylist() for name in found.column_names[:6]]
        return {
            identity: _Known(Version(updated, version, content, removed), patients)
            for identity, updated, version, content, removed, patients in zip(*columns, strict=True)
        }

    def _write(
        self, kind: str, batch: Batch, chunk: int, outcomes: list[str], known: dict[str, _Known]
    ) -> None:
        kept: Sequence[int] = range(len(outcomes))
        if DUPLICATE in outcomes:
            kept = [number for number in kept if outcomes[number] != DUPLICATE]
        versions = [batch.versions[number] for number in kept]
        ids = [batch.ids[number] for number in kept]
        places = [batch.places[number] for number in kept]
        count = len(ids)
        before = [known.get(identity) for identity in ids] if known else []
        was_live = [old is not None and not old.version.removed for old in before]
        lines = pa.table(
            [
                pa.repeat(pa.scalar(kind), count),
                ids,
                pa.array([version.updated for version in versions], pa.int64()),
                pa.array([version.version for version in versions], pa.int64()),
                pa.array([version.content for version in versions], pa.uint64()),
                pa.array([version.removed for version in versions], pa.bool_()),
                pa.array([batch.patients[number] for number in kept], _LISTED),
                pa.array([place.source for place in places], pa.int32()),
                pa.array([place.line for place in places], pa.int64()),
                pa.array([place.entry for place in places], pa.int64()),
                pa.repeat(pa.scalar(chunk, pa.int32()), count),
                [outcomes[number] for number in kept],
                pa.array(was_live) if known else pa.repeat(pa.scalar(False), count),
                pa.array([o.patients if o else None for o in before], _LISTED)
                if known
                else pa.nulls(count, _LISTED),
            ],
            schema=_SCHEMA,
        )
        self.db.register("lines", lines)
        self.db.execute("insert into seen select *, false from lines")
        self.db.unregister("lines")


def _outcome(new: Version, old: _Known) -> str:
    if after(new, old.version) == old.version:
        return UNCHANGED
    if not is_newer(new, old.version):
        return OLDER
    if new.removed:
        return REMOVED
    return NEW if old.version.removed else REPLACED
