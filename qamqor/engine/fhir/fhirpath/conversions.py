"""FHIRPath's conversions from one simple type to another."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.fhirpath import moments
from qamqor.engine.fhir.fhirpath.items import Item, Items, kind, made, truth_value

TRUE: Final = {"true", "t", "yes", "y", "1", "1.0"}
FALSE: Final = {"false", "f", "no", "n", "0", "0.0"}
QUANTITY: Final = re.compile(
    r"(?P<amount>[+-]?\d+(?:\.\d+)?)\s*"
    r"(?:'(?P<unit>[^']+)'|(?P<calendar>(?:year|month|week|day|hour|minute|(?:milli)?second)s?))?"
)
CODES: Final = {"week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s"}


def _boolean(item: Item) -> Items:
    if isinstance(item.value, bool):
        return made(item.value, "boolean")
    text = str(item.value).lower()
    return truth_value(True if text in TRUE else False if text in FALSE else None)


def _integer(item: Item) -> Items:
    if isinstance(item.value, bool):
        return made(int(item.value), "integer")
    if kind(item) == "number" and isinstance(item.value, int):
        return made(item.value, "integer")
    whole = isinstance(item.value, str) and re.fullmatch(r"[+-]?\d+", item.value)
    return made(int(item.value), "integer") if whole else []


def _decimal(item: Item) -> Items:
    if isinstance(item.value, bool):
        return made(Decimal(int(item.value)), "decimal")
    if kind(item) == "number":
        return made(Decimal(str(item.value)), "decimal")
    fits = isinstance(item.value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", item.value)
    return made(Decimal(item.value), "decimal") if fits else []


def _string(item: Item) -> Items:
    if isinstance(item.value, bool):
        return made("true" if item.value else "false", "string")
    if kind(item) == "Quantity" and item.is_system:
        word = item.unit.removesuffix("s") in {"year", "month", *CODES}
        return made(f"{item.value} {item.unit if word else repr(item.unit)}", "string")
    return made(str(item.value), "string") if item.is_simple else []


def _quantity(item: Item) -> Items:
    if kind(item) == "Quantity":
        return [item]
    if isinstance(item.value, bool) or kind(item) == "number":
        amount = int(item.value) if isinstance(item.value, bool) else item.value
        return [Item(Decimal(str(amount)), "Quantity", is_system=True, unit="1")]
    match = QUANTITY.fullmatch(str(item.value))
    if match is None:
        return []
    unit = match["unit"] or match["calendar"] or "1"
    return [Item(Decimal(match["amount"]), "Quantity", is_system=True, unit=unit)]


def _date(item: Item) -> Items:
    value = moments.moment(str(item.value))
    return [] if value is None else made(value.date, "date")


def _date_time(item: Item) -> Items:
    value = moments.moment(str(item.value))
    return [] if value is None else made(item.value, "dateTime")


def _time(item: Item) -> Items:
    return made(item.value, "time") if moments.TIME.fullmatch(str(item.value)) else []


def _to(convert: Callable[[Item], Items]) -> Callable[[Any], Items]:
    def to(asked: Any) -> Items:
        item = asked.only()
        return [] if item is None or item.value is None else convert(item)

    return to


def _converts(convert: Callable[[Item], Items]) -> Callable[[Any], Items]:
    def converts(asked: Any) -> Items:
        item = asked.only()
        return [] if item is None or item.value is None else truth_value(bool(convert(item)))

    return converts


TARGETS: Final[dict[str, Callable[[Item], Items]]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "String": _string,
    "Quantity": _quantity,
    "Date": _date,
    "DateTime": _date_time,
    "Time": _time,
}
FUNCTIONS: Final[dict[str, Callable[[Any], Items]]] = {
    **{f"to{name}": _to(convert) for name, convert in TARGETS.items()},
    **{f"convertsTo{name}": _converts(convert) for name, convert in TARGETS.items()},
}
