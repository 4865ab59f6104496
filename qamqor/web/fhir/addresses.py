"""What really answers below /fhir, read from the addresses themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Final, NamedTuple

from qamqor.web.fhir.operations import registry

INTERACTIONS: Final = {
    "read_one": "read",
    "read_version": "vread",
    "create": "create",
    "update": "update",
    "update_where": "conditional-update",
    "patch": "patch",
    "patch_where": "conditional-patch",
    "delete": "delete",
    "delete_where": "conditional-delete",
    "of_one": "history-instance",
    "of_type": "history-type",
    "of_all": "history-system",
    "take": "transaction",
    "search_type": "search-type",
    "search_all": "search-system",
    "search_compartment": "search-compartment",
    "door": "search-system",
}
"""FHIR's name of what a view does, by the view's name."""
_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")


class Address(NamedTuple):
    """One method at one address: ``/{type_}/{id_}``; ``view`` is the name of what answers."""

    path: str
    method: str
    view: str

    @property
    def interaction(self) -> str:
        return INTERACTIONS.get(self.view, "")


@cache
def addresses() -> tuple[Address, ...]:
    """Every address and method, operations each by name."""
    return (*_patterns(), *_operations())


def _patterns() -> Iterator[Address]:
    for pattern in import_module("qamqor.web.fhir.urls").urlpatterns:
        path = _VARIABLE.sub(r"{\1}", str(pattern.pattern))
        if "{name}" in path and pattern.callback.__name__ == "call":
            continue
        views = getattr(pattern.callback, "methods", {"GET": pattern.callback})
        for method, view in views.items():
            yield Address(path, method, view.__name__)


def _operations() -> Iterator[Address]:
    for one in registry.registered():
        paths = [f"/${one.name}"] if "system" in one.levels else []
        for type_ in one.types:
            paths += [f"/{type_}/${one.name}"] if "type" in one.levels else []
            paths += [f"/{type_}/{{id_}}/${one.name}"] if "instance" in one.levels else []
        for path in paths:
            yield from (Address(path, method, f"${one.name}") for method in one.methods)


@cache
def interactions() -> frozenset[str]:
    """FHIR's names of everything that can be done."""
    return frozenset(one.interaction for one in addresses() if one.interaction)
