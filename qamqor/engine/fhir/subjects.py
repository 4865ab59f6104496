"""Whose record a resource belongs to, how sensitive it is, and whom it brings close to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Resource = Mapping[str, Any]

_PATIENT: Final = re.compile(r"Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_USUAL: Final = ("subject", "patient")
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "AppointmentResponse": ("actor",),
    "Appointment": ("participant.actor",),
    "Binary": ("securityContext",),
    "Communication": ("subject", "recipient", "sender"),
    "CommunicationRequest": ("subject", "recipient", "sender"),
    "Coverage": ("beneficiary",),
    "EnrollmentRequest": ("candidate",),
    "Group": ("member.entity",),
    "List": ("subject", "entry.item"),
    "Person": ("link.target",),
    "Provenance": ("target",),
    "ResearchSubject": ("individual",),
    "Schedule": ("actor",),
    "SupplyRequest": ("deliverTo",),
    "Task": ("for", "focus"),
}
_FIRST_ONLY: Final = {"Communication", "CommunicationRequest", "List", "Task"}
"""Types where a later place is looked at only when the earlier ones name nobody."""

CODED: Final = (
    "code",
    "reasonCode",
    "medicationCodeableConcept",
    "valueCodeableConcept",
    "vaccineCode",
    "diagnosis",
    "type",
    "conclusionCode",
)
"""Elements whose codes can make a resource sensitive."""


def people(resource: Resource) -> frozenset[str]:
    """Ids of the patients a resource is about; empty where it names none on this server."""
    kind = str(resource.get("resourceType", ""))
    if kind == "Patient":
        return frozenset([str(resource["id"])] if "id" in resource else [])
    places = _PLACES.get(kind)
    if places is None and (one := _usual(resource)) is not None:
        return one
    found: set[str] = set()
    for place in places or _USUAL:
        found |= {id_ for reference in _references(resource, place) if (id_ := patient(reference))}
        if found and kind in _FIRST_ONLY:
            break
    return frozenset(found)


def _usual(resource: Resource) -> frozenset[str] | None:
    """The common case, quickly: one reference to a patient; None where it is anything else."""
    said = resource.get("subject") or resource.get("patient")
    if isinstance(said, dict) and isinstance(reference := said.get("reference"), str):
        id_ = patient(reference)
        return None if id_ is None else frozenset((id_,))
    return None


def patient(reference: str) -> str | None:
    """The id in ``Patient/x``; None for a reference to anything else or to another server."""
    match = _PATIENT.fullmatch(reference)
    return match[1] if match else None


def names_nobody(resource: Resource) -> bool:
    """Whether none of the places where a person would stand is filled, not even with words."""
    places = _PLACES.get(str(resource.get("resourceType", "")), _USUAL)
    return not any(list(_elements(resource, place)) for place in places)


def targets(resource: Resource) -> list[str]:
    """References of a resource whose people are those of what it points to."""
    kind = str(resource.get("resourceType", ""))
    if kind in {"Provenance", "Binary"}:
        return list(_references(resource, _PLACES[kind][0]))
    return list(_references(resource, "focus")) if kind == "Task" else []


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What makes a resource sensitive.

    Attributes:
        security: label by ``system|code`` of ``meta.security``.
        codes: label by system and the first characters of a code.
        unknown: label of a security code that only an unknown rule could judge.
    """

    security: Mapping[str, str]
    codes: Mapping[str, tuple[tuple[str, str], ...]]
    unknown: str = "V"


_ORDINARY: Final = {"U", "L", "M", "N"}
_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_OBLIGATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def labels(resource: Resource, rules: Sensitivity) -> frozenset[str]:
    """The labels a resource carries, by its security tags and by its codes."""
    found: set[str] = set()
    meta = resource.get("meta")
    for tag in _listed(meta.get("security")) if isinstance(meta, dict) else ():
        system, code = str(tag.get("system", "")), str(tag.get("code", ""))
        if (system == _CONFIDENTIALITY and code in _ORDINARY) or system == _OBLIGATION:
            continue
        found.add(rules.security.get(f"{system}|{code}", rules.unknown))
    for coding in _codings(resource):
        beginnings = rules.codes.get(str(coding.get("system")))
        if beginnings:
            code = str(coding.get("code", ""))
            found |= {label for beginning, label in beginnings if code.startswith(beginning)}
    return frozenset(found)


def _codings(resource: Resource) -> Iterator[Mapping[str, Any]]:
    for name in CODED:
        if name in resource:
            for concept in _listed(resource[name]):
                if "coding" in concept:
                    yield from _listed(concept["coding"])


def _references(resource: Resource, place: str) -> Iterator[str]:
    for element in _elements(resource, place):
        if isinstance(said := element.get("reference"), str):
            yield said


def _elements(resource: Resource, place: str) -> Iterator[Mapping[str, Any]]:
    first, _, rest = place.partition(".")
    for element in _listed(resource.get(first)):
        if rest:
            yield from _elements(element, rest)
        else:
            yield element


def _listed(value: Any) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]
