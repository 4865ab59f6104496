"""Writes the partitions that a delivery touches, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qamqor.engine.tables.partition import bucket_sql
from qamqor.services.warehouse.ledger import NEW, REMOVED, REPLACED
from qamqor.services.warehouse.plan import Feed, Plan
from qamqor.store.warehouse import EVERYONE, Part, TableFiles, Warehouse, sync
from qamqor.store.warehouse_index import append, newest_sql

ROWS_AT_ONCE: Final = 4_000_000
CHANGED: Final = f"not lost and outcome in ('{NEW}', '{REPLACED}', '{REMOVED}')"


def prepare(db: duckdb.DuckDBPyConnection, warehouse: Warehouse) -> None:
    """Work out who is here once the delivery counts, who is newly here, and who no longer is.

    Makes the tables ``alive``, ``arrived`` and ``departed`` (id) and ``gone`` (kind, id,
    patients: rows to take out).
    """
    known = newest_sql(warehouse, "Patient")
    db.execute(
        f"create table arrived as select id from seen where kind = 'Patient' and {CHANGED}"
        " and not removed and not was_live;"
        f"create table departed as select id from seen where kind = 'Patient' and {CHANGED}"
        " and removed and was_live;"
        f"create table alive as select id from ({known}) where not removed"
        " and id not in (select id from departed) union all select id from arrived;"
        "create table gone as select kind, id, old_patients as patients from seen"
        f" where {CHANGED} and was_live"
    )


class Merger:
    """Makes the next state of every table from the state before and the rows of a delivery."""

    def __init__(
        self, db: duckdb.DuckDBPyConnection, warehouse: Warehouse, plan: Plan, rows: Path
    ) -> None:
        self.db, self.warehouse, self.plan, self.rows = db, warehouse, plan, rows
        self.written: set[tuple[str, int]] = set()

    def tables(self) -> dict[str, TableFiles]:
        """Write what changes; the files of every table that are in force afterwards."""
        tables = dict(self.warehouse.manifest.tables)
        for feeds in self.plan.feeds.values():
            for feed in feeds:
                tables[feed.table] = self._feed(feed, tables[feed.table])
        return tables

    def index(self) -> dict[str, list[Part]]:
        """Write the lines of the index that change; all its segments afterwards."""
        index = dict(self.warehouse.manifest.index)
        kinds = self.db.execute(f"select distinct kind from seen where {CHANGED} order by kind")
        for (kind,) in kinds.fetchall():
            lines = self.db.sql(
                "select id, updated, version, content, removed, patients from seen"
                f" where kind = $kind and {CHANGED} order by id",
                params={"kind": kind},
            ).to_arrow_table()
            index[kind] = append(self.warehouse, kind, lines)
        return index

    def _feed(self, feed: Feed, kept: TableFiles) -> TableFiles:
        new = self._new_rows(feed)
        touched = sorted(self._touched(feed, kept, new))
        files, held = dict(kept.files), dict(kept.held)
        for group in self._groups(touched, kept, new):
            for bucket in group:
                files[bucket] = [p for p in files.get(bucket, ()) if p.source != feed.source]
                held[bucket] = [p for p in held.get(bucket, ()) if p.source != feed.source]
            for bucket, is_held, rows in self._merged(feed, kept, new, group):
                part = self._write(feed, bucket, is_held, rows)
                (held if is_held else files)[bucket].append(part)
        return msgspec.structs.replace(kept, files=_tidy(files), held=_tidy(held))

    def _new_rows(self, feed: Feed) -> str | None:
        """A query for the delivery's rows of a feed with their bucket; nothing where none."""
        paths = sorted((self.rows / feed.table).glob(f"{feed.resource}-*.parquet"))
        if not paths:
            return None
        lost = ""
        if self.db.execute("select 1 from seen where lost limit 1").fetchall():
            lost = (
                " where not exists (from seen where seen.lost and seen.kind ="
                f" '{feed.resource}' and seen.id = r.{feed.key} and seen.chunk ="
                " cast(regexp_extract(r.filename, '(\\d+)\\.parquet$', 1) as integer))"
            )
        name = f"new_{feed.table}_{feed.resource}"
        self.db.execute(
            f"create or replace view {name} as select * exclude (filename),"
            f" {self._bucket(feed)} as bucket"
            f" from read_parquet({_listed(paths)}, filename = true) as r{lost}"
        )
        return name

    def _bucket(self, feed: Feed) -> str:
        if not feed.has_patient:
            return f"cast({EVERYONE} as integer)"
        return bucket_sql("patient_id", self.warehouse.buckets)

    def _touched(self, feed: Feed, kept: TableFiles, new: str | None) -> set[int]:
        """The buckets whose content differs afterwards."""
        touched = self._numbers(f"select distinct bucket from {new}") if new else set()
        gone = f"select id from gone where kind = '{feed.resource}'"
        if not feed.has_patient:
            old = self._old(feed, kept.files, [EVERYONE])
            if old and self._numbers(f"select 1 from ({old}) where {feed.key} in ({gone}) limit 1"):
                touched.add(EVERYONE)
            return touched
        person = bucket_sql("patient", self.warehouse.buckets)
        candidates = self._numbers(
            f"select distinct {person} from (select unnest(patients) as patient from gone"
            f" where kind = '{feed.resource}' union all select id from departed"
            " union all select id from arrived)"
        )
        for files, moved in ((kept.files, "departed"), (kept.held, "arrived")):
            old = self._old(feed, files, candidates - touched)
            if old:
                touched |= self._numbers(
                    f"select distinct {self._bucket(feed)} from ({old})"
                    f" where {feed.key} in ({gone}) or patient_id in (select id from {moved})"
                )
        return touched

    def _numbers(self, query: str) -> set[int]:
        return {row[0] for row in self.db.execute(query).fetchall()}

    def _old(self, feed: Feed, files: dict[int, list[Part]], buckets: Iterable[int]) -> str | None:
        paths = [
            self.warehouse.folder / part.path
            for bucket in sorted(buckets)
            for part in files.get(bucket, ())
            if part.source == feed.source
        ]
        return f"select * from read_parquet({_listed(paths)})" if paths else None

    def _groups(self, touched: list[int], kept: TableFiles, new: str | None) -> Iterator[list[int]]:
        """Buckets to merge together, few enough to be sorted in memory."""
        rows = sum(part.rows for parts in kept.files.values() for part in parts)
        if new:
            counted = self.db.execute(f"select count(*) from {new}").fetchall()
            rows += int(counted[0][0])
        at_once = max(1, len(touched) * ROWS_AT_ONCE // max(rows, 1))
        for start in range(0, len(touched), at_once):
            yield touched[start : start + at_once]

    def _merged(
        self, feed: Feed, kept: TableFiles, new: str | None, group: list[int]
    ) -> Iterator[tuple[int, bool, pa.Table]]:
        queries = []
        for files in (kept.files, kept.held):
            if old := self._old(feed, files, group):
                queries.append(
                    f"select *, {self._bucket(feed)} as bucket from ({old}) where {feed.key} not in"
                    f" (select id from gone where kind = '{feed.resource}')"
                )
        if new:
            queries.append(f"select * from {new} where bucket in ({', '.join(map(str, group))})")
        if not queries:
            return
        here = "patient_id in (select id from alive)" if feed.has_patient else "true"
        rows = self.db.sql(
            f"select *, not ({here}) as is_held from ({' union all by name '.join(queries)})"
            f" order by is_held, bucket, {', '.join(feed.order)}"
        ).to_arrow_table()
        yield from _sliced(rows)

    def _write(self, feed: Feed, bucket: int, is_held: bool, rows: pa.Table) -> Part:
        source = "-".join(filter(None, (feed.source, "held" if is_held else "")))
        path = self.warehouse.new_file(feed.table, bucket, source)
        pq.write_table(rows, path)
        sync(path)
        self.written.add((feed.table, bucket))
        return Part(path.relative_to(self.warehouse.folder).as_posix(), rows.num_rows, feed.source)


def _sliced(rows: pa.Table) -> Iterator[tuple[int, bool, pa.Table]]:
    """Rows sorted by (is_held, bucket), cut where either changes."""
    if not rows.num_rows:
        return
    where = pc.add(
        pc.multiply(rows.column("is_held").cast(pa.int64()), 1 << 32), rows.column("bucket")
    ).combine_chunks()
    runs = pc.run_end_encode(where)
    plain = rows.drop_columns(["is_held", "bucket"])
    start = 0
    for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield value & 0xFFFFFFFF, value >> 32 == 1, plain.slice(start, end - start)
        start = end


def _tidy(files: dict[int, list[Part]]) -> dict[int, list[Part]]:
    return {
        bucket: sorted(files[bucket], key=lambda part: part.path)
        for bucket in sorted(files)
        if files[bucket]
    }


def _listed(paths: Iterable[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
