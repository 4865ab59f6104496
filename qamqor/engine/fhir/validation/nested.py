"""Keeps track, for the quick twin, of how deep it is and of the resource that contains others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation import links, primitives, rulebook

Test = Callable[[Any], object]
RESOURCES: Final = definitions.resource_types()


class Undecided(Exception):
    """Only the plain twin can tell."""


class _Where(threading.local):
    depth = 0
    holder: Mapping[str, Any] | None = None


_where = _Where()


def deeper(test: Test) -> Test:
    """A test of something that may hold its own kind."""

    def is_fine(value: Any) -> object:
        if _where.depth >= rulebook.DEEPEST:
            return False
        _where.depth += 1
        try:
            return test(value)
        finally:
            _where.depth -= 1

    return is_fine


def own_resource(test_of: Callable[[str], Test]) -> Test:
    """A test of a resource that stands for itself: alone, in a bundle, in a parameter."""

    def is_fine(value: Any) -> object:
        if type(value) is not dict:
            return False
        name = value.get("resourceType")
        if type(name) is not str or name not in RESOURCES:
            return False
        if "contained" not in value and _where.holder is None:
            return test_of(name)(value)
        before = _where.holder
        _where.holder = value if "contained" in value else None
        try:
            return test_of(name)(value) and _keeps_contained(value)
        finally:
            _where.holder = before

    return is_fine


def contained_resource(test_of: Callable[[str], Test]) -> Test:
    """A test of a resource contained in another."""

    def is_fine(value: Any) -> object:
        if type(value) is not dict or "contained" in value:
            return False
        name = value.get("resourceType")
        return type(name) is str and name in RESOURCES and test_of(name)(value)

    return is_fine


def _keeps_contained(value: Mapping[str, Any]) -> bool:
    """dom-3, dom-4, dom-5 of a resource whose structure is right."""
    if "contained" not in value:
        return True
    for inner in value["contained"]:
        meta = inner.get("meta", {})
        if {"versionId", "lastUpdated", "security", "_versionId", "_lastUpdated"} & meta.keys():
            return False
    return not links.unreferenced(value)


def reference_test(targets: frozenset[str]) -> Test:
    """A test of what a well-structured Reference points to."""

    def is_fine(value: dict[str, Any]) -> object:
        said = value.get("reference")
        if said is None or "type" in value:
            return _slowly(said, value.get("type", ""), targets)
        name, _, rest = said.partition("/")
        if name in RESOURCES and primitives.ID.fullmatch(rest):
            return not targets or name in targets
        return _slowly(said, "", targets)

    return is_fine


def _slowly(said: str | None, stated: str, targets: frozenset[str]) -> bool:
    named = links.stated_type(stated)
    found = named
    if said is not None and said.startswith("#"):
        found = _contained_type(said[1:])
        if found is None:
            return False
    elif said is not None:
        if not links.is_formed(said):
            return False
        found = links.target(said) or named
    if named is not None and found != named:
        return False
    return not targets or found is None or found in targets


def _contained_type(id_: str) -> str | None:
    if not id_:
        raise Undecided
    return None if _where.holder is None else links.contained(_where.holder).get(id_)
