"""Rules of R4's text, beside its FHIRPath, on what a resource says of content or of definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.search.parameters import defined, searchable_types
from qamqor.engine.fhir.validation import content, links

PARAMETERS: Final = "http://hl7.org/fhir/SearchParameter/"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A rule on an object.

    Attributes:
        rule: its name in the reference.
        needs: the properties without which it cannot be broken.
        holds: asked of a well-structured object.
        at: the element the issue names; empty = the object.
        advice: what to do.
    """

    rule: str
    needs: frozenset[str]
    holds: Callable[[Mapping[str, Any]], bool]
    at: str
    advice: str


def _without_version(canonical: str) -> str:
    return canonical.split("|")[0]


def _defined_parameter(canonical: Any) -> tuple[str, str] | None:
    """Type of resource and of value of a search parameter of R4; nothing for any other address."""
    name = _without_version(str(canonical)).removeprefix(PARAMETERS)
    resource_type, _, code = name.partition("-")
    found = defined(resource_type).get(code) if resource_type in searchable_types() else None
    is_address = str(canonical).startswith(PARAMETERS)
    return (resource_type, found.type) if found and is_address else None


def has_its_type(stated: Mapping[str, Any]) -> bool:
    """Whether a CapabilityStatement gives a search parameter of R4 the type it has there."""
    known = _defined_parameter(stated.get("definition", ""))
    return known is None or stated.get("type") in {None, known[1]}


def is_like_its_origin(parameter: Mapping[str, Any]) -> bool:
    """Whether a SearchParameter derived from one of R4 has its type, and no other base."""
    known = _defined_parameter(parameter.get("derivedFrom", ""))
    if known is None:
        return True
    base = {name for name in parameter.get("base", ()) if name is not None}
    return parameter.get("type") in {None, known[1]} and base <= {known[0]}


def are_identified(bundle: Mapping[str, Any]) -> bool:
    """Whether everything a search found has an id, as everything has that was ever stored."""
    if bundle.get("type") != "searchset":
        return True
    found = (entry for entry in bundle["entry"] if "resource" in entry)
    return all(
        "id" in entry["resource"] or entry["resource"]["resourceType"] in NOT_STORED
        for entry in found
        if entry.get("search", {}).get("mode") != "outcome"
    )


NOT_STORED: Final = frozenset({"OperationOutcome", "Parameters"})


def are_elements(structure: Mapping[str, Any]) -> bool:
    """Whether a constraint on a type of R4 names only elements the type has."""
    name = _without_version(structure["baseDefinition"]).removeprefix(links.STRUCTURES)
    is_plain = structure.get("derivation") == "constraint" and structure.get("type") == name
    if not is_plain or not definitions.elements(name):
        return True
    paths = [element.get("path") for element in structure["differential"]["element"]]
    return all(path is None or _leads_somewhere(path, name) for path in paths)


def _leads_somewhere(path: str, name: str) -> bool:
    """Whether a path of element names exists from a type; into simple types nobody looks."""
    first, *steps = path.split(".")
    if first != name:
        return True  # another rule, sdf-8, asks for it
    owners: tuple[str, ...] = (name,)
    for step in steps:
        if any(not definitions.elements(o) or definitions.is_primitive(o) for o in owners):
            return True
        if any(definitions.kind(owner) == "resource" for owner in owners) and owners != (name,):
            return True
        owners = tuple(t for owner in owners for t in _types_of(owner, step.split(":")[0]))
        if not owners:
            return False
    return True


def _types_of(owner: str, step: str) -> tuple[str, ...]:
    known = definitions.elements(owner)
    found = known.get(step.removesuffix("[x]"))
    if found is not None:
        return found.types
    return tuple(
        kind
        for element in known.values()
        if element.is_choice
        for kind in element.types
        if element.json_key(kind) == step
    )


AGREEMENTS: Final[dict[str, tuple[Agreement, ...]]] = {
    "Attachment": (
        Agreement(
            "attachment-size",
            frozenset({"size", "data"}),
            content.has_its_size,
            "size",
            "Correct it or leave it out.",
        ),
    ),
    "Bundle.entry": (
        Agreement(
            "full-url",
            frozenset({"fullUrl"}),
            content.is_full_url,
            "fullUrl",
            "Write it in full, or as urn:uuid:….",
        ),
    ),
    "Bundle": (
        Agreement(
            "found-id",
            frozenset({"entry"}),
            are_identified,
            "entry",
            "Give each resource that was found its id.",
        ),
    ),
    "CapabilityStatement.rest.resource.searchParam": (
        Agreement(
            "parameter-type",
            frozenset({"definition"}),
            has_its_type,
            "type",
            "Give it the type of its definition, or another definition.",
        ),
    ),
    "SearchParameter": (
        Agreement(
            "derived-parameter",
            frozenset({"derivedFrom"}),
            is_like_its_origin,
            "derivedFrom",
            "Keep type and base of what it is derived from, or derive it from nothing.",
        ),
    ),
    "StructureDefinition": (
        Agreement(
            "known-path",
            frozenset({"differential", "baseDefinition"}),
            are_elements,
            "differential",
            "Name elements of the type; what it does not have is an extension.",
        ),
    ),
}
"""By type of object."""
