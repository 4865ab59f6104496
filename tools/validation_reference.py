"""The reference page of what is checked of a resource, from the rules themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qamqor.engine.fhir.validation import issues, primitives, rulebook
from qamqor.engine.fhir.validation.invariants import NOT_ASKED

Table = Callable[[list[str], list[list[Any]]], str]


def page(table: Table) -> str:
    """The whole page as Markdown.

    Args:
        table: makes a Markdown table of heads and rows.
    """
    return "\n\n".join([INTRODUCTION, ours(table), formats(table), lists(table), invariants(table)])


INTRODUCTION = """# Rules of FHIR

A resource is stored only when it keeps every rule on this page that is an *error*; a *warning* is
said by `$validate` and stored. Each issue names its rule and, by FHIRPath, the element. The rules
are those of the FHIR 4.0.1 base definitions: types, cardinalities and reference targets as in the
specification, and what follows.

Not checked: profiles; codes with a binding that is not *required*; media types, units and
currencies, whose lists have no end; whether what a reference points to exists (a setting of the
transaction, not of the resource); links inside narrative; whether there is narrative (`dom-6`)."""


def ours(table: Table) -> str:
    """The rules that are code."""
    rows = [
        [f"`{name}`", rule.severity, rule.code, rule.asks] for name, rule in issues.RULES.items()
    ]
    return "## Structure\n\n" + table(["rule", "severity", "FHIR issue code", "asks"], rows)


def formats(table: Table) -> str:
    """What each simple type asks."""
    rows = [[f"`{name}`", asks] for name, asks in primitives.ASKS.items()]
    return "## Formats of simple types (rule `format`)\n\n" + table(["type", "asks"], rows)


def lists(table: Table) -> str:
    """The value sets with a required binding."""
    found: dict[str, tuple[rulebook.Binding, list[str]]] = {}
    for path, binding in rulebook.bindings().items():
        found.setdefault(binding.name, (binding, []))[1].append(path)
    rows = [
        [f"`{name}`", len(binding.codes or binding.pairs), ", ".join(f"`{p}`" for p in sorted(on))]
        for name, (binding, on) in sorted(found.items())
    ]
    heads = ["value set", "codes", "elements"]
    return "## Required value sets (rule `binding`)\n\n" + table(heads, rows)


def invariants(table: Table) -> str:
    """The rules written as FHIRPath."""
    rows = [
        [
            f"`{rule.key}`",
            "not asked" if rule.key in NOT_ASKED else rule.severity,
            ", ".join(f"`{place}`" for place in rule.on),
            rule.human,
            f"`{rule.expression}`",
        ]
        for rule in rulebook.invariants()
    ]
    return (
        "## Invariants\n\nA rule that a resource leaves undecided (dates of different precision, "
        "quantities in different units) is kept.\n\n"
        + table(["rule", "severity", "holds for", "asks", "FHIRPath"], rows)
    )
