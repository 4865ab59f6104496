"""Takes the path of a search parameter apart into JSON keys, where that is possible."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import Binary, Call, Literal, Member, Node, TypeTest

GENERAL = ("Resource", "DomainResource")


class NotPlain(Exception):
    """A path with more in it than steps, choices of type and simple conditions."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step down: a JSON key, and what a part must say to be followed (system: phone)."""

    key: str
    condition: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a resource.

    Attributes:
        type: FHIR type at its end.
        hops: steps from where the path starts.
        only: resource type a reference must point to; empty = any.
    """

    type: str
    hops: tuple[Hop, ...] = ()
    only: str = ""


def branches(path: str, start: str) -> list[Branch]:
    """Every way a path goes from an element of type ``start``.

    Raises:
        NotPlain: when it is more than steps, ``as``, ``where(key = 'text')`` and
            ``where(resolve() is Type)``.
    """
    return _follow(parse(path), start)


def _follow(node: Node, start: str) -> list[Branch]:
    if isinstance(node, Binary) and node.operator == "|":
        return [*_follow(node.left, start), *_follow(node.right, start)]
    if isinstance(node, Member):
        if node.source is None and (node.name == start or node.name in GENERAL):
            return [Branch(start)]
        before = [Branch(start)] if node.source is None else _follow(node.source, start)
        return [found for branch in before for found in _step(branch, node.name)]
    if isinstance(node, TypeTest) and node.operator == "as":
        return _of_type(_follow(node.operand, start), node.type)
    if isinstance(node, Call) and len(node.arguments) == 1:
        return _called(node, start)
    raise NotPlain(type(node).__name__)


def _called(node: Call, start: str) -> list[Branch]:
    before = [Branch(start)] if node.source is None else _follow(node.source, start)
    argument = node.arguments[0]
    if node.name in {"as", "ofType"} and isinstance(argument, Member):
        return _of_type(before, argument.name)
    if node.name != "where":
        raise NotPlain(node.name)
    if isinstance(argument, TypeTest) and argument.operator == "is" and _is_resolve(argument):
        return [replace(branch, only=argument.type) for branch in before]
    condition = _condition(argument)
    return [
        replace(b, hops=(*b.hops[:-1], replace(b.hops[-1], condition=condition))) for b in before
    ]


def _is_resolve(test: TypeTest) -> bool:
    return isinstance(test.operand, Call) and test.operand.name == "resolve"


def _condition(node: Node) -> tuple[str, str]:
    if (
        isinstance(node, Binary)
        and node.operator == "="
        and isinstance(node.left, Member)
        and node.left.source is None
        and isinstance(node.right, Literal)
    ):
        return node.left.name, str(node.right.value)
    raise NotPlain("where")


def _step(branch: Branch, name: str) -> list[Branch]:
    found = definitions.element(branch.type, name)
    if found is None:
        raise NotPlain(f"{branch.type}.{name}")
    if any(definitions.kind(t) == "resource" for t in found.types):
        raise NotPlain("a resource inside")
    return [Branch(t, (*branch.hops, Hop(found.json_key(t)))) for t in found.types]


def _of_type(before: list[Branch], name: str) -> list[Branch]:
    kept = [branch for branch in before if definitions.is_a(branch.type, name)]
    if not kept:
        raise NotPlain(f"as {name}")
    return kept
