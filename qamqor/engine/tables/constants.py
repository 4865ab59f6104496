"""Reads the constants of a ViewDefinition."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.fhirpath.syntax import Literal
from qamqor.errors import Problem

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
WHOLE: Final = {"integer", "positiveInt", "unsignedInt", "integer64"}
TEXTS: Final = {
    "base64Binary", "canonical", "code", "date", "dateTime", "id", "instant", "oid", "string",
    "time", "uri", "url", "uuid", "markdown",
}  # fmt: skip
TYPES: Final = TEXTS | WHOLE | {"boolean", "decimal"}


def read(raw: Any, problems: list[Problem]) -> dict[str, Literal]:
    """Constants by name; what is wrong with them is added to ``problems``."""
    found: dict[str, Literal] = {}
    if raw is not None and not isinstance(raw, list):
        problems.append(Problem("constant", "must be a list"))
        return found
    for number, entry in enumerate(raw or []):
        where = f"constant[{number}]"
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not NAME.fullmatch(name):
            problems.append(Problem(f"{where}.name", f"{name!r} cannot name a constant"))
        elif name in found:
            problems.append(Problem(f"{where}.name", f"{name!r} is defined twice"))
        else:
            literal = _value(entry, where, problems)
            if literal is not None:
                found[name] = literal
    return found


def _value(entry: dict[str, Any], where: str, problems: list[Problem]) -> Literal | None:
    keys = [key for key in entry if key.startswith("value")]
    if len(keys) != 1:
        problems.append(Problem(where, "a constant needs exactly one value", "such as valueString"))
        return None
    kind = keys[0][5:6].lower() + keys[0][6:]
    if kind not in TYPES:
        problems.append(Problem(f"{where}.{keys[0]}", "is no type a constant can have"))
        return None
    literal = _literal(entry[keys[0]], kind)
    if literal is None:
        problems.append(Problem(f"{where}.{keys[0]}", f"{entry[keys[0]]!r} is no {kind}"))
    return literal


def _literal(value: Any, kind: str) -> Literal | None:
    if kind == "boolean":
        return Literal(value, kind) if isinstance(value, bool) else None
    if kind in WHOLE:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return Literal(value, "integer") if whole else None
    if kind == "decimal":
        number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        return Literal(Decimal(str(value)), kind) if number else None
    return Literal(value, kind) if isinstance(value, str) else None
