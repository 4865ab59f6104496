"""Takes a signed visit back: everything it wrote becomes entered in error, nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.errors import NotThere
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir.write import Change, save
from qamqor.services.visit import named
from qamqor.services.visit.measuring import valid
from qamqor.store.fhir import versions

Resource = dict[str, Any]
_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
WRONG: Final = "entered-in-error"


def take_back(patient: str, key: str, *, actor: Actor, at: datetime) -> int:
    """Take a signed visit back; returns how many resources changed.

    What the visit wrote is marked as entered in error; an order it stopped is in force again,
    unless somebody changed it since.

    Raises:
        NotThere: no such visit, or it is another person's or another worker's, or taken back.
        VersionConflict: something of it is being changed at this moment.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    signature = _read("Provenance", named.id_of(key, "signature"))
    if signature is None or not _is_of(signature[0], patient, actor):
        raise NotThere("there is nothing to take back")
    changes = [
        change
        for target in signature[0]["target"]
        for change in _back(str(target["reference"]), named.reference(key))
    ]
    if not changes:
        raise NotThere("there is nothing to take back")
    return len(save(changes, actor=actor, at=at))


def _is_of(signature: Resource, patient: str, actor: Actor) -> bool:
    names = [one["reference"] for one in signature["target"]]
    return names[:1] == [f"Patient/{patient}"] and signature["agent"][0]["who"] == {
        "reference": actor.reference
    }


def _back(reference: str, visit: str) -> Iterator[Change]:
    type_, _, id_ = reference.partition("/")
    found = _read(type_, id_) if type_ != "Patient" else None
    if found is None:
        return
    resource, version = found
    if type_ == "MedicationRequest" and resource.get("encounter", {}).get("reference") != visit:
        before = versions.read_version(type_, id_, version - 1)
        if resource["status"] == "stopped" and before is not None and before.content is not None:
            again: Resource = json_text.decode(before.content)
            yield Change("PUT", type_, id_, again, if_version=version)
        return
    if type_ == "Appointment" and resource["status"] != "proposed":
        yield from _before_the_visit(resource, version)
        return
    wrong = _wrong(resource)
    if wrong != resource:
        yield valid(Change("PUT", type_, id_, wrong, if_version=version))


def _before_the_visit(booking: Resource, version: int) -> Iterator[Change]:
    """A booking that the visit kept stands again as before it; one that has moved on stays."""
    id_ = str(booking["id"])
    before = versions.read_version("Appointment", id_, version - 1)
    if booking["status"] == "fulfilled" and before is not None and before.content is not None:
        again: Resource = json_text.decode(before.content)
        yield Change("PUT", "Appointment", id_, again, if_version=version)


def _wrong(resource: Resource) -> Resource:
    if resource["resourceType"] == "Goal":
        return {**resource, "lifecycleStatus": WRONG}
    if resource["resourceType"] == "Condition":
        # A condition entered in error has no clinical status (con-5).
        kept = {name: value for name, value in resource.items() if name != "clinicalStatus"}
        return {
            **kept,
            "verificationStatus": {"coding": [{"system": _VERIFIED, "code": WRONG}]},
        }
    if resource["resourceType"] == "Appointment":
        # Without a time it may only be proposed or cancelled (app-3).
        return {**resource, "status": "cancelled"}
    return {**resource, "status": WRONG}


def _read(type_: str, id_: str) -> tuple[Resource, int] | None:
    found = versions.read(type_, id_)
    if found is None or found.content is None:
        return None
    return json_text.decode(found.content), found.version
