"""Turns files of resources into tables, fast: one DuckDB query a view, one read for all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from qamqor.engine.tables.needs import Need, quoted, text_literal
from qamqor.engine.tables.rows import NATIONAL
from qamqor.engine.tables.stages import Layout, Stages
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput

SOURCE: Final = '"~resources"'
LONGEST_LINE: Final = 64 * 2**20


def layout_of(views: Sequence[View], zone: timedelta = NATIONAL) -> Layout:
    """What the views, all of one resource type, together read of it."""
    layout = Layout(Need(views[0].resource))
    # Twice, because what one path needs kept as JSON changes how another reads it.
    for _ in range(2):
        for view in views:
            Stages(view, layout, source=SOURCE, zone=zone).query()
    return layout


def reader(layout: Layout, files: Sequence[Path]) -> str:
    """The DuckDB table function that reads just what is needed."""
    columns = ", ".join(
        f"{text_literal(key)}: {text_literal(part.sql_type())}"
        for key, part in layout.root.parts.items()
    )
    listed = ", ".join(text_literal(str(file)) for file in files)
    return (
        f"read_json([{listed}], format = 'newline_delimited', columns = {{{columns}}},"
        f" maximum_object_size = {LONGEST_LINE})"
    )


def query(view: View, files: Sequence[Path], *, zone: timedelta = NATIONAL) -> str:
    """The one query that reads NDJSON files and gives the view's rows.

    Args:
        files: NDJSON, plain or ending in .gz or .zst; resources of other types are passed over.
        zone: how far business dates are from UTC.
    """
    layout = layout_of([view], zone)
    text = Stages(view, layout, source=SOURCE, zone=zone).query()
    head, rest = text.split(" ", 1)
    if rest.startswith("recursive "):
        head, rest = f"{head} recursive", rest.removeprefix("recursive ")
    return f"{head} {SOURCE} as (select * from {reader(layout, files)}),\n{rest}"


def flatten(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    files: Sequence[Path],
    *,
    zone: timedelta = NATIONAL,
) -> dict[str, pa.Table]:
    """The rows of every view, from one read of the files for each resource type.

    Every line must be JSON in which the elements used have the right JSON type; ``shape`` finds
    those that are not. Exactly written decimals (``lowBoundary``) are the same as in ``rows``.

    Args:
        connection: any DuckDB connection; nothing stays in it.
        views: of one or several resource types; views of one name add up.
        files: NDJSON, plain or ending in .gz or .zst.
        zone: how far business dates are from UTC.
    Returns:
        one Arrow table for each view name, columns in the view's order.
    Raises:
        BadInput: a line is not JSON, has a wrong type, or holds several values where the view
            needs one.
    """
    found: dict[str, list[pa.Table]] = {view.name: [] for view in views}
    for resource in dict.fromkeys(view.resource for view in views):
        group = [view for view in views if view.resource == resource]
        for view, table in zip(group, _group(connection, group, files, zone), strict=True):
            found[view.name].append(table)
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def _group(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    files: Sequence[Path],
    zone: timedelta,
) -> list[pa.Table]:
    if not files:
        return [empty(view) for view in views]
    layout = layout_of(views, zone)
    source = reader(layout, files)
    kind = "view" if len(views) == 1 else "table"
    try:
        connection.execute(f"create or replace temp {kind} {SOURCE} as select * from {source}")
        return [
            _arrow(connection, Stages(view, layout, source=SOURCE, zone=zone).query())
            for view in views
        ]
    except duckdb.Error as error:
        raise BadInput(_words(str(error))) from None
    finally:
        connection.execute(f"drop {kind} if exists {SOURCE}")


def _arrow(connection: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    return connection.sql(text).to_arrow_table()


def _words(message: str) -> str:
    """The part of DuckDB's message that speaks of the data."""
    first = re.sub(r"^[\w ]*Error: ", "", message).split("\nTry setting")[0]
    return first.strip()


ARROW: Final[Mapping[str, Any]] = {
    "TEXT": pa.string(),
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
}


def empty(view: View) -> pa.Table:
    """The view's table without rows."""
    fields = []
    for column in view.columns:
        kind = ARROW[column.sql_type]
        fields.append((column.name, pa.list_(kind) if column.is_collection else kind))
    return pa.schema(fields).empty_table()


__all__ = ["empty", "flatten", "layout_of", "query", "quoted", "reader"]
