"""The functions of FHIRPath that look at collections, types, references and resources."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cmp_to_key
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath import boundaries, conversions, numbers, texts
from qamqor.engine.fhir.fhirpath.items import (
    Item,
    Items,
    all_children,
    children,
    distinct,
    made,
    order,
    quantity,
    same,
    truth_value,
)
from qamqor.engine.fhir.fhirpath.syntax import Call, Member, Node, PathError

REFERENCE: Final = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/]+)(?:/_history/[^/]+)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A function call on its way: what it is called on, and how to follow its arguments."""

    node: Call
    source: Items
    context: Any
    evaluate: Callable[[Node, Any], Items]

    def given(self, number: int = 0) -> Items:
        """An argument, as seen from where the call stands."""
        return self.evaluate(self.node.arguments[number], self.context)

    def each(self, item: Item, index: int, number: int = 0) -> Items:
        """An argument, as seen from one element."""
        return self.evaluate(self.node.arguments[number], self.context.looking_at(item, index))

    def passes(self, item: Item, index: int) -> bool:
        found = self.each(item, index)
        if len(found) > 1:
            raise PathError(f"{len(found)} values as a condition", self.node.at)
        return bool(found) and found[0].value is not False

    def only(self) -> Item | None:
        """The one value it is called on, or nothing."""
        if len(self.source) > 1:
            raise PathError(f"{len(self.source)} values before {self.node.name}()", self.node.at)
        return self.source[0] if self.source else None

    def value(self, number: int = 0) -> Any:
        """The one value of an argument, or None."""
        found = self.given(number)
        if len(found) > 1:
            raise PathError(f"{len(found)} values as argument of {self.node.name}()", self.node.at)
        return found[0].value if found else None

    def type_name(self, number: int = 0) -> str:
        """An argument that names a type."""
        parts: list[str] = []
        node: Node | None = self.node.arguments[number]
        while isinstance(node, Member):
            parts.append(node.name)
            node = node.source
        return ".".join(reversed(parts))

    def has(self, number: int = 0) -> bool:
        return len(self.node.arguments) > number


SYSTEM: Final = {
    "String", "Boolean", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity",
}  # fmt: skip


def is_type(item: Item, name: str, at: int = 0) -> bool:
    """Whether a value has a type or one that specialises it."""
    space, short = _split(name)
    if item.is_system:
        return (
            space != "FHIR" and short in {item.type[0].upper() + item.type[1:]} and short in SYSTEM
        )
    if space == "System":
        return False
    _known(short, at)
    return definitions.is_a(item.type, short)


def is_exactly(item: Item, name: str, at: int = 0) -> bool:
    """Whether a value has just this type."""
    space, short = _split(name)
    if item.is_system:
        return is_type(item, name, at)
    if space == "System":
        return False
    _known(short, at)
    return item.type == short or (short in SYSTEM and item.type == short[0].lower() + short[1:])


def _split(name: str) -> tuple[str, str]:
    for space in ("FHIR", "System"):
        if name.startswith(f"{space}."):
            return space, name.removeprefix(f"{space}.")
    return "", name


def _known(name: str, at: int) -> None:
    if definitions.kind(name) is None and name not in SYSTEM:
        raise PathError(f"there is no type {name}", at)


def _of_type(asked: Asked) -> Items:
    name = asked.type_name()
    return [item for item in asked.source if is_exactly(item, name, asked.node.at)]


def _as(asked: Asked) -> Items:
    asked.only()
    return _of_type(asked)


def _is(asked: Asked) -> Items:
    item = asked.only()
    return [] if item is None else truth_value(is_type(item, asked.type_name(), asked.node.at))


def _type(asked: Asked) -> Items:
    found = []
    for item in asked.source:
        name = item.type[0].upper() + item.type[1:] if item.is_system else item.type
        space = "System" if item.is_system else "FHIR"
        found.append(Item({"namespace": space, "name": name}, "TypeInfo", is_system=True))
    return found


def _where(asked: Asked) -> Items:
    return [item for index, item in enumerate(asked.source) if asked.passes(item, index)]


def _select(asked: Asked) -> Items:
    return [found for index, item in enumerate(asked.source) for found in asked.each(item, index)]


def _simply(item: Item) -> Any:
    """What a simple value is compared by; None for others, which are as many as a resource has."""
    if item.beside is not None or isinstance(item.value, dict | list):
        return None
    return item.value, item.type, item.is_system, item.unit


MOST_REPEATED: Final = 2_000
"""What makes new items of itself, such as ``repeat($this & 'a')``, would never end."""


def _repeat(asked: Asked) -> Items:
    found: Items = []
    seen: set[Any] = set()
    queue = deque(asked.source)
    while queue:
        for item in asked.each(queue.popleft(), 0):
            key = _simply(item)
            if item not in found if key is None else key not in seen:
                seen.add(key)
                found.append(item)
                queue.append(item)
        if len(found) > MOST_REPEATED:
            raise PathError(f"repeat() finds more than {MOST_REPEATED} items", asked.node.at)
    return found


def _exists(asked: Asked) -> Items:
    return truth_value(bool(_where(asked) if asked.has() else asked.source))


def _all(asked: Asked) -> Items:
    return truth_value(all(asked.passes(item, n) for n, item in enumerate(asked.source)))


def _booleans(test: Callable[[list[Any]], bool]) -> Callable[[Asked], Items]:
    return lambda asked: truth_value(test([item.value for item in asked.source]))


