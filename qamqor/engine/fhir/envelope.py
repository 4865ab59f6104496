"""What a resource says about itself: type, id, stamps, whom it is about, whether it still holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec

from qamqor.engine.fhir.definitions import Element, element, elements, is_resource

PATIENT_ELEMENTS: Final = ("subject", "patient", "beneficiary", "for", "individual", "member")
ENTERED_IN_ERROR: Final = "entered-in-error"
ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TO_PATIENT: Final = re.compile(
    r"(?:(?:https?|ftp)://\S+/)?Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_NAMED_TYPE: Final = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)[/?]")


class Reference(msgspec.Struct, gc=False):
    """A FHIR Reference; only its literal part and its stated type are read."""

    reference: str | None = None
    type: str | None = None


class Meta(msgspec.Struct, gc=False):
    """When a server wrote this version and what it called it."""

    versionId: str | None = None  # noqa: N815
    lastUpdated: datetime | None = None  # noqa: N815


class _Coding(msgspec.Struct, gc=False):
    code: str | None = None


class _Concept(msgspec.Struct, gc=False):
    coding: list[_Coding] = []


class _Member(msgspec.Struct, gc=False):
    entity: Reference | None = None


class Head(msgspec.Struct, gc=False):
    """The least that makes a JSON object a resource."""

    resourceType: str | None = None  # noqa: N815


@cache
def patient_elements(resource_type: str) -> tuple[str, ...]:
    """Names of the elements of a type that say whom it is about; none for Patient itself."""
    found = (element(resource_type, name) for name in PATIENT_ELEMENTS)
    return tuple(e.name for e in found if e is not None and _may_name_a_patient(e))


def _may_name_a_patient(found: Element) -> bool:
    if found.types == ("Reference",):
        return not found.targets or "Patient" in found.targets
    entity = element(found.types[0], "entity")
    return entity is not None and "Patient" in entity.targets


@cache
def envelope_fields(resource_type: str) -> tuple[tuple[str, Any, Any], ...]:
    """The fields of a type's envelope: name, what it holds, default."""
    known = elements(resource_type)
    fields: list[tuple[str, Any, Any]] = [
        ("resourceType", str | None, None),
        ("id", str | None, None),
        ("meta", Meta | None, None),
    ]
    if "status" in known and known["status"].types == ("code",):
        fields.append(("status", str | None, None))
    if "verificationStatus" in known:
        fields.append(("verificationStatus", _Concept | None, None))
    for name in patient_elements(resource_type):
        one: Any = Reference if known[name].types == ("Reference",) else _Member
        fields.append((name, (list[one] if known[name].is_many else one) | None, None))
    return tuple(fields)


@cache
def decoder(resource_type: str) -> msgspec.json.Decoder[Any]:
    """A decoder of one type's envelope; it refuses wrong types of what it reads, by path."""
    fields = [
        (name + "_" if name == "for" else name, kind, msgspec.field(default=default, name=name))
        for name, kind, default in envelope_fields(resource_type)
    ]
    return msgspec.json.Decoder(msgspec.defstruct(resource_type, fields, gc=False))


def references(envelope: Any, resource_type: str) -> Iterator[Reference]:
    """The references of a decoded envelope that say whom it is about."""
    for name in _attributes(resource_type):
        said = getattr(envelope, name)
        if type(said) is Reference:
            yield said
            continue
        for each in said or ():
            found = each.entity if type(each) is _Member else each
            if found is not None:
                yield found


@cache
def _attributes(resource_type: str) -> tuple[str, ...]:
    """The names of patient_elements as Python can say them."""
    return tuple(name + "_" * (name == "for") for name in patient_elements(resource_type))


def is_about_another(reference: Reference) -> bool:
    """Whether it plainly points to something that is no patient: a group, a device, a place."""
    said = _NAMED_TYPE.search(reference.reference or "")
    name = said[1] if said else reference.type
    return name is not None and name != "Patient" and is_resource(name)


def patient_id(reference: str | None) -> str | None:
    """The id in ``Patient/id`` or ``https://server/fhir/Patient/id``; nothing for all else."""
    if reference is None:
        return None
    if reference[:8] == "Patient/" and ID.fullmatch(reference, 8):
        return reference[8:]
    match = _TO_PATIENT.fullmatch(reference)
    return match[1] if match else None


def is_entered_in_error(envelope: Any) -> bool:
    """Whether the author has withdrawn it: by its status, or by a verification status."""
    if getattr(envelope, "status", None) == ENTERED_IN_ERROR:
        return True
    said = getattr(envelope, "verificationStatus", None)
    return said is not None and any(coding.code == ENTERED_IN_ERROR for coding in said.coding)


def microseconds(moment: datetime | None) -> int | None:
    """A moment as whole microseconds since 1970, for comparison; without a zone it is UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def version_number(version_id: str | None) -> int | None:
    """``meta.versionId`` where it is a whole number; nothing for the opaque ids of some servers."""
    is_whole = version_id is not None and version_id.isascii() and version_id.isdigit()
    return int(version_id) if version_id and is_whole and len(version_id) <= 18 else None
