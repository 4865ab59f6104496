"""Leaves out of an export the elements nobody asked for (``_elements``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qamqor.engine.fhir import json_text, summary
from qamqor.engine.fhir.definitions import elements, is_resource
from qamqor.errors import Issue, Unusable

Elements = dict[str, list[str]]


def by_type(said: Iterable[str], types: Sequence[str]) -> Elements:
    """Which elements of each exported type are asked for; a type that none is named of is whole.

    Args:
        said: ``Patient.name`` of one type, ``id`` of every type that has it; commas part several.
        types: what is exported.

    Raises:
        Unusable: a name that no resource, or not this one, has at its root.
    """
    found: Elements = {}
    for written in (one.strip() for text in said for one in text.split(",")):
        if not written:
            continue
        type_, dot, name = written.rpartition(".")
        of = [type_] if dot else list(types)
        having = [one for one in of if is_resource(one) and name in _root(one)]
        if not having and (dot or types):
            raise _refused(written)
        for one in having:
            found.setdefault(one, []).append(name.removesuffix("[x]"))
    return {type_: found[type_] for type_ in types if type_ in found}


def _root(type_: str) -> set[str]:
    """How the elements of a type may be named: a choice by its own name and that of each type."""
    found = {"id", "meta"}
    for name, element in elements(type_).items():
        found |= {name, f"{name}[x]", *map(element.json_key, element.types)}
    return found


def _refused(written: str) -> Unusable:
    text = f"write Type.element or element, of the root of a resource, not {written[:80]!r}"
    return Unusable([Issue("value", f"_elements: {text}")])


def shown(content: bytes, names: Sequence[str]) -> bytes:
    """A resource with these elements, and those it cannot be without, marked as not whole."""
    return json_text.encode(summary.only(json_text.decode(content), names)) if names else content
