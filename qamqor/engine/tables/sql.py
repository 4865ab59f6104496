"""Turns files of resources into tables, fast: one DuckDB query a view, one read for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.lines import lines as lines_of
from qamqor.engine.tables.needs import text_literal
from qamqor.engine.tables.shape import Shape
from qamqor.engine.tables.stages import SOURCE, Layout, Stages, layout_of
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput, InvalidView, Problem

LONGEST_LINE: Final = 64 * 2**20
BATCH_BYTES: Final = 64 * 2**20
Tables = dict[str, pa.Table]


def query(view: View, files: Sequence[Path], *, zone: timedelta = NATIONAL) -> str:
    """The one query that reads NDJSON files and gives the view's rows.

    Args:
        view: from ``definition.read_view``.
        files: NDJSON, plain or ending in .gz or .zst.
        zone: how far business dates are from UTC.
    """
    layout = layout_of([view], zone)
    text = Stages(view, layout, source=SOURCE, zone=zone).query()
    head = "with recursive " if text.startswith("with recursive ") else "with "
    return f"{head}{SOURCE} as (select * from {reader(layout, files)}),\n{text.removeprefix(head)}"


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


def flatten(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    files: Sequence[Path],
    *,
    zone: timedelta = NATIONAL,
) -> Tables:
    """The rows of every view, from one read of the files for each resource type.

    Resources of types that no view reads are passed over, whatever they hold.

    Args:
        connection: any DuckDB connection; nothing stays in it.
        views: of one or several resource types; views of one name add up.
        files: NDJSON, plain or ending in .gz or .zst.
        zone: how far business dates are from UTC.
    Returns:
        one Arrow table for each view name, columns in the view's order.
    Raises:
        BadInput: a line is not JSON, an element used has the wrong JSON type, or a record holds
            several values where the view needs one. ``shape`` finds the first two beforehand;
            the third cannot happen to a view whose ``risks`` are empty.
    """

    def group(those: list[View]) -> list[pa.Table]:
        layout = layout_of(those, zone)
        if not files or layout.root.has_exact():
            return _from_lines(connection, those, layout, _checked(those, files), zone)
        try:
            return _from(connection, those, layout, reader(layout, files), zone)
        except duckdb.Error:
            # Perhaps another type of resource uses the same name for something else.
            return _from_lines(connection, those, layout, _checked(those, files), zone)

    return _grouped(views, group)


def flatten_lines(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    lines: Iterable[bytes],
    *,
    zone: timedelta = NATIONAL,
) -> Tables:
    """As ``flatten``, of resources in memory, one JSON text each, whose shape was checked."""
    kept = list(lines)
    return _grouped(
        views, lambda those: _from_lines(connection, those, layout_of(those, zone), kept, zone)
    )


def _grouped(views: Sequence[View], group: Any) -> Tables:
    _same_columns(views)
    found: dict[str, list[pa.Table]] = {view.name: [] for view in views}
    for resource in dict.fromkeys(view.resource for view in views):
        those = [view for view in views if view.resource == resource]
        try:
            tables = group(those)
        except duckdb.Error as error:
            raise BadInput(_words(str(error))) from None
        for view, table in zip(those, tables, strict=True):
            found[view.name].append(table)
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def _same_columns(views: Sequence[View]) -> None:
    first: dict[str, View] = {}
    for view in views:
        other = first.setdefault(view.name, view)
        if empty(view).schema != empty(other).schema:
            what = f"is the name of views of {other.resource} and {view.resource} that differ"
            raise InvalidView([Problem(view.name, what, "the same columns in the same order")])


def _from(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    layout: Layout,
    source: str,
    zone: timedelta,
) -> list[pa.Table]:
    """Every view's rows; what several views read is read once and kept while they run."""
    stages = [Stages(view, layout, source=SOURCE, zone=zone) for view in views]
    if len(views) == 1:
        kind, queries, prepared = "view", [stages[0].query()], f"select * from {source}"
    else:
        kind, queries, prepared = "table", *_shared(stages, source)
    try:
        connection.execute(f"create or replace temp {kind} {SOURCE} as {prepared}")
        return [connection.sql(text).to_arrow_table() for text in queries]
    finally:
        connection.execute(f"drop {kind} if exists {SOURCE}")


def _shared(stages: Sequence[Stages], source: str) -> tuple[list[str], str]:
    """A query for each view, and one before them all that keeps only what some view wants."""
    wanted = [f'"~w{number}"' for number in range(len(stages))]
    marks = ", ".join(
        f"({stage.condition()}) as {mark}" for stage, mark in zip(stages, wanted, strict=True)
    )
    queries = [stage.query(mark) for stage, mark in zip(stages, wanted, strict=True)]
    prepared = f"select * from (select *, {marks} from {source}) where {' or '.join(wanted)}"
    return queries, prepared


def _from_lines(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    layout: Layout,
    lines: Iterable[bytes],
    zone: timedelta,
) -> list[pa.Table]:
    """Every view's rows, of lines of any resource type, a batch at a time."""
    wanted = _of_type(views[0].resource, lines)
    if layout.root.has_exact():
        wanted = (_with_decimals_as_text(line) for line in wanted)
    found = [[empty(view)] for view in views]
    source = f'(select unnest(from_json(line, {layout.root.schema_text()})) from "~lines")'
    for batch in _batches(wanted):
        connection.register("~lines", pa.table({"line": pa.array(batch, pa.string())}))
        try:
            tables = _from(connection, views, layout, source, zone)
        finally:
            connection.unregister("~lines")
        for every, table in zip(found, tables, strict=True):
            every.append(table)
    return [pa.concat_tables(every) for every in found]


class Tag(msgspec.Struct):
    """As much of a resource as says its type."""

    resourceType: str = ""  # noqa: N815 - FHIR's name


def _of_type(resource: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    decode = msgspec.json.Decoder(Tag).decode
    return (line for line in lines if decode(line).resourceType == resource)


EXACTLY: Final = msgspec.json.Decoder(float_hook=lambda text: format(Decimal(text), "f"))


def _with_decimals_as_text(line: bytes) -> bytes:
    """DuckDB keeps numbers as doubles; as text they stay as exact as they were written."""
    return msgspec.json.encode(EXACTLY.decode(line))


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _checked(views: Sequence[View], files: Sequence[Path]) -> Iterator[bytes]:
    """Every line of the files, once all of them have the right shape.

    Raises:
        BadInput: with the first lines that have not.
    """
    shape, wrong = Shape(views), []
    for file in files:
        for line in lines_of(file):
            wrong += [
                f"{line.file}:{line.number}: {what}" for what in shape.check_thoroughly(line.text)
            ]
    if wrong:
        more = f" (and {len(wrong) - 5} more)" if len(wrong) > 5 else ""
        raise BadInput("\n".join(wrong[:5]) + more)
    return (line.text for file in files for line in lines_of(file))


def _words(message: str) -> str:
    """The part of DuckDB's message that speaks of the data."""
    return re.sub(r"^[\w ]*Error: ", "", message).split("\nTry setting")[0].strip()


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
