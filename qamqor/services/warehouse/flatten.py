"""Turns one chunk of resources into rows on disk, and finds the few that cannot be turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qamqor.engine.tables.sql import flatten
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput
from qamqor.services.warehouse.plan import ADDED_KEY, Feed, Plan

LONGEST_REASON: Final = 300


@dataclass(slots=True)
class Flattened:
    """What became of one chunk of one resource type.

    Attributes:
        refused: (position, reason) of resources the engine could not read.
        rowless: (table, id) of those that pass a table's conditions but give it no row.
        homeless: (table, id) of those with a row that names no patient.
    """

    refused: list[tuple[int, str]] = field(default_factory=list)
    rowless: list[tuple[str, str]] = field(default_factory=list)
    homeless: list[tuple[str, str]] = field(default_factory=list)


class Flattener:
    """Writes the rows of each chunk to ``folder/<table>/<type>-<chunk>.parquet``."""

    def __init__(self, db: duckdb.DuckDBPyConnection, plan: Plan, folder: Path) -> None:
        self.db, self.plan, self.folder = db, plan, folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, kind: str, lines: Sequence[bytes], chunk: int) -> Flattened:
        """Flatten one chunk of one resource type.

        Args:
            kind: the resource type.
            lines: resources as JSON without line ends, each id once.
            chunk: its number in the delivery.
        """
        found = Flattened()
        pieces: dict[str, list[pa.Table]] = {}
        feeds, probes = self.plan.feeds.get(kind, ()), self.plan.probes.get(kind, ())
        if feeds and lines:
            views = [*(feed.view for feed in feeds), *probes]
            self._some(views, lines, 0, pieces, found)
        tables = {name: pa.concat_tables(some) for name, some in pieces.items()}
        for feed in feeds:
            if feed.view.name in tables:
                self._keep(feed, tables[feed.view.name], chunk, found)
                for probe in probes:
                    found.rowless += _rowless(feed, tables[probe.name], tables[feed.view.name])
        return found

    def _some(
        self,
        views: Sequence[View],
        lines: Sequence[bytes],
        offset: int,
        pieces: dict[str, list[pa.Table]],
        found: Flattened,
    ) -> None:
        """Flatten lines together; where that fails, in halves, down to the one that cannot be."""
        path = self.folder / "chunk.ndjson"
        path.write_bytes(b"\n".join(lines) + b"\n")
        try:
            tables = flatten(self.db, views, [path])
        except (BadInput, duckdb.Error, pa.ArrowException) as error:
            if len(lines) == 1:
                found.refused.append((offset, str(error).strip()[:LONGEST_REASON]))
                return
            half = len(lines) // 2
            self._some(views, lines[:half], offset, pieces, found)
            self._some(views, lines[half:], offset + half, pieces, found)
            return
        for name, table in tables.items():
            pieces.setdefault(name, []).append(table)

    def _keep(self, feed: Feed, rows: pa.Table, chunk: int, found: Flattened) -> None:
        """Write a table's rows, less those that name no patient."""
        if feed.has_patient and rows.column("patient_id").null_count:
            is_known = rows.column("patient_id").is_valid()
            lost = rows.filter(pc.invert(is_known)).column(feed.key).unique().to_pylist()
            found.homeless += [(feed.table, identity) for identity in lost]
            rows = rows.filter(is_known)
        if rows.num_rows:
            path = self.folder / feed.table / f"{feed.resource}-{chunk:06d}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(rows, path, compression="lz4")


def _rowless(feed: Feed, passed: pa.Table, rows: pa.Table) -> list[tuple[str, str]]:
    """The resources that pass the table's conditions and are in none of its rows."""
    if feed.table not in passed.column_names:
        return []
    ids = passed.column(ADDED_KEY).filter(passed.column(feed.table))
    without = pc.invert(pc.is_in(ids, value_set=rows.column(feed.key)))
    return [(feed.table, identity) for identity in ids.filter(without).to_pylist()]