def _not(asked: Asked) -> Items:
    item = asked.only()
    if item is None:
        return []
    return truth_value(item.value is False if isinstance(item.value, bool) else False)


def _single(asked: Asked) -> Items:
    item = asked.only()
    return [] if item is None else [item]


def _skip(asked: Asked) -> Items:
    return asked.source[max(0, int(asked.value() or 0)) :]


def _take(asked: Asked) -> Items:
    return asked.source[: max(0, int(asked.value() or 0))]


def _within(items: Items, others: Items) -> bool:
    return all(any(same(item, other) for other in others) for item in items)


def _intersect(asked: Asked) -> Items:
    others = asked.given()
    return distinct([i for i in asked.source if any(same(i, other) for other in others)])


def _exclude(asked: Asked) -> Items:
    others = asked.given()
    return [i for i in asked.source if not any(same(i, other) for other in others)]


def _iif(asked: Asked) -> Items:
    item = asked.only()
    context = asked.context
    if item is not None:
        context = context.looking_at(item, context.index)
    test = asked.evaluate(asked.node.arguments[0], context)
    if len(test) > 1 or (test and not isinstance(test[0].value, bool)):
        raise PathError("iif() needs true or false", asked.node.at)
    chosen = 1 if test and test[0].value else 2
    return asked.evaluate(asked.node.arguments[chosen], context) if asked.has(chosen) else []


def _aggregate(asked: Asked) -> Items:
    total = asked.given(1) if asked.has(1) else []
    for index, item in enumerate(asked.source):
        context = replace(asked.context.looking_at(item, index), total=total)
        total = asked.evaluate(asked.node.arguments[0], context)
    return total


def _sort(asked: Asked) -> Items:
    def compare(left: Item, right: Item) -> int:
        keys = [asked.each(i, 0) if asked.has() else [i] for i in (left, right)]
        if not keys[0] or not keys[1]:
            return bool(keys[0]) - bool(keys[1])
        return order(keys[0][0], keys[1][0]) or 0

    return sorted(asked.source, key=cmp_to_key(compare))


def _extension(asked: Asked) -> Items:
    url = asked.value()
    return [
        part
        for item in asked.source
        for part in children(item, "extension")
        if isinstance(part.value, dict) and part.value.get("url") == url
    ]


def _has_value(asked: Asked) -> Items:
    item = asked.only()
    return truth_value(item is not None and item.is_simple and item.value is not None)


def _children(asked: Asked) -> Items:
    return [part for item in asked.source for part in all_children(item)]


def _descendants(asked: Asked) -> Items:
    found: Items = []
    queue = _children(asked)
    while queue:
        found += queue
        queue = [part for item in queue for part in all_children(item)]
    return found


def _resource_key(asked: Asked) -> Items:
    return [part for item in asked.source for part in children(item, "id")]


def _reference_key(asked: Asked) -> Items:
    wanted = asked.type_name() if asked.has() else None
    found: Items = []
    for item in asked.source:
        written = item.value.get("reference") if isinstance(item.value, dict) else None
        match = REFERENCE.fullmatch(str(written or ""))
        if match is not None and wanted in {None, match["type"]}:
            found += made(match["id"], "string")
    return found


def _comparable(asked: Asked) -> Items:
    item, others = asked.only(), asked.given()
    if item is None or len(others) != 1:
        return []
    return truth_value(quantity(item)[1] == quantity(others[0])[1])


def _trace(asked: Asked) -> Items:
    return asked.source


FUNCTIONS: Final[dict[str, Callable[[Asked], Items]]] = {
    "where": _where,
    "select": _select,
    "repeat": _repeat,
    "exists": _exists,
    "empty": lambda asked: truth_value(not asked.source),
    "not": _not,
    "all": _all,
    "allTrue": _booleans(lambda values: all(value is True for value in values)),
    "anyTrue": _booleans(lambda values: any(value is True for value in values)),
    "allFalse": _booleans(lambda values: all(value is False for value in values)),
    "anyFalse": _booleans(lambda values: any(value is False for value in values)),
    "count": lambda asked: made(len(asked.source), "integer"),
    "distinct": lambda asked: distinct(asked.source),
    "isDistinct": lambda asked: truth_value(len(distinct(asked.source)) == len(asked.source)),
    "subsetOf": lambda asked: truth_value(_within(asked.source, asked.given())),
    "supersetOf": lambda asked: truth_value(_within(asked.given(), asked.source)),
    "single": _single,
    "first": lambda asked: asked.source[:1],
    "last": lambda asked: asked.source[-1:],
    "tail": lambda asked: asked.source[1:],
    "skip": _skip,
    "take": _take,
    "intersect": _intersect,
    "exclude": _exclude,
    "union": lambda asked: distinct([*asked.source, *asked.given()]),
    "combine": lambda asked: [*asked.source, *asked.given()],
    "iif": _iif,
    "aggregate": _aggregate,
    "sort": _sort,
    "ofType": _of_type,
    "as": _as,
    "is": _is,
    "type": _type,
    "extension": _extension,
    "hasValue": _has_value,
    "getValue": lambda asked: [i for i in asked.source if i.value is not None],
    "children": _children,
    "descendants": _descendants,
    "getResourceKey": _resource_key,
    "getReferenceKey": _reference_key,
    "comparable": _comparable,
    "trace": _trace,
    **boundaries.FUNCTIONS,
    **conversions.FUNCTIONS,
    **numbers.FUNCTIONS,
    **texts.FUNCTIONS,
}
