"""FHIRPath's lowBoundary() and highBoundary(): the ends of what an inexact value may mean."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.fhirpath import moments
from qamqor.engine.fhir.fhirpath.items import Item, Items, exponent_of, kind, made, number
from qamqor.engine.fhir.fhirpath.syntax import PathError

DIGITS: Final = {"date": 8, "dateTime": 17, "time": 9}
ENDS: Final = {4: 4, 6: 7, 8: 10, 10: 13, 12: 16, 14: 19, 17: 23}
CLOCK_ENDS: Final = {2: 2, 4: 5, 6: 8, 9: 12}


def _boundary(asked: Any, high: bool) -> Items:
    item = asked.only()
    if item is None or item.value is None:
        return []
    places = asked.value() if asked.has() else None
    if kind(item) == "number":
        return _number(item, places, high, asked.context.is_tabular)
    if kind(item) in {"date", "time"}:
        return _moment(item, places, high)
    if kind(item) == "Quantity" and item.is_system:
        amount = Item(item.value, "decimal", is_system=True)
        ends = _number(amount, places, high, False)
        return [Item(end.value, "Quantity", is_system=True, unit=item.unit) for end in ends]
    raise PathError(f"{item.type} has no boundaries", asked.node.at)


def _number(item: Item, places: int | None, high: bool, in_doubles: bool) -> Items:
    end = moments.decimal_boundary(number(item), high=high)
    if end is None or (places is not None and not 0 <= places <= 28):
        return []
    if in_doubles:
        return made(float(end), "decimal")
    places = 8 if places is None else places
    if places < -exponent_of(end):
        end = end.quantize(Decimal(1).scaleb(-places), "ROUND_CEILING" if high else "ROUND_FLOOR")
    else:
        end = end.quantize(Decimal(1).scaleb(-places))
    return made(end, "decimal")


def _moment(item: Item, digits: int | None, high: bool) -> Items:
    sort = "time" if item.type == "time" else "date" if item.type == "date" else "dateTime"
    if digits is not None and digits > 8 and sort == "date":
        sort = "dateTime"
    end = moments.boundary(item.value, sort, high=high)
    if end is None:
        return []
    ends = CLOCK_ENDS if sort == "time" else ENDS
    if digits is not None and digits not in ends:
        return []
    if digits is not None and ends[digits] < len(end):
        zone = end[23:] if digits == 17 else ""
        end = end[: ends[digits]] + zone
    return made(end, "dateTime" if sort == "dateTime" else sort)


def _precision(asked: Any) -> Items:
    item = asked.only()
    if item is None or item.value is None:
        return []
    if kind(item) == "number":
        return made(max(0, -exponent_of(number(item))), "integer")
    text = item.value
    if item.type != "time":
        value = moments.moment(text)
        text = "" if value is None else value.date + value.clock_as_written[:12]
    return made(sum(letter.isdigit() for letter in text), "integer")


FUNCTIONS: Final[dict[str, Callable[[Any], Items]]] = {
    "lowBoundary": lambda asked: _boundary(asked, False),
    "highBoundary": lambda asked: _boundary(asked, True),
    "precision": _precision,
}
