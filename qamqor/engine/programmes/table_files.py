"""Reads the tables and value sets of a pack."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from qamqor.engine.programmes.schema import Kind, Table
from qamqor.errors import Problem

_KINDS: Final[dict[str, Kind]] = {
    "decimal": "double",
    "integer": "integer",
    "positiveInt": "integer",
    "unsignedInt": "integer",
    "integer64": "integer",
    "boolean": "boolean",
}
_RESERVED: Final = ("_population", "_eligible")
Codes = tuple[tuple[str, str], ...]


def read_tables(folder: Path, where: str, problems: list[Problem]) -> dict[str, Table]:
    """Every table of a folder by name; files that cannot be used are skipped and noted.

    A table is one file ``name.json``, or several ``name.part.json`` whose rows are put together.
    """
    found: dict[str, Table] = {}
    for file in sorted(folder.glob("*.json")):
        place = f"{where}/{file.name}"
        try:
            view = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else None
            problems.append(Problem(place, f"not JSON: {error}", line=line))
            continue
        table = _table(view, place, file.name.split(".")[0], problems)
        if table.name in found:
            table = _together(found[table.name], table, place, problems)
        found[table.name] = table
    return found


def _table(view: Any, where: str, name: str, problems: list[Problem]) -> Table:
    view = view if isinstance(view, dict) else {}
    if view.get("name") != name:
        problems.append(Problem(where, f"its `name` is `{view.get('name')}`", f"name it {name}"))
    if name.startswith("latest_") or name.endswith(_RESERVED):
        problems.append(Problem(where, f"`{name}` is a name the engine uses", "rename the table"))
    columns = list(_columns(view))
    kinds = {str(column["name"]): kind_of(column) for column in columns}
    tags = {str(column["name"]): _tags(column) for column in columns}
    known_on = [name for name in kinds if tags[name].get("qamqor/role") == "known_on"]
    if len(known_on) > 1 or any(kinds[column] != "date" for column in known_on):
        fix = "one column of ansi/type DATE"
        problems.append(Problem(where, f"has the role known_on on {', '.join(known_on)}", fix))
    return Table(
        name=name,
        views=(view,),
        columns=kinds,
        keys=tuple(name for name in kinds if tags[name].get("qamqor/role") == "key"),
        known_on=known_on[0] if known_on else None,
        has_latest=any(tag.get("qamqor/latest") == "true" for tag in tags.values()),
        has_patient="patient_id" in kinds,
        files=(where,),
    )


def _together(first: Table, more: Table, where: str, problems: list[Problem]) -> Table:
    alike = replace(more, views=first.views, files=first.files) == first
    if not alike or list(first.columns) != list(more.columns):
        what = f"its columns, kinds or roles differ from the other file of {first.name}"
        problems.append(Problem(where, what, f"give it {', '.join(first.columns)}"))
    return replace(first, views=first.views + more.views, files=first.files + more.files)


def _columns(select: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Columns in the standard's order; of a union only the first branch, as all are alike."""
    yield from (one for one in _objects(select, "column") if isinstance(one.get("name"), str))
    for nested in _objects(select, "select"):
        yield from _columns(nested)
    for branch in _objects(select, "unionAll")[:1]:
        yield from _columns(branch)


def _tags(column: Mapping[str, Any]) -> dict[str, str]:
    return {str(tag.get("name")): str(tag.get("value")) for tag in _objects(column, "tag")}


def _objects(owner: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects listed under a key; what is not an object is for the view's own check to say."""
    listed = owner.get(key)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def kind_of(column: Mapping[str, Any]) -> Kind:
    """What kind of value a ViewDefinition's column holds."""
    tags = _tags(column)
    if tags.get("ansi/type") == "DATE":
        return "date"
    return _KINDS.get(str(column.get("type")).rsplit("/", maxsplit=1)[-1], "text")


def read_value_sets(
    folder: Path, where: str, problems: list[Problem]
) -> tuple[dict[str, Codes], dict[tuple[str, str], str]]:
    """Every value set of a folder by name, and the meaning of every code."""
    found: dict[str, Codes] = {}
    displays: dict[tuple[str, str], str] = {}
    for file in sorted(folder.glob("*.csv")):
        rows = list(_rows(file, f"{where}/{file.name}", problems))
        found[file.stem] = tuple(dict.fromkeys((system, code) for system, code, _ in rows))
        for system, code, display in rows:
            displays.setdefault((system, code), display)
    return found, displays


def _rows(file: Path, where: str, problems: list[Problem]) -> Iterator[tuple[str, str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {"system", "code", "display"} <= set(reader.fieldnames or ()):
            problems.append(Problem(where, "needs the columns system, code, display", line=1))
            return
        seen: dict[tuple[str, str], int] = {}
        for row in reader:
            pair = ((row["system"] or "").strip(), (row["code"] or "").strip())
            if said := _wrong_with(row, pair, seen):
                problems.append(Problem(where, said[0], said[1], reader.line_num))
                continue
            seen[pair] = reader.line_num
            yield (*pair, (row["display"] or "").strip())


def _wrong_with(
    row: Mapping[Any, Any], pair: tuple[str, str], seen: Mapping[tuple[str, str], int]
) -> tuple[str, str] | None:
    if not all(pair):
        return "a code needs a system and a code", "fill both"
    if not (row["display"] or "").strip():
        return f"the code {pair[1]} has no display", "say what it means"
    if None in row:
        return f"the code {pair[1]} has more cells than columns", "put commas in double quotes"
    if pair in seen:
        return f"the code {pair[1]} stands here again, first on line {seen[pair]}", "delete one"
    return None
