"""Reads search values by evaluating each parameter's path: slow, plain, and right for any path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.evaluate import Budget, Context, evaluate, start
from qamqor.engine.fhir.fhirpath.items import Item
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import Binary, Call, Node, PathError, TypeTest
from qamqor.engine.fhir.search import read
from qamqor.engine.fhir.search.composites import composite_rows
from qamqor.engine.fhir.search.parameters import KEPT_ELSEWHERE, Parameter, indexed
from qamqor.engine.fhir.search.put import put
from qamqor.engine.fhir.search.values import Values

# Search means every value of a type, where FHIRPath's ``as`` refuses more than one.
AS: Final = re.compile(r"\(([\w.]+) as (\w+)\)")


def values_plainly(resource: Mapping[str, Any], zone: int) -> Values:
    """What ``extract.values`` finds, parameter by parameter."""
    found = Values()
    for parameter in indexed(str(resource.get("resourceType"))).values():
        if parameter.code not in KEPT_ELSEWHERE:
            read_parameter(parameter, resource, zone, found)
    return found


def read_parameter(
    parameter: Parameter, resource: Mapping[str, Any], zone: int, out: Values
) -> None:
    """Add what one parameter finds in a resource."""
    context = start(resource)
    if parameter.url:
        _read_own(parameter, context, zone, out)
        return
    for path, only in alternatives(parameter.path):
        for item in evaluate(path, context):
            if parameter.type == "composite":
                parts = [
                    _component(c.type, c.path, item, context, zone) for c in parameter.components
                ]
                out.composites += composite_rows(parameter.number, parts)
            elif (fhir_type := _readable(parameter.type, item, zone)) is not None:
                put(parameter.type, fhir_type, [(parameter.number, only)], zone)(item.value, out)


def _read_own(parameter: Parameter, context: Context, zone: int, out: Values) -> None:
    """One that a node added: its path may fail on a resource, which then is not found by it."""
    for path, only in alternatives(parameter.path):
        try:
            found = evaluate(path, replace(context, budget=Budget()))
        except (PathError, ArithmeticError, RecursionError, ValueError, TypeError):
            continue
        for item in found:
            if (fhir_type := _readable(parameter.type, item, zone)) is not None:
                put(parameter.type, fhir_type, [(parameter.number, only)], zone)(item.value, out)


def _component(kind: str, path: str, item: Item, context: Context, zone: int) -> Any:
    rows: read.Rows = []
    for node, _ in alternatives(path):
        for found in evaluate(node, replace(context, this=[item])):
            fhir_type = _readable(kind, found, zone)
            reader = fhir_type and read.reader(kind, fhir_type, zone)
            rows += reader(found.value) if reader else ()
    return kind, rows


def _readable(kind: str, item: Item, zone: int) -> str | None:
    """The name under which the readers know an item's type."""
    if definitions.is_resource(item.type):
        return "Resource" if kind == "reference" else None
    return item.type if read.reader(kind, item.type, zone) is not None else None


@lru_cache(maxsize=4096)
def alternatives(path: str) -> list[tuple[Node, str]]:
    """The parts of a union, ``where(resolve() is Type)`` taken off and named beside its part.

    Raises:
        PathError: it is no FHIRPath.
    """
    return list(_split(parse(AS.sub(r"\1.ofType(\2)", path).replace(".as(", ".ofType("))))


def _split(node: Node) -> Iterator[tuple[Node, str]]:
    if isinstance(node, Binary) and node.operator == "|":
        yield from _split(node.left)
        yield from _split(node.right)
        return
    test = node.arguments[0] if isinstance(node, Call) and node.name == "where" else None
    resolves = (
        isinstance(test, TypeTest)
        and isinstance(test.operand, Call)
        and test.operand.name == "resolve"
    )
    if isinstance(node, Call) and isinstance(test, TypeTest) and resolves and node.source:
        yield node.source, test.type
    else:
        yield node, ""
