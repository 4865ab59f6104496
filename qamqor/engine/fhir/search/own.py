"""Reads a SearchParameter resource: by which names and on which types one can search by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.fhirpath.syntax import PathError
from qamqor.engine.fhir.search import plainly
from qamqor.engine.fhir.search.parameters import parameters, searchable_types
from qamqor.engine.fhir.search.read import READERS

FIRST_NUMBER: Final = 1_000_000
"""Numbers of a node's own parameters begin here; those of R4 end far below."""
IN_USE: Final = frozenset({"draft", "active"})
"""Statuses under which a parameter may be asked; a retired one, or one of unknown status, not."""
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
OF_ALL: Final = frozenset({"Resource", "DomainResource"})
LONGEST_PATH: Final = 2_000


class Wanted(NamedTuple):
    """A parameter that a node is to have: as ``Parameter``, without its number."""

    resource_type: str
    code: str
    type: str
    path: str
    targets: tuple[str, ...]
    url: str


def read(resource: Mapping[str, Any]) -> list[Wanted]:
    """What a SearchParameter resource adds; nothing where it is not in use or cannot be followed.

    It is not followed when it is composite or special, has no expression that FHIRPath
    understands, or a name that means something else in a query. On a type that has a parameter of
    the name in R4, that one stays.
    """
    code, kind, path = (str(resource.get(key, "")) for key in ("code", "type", "expression"))
    followed = kind == "date" or (kind in READERS and kind != "special")
    if resource.get("status") not in IN_USE or not followed or not NAME.fullmatch(code):
        return []
    if not 0 < len(path) <= LONGEST_PATH or not _is_path(path):
        return []
    targets = tuple(t for t in resource.get("target", ()) if t in searchable_types())
    return [
        Wanted(name, code, kind, path, targets, str(resource.get("url", "")))
        for name in _types(resource.get("base", ()))
    ]


def _types(base: list[Any]) -> list[str]:
    named = searchable_types() if OF_ALL.intersection(base) else base
    return [name for name in dict.fromkeys(named) if name in searchable_types()]


def _is_path(text: str) -> bool:
    try:
        plainly.alternatives(text)
    except PathError:
        return False
    return True


def is_taken(wanted: Wanted) -> bool:
    """Whether R4, or another of the node's own, has the name on the type."""
    known = parameters(wanted.resource_type).get(wanted.code)
    return known is not None and known.number < FIRST_NUMBER
