"""The values FHIRPath works on, each with its FHIR type, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath import moments
from qamqor.engine.fhir.fhirpath.steps import TEMPORAL, WHOLE
from qamqor.engine.fhir.fhirpath.syntax import PathError

Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """One value.

    Attributes:
        value: JSON for an element with parts; text, bool or number for a simple one; None for a
            simple one that has only extensions.
        type: its FHIR type (``Patient``, ``Patient.contact``, ``code``).
        beside: what JSON keeps under ``_name``.
        is_system: whether FHIRPath made it, rather than reading it from a resource.
        unit: of a quantity that FHIRPath made.
    """

    value: Any
    type: str
    beside: Mapping[str, Any] | None = None
    is_system: bool = False
    unit: str = ""

    @property
    def is_simple(self) -> bool:
        return definitions.is_primitive(self.type)


Items = list[Item]


def made(value: Any, type_name: str) -> Items:
    """One value that FHIRPath made."""
    return [Item(value, type_name, is_system=True)]


def truth_value(value: bool | None) -> Items:
    return [] if value is None else made(value, "boolean")


def children(item: Item, name: str) -> Iterator[Item]:
    """The parts of an element under one name, whatever type a choice has."""
    if item.type == "TypeInfo":
        yield from made(item.value[name], "string") if name in item.value else ()
        return
    if item.is_simple or not isinstance(item.value, Mapping):
        yield from _beside(item, name)
        return
    owner = str(item.value.get("resourceType", item.type)) if item.type != "Element" else item.type
    element = definitions.element(owner, name)
    if element is None:
        return
    for type_name in element.types:
        yield from _read(item.value, element.json_key(type_name), type_name)


def _beside(item: Item, name: str) -> Iterator[Item]:
    if name in {"extension", "id"} and item.beside is not None:
        yield from children(Item(item.beside, "Element"), name)


def _read(owner: Mapping[str, Any], key: str, type_name: str) -> Iterator[Item]:
    value, beside = owner.get(key), owner.get(f"_{key}")
    if value is None and beside is None:
        return
    if not definitions.is_primitive(type_name):
        for part in value if isinstance(value, list) else [value]:
            if part is not None:
                kind = (
                    part.get("resourceType", type_name) if isinstance(part, Mapping) else type_name
                )
                yield Item(part, kind if type_name == "Resource" else type_name)
        return
    values = value if isinstance(value, list) else [value]
    besides = beside if isinstance(beside, list) else [beside]
    for number in range(max(len(values), len(besides))):
        one = values[number] if number < len(values) else None
        other = besides[number] if number < len(besides) else None
        if one is not None or other is not None:
            yield Item(one, type_name, other)


def all_children(item: Item) -> Iterator[Item]:
    """Every part of an element, in the order of the definitions."""
    owner = (
        item.value.get("resourceType", item.type) if isinstance(item.value, Mapping) else item.type
    )
    for name in definitions.elements(owner):
        yield from children(item, name)


def kind(item: Item) -> str:
    """What a value may be compared with."""
    if item.type in WHOLE or item.type == "decimal":
        return "number"
    if item.type in TEMPORAL:
        return "date"
    if item.type in {"boolean", "time", "Quantity"}:
        return item.type
    return "text" if item.is_simple else "complex"


class Double(float):
    """A decimal in double precision that still knows how it was written."""

    written: str

    @classmethod
    def of(cls, value: Decimal) -> Double:
        double = cls(value)
        double.written = str(value)
        return double


def number(item: Item) -> Decimal:
    """A number exactly as written."""
    if isinstance(item.value, Double):
        return Decimal(item.value.written)
    return item.value if isinstance(item.value, Decimal) else Decimal(str(item.value))


FAMILIES: Final[dict[str, tuple[str, int | Decimal]]] = {
    "kg": ("g", 1000), "g": ("g", 1), "mg": ("g", Decimal("0.001")), "m": ("m", 1),
    "cm": ("m", Decimal("0.01")), "mm": ("m", Decimal("0.001")), "wk": ("s", 604800),
    "d": ("s", 86400), "h": ("s", 3600), "min": ("s", 60), "s": ("s", 1),
    "ms": ("s", Decimal("0.001")), "[lb_av]": ("g", Decimal("453.59237")),
    "[in_i]": ("m", Decimal("0.0254")), "[s]": ("s", 1),
}  # fmt: skip
CALENDAR: Final = {
    "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s", "millisecond": "ms",
}  # fmt: skip


def quantity(item: Item) -> tuple[Decimal, str]:
    """Amount and unit, both kinds of quantity alike, in the smallest unit of its family."""
    if item.is_system:
        amount, unit = Decimal(item.value), item.unit
    else:
        amount = Decimal(str(item.value.get("value", "NaN")))
        unit = str(item.value.get("code") or item.value.get("unit") or "1")
    unit = CALENDAR.get(unit.removesuffix("s") if unit != "s" else unit, unit)
    family, factor = FAMILIES.get(unit, (unit.removesuffix("s") if len(unit) > 2 else unit, 1))
    return amount * Decimal(factor), family


def same(left: Item, right: Item) -> bool | None:
    """Whether two values are equal; nothing when nobody can say, as without a value."""
    if left.value is None or right.value is None:
        return None
    kinds = kind(left), kind(right)
    if kinds == ("number", "number"):
        return (
            bool(left.value == right.value)
            if _floats(left, right)
            else number(left) == number(right)
        )
    if kinds[0] in {"date", "time"} and kinds[0] == kinds[1]:
        order = moments.compared(left.value, right.value, kinds[0])
        return None if order is None else order == 0
    if kinds == ("Quantity", "Quantity"):
        first, second = quantity(left), quantity(right)
        return first == second if first[1] == second[1] else None
    return kinds[0] == kinds[1] and bool(left.value == right.value)


def _floats(left: Item, right: Item) -> bool:
    return isinstance(left.value, float) or isinstance(right.value, float)


def alike(left: Item, right: Item) -> bool:
    """Equivalence: texts without case or extra spaces, numbers to the coarser precision."""
    if left.value is None or right.value is None:
        return left.value is right.value
    if kind(left) == kind(right) == "text":
        return " ".join(left.value.lower().split()) == " ".join(right.value.lower().split())
    if kind(left) == kind(right) == "number":
        return _rounded_alike(number(left), number(right))
    if kind(left) == kind(right) == "Quantity":
        first, second = quantity(left), quantity(right)
        close = abs(first[0] - second[0]) <= abs(first[0]) * Decimal("0.011")
        return first[1] == second[1] and close
    return same(left, right) is True


def _rounded_alike(left: Decimal, right: Decimal) -> bool:
    places = [max(0, -exponent_of(n.normalize())) for n in (left, right)]
    unit = Decimal(1).scaleb(-min(places))
    return left.quantize(unit) == right.quantize(unit)


def exponent_of(value: Decimal) -> int:
    """The power of ten of a number's last digit."""
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def order(left: Item, right: Item) -> int | None:
    """-1, 0 or 1; nothing when nobody can say.

    Raises:
        PathError: the two are of kinds that cannot be ordered.
    """
    if left.value is None or right.value is None:
        return None
    kinds = kind(left), kind(right)
    if kinds[0] != kinds[1] or kinds[0] in {"boolean", "complex"}:
        raise PathError(f"cannot order {left.type} and {right.type}")
    if kinds[0] in {"date", "time"}:
        return moments.compared(left.value, right.value, kinds[0])
    first, second = _keys(left, right, kinds[0])
    if first is None:
        return None
    return int(first > second) - int(first < second)


def _keys(left: Item, right: Item, same_kind: str) -> tuple[Any, Any]:
    if same_kind == "Quantity":
        first, second = quantity(left), quantity(right)
        is_known = first[1] == second[1] and not (first[0].is_nan() or second[0].is_nan())
        return (first[0], second[0]) if is_known else (None, None)
    if same_kind == "number" and not _floats(left, right):
        return number(left), number(right)
    return left.value, right.value


def distinct(items: Sequence[Item]) -> Items:
    """Each value once, in the order of first appearance."""
    if all(item.value is not None and kind(item) == "text" for item in items):
        first: dict[str, Item] = {}
        for item in items:
            first.setdefault(item.value, item)
        return list(first.values())
    kept: Items = []
    for item in items:
        if not any(same(item, other) for other in kept):
            kept.append(item)
    return kept
