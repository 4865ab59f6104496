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
from qamqor.errors import BadInput
from qamqor.services.warehouse.plan import Feed

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

    def __init__(self, db: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.db, self.folder = db, folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, feeds: Sequence[Feed], lines: Sequence[bytes], chunk: int) -> Flattened:
        """Flatten one chunk of one resource type.

        Args:
            feeds: every feed of that type.
            lines: resources as JSON without line ends, each id once.
            chunk: its number in the delivery.
        """
        found = Flattened()
        pieces: dict[str, list[pa.Table]] = {}
        if feeds and lines:
            self._some(feeds, lines, 0, pieces, found)
        for feed in feeds:
            self._keep(feed, pieces, chunk, found)
        return found

    def _some(
        self,
        feeds: Sequence[Feed],
        lines: Sequence[bytes],
        offset: int,
        pieces: dict[str, list[pa.Table]],
        found: Flattened,
    ) -> None:
        """Flatten lines together; where that fails, in halves, down to the one that cannot be."""
        views = [feed.view for feed in feeds] + [feed.probe for feed in feeds if feed.probe]
        path = self.folder / "chunk.ndjson"
        path.write_bytes(b"\n".join(lines) + b"\n")
        try:
            tables = flatten(self.db, views, [path])
        except (BadInput, duckdb.Error, pa.ArrowException) as error:
            if len(lines) == 1:
                found.refused.append((offset, str(error).strip()[:LONGEST_REASON]))
                return
            half = len(lines) // 2
            self._some(feeds, lines[:half], offset, pieces, found)
            self._some(feeds, lines[half:], offset + half, pieces, found)
            return
        for name, table in tables.items():
            pieces.setdefault(name, []).append(table)

    def _keep(
        self, feed: Feed, pieces: dict[str, list[pa.Table]], chunk: int, found: Flattened
    ) -> None:
        rows = pa.concat_tables(pieces.get(feed.view.name, []) or [pa.table({feed.key: []})])
        if feed.probe is not None and feed.probe.name in pieces:
            passed = pa.concat_tables(pieces[feed.probe.name]).column(0)
            without = pc.invert(pc.is_in(passed, value_set=rows.column(feed.key)))
            found.rowless += [(feed.table, i) for i in passed.filter(without).to_pylist()]
        if feed.has_patient and rows.num_rows and rows.column("patient_id").null_count:
            is_known = rows.column("patient_id").is_valid()
            lost = rows.filter(pc.invert(is_known)).column(feed.key).unique().to_pylist()
            found.homeless += [(feed.table, i) for i in lost]
            rows = rows.filter(is_known)
        if rows.num_rows:
            path = self.folder / feed.table / f"{feed.resource}-{chunk:06d}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(rows, path, compression="lz4")
