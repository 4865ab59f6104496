"""Runs ViewDefinitions and SQL queries over what is stored, or over resources handed in."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa

from qamqor.engine.calendar import register_duckdb
from qamqor.engine.fhir import json_text
from qamqor.engine.programmes.binding import for_duckdb, names_in
from qamqor.engine.tables import definition, sql
from qamqor.engine.tables.shape import Shape
from qamqor.engine.tables.view import View
from qamqor.errors import BadInput, InvalidView, Issue, Unusable
from qamqor.services.fhir import terminology

SECONDS: Final = 60
MEMORY: Final = "1GB"
ROWS_AT_ONCE: Final = 2048


@dataclass(slots=True)
class Limits:
    """How large the answer to a query may become, in bytes in memory: all of it is held there."""

    answer: int = 256 * 1024 * 1024


LIMITS: Final = Limits()
_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMED: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::|(?<![\w:]):(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)
_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    "integer": (int,),
    "decimal": (Decimal, int),
    "boolean": (bool,),
}


def read_view(raw: Any) -> View:
    """A view somebody sent.

    Raises:
        Unusable: everything wrong with it, where and what.
    """
    try:
        return definition.read_view(raw)
    except InvalidView as error:
        issues = [Issue("invalid", f"{p.what} {p.fix}".strip(), p.where) for p in error.problems]
        raise Unusable(issues, status=422) from None


def rows(view: View, lines: Iterable[bytes], *, limit: int | None = None) -> pa.Table:
    """The view's rows over resources as JSON.

    Raises:
        Unusable: a resource holds several values where the view needs one.
    """
    with duckdb.connect() as connection:
        try:
            table = sql.flatten_lines(connection, [view], lines)[view.name]
        except BadInput as error:
            raise Unusable([Issue("processing", str(error))], status=422) from None
    return table if limit is None else table.slice(0, limit)


def given(view: View, resources: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Resources handed in, as JSON, after a look at what the view reads of them.

    Raises:
        Unusable: an element has the wrong type.
    """
    shape = Shape([view])
    issues = [
        Issue("structure", problem, f"resource[{number}]")
        for number, resource in enumerate(resources)
        for problem in shape.problems(resource)
    ]
    if issues:
        raise Unusable(issues)
    return [json_text.encode(resource) for resource in resources]


def query_text(library: Mapping[str, Any]) -> str:
    """The SQL of a query Library: the DuckDB dialect where it has one, else the plain one.

    Raises:
        Unusable: it holds none that runs here, or not in base64.
    """
    texts: dict[str, str] = {}
    for content in library.get("content", ()):
        kind = str(content.get("contentType", "")).replace(" ", "").lower()
        try:
            texts[kind] = base64.b64decode(content.get("data", ""), validate=True).decode()
        except ValueError:
            where = "Library.content.data"
            raise Unusable([Issue("value", "is not base64 of UTF-8", where)]) from None
    text = texts.get("application/sql;dialect=duckdb", texts.get("application/sql"))
    if not text:
        said = "has no content of type application/sql (or with dialect=duckdb)"
        raise Unusable([Issue("required", said, "Library.content")], status=422)
    return with_dollars(text)


def with_dollars(text: str) -> str:
    """The query with ``:name`` written ``$name``; texts, comments and casts stay as they are."""
    return _NAMED.sub(lambda m: f"${m['name']}" if m["name"] else m[0], text)


def tables_of(library: Mapping[str, Any]) -> dict[str, list[View]]:
    """What the query reads: the name in the SQL → its views, which add up.

    Raises:
        Unusable: a label that is no name, or a view that cannot be read.
        NotThere: a view that is neither in the pack nor stored.
    """
    found: dict[str, list[View]] = {}
    for artifact in library.get("relatedArtifact", ()):
        if artifact.get("type") != "depends-on":
            continue
        label = str(artifact.get("label", ""))
        if not _LABEL.fullmatch(label):
            text = f"{label!r} is no name of a table: a letter, then letters, digits, _"
            raise Unusable([Issue("value", text, "Library.relatedArtifact.label")])
        raw = terminology.canonical("ViewDefinition", str(artifact.get("resource", "")))
        found.setdefault(label, []).append(read_view(raw))
    return found


def parameters(library: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The values a query names, of the types its Library declares.

    Args:
        said: name → value, from the Parameters resource of the call.

    Raises:
        Unusable: an unknown name, a missing value, a wrong type; all of them.
    """
    declared = {str(p.get("name")): p for p in library.get("parameter", ()) if p.get("use") == "in"}
    issues = [
        Issue("not-supported", f"the query takes no parameter {name}")
        for name in said
        if name not in declared
    ]
    values: dict[str, Any] = {}
    for name, one in declared.items():
        value = said.get(name)
        if value is None and one.get("min", 0):
            issues.append(Issue("required", f"the parameter {name} is missing"))
        elif value is not None and not _fits(value, str(one.get("type"))):
            issues.append(Issue("value", f"the parameter {name} must be of type {one['type']}"))
        else:
            values[name] = _for_sql(value, str(one.get("type")))
    if issues:
        raise Unusable(issues)
    return values


def _fits(value: Any, kind: str) -> bool:
    if kind == "date":
        return _date(value) is not None
    wanted = _PYTHON.get(kind, (str,))
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))


def _for_sql(value: Any, kind: str) -> Any:
    return _date(value) if kind == "date" and value is not None else value


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def run_query(text: str, tables: Mapping[str, pa.Table], values: Mapping[str, Any]) -> pa.Table:
    """Run one query over the tables, and nothing else: no files, no network, no settings.

    Raises:
        Unusable: it is not one SELECT, it fails, takes longer than a minute, or finds too much.
    """
    with duckdb.connect(config={"memory_limit": MEMORY}) as connection:
        register_duckdb(connection)
        for name, table in tables.items():
            connection.register(f"given_{name}", table)
            connection.execute(f'create table "{name}" as select * from "given_{name}"')
            connection.unregister(f"given_{name}")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        late = threading.Timer(SECONDS, connection.interrupt)
        late.start()
        try:
            return _selected(connection, text, values)
        except duckdb.InterruptException:
            said = f"the query ran longer than {SECONDS} seconds"
            raise Unusable([Issue("timeout", said)], status=422) from None
        except duckdb.Error as error:
            raise Unusable([Issue("processing", str(error).split("\n")[0])], status=422) from None
        finally:
            late.cancel()


def _selected(
    connection: duckdb.DuckDBPyConnection, text: str, values: Mapping[str, Any]
) -> pa.Table:
    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise Unusable([Issue("processing", "the query must be one SELECT")], status=422)
    missing = [name for name in names_in(text) if name not in values]
    if missing:
        listed = ", ".join(missing)
        raise Unusable([Issue("required", f"the query names {listed}, which has no value")])
    found = connection.sql(text, params=for_duckdb(text, values) or None)
    return _bounded(found.to_arrow_reader(ROWS_AT_ONCE))


def _bounded(reader: pa.RecordBatchReader) -> pa.Table:
    """Everything that is read, unless it becomes too much."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        size += batch.nbytes
        if size > LIMITS.answer:
            said = f"the answer is larger than {LIMITS.answer >> 20} MB; ask for less of it"
            raise Unusable([Issue("too-costly", said)], status=422)
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=reader.schema)
