"""A table as text or bytes for somebody else: NDJSON, JSON, CSV, Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


class Format(StrEnum):
    """How rows are written."""

    ndjson = "ndjson"
    json = "json"
    csv = "csv"
    parquet = "parquet"


CONTENT_TYPES = {
    Format.ndjson: "application/x-ndjson",
    Format.json: "application/json",
    Format.csv: "text/csv; charset=utf-8",
    Format.parquet: "application/vnd.apache.parquet",
}


def write(table: pa.Table, form: Format, stream: Any, *, header: bool = True) -> None:
    """Write the table; lists have no place in CSV and are written as JSON there.

    Args:
        stream: takes bytes.
        header: whether CSV begins with the names of its columns.
    """
    if form is Format.parquet:
        pyarrow.parquet.write_table(table, stream)
    elif form is Format.csv:
        # Without its header pyarrow begins the text with zero bytes; so the header is cut off.
        whole = io.BytesIO()
        pyarrow.csv.write_csv(_without_lists(table), whole)
        text = whole.getvalue()
        stream.write(text if header else text.partition(b"\n")[2])
    elif form is Format.json:
        stream.write(b"[" + b",\n".join(_lines(table)) + b"]")
    else:
        for line in _lines(table):
            stream.write(line + b"\n")
    stream.flush()


def _lines(table: pa.Table) -> Iterator[bytes]:
    for batch in table.to_batches(10_000):
        for row in batch.to_pylist():
            yield json.dumps(row, ensure_ascii=False, default=str).encode()


def _without_lists(table: pa.Table) -> pa.Table:
    for number, name in enumerate(table.column_names):
        if pa.types.is_list(table.schema.field(name).type):
            cells = [
                None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)
                for cell in table.column(name).to_pylist()
            ]
            table = table.set_column(number, name, pa.array(cells, pa.string()))
    return table
