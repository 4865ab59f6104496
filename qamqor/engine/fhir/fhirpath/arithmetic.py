"""Calculates with numbers, texts, quantities and dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from qamqor.engine.fhir.fhirpath import moments
from qamqor.engine.fhir.fhirpath.items import CALENDAR, Item, Items, kind, made, quantity
from qamqor.engine.fhir.fhirpath.steps import WHOLE
from qamqor.engine.fhir.fhirpath.syntax import PathError

LARGEST: Final = 2**31 - 1


def calculate(operator: str, left: Item | None, right: Item | None, in_doubles: bool) -> Items:
    """One of ``+ - * / div mod &`` on single values; nothing where it cannot be done.

    Args:
        operator: as written in the path.
        left, right: the operands; a missing one gives nothing, except for ``&``.
        in_doubles: calculate decimals in double precision, as databases do, not exactly.
    Raises:
        PathError: kinds that cannot be calculated with.
    """
    if operator == "&":
        return _joined(*(str(i.value or "") for i in (left, right) if i is not None))
    if left is None or right is None:
        return []
    kinds = kind(left), kind(right)
    if kinds == ("number", "number"):
        return _numbers(operator, left, right, in_doubles)
    if kinds == ("text", "text") and operator == "+":
        return _joined(left.value, right.value)
    if kinds[0] in {"date", "time"} and kinds[1] == "Quantity" and operator in "+-":
        return _moved(left, right, 1 if operator == "+" else -1)
    if "Quantity" in kinds:
        return _quantities(operator, left, right)
    raise PathError(f"cannot calculate {left.type} {operator} {right.type}")


def _numbers(operator: str, left: Item, right: Item, in_doubles: bool) -> Items:
    whole = {left.type, right.type} <= WHOLE
    if whole and operator != "/":
        return _whole(operator, int(left.value), int(right.value))
    result: float | Decimal | None
    if in_doubles:
        result = DOUBLES[operator](float(left.value), float(right.value))
    else:
        result = _exact(operator, Decimal(str(left.value)), Decimal(str(right.value)))
    if result is None or not math.isfinite(float(result)):
        return []
    if operator == "div":
        return made(int(result), "integer") if abs(int(result)) <= LARGEST else []
    return made(result, "decimal")


def _whole(operator: str, left: int, right: int) -> Items:
    if operator in {"div", "mod"} and right == 0:
        return []
    result = WHOLES[operator](left, right)
    return made(result, "integer") if abs(result) <= LARGEST else []


def _towards_zero(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


WHOLES: Final[dict[str, Callable[[int, int], int]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _towards_zero,
    "mod": lambda a, b: a - b * _towards_zero(a, b),
}
DOUBLES: Final[dict[str, Callable[[float, float], float | None]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else None,
    "div": lambda a, b: _truncated(a / b) if b else None,
    "mod": lambda a, b: math.fmod(a, b) if b else None,
}


def _truncated(value: float) -> float | None:
    return float(math.trunc(value)) if math.isfinite(value) else None


def _exact(operator: str, left: Decimal, right: Decimal) -> Decimal | None:
    if operator in {"/", "div", "mod"} and not right:
        return None
    with localcontext(prec=28):
        try:
            match operator:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case "/":
                    return left / right
                case "div":
                    return (left / right).to_integral_value("ROUND_DOWN")
                case _:
                    return left % right
        except InvalidOperation:
            return None


def _quantities(operator: str, left: Item, right: Item) -> Items:
    if kind(left) != "Quantity" or kind(right) != "Quantity":
        raise PathError(f"cannot calculate {left.type} {operator} {right.type}")
    first, second = quantity(left), quantity(right)
    if operator in {"+", "-"}:
        if first[1] != second[1]:
            return []
        return _quantity(_exact(operator, first[0], second[0]), first[1])
    if operator == "*":
        return _quantity(first[0] * second[0], f"{first[1]}.{second[1]}")
    if operator == "/":
        unit = "1" if first[1] == second[1] else f"{first[1]}/{second[1]}"
        return _quantity(_exact("/", first[0], second[0]), unit)
    raise PathError(f"cannot calculate quantity {operator} quantity")


def _quantity(amount: Decimal | None, unit: str) -> Items:
    return [] if amount is None else [Item(amount, "Quantity", is_system=True, unit=unit)]


UNITS: Final = {"wk": ("day", 7), "d": ("day", 1), "h": ("hour", 1), "min": ("minute", 1),
                "s": ("second", 1), "ms": ("millisecond", 1)}  # fmt: skip


def _moved(item: Item, by: Item, direction: int) -> Items:
    unit = by.unit.removesuffix("s") if len(by.unit) > 2 else by.unit
    unit = CALENDAR.get(unit, unit)
    amount = int(Decimal(by.value)) * direction
    if unit not in {"year", "month", *UNITS}:
        raise PathError(f"{unit} is no length of calendar time")
    if kind(item) == "time":
        raise PathError("adding to a time of day is not supported")
    value = moments.moment(item.value)
    if value is None:
        return []
    text = _shifted(value, unit, amount)
    return [] if text is None else made(text, item.type)


def _shifted(value: moments.Moment, unit: str, amount: int) -> str | None:
    start = f"{value.date}-01-01"[:10] if len(value.date) == 4 else f"{value.date}-01"[:10]
    clock = value.clock_as_written[:12] or "00:00:00"
    try:
        moment = datetime.fromisoformat(f"{start}T{clock}")
        moment = _later(moment, unit, amount)
    except (ValueError, OverflowError, KeyError):
        return None
    day = moment.date().isoformat()[: len(value.date)]
    if not value.clock:
        return day
    text = moment.isoformat(timespec="milliseconds" if "." in value.clock_as_written else "seconds")
    return f"{text}{value.zone}"


def _later(moment: datetime, unit: str, amount: int) -> datetime:
    if unit in {"year", "month"}:
        months = moment.year * 12 + moment.month - 1 + amount * (12 if unit == "year" else 1)
        return moment.replace(year=months // 12, month=months % 12 + 1, day=_day(moment, months))
    length, times = UNITS[unit]
    return moment + timedelta(**{f"{length}s": amount * times})


def _day(moment: datetime, months: int) -> int:
    following = date(months // 12 + (months % 12 == 11), (months + 1) % 12 + 1, 1)
    return min(moment.day, (following - timedelta(days=1)).day)


def rounded(value: Any, places: int) -> Decimal:
    """Half up, as FHIRPath's round()."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), "ROUND_HALF_UP")


LONGEST_TEXT: Final = 1_000_000
"""What doubles itself in every step would soon fill the memory."""


def _joined(*parts: str) -> Items:
    if sum(map(len, parts)) > LONGEST_TEXT:
        raise PathError(f"makes a text of more than {LONGEST_TEXT} characters")
    return made("".join(parts), "string")
