"""One line for every resource ever loaded: which version counts, and whom it is about."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.store.warehouse import Part, Warehouse, sync

SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("updated", pa.int64()),
        ("version", pa.int64()),
        ("content", pa.uint64()),
        ("removed", pa.bool_()),
        ("patients", pa.list_(pa.string())),
        ("segment", pa.int64()),
    ]
)
MOST_SEGMENTS: Final = 8


def newest_sql(warehouse: Warehouse, resource_type: str) -> str:
    """A query for the index of one type, one line for each id; empty where nothing is known."""
    parts = warehouse.manifest.index.get(resource_type, [])
    if not parts:
        return (
            "select null::text as id, null::bigint as updated, null::bigint as version, "
            "null::ubigint as content, null::boolean as removed, null::text[] as patients, "
            "null::bigint as segment where false"
        )
    read = f"select * from read_parquet({_listed(warehouse.folder / part.path for part in parts)})"
    if len(parts) == 1:
        return read
    return (
        f"select * from ({read}) qualify row_number() over (partition by id order by segment desc)"
        " = 1"
    )


def lookup(
    db: duckdb.DuckDBPyConnection, warehouse: Warehouse, resource_type: str, ids: list[str]
) -> pa.Table:
    """The index lines of these ids, without those never seen."""
    if not warehouse.manifest.index.get(resource_type):
        return SCHEMA.empty_table()
    db.register("wanted", pa.table({"id": pa.array(ids, pa.string())}))
    parts = warehouse.manifest.index[resource_type]
    files = _listed(warehouse.folder / part.path for part in parts)
    found: pa.Table = db.sql(
        f"select * from read_parquet({files}) semi join wanted using (id)"
        " qualify row_number() over (partition by id order by segment desc) = 1"
    ).to_arrow_table()
    db.unregister("wanted")
    return found


def append(warehouse: Warehouse, resource_type: str, lines: pa.Table) -> list[Part]:
    """Write changed lines as the newest segment; many segments become one.

    Args:
        lines: the columns of SCHEMA except ``segment``, one line for each id.

    Returns:
        All segments of the type, oldest first, for the next manifest.
    """
    generation = warehouse.manifest.generation + 1
    parts = list(warehouse.manifest.index.get(resource_type, []))
    segment = pa.array([generation] * lines.num_rows, pa.int64())
    lines = lines.append_column("segment", segment).select(SCHEMA.names).cast(SCHEMA)
    path = warehouse.folder / "index" / f"{resource_type}-{generation:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    newer = sum(part.rows for part in parts[1:]) + lines.num_rows
    if parts and (len(parts) >= MOST_SEGMENTS or newer > parts[0].rows):
        lines, parts = _merged(warehouse, parts, lines), []
    pq.write_table(lines, path)
    sync(path)
    return [*parts, Part(path.relative_to(warehouse.folder).as_posix(), lines.num_rows)]


def _merged(warehouse: Warehouse, parts: list[Part], lines: pa.Table) -> pa.Table:
    files = _listed(warehouse.folder / part.path for part in parts)
    with duckdb.connect() as db:
        db.register("lines", lines)
        merged: Any = db.sql(
            f"select * from (select * from read_parquet({files}) union all by name from lines)"
            " qualify row_number() over (partition by id order by segment desc) = 1 order by id"
        ).to_arrow_table()
    return merged.cast(SCHEMA)


def _listed(paths: Iterable[Path]) -> str:
    quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"[{quoted}]"
