"""What a person agreed to at the desk: to be contacted, data to be shared, the household to see."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import day_of
from qamqor.services.fhir.write import Change, apply
from qamqor.store import mentions, node

Resource = dict[str, Any]
Decisions = Mapping[str, bool | None]
"""Kind → yes, no, or None for not asked."""
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "contact": ("patient-privacy", "contact"),
    "sharing": ("patient-privacy", "INFA"),
    "household": ("patient-privacy", "household"),
}
"""Kind → scope and category of the Consent."""
_SCOPE: Final = "http://terminology.hl7.org/CodeSystem/consentscope"
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of one kind, and since when."""

    is_permitted: bool
    since: str
    consent_id: str


def decisions_of(patient_id: str) -> dict[str, Decision]:
    """What holds now of each kind; a kind nobody asked about is not there.

    Whoever calls has shown the person's record already, and kept that in the audit.
    """
    found: dict[str, Decision] = {}
    for consent in _active(patient_id):
        kind = _kind(consent)
        if kind is not None:
            said = (consent.get("provision") or {}).get("type") == "permit"
            found[kind] = Decision(said, str(consent.get("dateTime", ""))[:10], str(consent["id"]))
    return found


def first_decisions(
    patient_id: str, decisions: Decisions, *, actor: Actor, at: datetime
) -> list[Change]:
    """The Consents of somebody being registered."""
    return [
        Change("POST", "Consent", id_, _consent(id_, patient_id, kind, said, actor, at))
        for kind, said in decisions.items()
        if said is not None
        for id_ in [str(uuid.uuid4())]
    ]


def decide(
    patient_id: str, decisions: Decisions, *, actor: Actor, at: datetime, key: str
) -> dict[str, Decision]:
    """Keep what a person decides; what held before ends today and stays in the history.

    A kind that is None, or decided as before, is left as it is. Who may change the person's record
    may write these three down for them.

    Args:
        key: made by the form once; the same key again changes nothing.
    Raises:
        NotThere, NotAllowed: the person's record is not the actor's to change.
    """
    service = rights.acting_on([patient_id], actor=actor, at=at)
    before = decisions_of(patient_id)
    changes: list[Change] = []
    for kind, said in decisions.items():
        now = before.get(kind)
        if said is None or (now is not None and now.is_permitted is said):
            continue
        id_ = str(uuid.uuid5(uuid.UUID(key), kind))
        if now is not None:
            ended = next(one for one in _active(patient_id) if one["id"] == now.consent_id)
            changes.append(Change("PUT", "Consent", now.consent_id, _ended(ended, at)))
        new = _consent(id_, patient_id, kind, said, actor, at)
        changes.append(Change("PUT", "Consent", id_, new))
    if changes:
        node.commit(lambda tx: apply(tx, changes, actor=service, at=at))
    return decisions_of(patient_id)


def _active(patient_id: str) -> list[Resource]:
    found = [
        json_text.decode(version.content)
        for version in mentions.of(f"Patient/{patient_id}")
        if version.type == "Consent" and version.content
    ]
    return sorted(
        (one for one in found if one.get("status") == "active"),
        key=lambda one: str(one.get("dateTime", "")),
    )


def _kind(consent: Resource) -> str | None:
    codes = {c.get("code") for one in consent.get("category", []) for c in one.get("coding", [])}
    if (consent.get("provision") or {}).get("actor"):
        return None  # for or against somebody named: not one of the desk's
    return next((kind for kind, (_, code) in KINDS.items() if code in codes), None)


def _consent(
    id_: str, patient_id: str, kind: str, is_permitted: bool, actor: Actor, at: datetime
) -> Resource:
    scope, category = KINDS[kind]
    day = day_of(at).isoformat()
    return {
        "resourceType": "Consent",
        "id": id_,
        "status": "active",
        "scope": {"coding": [{"system": _SCOPE, "code": scope}]},
        "category": [{"coding": [{"system": f"{CODES}/consent", "code": category}]}],
        "patient": {"reference": f"Patient/{patient_id}"},
        "dateTime": day,
        "performer": [{"reference": f"Patient/{patient_id}"}],
        "verification": [
            {"verified": True, "verifiedWith": {"reference": f"Patient/{patient_id}"}}
        ],
        "policyRule": {"coding": [{"system": _ACT, "code": "OPTIN" if is_permitted else "OPTOUT"}]},
        "provision": {"type": "permit" if is_permitted else "deny", "period": {"start": day}},
    }


def _ended(consent: Resource, at: datetime) -> Resource:
    provision = dict(consent.get("provision") or {})
    provision["period"] = {**(provision.get("period") or {}), "end": day_of(at).isoformat()}
    return {**consent, "status": "inactive", "provision": provision}
