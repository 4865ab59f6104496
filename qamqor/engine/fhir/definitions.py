"""What FHIR 4.0.1 says of every type and element: names, types, how many, what choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

FACT: Final = re.compile(r"(?P<types>\S+) (?P<least>\d+)\.\.(?P<most>\d+|\*)(?P<choice> choice)?")
TARGETS: Final = re.compile(r"\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type.

    Attributes:
        name: as in FHIRPath, without ``[x]``.
        types: FHIR type names; more than one only for a choice. A part of a type is named by
            its path (``Patient.contact``).
        is_many: whether it may repeat.
        is_required: whether FHIR asks for at least one.
        is_choice: whether JSON writes the type behind the name (``valueQuantity``).
        targets: resource types a Reference may point to; empty = any.
    """

    name: str
    types: tuple[str, ...]
    is_many: bool
    is_required: bool
    is_choice: bool
    targets: tuple[str, ...]

    def json_key(self, type_name: str) -> str:
        """How JSON names this element when it holds ``type_name``."""
        return self.name + type_name[0].upper() + type_name[1:] if self.is_choice else self.name


@cache
def _types() -> dict[str, Any]:
    """The facts file, parsed once: some 700 types, 3 ms."""
    raw = resources.files("qamqor.engine.fhir").joinpath("facts.json").read_bytes()
    types: dict[str, Any] = msgspec.json.decode(raw)["types"]
    return types


def _element(name: str, fact: str) -> Element:
    match = FACT.fullmatch(fact)
    if match is None:
        raise AssertionError(f"facts.json: {name}: {fact}")
    listed = match["types"]
    targets = tuple(t for group in TARGETS.findall(listed) for t in group.split("|"))
    return Element(
        name=name,
        types=tuple(TARGETS.sub("", listed).split("|")),
        is_many=match["most"] != "1",
        is_required=match["least"] != "0",
        is_choice=bool(match["choice"]),
        targets=targets,
    )


@cache
def elements(type_name: str) -> dict[str, Element]:
    """Every element of a type by name, inherited ones included; empty for an unknown type."""
    entry = _types().get(type_name)
    if entry is None:
        return {}
    own = {name: _element(name, fact) for name, fact in entry["elements"].items()}
    return {**elements(entry["base"]), **own}


def element(type_name: str, name: str) -> Element | None:
    """The element of this name, or nothing when the type has none."""
    return elements(type_name).get(name)


def kind(type_name: str) -> str | None:
    """``primitive``, ``type``, ``part`` or ``resource``; nothing for an unknown name."""
    entry = _types().get(type_name)
    return None if entry is None else str(entry["kind"])


def is_primitive(type_name: str) -> bool:
    """Whether values of this type are single JSON values."""
    return kind(type_name) == "primitive"


def is_resource(type_name: str) -> bool:
    """Whether the type is a resource that can exist on its own."""
    return kind(type_name) == "resource" and type_name not in {"Resource", "DomainResource"}


@cache
def ancestors(type_name: str) -> tuple[str, ...]:
    """The type itself and every type it specialises, nearest first."""
    entry = _types().get(type_name)
    return () if entry is None else (type_name, *ancestors(entry["base"]))


def is_a(type_name: str, ancestor: str) -> bool:
    """Whether a value of the one type is also one of the other (``code`` is a ``string``)."""
    return ancestor in ancestors(type_name)


@cache
def resource_types() -> frozenset[str]:
    """The names of all R4 resources."""
    return frozenset(name for name in _types() if is_resource(name))
