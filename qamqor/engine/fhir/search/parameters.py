"""Every search parameter and compartment of FHIR R4, and those a node added, by resource type."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

# Asked of every resource type, but answered from the row of the resource, not from an index.
KEPT_ELSEWHERE: Final = frozenset({"_id", "_lastUpdated"})
# Made from the audit chain and searched at its own address only: the index holds none of them.
KEPT_APART: Final = frozenset({"AuditEvent"})
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
        url: of the SearchParameter resource that added it here; empty = a parameter of R4.
        is_ready: whether every resource stored is indexed by it, so that it may be asked.
    """

    number: int
    resource_type: str
    code: str
    type: str
    path: str
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    url: str = ""
    is_ready: bool = True

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


class _Own(threading.local):
    """What this node added to R4, by type; each thread has its own, so that one that is about to
    change the set and one that still answers by the old one do not meet."""

    def __init__(self) -> None:
        self.by_type: dict[str, tuple[Parameter, ...]] = {}
        self.to_ask: dict[str, dict[str, Parameter]] = {}
        self.to_index: dict[str, dict[str, Parameter]] = {}


_own: Final = _Own()


def install(own: Iterable[Parameter]) -> None:
    """Have exactly these parameters beside those of R4, from now on in this thread.

    A parameter whose name the type has already is passed over.
    """
    to_index: dict[str, dict[str, Parameter]] = {}
    for one in own:
        known = to_index.setdefault(one.resource_type, dict(defined(one.resource_type)))
        known.setdefault(one.code, one)
    _own.to_index = to_index
    _own.to_ask = {
        name: {code: one for code, one in known.items() if one.is_ready}
        for name, known in to_index.items()
    }
    _own.by_type = {
        name: tuple(one for one in known.values() if one.url) for name, known in to_index.items()
    }


def own(resource_type: str) -> tuple[Parameter, ...]:
    """The parameters this node added to a type."""
    return _own.by_type.get(resource_type, ())


def parameters(resource_type: str) -> dict[str, Parameter]:
    """The parameters of a type that may be asked, by name; none if the type is unknown."""
    return _own.to_ask.get(resource_type) or defined(resource_type)


def indexed(resource_type: str) -> dict[str, Parameter]:
    """The parameters of a type by which resources are indexed, also those not yet to be asked."""
    return _own.to_index.get(resource_type) or defined(resource_type)


@cache
def defined(resource_type: str) -> dict[str, Parameter]:
    """The parameters R4 gives a type, by name; none if the type is unknown."""
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


def by_number() -> dict[int, Parameter]:
    """Every parameter by its number."""
    return {p.number: p for name in searchable_types() for p in indexed(name).values()}


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
