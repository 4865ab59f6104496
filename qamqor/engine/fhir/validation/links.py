"""Reads references: their form, what they point to, and the resources contained in another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from qamqor.engine.fhir import definitions

RELATIVE: Final = re.compile(
    r"(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
REST: Final = re.compile(
    r"https?://[^\s?#]+/(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}"
    r"(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
SEARCH: Final = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?\S+")
ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
ADDRESSES: Final = frozenset({"uri", "url", "canonical"})
STRUCTURES: Final = "http://hl7.org/fhir/StructureDefinition/"


def is_formed(reference: str) -> bool:
    """Whether a reference that is not ``#id`` has one of the forms of R4."""
    match = RELATIVE.fullmatch(reference) or SEARCH.fullmatch(reference)
    if match is not None:
        return match["type"] in definitions.resource_types()
    return ABSOLUTE.fullmatch(reference) is not None


def target(reference: str) -> str | None:
    """The type of resource a reference names; nothing where it does not say."""
    match = (
        RELATIVE.fullmatch(reference) or SEARCH.fullmatch(reference) or REST.fullmatch(reference)
    )
    named = match["type"] if match else None
    return named if named in definitions.resource_types() else None


def stated_type(said: str) -> str | None:
    """The resource type in ``Reference.type``; nothing for a logical model's address."""
    name = said.removeprefix(STRUCTURES)
    return name if name in definitions.resource_types() else None


def contained(resource: Mapping[str, Any]) -> dict[str, str]:
    """Id and type of each resource contained in this one; malformed ones left out."""
    found = {}
    listed = resource.get("contained")
    for inner in listed if isinstance(listed, list) else ():
        if isinstance(inner, dict) and isinstance(inner.get("id"), str):
            found[inner["id"]] = str(inner.get("resourceType"))
    return found


def unreferenced(resource: Mapping[str, Any]) -> list[int]:
    """The places in ``contained`` that nothing refers to and that do not refer to their holder."""
    inside = resource["contained"]
    said = set(local_links(resource, str(resource["resourceType"])))
    return [
        number
        for number, inner in enumerate(inside)
        if "id" in inner
        and f"#{inner['id']}" not in said
        and "#" not in local_links(inner, str(inner["resourceType"]))
    ]


def local_links(resource: Mapping[str, Any], type_name: str) -> Iterator[str]:
    """Every ``#…`` in a reference, URI, URL or canonical of a well-structured resource."""
    waiting: list[tuple[Mapping[str, Any], str]] = [(resource, type_name)]
    while waiting:
        value, owner = waiting.pop()
        known = properties(str(value["resourceType"]) if owner == "Resource" else owner)
        for key, found in value.items():
            kind = "Element" if key.startswith("_") else known.get(key)
            if kind is None:
                continue
            for part in found if isinstance(found, list) else (found,):
                if isinstance(part, dict):
                    waiting.append((part, kind))
                elif kind in ADDRESSES and part is not None and part.startswith("#"):
                    yield part


@cache
def properties(type_name: str) -> dict[str, str]:
    """The JSON properties of a type that may lead to a ``#…``, each with the type it holds."""
    return {
        element.json_key(kind): "uri" if definitions.is_primitive(kind) else kind
        for element in definitions.elements(type_name).values()
        for kind in element.types
        if element.name == "reference" or kind in ADDRESSES or not definitions.is_primitive(kind)
    }
