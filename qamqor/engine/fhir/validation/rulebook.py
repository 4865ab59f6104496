"""What R4 asks of an element beside its type: closed lists of codes, and invariants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from qamqor.engine.fhir import definitions

DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Binding:
    """The codes an element must take its code from.

    Attributes:
        name: of the value set.
        codes: all of them, where the code alone decides; empty where the system counts.
        pairs: (system, code), for an element that is a CodeableConcept.
    """

    name: str
    codes: frozenset[str]
    pairs: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """One rule on a type or element.

    Attributes:
        key: as R4 names it; two types may use one key for different rules.
        severity: ``error`` or ``warning``.
        on: types (``Period``) and elements (``Patient.contact``) it holds for.
        expression: FHIRPath that is false where the rule is broken.
        human: what it asks, in words.
    """

    key: str
    severity: str
    on: tuple[str, ...]
    expression: str
    human: str


@cache
def _rules() -> dict[str, Any]:
    raw = resources.files("qamqor.engine.fhir.validation").joinpath("rules.json").read_bytes()
    rules: dict[str, Any] = msgspec.json.decode(raw)
    return rules


@cache
def bindings() -> Mapping[str, Binding]:
    """The required bindings by element path (``Patient.gender``)."""
    found = {}
    for name, entry in _rules()["valueSets"].items():
        systems = entry.get("systems", {}).items()
        pairs = frozenset((system, code) for system, codes in systems for code in codes)
        binding = Binding(name, frozenset(entry.get("codes", ())), pairs)
        found.update(dict.fromkeys(entry["elements"], binding))
    return found


@cache
def simple_quantities() -> frozenset[str]:
    """Paths of the elements whose Quantity has no comparator."""
    return frozenset(_rules()["simple"])


@cache
def targets(owner: str, element: definitions.Element) -> frozenset[str]:
    """The resource types a reference may point to; empty = any."""
    also = _rules()["alsoTargets"].get(f"{owner}.{element.name}", ())
    return frozenset((*element.targets, *also))


@cache
def invariants() -> tuple[Invariant, ...]:
    """Every rule that is written as FHIRPath."""
    return tuple(Invariant(**{**rule, "on": tuple(rule["on"])}) for rule in _rules()["invariants"])


@cache
def _by_place() -> Mapping[str, tuple[Invariant, ...]]:
    found: dict[str, tuple[Invariant, ...]] = {}
    for rule in invariants():
        for place in rule.on:
            found[place] = (*found.get(place, ()), rule)
    return found


def rules_of(place: str) -> tuple[Invariant, ...]:
    """The invariants of a type (``Period``) or of one element (``Organization.address``)."""
    return _by_place().get(place, ())


@cache
def holders(type_name: str) -> frozenset[str]:
    """The types that a value of this type may hold, at any depth, extensions left out."""
    seen: set[str] = set()
    waiting = [type_name]
    while waiting:
        for name, element in definitions.elements(waiting.pop()).items():
            if name not in EXTENSIONS:
                new = {t for t in element.types if not definitions.is_primitive(t)} - seen
                seen |= new
                waiting += new
    return frozenset(seen)


EXTENSIONS: Final = frozenset({"extension", "modifierExtension"})


def may_repeat(owner: str, name: str, type_name: str) -> bool:
    """Whether an element may lead back to what it is in, so that nesting has no end of its own."""
    if name in EXTENSIONS or type_name == "Resource":
        return True
    return type_name == owner or owner in holders(type_name)
