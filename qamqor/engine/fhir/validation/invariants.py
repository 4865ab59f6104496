"""Asks an element the invariants of FHIR that are written as FHIRPath."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from qamqor.engine.fhir.fhirpath.evaluate import Context, evaluate
from qamqor.engine.fhir.fhirpath.items import Item
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import Node, PathError
from qamqor.engine.fhir.validation.rulebook import Invariant

# They follow references to other resources, which a single resource cannot answer.
NOT_ASKED: Final = frozenset({"ctm-1"})


@cache
def read(expression: str) -> Node:
    """The expression, parsed once."""
    return parse(expression)


def is_broken(
    rule: Invariant, value: Any, type_name: str, resource: Any, beside: Any = None
) -> bool:
    """Whether an element plainly breaks a rule.

    What the rule cannot decide (dates of different precision, quantities in different units,
    numbers too large to convert) keeps it.

    Args:
        value: the element as JSON, well-structured.
        type_name: its FHIR type, ``Patient.contact``.
        resource: the resource that holds it, for ``%resource``; the element itself where the
            rule does not look there.
        beside: what JSON has under ``_name``.
    """
    if rule.key in NOT_ASKED:
        return False
    item = Item(value, type_name, beside)
    named = resource.get("resourceType") if isinstance(resource, Mapping) else None
    root = Item(resource, str(named or type_name))
    try:
        found = evaluate(read(rule.expression), Context([item], [root], {"context": [item]}))
    except (PathError, ArithmeticError):
        return False
    return len(found) == 1 and found[0].value is False
