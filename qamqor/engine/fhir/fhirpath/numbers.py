"""FHIRPath's functions on numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.fhirpath.arithmetic import rounded
from qamqor.engine.fhir.fhirpath.items import Items, kind, made
from qamqor.engine.fhir.fhirpath.syntax import PathError


def _amount(asked: Any) -> Any:
    item = asked.only()
    if item is None or item.value is None:
        return None
    if kind(item) != "number":
        raise PathError(f"{asked.node.name}() needs a number, not {item.type}", asked.node.at)
    return item.value


def _real(calculate: Callable[[float], float]) -> Callable[[Any], Items]:
    def function(asked: Any) -> Items:
        value = _amount(asked)
        if value is None:
            return []
        try:
            return made(Decimal(str(calculate(float(value)))), "decimal")
        except (ValueError, OverflowError):
            return []

    return function


def _whole(calculate: Callable[[Any], int]) -> Callable[[Any], Items]:
    def function(asked: Any) -> Items:
        value = _amount(asked)
        return [] if value is None else made(calculate(value), "integer")

    return function


def _abs(asked: Any) -> Items:
    item = asked.only()
    if item is None or item.value is None:
        return []
    if kind(item) not in {"number", "Quantity"}:
        raise PathError(f"abs() needs a number, not {item.type}", asked.node.at)
    return [replace(item, value=abs(item.value), is_system=True)]


def _round(asked: Any) -> Items:
    value, places = _amount(asked), (asked.value() if asked.has() else 0)
    if value is None:
        return []
    if places < 0:
        raise PathError("round() needs a positive number of places", asked.node.at)
    return made(rounded(value, places), "decimal")


def _log(asked: Any) -> Items:
    value, base = _amount(asked), asked.value()
    if value is None or base is None or value <= 0 or base <= 0 or base == 1:
        return []
    return made(rounded(math.log(float(value), float(base)), 12).normalize(), "decimal")


def _power(asked: Any) -> Items:
    value, exponent = _amount(asked), asked.value()
    if value is None or exponent is None:
        return []
    if isinstance(value, int) and isinstance(exponent, int) and exponent >= 0:
        return made(value**exponent, "integer")
    try:
        return made(Decimal(str(math.pow(float(value), float(exponent)))), "decimal")
    except (ValueError, OverflowError):
        return []


FUNCTIONS: Final[dict[str, Callable[[Any], Items]]] = {
    "abs": _abs,
    "ceiling": _whole(math.ceil),
    "floor": _whole(math.floor),
    "truncate": _whole(math.trunc),
    "exp": _real(math.exp),
    "ln": _real(math.log),
    "sqrt": _real(math.sqrt),
    "log": _log,
    "power": _power,
    "round": _round,
}
