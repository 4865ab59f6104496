"""Runs one view over whatever files of resources somebody has, and says what it kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from qamqor.engine.fhir import definitions
from qamqor.engine.tables import rows, sql
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.lines import Line, is_ndjson, lines
from qamqor.engine.tables.shape import Shape
from qamqor.engine.tables.view import View
from qamqor.errors import NotThere, Problem

ENDINGS: Final = (".ndjson", ".jsonl", ".json", ".ndjson.gz", ".ndjson.zst", ".jsonl.gz",
                  ".jsonl.zst", ".json.gz", ".json.zst")  # fmt: skip
EXACT: Final = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(slots=True)
class Outcome:
    """A table, and every line that could not be part of it.

    Attributes:
        table: columns in the view's order.
        kept_apart: one problem a line: its file, its number, what is wrong.
    """

    table: pa.Table
    kept_apart: list[Problem] = field(default_factory=list)


def run(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    sources: Sequence[Path],
    *,
    plain: bool = False,
    zone: timedelta = NATIONAL,
) -> Outcome:
    """The view's rows over files or folders.

    Args:
        connection: any DuckDB connection.
        view: from ``definition.read_view``.
        sources: NDJSON, Bundles or single resources, plain, .gz or .zst; or folders of them.
        plain: use the slow engine, one resource at a time.
        zone: how far business dates are from UTC.
    Raises:
        NotThere: a source does not exist.
        BadInput: a record holds several values where the view needs one.
    """
    files = [file for source in sources for file in files_of(source, view.resource)]
    kept_apart: list[Problem] = []
    if plain:
        good = _good(files, Shape([view]), kept_apart)
        table = _plainly(view, good, zone)
        return Outcome(table, kept_apart)
    whole, loose = _sorted(files, Shape([view]), kept_apart)
    tables = [sql.flatten(connection, [view], whole, zone=zone)[view.name]] if whole else []
    tables.append(sql.flatten_lines(connection, [view], loose, zone=zone)[view.name])
    return Outcome(pa.concat_tables(tables), kept_apart)


def files_of(source: Path, resource: str) -> list[Path]:
    """The file itself, or those of a folder that may hold the resource type.

    In a folder, a file named after another resource type (``Observation.000.ndjson``) is passed
    over, as Bulk Data exports name their files.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise NotThere(f"{source}: there is no such file or folder")
    found = [file for file in sorted(source.rglob("*")) if file.name.endswith(ENDINGS)]
    others = definitions.resource_types() - {resource, "Bundle"}
    return [file for file in found if file.name.split(".")[0] not in others]


def _good(files: Sequence[Path], shape: Shape, kept_apart: list[Problem]) -> Iterator[Line]:
    for file in files:
        for line in lines(file):
            wrong = shape.check(line.text)
            if wrong:
                kept_apart.append(Problem(str(file), "; ".join(wrong), line=line.number))
            else:
                yield line


def _sorted(
    files: Sequence[Path], shape: Shape, kept_apart: list[Problem]
) -> tuple[list[Path], list[bytes]]:
    """Files that DuckDB can read as they are, and the good lines of all others."""
    whole: list[Path] = []
    loose: list[bytes] = []
    for file in files:
        before = len(kept_apart)
        if is_ndjson(file):
            for _ in _good([file], shape, kept_apart):
                pass
            if len(kept_apart) == before:
                whole.append(file)
                continue
            del kept_apart[before:]
        loose += [line.text for line in _good([file], shape, kept_apart)]
    return whole, loose


def _plainly(view: View, good: Iterator[Line], zone: timedelta) -> pa.Table:
    found: list[dict[str, Any]] = [
        row for line in good for row in rows.rows(view, EXACT.decode(line.text), zone=zone)
    ]
    return pa.Table.from_pylist(found, schema=sql.empty(view).schema)
