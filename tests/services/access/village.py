"""Two areas of one polyclinic, another polyclinic, and the people between whom access is tested."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Monday, nine in the morning in Almaty."""
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def actor(role: str, **said: Any) -> Actor:
    """Somebody of polyclinic `centre` who works for area `north`."""
    said.setdefault("account", 7)
    said.setdefault("reference", f"PractitionerRole/{role.replace('_', '-')}")
    said.setdefault("organization", "centre")
    said.setdefault("areas", frozenset({"north"}))
    return Actor(role=role, **said)


def resident(patient: str) -> Actor:
    return Actor(account=8, reference=f"Patient/{patient}", role="resident", patient=patient)


def through(actor: Actor, *scopes: str, context: str | None = None) -> Actor:
    """The actor behind an application with these scopes."""
    return replace(actor, scopes=frozenset(scopes), client="app", context=context)


SYSTEM = Actor(account=None, reference="Device/lab", role="system", client="lab")


def patient(id_: str, area: str | None = "north", **said: Any) -> dict[str, Any]:
    organization = {"north": "centre", "south": "centre", "far": "elsewhere"}.get(area or "")
    attached = {
        "managingOrganization": {"reference": f"Organization/{organization}"},
        "generalPractitioner": [{"reference": f"Organization/{area}"}],
    }
    return {
        "resourceType": "Patient",
        "id": id_,
        "birthDate": "1980-05-05",
        **(attached if area else {}),
        **said,
    }


def observation(id_: str, patient: str, *labels: str, **said: Any) -> dict[str, Any]:
    tagged = {"security": [{"system": ACT, "code": label} for label in labels]}
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/{patient}"},
        **({"meta": tagged} if labels else {}),
        **said,
    }


def put(*resources: dict[str, Any], by: Actor = PLATFORM, at: datetime = AT) -> None:
    save([Change("PUT", r["resourceType"], r["id"], r) for r in resources], actor=by, at=at)


def people() -> None:
    """Amina (north), Bolat (south), Dana (elsewhere), each with a weight; the north has HIV too."""
    put(patient("amina"), patient("bolat", "south"), patient("dana", "far"))
    put(
        observation("amina-weight", "amina"),
        observation("bolat-weight", "bolat"),
        observation("dana-weight", "dana"),
        observation("amina-hiv", "amina", "HIV"),
    )
