"""Where in a resource's JSON the elements lie that a FHIRPath names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from qamqor.engine.fhir.definitions import Element, element, elements
from qamqor.engine.fhir.fhirpath.evaluate import Budget, evaluate, start
from qamqor.engine.fhir.fhirpath.items import Item
from qamqor.engine.fhir.fhirpath.syntax import Index, Literal, Member, Node, PathError


class Place(NamedTuple):
    """One value: ``owner[key]``, or ``owner[key][number]`` in a list.

    Attributes:
        type: FHIR type of the owner. element: the element it is of the owner.
    """

    owner: dict[str, Any]
    type: str
    element: Element
    key: str
    number: int | None

    @property
    def value(self) -> Any:
        held = self.owner[self.key]
        return held if self.number is None else held[self.number]


def places(node: Node, resource: dict[str, Any]) -> list[Place]:
    """Where the values of a collection lie, in order.

    Raises:
        PathError: a simple value found by a function; name it by its place instead.
    """
    if isinstance(node, Index) and isinstance(node.index, Literal):
        listed, number = places(node.source, resource), node.index.value
        is_there = isinstance(number, int) and 0 <= number < len(listed)
        return [listed[int(number)]] if is_there else []
    if isinstance(node, Member) and not (node.source is None and node.name[:1].isupper()):
        source = start(resource).this if node.source is None else items(node.source, resource)
        return [place for owner in source for place in _named(owner, node.name)]
    by_identity = {id(place.value): place for place in _all(start(resource).this[0])}
    found = [by_identity.get(id(item.value)) for item in items(node, resource)]
    if None in found:
        text = "name a simple value by its place, such as name[0].given[1]"
        raise PathError(text)
    return [place for place in found if place is not None]


def items(node: Node, resource: dict[str, Any]) -> list[Item]:
    """What the path finds."""
    return evaluate(node, start(resource, budget=Budget()))


def _named(owner: Item, name: str) -> Iterator[Place]:
    found = element(owner.type, name)
    if found is None or not isinstance(owner.value, dict):
        return
    for kind in found.types:
        key = found.json_key(kind)
        held = owner.value.get(key)
        if isinstance(held, list):
            for number in range(len(held)):
                yield Place(owner.value, owner.type, found, key, number)
        elif held is not None:
            yield Place(owner.value, owner.type, found, key, None)


def _all(owner: Item) -> Iterator[Place]:
    """Every complex value below an element."""
    for name in elements(owner.type):
        for place in _named(owner, name):
            if isinstance(place.value, dict):
                yield place
                yield from _all(Item(place.value, _type_of(place)))


def _type_of(place: Place) -> str:
    kinds = [k for k in place.element.types if place.element.json_key(k) == place.key]
    return str(place.value.get("resourceType", kinds[0])) if kinds[0] == "Resource" else kinds[0]
