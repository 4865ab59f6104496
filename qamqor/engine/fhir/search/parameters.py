"""Every search parameter and compartment of FHIR R4, by resource type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

# Asked of every resource type, but answered from the row of the resource, not from an index.
KEPT_ELSEWHERE: Final = frozenset({"_id", "_lastUpdated"})
SELF: Final = "{def}"


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a composite parameter: its name, type and path from the composite's element."""

    code: str
    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one resource type.

    Attributes:
        number: stands for it in index tables; never changes.
        resource_type: whose parameter it is.
        code: its name in a query.
        type: token, string, date, number, quantity, reference, uri, composite or special.
        path: FHIRPath of what it searches.
        targets: resource types a reference may point to; empty = any.
        components: of a composite, in order.
    """

    number: int
    resource_type: str
    code: str
    type: str
    path: str
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()

    def may_point_to(self, resource_type: str) -> bool:
        """Whether a reference under this parameter may lead to that type."""
        return self.type == "reference" and (not self.targets or resource_type in self.targets)


@cache
def _facts() -> dict[str, Any]:
    raw = resources.files("qamqor.engine.fhir.search").joinpath("parameters.json").read_bytes()
    facts: dict[str, Any] = msgspec.json.decode(raw)
    return facts


@cache
def searchable_types() -> tuple[str, ...]:
    """Resource types that have parameters, in alphabetical order."""
    return tuple(_facts()["parameters"])


@cache
def parameters(resource_type: str) -> dict[str, Parameter]:
    """The parameters of a type by name, those of every resource among them; none if unknown."""
    return {entry[1]: _made(resource_type, entry) for entry in _facts()["parameters"].get(
        resource_type, ()
    )}  # fmt: skip


def _made(resource_type: str, entry: list[Any]) -> Parameter:
    number, code, kind, path, targets, components = entry
    return Parameter(
        number=number,
        resource_type=resource_type,
        code=code,
        type=kind,
        path=path,
        targets=() if targets in {"", "*"} else tuple(targets.split()),
        components=tuple(Component(*part) for part in components),
    )


@cache
def by_number() -> dict[int, Parameter]:
    """Every parameter by its number."""
    return {p.number: p for name in searchable_types() for p in parameters(name).values()}


def compartments() -> tuple[str, ...]:
    """The five types that have a compartment."""
    return tuple(_facts()["compartments"])


@cache
def compartment(owner_type: str, resource_type: str) -> tuple[str, ...]:
    """By which parameters a resource of a type belongs to an owner's compartment.

    Returns:
        names of reference parameters of ``resource_type``; empty when it never belongs. The
        owner itself always belongs and is not named here.
    """
    listed = _facts()["compartments"].get(owner_type, {}).get(resource_type, ())
    return tuple(code for code in listed if code in parameters(resource_type))


def is_compartment_owner(owner_type: str) -> bool:
    """Whether the type has a compartment of its own."""
    return owner_type in _facts()["compartments"]
