"""Decides what kind of cell a column of a view has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.steps import WHOLE, category
from qamqor.engine.tables.view import AS_TYPE, AS_WHAT, Column, Path, Select
from qamqor.errors import Problem

SQL_NAMES: Final = {
    "CHARACTER VARYING": "TEXT", "VARCHAR": "TEXT", "TEXT": "TEXT", "CHARACTER": "TEXT",
    "DATE": "DATE", "BOOLEAN": "BOOLEAN", "INTEGER": "BIGINT", "INT": "BIGINT",
    "SMALLINT": "BIGINT", "BIGINT": "BIGINT", "DOUBLE PRECISION": "DOUBLE", "DOUBLE": "DOUBLE",
    "FLOAT": "DOUBLE", "REAL": "DOUBLE",
}  # fmt: skip
ALLOWED: Final = {
    "text": ("TEXT",),
    "time": ("TEXT",),
    "date": ("TEXT", "DATE"),
    "boolean": ("BOOLEAN",),
    "integer": ("BIGINT", "DOUBLE"),
    "decimal": ("DOUBLE",),
}
TAGS: Final = {AS_TYPE, AS_WHAT, "qamqor/role", "qamqor/latest"}


def column(
    name: str, path: Path, entry: Mapping[str, Any], at: str, problems: list[Problem]
) -> Column:
    """The column an entry describes; what is wrong with it is added to ``problems``."""
    found, declared = path.step.type, _declared(entry, at, problems)
    if found and category(found) == "complex":
        fix = f"choose one of its elements, such as {_an_element(found)}"
        problems.append(Problem(f"{at}.path", f"{found} has parts and cannot be a cell", fix))
    elif found and declared and not _fits(found, declared):
        problems.append(Problem(f"{at}.type", f"says {declared}, but the path gives {found}"))
    fhir_type = _merged(found, declared)
    tags = _tags(entry, at, problems)
    sql_type = _sql_type(fhir_type or "string", tags, at, problems)
    is_collection = entry.get("collection") is True
    if is_collection and (sql_type == "DATE" or AS_WHAT in tags):
        problems.append(Problem(f"{at}.tag", "dates are made from single values, not collections"))
    return Column(
        name, path, fhir_type, sql_type, is_collection, tags, str(entry.get("description", ""))
    )


def _declared(entry: Mapping[str, Any], at: str, problems: list[Problem]) -> str:
    declared = str(entry.get("type") or "").rsplit("/", 1)[-1].removeprefix("System.")
    if declared and definitions.kind(declared) is None and declared.lower() != declared:
        declared = declared[0].lower() + declared[1:]
    if declared and not definitions.is_primitive(declared):
        problems.append(Problem(f"{at}.type", f"{entry['type']!r} is no simple FHIR type"))
        return ""
    return declared


def _an_element(type_name: str) -> str:
    names = [e.name for e in definitions.elements(type_name).values() if e.name != "extension"]
    return names[min(1, len(names) - 1)] if names else "id"


def _fits(found: str, declared: str) -> bool:
    if category(found) == "number" == category(declared):
        return found in WHOLE or declared == "decimal"
    return category(found) == category(declared) or (
        category(declared) == "text" and category(found) in {"date", "time"}
    )


def _merged(found: str, declared: str) -> str:
    """A whole number declared as decimal becomes one; otherwise the path's own type stands."""
    return "decimal" if declared == "decimal" and found in WHOLE else found or declared


def _tags(entry: Mapping[str, Any], at: str, problems: list[Problem]) -> dict[str, str]:
    tags: dict[str, str] = {}
    listed = entry.get("tag") or []
    if not isinstance(listed, list):
        problems.append(Problem(f"{at}.tag", "must be a list"))
        listed = []
    for number, tag in enumerate(listed):
        name, value = (tag.get("name"), tag.get("value")) if isinstance(tag, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str):
            problems.append(Problem(f"{at}.tag[{number}]", "needs a name and a value"))
            continue
        if name.startswith("qamqor/") and name not in TAGS:
            known = ", ".join(sorted(TAGS))
            problems.append(
                Problem(f"{at}.tag[{number}]", f"unknown tag {name}", f"known: {known}")
            )
        tags[name] = value
    return tags


def _sql_type(fhir_type: str, tags: Mapping[str, str], at: str, problems: list[Problem]) -> str:
    kind = category(fhir_type)
    if kind == "number":
        kind = "integer" if fhir_type in WHOLE else "decimal"
    allowed = ALLOWED.get(kind, ("TEXT",))
    if AS_WHAT in tags and (tags[AS_WHAT] != "precision" or kind != "date"):
        fix = "precision is the only one, on dates"
        problems.append(Problem(f"{at}.tag", f"{AS_WHAT} = {tags[AS_WHAT]} on {fhir_type}", fix))
    if AS_TYPE not in tags:
        return allowed[0]
    wanted = SQL_NAMES.get(tags[AS_TYPE].upper().split("(")[0].strip(), tags[AS_TYPE])
    if wanted not in allowed:
        what = f"{AS_TYPE} = {tags[AS_TYPE]} does not suit {fhir_type}"
        problems.append(Problem(f"{at}.tag", what, f"possible: {', '.join(allowed)}"))
        return allowed[0]
    return wanted


def agree(branches: list[Select], at: str, problems: list[Problem]) -> list[Select]:
    """Give the columns of all branches of a unionAll one type; note where that is impossible."""
    rows = zip(*(branch.every_column for branch in branches), strict=True)
    agreed: dict[str, str] = {}
    for same in rows:
        kinds = {column.sql_type for column in same if column.fhir_type} or {same[0].sql_type}
        lists = {column.is_collection for column in same}
        if len(lists) > 1 or not (len(kinds) == 1 or kinds == {"BIGINT", "DOUBLE"}):
            what = f"the branches give {same[0].name!r} as {' and '.join(sorted(kinds))}"
            problems.append(Problem(at, what, "one type, and collection in all or none"))
        agreed[same[0].name] = "DOUBLE" if len(kinds) > 1 else kinds.pop()
    return [_with_types(branch, agreed) for branch in branches]


def _with_types(select: Select, agreed: Mapping[str, str]) -> Select:
    return replace(
        select,
        columns=tuple(replace(c, sql_type=agreed[c.name]) for c in select.columns),
        selects=tuple(_with_types(inner, agreed) for inner in select.selects),
        branches=tuple(_with_types(inner, agreed) for inner in select.branches),
    )
