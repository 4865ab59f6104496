"""Keeps what breaks a rule of FHIR out of the record."""

from __future__ import annotations

from typing import Any

from qamqor.engine.fhir import validation
from qamqor.engine.fhir.bundle import ID_RULE
from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.envelope import ID
from qamqor.errors import Issue, Unusable


def must_be(resource: Any, *, type_: str, where: str = "") -> None:
    """Nothing, where the resource may be stored as this type.

    Raises:
        Unusable: with every issue found; 422 where it is FHIR's rules that it breaks.
    """
    if not isinstance(resource, dict):
        raise Unusable([Issue("structure", "a resource is a JSON object", where)])
    said = resource.get("resourceType")
    if said != type_:
        named = repr(said[:64]) if isinstance(said, str) else "missing"
        text = f"resourceType must be {type_!r}, as in the address, and is {named}"
        raise Unusable([Issue("invalid", text, where)])
    id_ = resource.get("id")
    if id_ is not None and not (isinstance(id_, str) and ID.fullmatch(id_)):
        raise Unusable([Issue("value", f"the id must be {ID_RULE}", f"{type_}.id")])
    if not validation.is_valid(resource):
        raise Unusable(validation.check(resource), status=422)


def type_must_exist(type_: str) -> None:
    """Nothing, where R4 has resources of this type.

    Raises:
        Unusable: 404, naming the type.
    """
    if not is_resource(type_):
        text = f"{type_[:64]!r} is not a resource type of FHIR R4"
        raise Unusable([Issue("not-supported", text)], status=404)
