"""Reads out of a resource, in one walk over what it holds, every value that search may ask for.

A walk is built once for each resource type from the paths of its parameters: a tree of JSON keys
with, at each leaf, what to read there and for which parameters. What a resource does not hold
costs nothing. ``plainly.py`` does the same by evaluating each path, and tests hold them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from qamqor.engine.fhir.search import plainly, read
from qamqor.engine.fhir.search.composites import Parts, composite_rows
from qamqor.engine.fhir.search.parameters import KEPT_ELSEWHERE, Parameter, indexed, own
from qamqor.engine.fhir.search.paths import Branch, Hop, NotPlain, branches
from qamqor.engine.fhir.search.put import Put, put
from qamqor.engine.fhir.search.values import Values

NATIONAL: Final = 5 * 3_600_000_000
"""Microseconds that local time is ahead of UTC, for dates that name no zone."""

Step = Callable[[Any, Values], None]
Leaf = tuple[str, str]
"""Kind of parameter and FHIR type."""


@dataclass(slots=True)
class Node:
    """What is looked for at one place: parameters by what is read, deeper places, composites."""

    leaves: dict[Leaf, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    below: dict[Hop, Node] = field(default_factory=dict)
    composites: list[tuple[Parameter, list[Parts]]] = field(default_factory=list)

    def at(self, hops: tuple[Hop, ...]) -> Node:
        node = self
        for hop in hops:
            node = node.below.setdefault(hop, Node())
        return node


def values(resource: Mapping[str, Any], zone: int = NATIONAL) -> Values:
    """Every index value of a resource; ``_id`` and ``_lastUpdated`` are not among them.

    Args:
        resource: a valid resource; elements that are not what FHIR says are passed over.
        zone: microseconds that local time is ahead of UTC.
    """
    found = Values()
    resource_type = str(resource.get("resourceType"))
    walk, plain = _walk(resource_type, zone, own(resource_type))
    walk(resource, found)
    for parameter in plain:
        plainly.read_parameter(parameter, resource, zone, found)
    return found


@cache
def _walk(
    resource_type: str, zone: int, _: tuple[Parameter, ...]
) -> tuple[Step, tuple[Parameter, ...]]:
    """The walk through one type, and the parameters whose paths are evaluated instead.

    Made anew when the node's own parameters of the type, the last argument, are others.
    """
    root, plain = Node(), []
    for parameter in indexed(resource_type).values():
        if parameter.code in KEPT_ELSEWHERE:
            continue
        try:
            _plant(root, parameter, zone)
        except NotPlain:
            plain.append(parameter)
    return _visitor(root, zone), tuple(plain)


def _plant(root: Node, parameter: Parameter, zone: int) -> None:
    found = branches(parameter.path, parameter.resource_type)
    if parameter.type == "composite":
        parts = [_parts(parameter, branch, zone) for branch in found]
        for branch, part in zip(found, parts, strict=True):
            root.at(branch.hops).composites.append((parameter, part))
        return
    for branch in found:
        if read.reader(parameter.type, branch.type, zone) is not None:
            wanted = (parameter.number, branch.only)
            root.at(branch.hops).leaves[parameter.type, branch.type].append(wanted)


def _parts(parameter: Parameter, at: Branch, zone: int) -> list[Parts]:
    """How each component is read from the element that a composite is about."""
    return [
        Parts(
            component.type,
            tuple(
                (tuple(hop.key for hop in branch.hops), reader)
                for branch in branches(component.path, at.type)
                if (reader := read.reader(component.type, branch.type, zone)) is not None
            ),
        )
        for component in parameter.components
    ]


def _visitor(node: Node, zone: int) -> Step:
    """One function that reads everything wanted at a place and below it."""
    puts: list[Put] = [put(kind, t, wanted, zone) for (kind, t), wanted in node.leaves.items()]
    puts += [_composites(node.composites)] if node.composites else []
    if not node.below:
        return puts[0] if len(puts) == 1 else _all(puts)
    return _all([*puts, _descend(_below(node, zone))]) if puts else _descend(_below(node, zone))


def _below(node: Node, zone: int) -> dict[str, Step]:
    by_key: dict[str, list[Step]] = defaultdict(list)
    for hop, deeper in node.below.items():
        step = _visitor(deeper, zone)
        by_key[hop.key].append(_each(_if(hop.condition, step) if hop.condition else step))
    return {k: steps[0] if len(steps) == 1 else _all(steps) for k, steps in by_key.items()}


def _descend(steps: dict[str, Step]) -> Step:
    def descend(value: Any, out: Values) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                step = steps.get(key)
                if step is not None:
                    step(part, out)

    return descend


def _each(step: Step) -> Step:
    def each(part: Any, out: Values) -> None:
        if type(part) is list:
            for one in part:
                step(one, out)
        else:
            step(part, out)

    return each


def _if(condition: tuple[str, str], step: Step) -> Step:
    key, text = condition

    def follow(value: Any, out: Values) -> None:
        if isinstance(value, dict) and value.get(key) == text:
            step(value, out)

    return follow


def _all(steps: list[Step]) -> Step:
    def everything(value: Any, out: Values) -> None:
        for step in steps:
            step(value, out)

    return everything


def _composites(wanted: list[tuple[Parameter, list[Parts]]]) -> Step:
    """All composites of one element: each component is read once, the last and rarest first."""
    parts: list[Parts] = []
    asked: list[tuple[int, tuple[int, ...]]] = []
    for parameter, listed in wanted:
        for part in listed:
            if part not in parts:
                parts.append(part)
        asked.append((parameter.number, tuple(parts.index(part) for part in listed)))

    def join(value: Any, out: Values) -> None:
        if not isinstance(value, dict):
            return
        said: dict[int, tuple[str, Any]] = {}
        for number, places in asked:
            for place in reversed(places):
                if place not in said:
                    said[place] = parts[place].read(value)
                if not said[place][1]:
                    break
            else:
                out.composites += composite_rows(number, [said[place] for place in places])

    return join
