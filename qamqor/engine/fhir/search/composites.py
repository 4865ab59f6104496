"""Joins the components of a composite parameter that stand in one element into one row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from qamqor.engine.fhir.search.read import Reader, Rows
from qamqor.engine.fhir.search.values import Composite

Slots = tuple[str, int, float, float, str, str, float, float]
"""What a second component fills: code, system, low, high, unit text, canonical unit, low, high."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One component: its kind and every place it may be read from."""

    kind: str
    places: tuple[tuple[tuple[str, ...], Reader], ...]

    def read(self, element: dict[str, Any]) -> tuple[str, Rows]:
        """Its kind and what one element holds of it."""
        rows: Rows = []
        for keys, reader in self.places:
            if keys[0] in element:
                for found in _down(element, keys):
                    rows += reader(found)
        return self.kind, rows


def _down(value: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    if not keys:
        yield from value if type(value) is list else (value,)
    elif type(value) is list:
        for each in value:
            yield from _down(each, keys)
    elif isinstance(value, dict) and keys[0] in value:
        yield from _down(value[keys[0]], keys[1:])


def composite_rows(number: int, parts: list[tuple[str, Rows]]) -> list[Composite]:
    """Every combination of what the components say; none where one of them says nothing."""
    if len(parts) == 2 and len(parts[0][1]) == 1 and len(parts[1][1]) == 1:
        (first, (one,)), (second, (other,)) = parts
        return [(number, *first_slot(first, one), *second_slot(second, other), 0.0, 0.0)]
    if not all(rows for _, rows in parts):
        return []
    kinds = [kind for kind, _ in parts]
    return [_row(number, kinds, chosen) for chosen in product(*(rows for _, rows in parts))]


def _row(number: int, kinds: list[str], chosen: tuple[tuple[Any, ...], ...]) -> Composite:
    third = chosen[2][:2] if len(chosen) > 2 else (0.0, 0.0)
    return (number, *first_slot(kinds[0], chosen[0]), *second_slot(kinds[1], chosen[1]), *third)


def first_slot(kind: str, row: tuple[Any, ...]) -> tuple[str, int]:
    """Code and system of a first component, which is a token or a reference."""
    return (
        (f"{row[1]}/{row[0]}" if row[1] else row[0], 0) if kind == "reference" else (row[0], row[1])
    )


def second_slot(kind: str, row: tuple[Any, ...]) -> Slots:
    """A second component of any kind in the columns all kinds share."""
    if kind == "token":
        return (row[0], row[1], 0.0, 0.0, "", "", 0.0, 0.0)
    if kind == "string":
        return (row[0], 0, 0.0, 0.0, "", "", 0.0, 0.0)
    if kind == "date":
        return ("", 0, float(row[0]), float(row[1]), "", "", 0.0, 0.0)
    low, high, code, system, text, canonical, least, most = row
    return (code, system, low, high, text, canonical, least, most)
