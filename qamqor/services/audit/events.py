"""Serves entries of the chain as FHIR AuditEvents, in the shape of IHE's Basic Audit profiles."""

from __future__ import annotations

import base64
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.agent import named
from qamqor.engine.fhir.names import CODES
from qamqor.services.audit.shown import moment
from qamqor.store.audit import Row

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_AUDIT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

LETTERS: Final = {
    "create": "C",
    "import": "C",
    "read": "R",
    "vread": "R",
    "history": "R",
    "update": "U",
    "review": "U",
    "delete": "D",
}
"""What is none of these is an execution, ``E``: searches, exports, operations, sign-ins."""
_SUBTYPES: Final = {
    "history": "history-instance",
    "search": "search-type",
}
_RESTFUL: Final = {"create", "read", "vread", "history", "update", "delete", "search"}
_OUTCOMES: Final = {"ok": "0", "refused": "4", "failed": "8"}
_EXECUTED: Final = ("search", "export", "operation", "sign_in", "sign_out", "break_glass")


def actions_of(letter: str) -> tuple[str, ...]:
    """The actions behind a letter of AuditEvent.action.

    Raises:
        ValueError: there is no such letter.
    """
    if letter == "E":
        return _EXECUTED
    found = tuple(action for action, has in LETTERS.items() if has == letter)
    if not found:
        raise ValueError(letter)
    return found


def people(row: Row) -> tuple[str, ...]:
    """Ids of the patients an entry concerns."""
    return tuple(json_text.decode(row.entry.encode()).get("people", ()))


def about(row: Row) -> str:
    """Id of the patient an entry is about: the one named first, or the only one; else empty."""
    said = json_text.decode(row.entry.encode())
    people = said.get("people", ())
    type_, _, rest = next(iter(said.get("what", ())), "").partition("/")
    if type_ == "Patient":
        return rest.partition("/")[0]
    return str(people[0]) if len(people) == 1 else ""


def event(row: Row) -> dict[str, Any]:
    """One entry as an AuditEvent; its id is its number in the chain."""
    said = json_text.decode(row.entry.encode())
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(row.number),
        "meta": {"versionId": "1", "lastUpdated": _instant(row.at)},
        "type": _type(row.action),
        "subtype": [_subtype(row.action)],
        "action": LETTERS.get(row.action, "E"),
        "recorded": _instant(row.at),
        "outcome": _OUTCOMES.get(row.outcome, "8"),
        "purposeOfEvent": [{"coding": [{"system": _REASON, "code": said.get("purpose")}]}],
        "agent": _agents(row, said),
        "source": {"observer": {"reference": "Device/qamqor"}},
    }
    if detail := said.get("detail"):
        event["outcomeDesc"] = detail
    if entities := _entities(said):
        event["entity"] = entities
    return event


def _instant(at: int) -> str:
    text = moment(at).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _type(action: str) -> dict[str, str]:
    if action in {"sign_in", "sign_out"}:
        return {"system": _DICOM, "code": "110114", "display": "User Authentication"}
    if action == "export":
        return {"system": _DICOM, "code": "110106", "display": "Export"}
    if action == "break_glass":
        return {"system": _DICOM, "code": "110113", "display": "Security Alert"}
    return {"system": _AUDIT_TYPE, "code": "rest", "display": "Restful Operation"}


def _subtype(action: str) -> dict[str, str]:
    if action in _RESTFUL:
        return {"system": _INTERACTION, "code": _SUBTYPES.get(action, action)}
    known = {"sign_in": ("110122", "Login"), "sign_out": ("110123", "Logout")}
    if action in known:
        return {"system": _DICOM, "code": known[action][0], "display": known[action][1]}
    if action == "break_glass":
        return {"system": _DICOM, "code": "110127", "display": "Emergency Override Started"}
    return {"system": f"{CODES}/audit_action", "code": action}


def _agents(row: Row, said: dict[str, Any]) -> list[dict[str, Any]]:
    who: dict[str, Any] = {
        "type": {"coding": [{"system": _PARTICIPATION, "code": "IRCP"}]},
        "who": named(row.agent),
        "requestor": True,
        "role": [{"coding": [{"system": f"{CODES}/role", "code": said.get("role")}]}],
    }
    agents = [who]
    if organization := said.get("organization"):
        agents.append(
            {
                "type": {"coding": [{"system": _PARTICIPATION, "code": "CST"}]},
                "who": {"reference": f"Organization/{organization}"},
                "requestor": False,
            }
        )
    if client := said.get("client"):
        agents.append(
            {
                "type": {"coding": [{"system": _DICOM, "code": "110150"}]},
                "who": {"identifier": {"value": client}},
                "requestor": False,
            }
        )
    return agents


def _entities(said: dict[str, Any]) -> list[dict[str, Any]]:
    entities: list[dict[str, Any]] = [
        {
            "what": {"reference": f"Patient/{person}"},
            "type": {"system": _ENTITY, "code": "1", "display": "Person"},
            "role": {"system": _ROLE, "code": "1", "display": "Patient"},
        }
        for person in said.get("people", ())
    ]
    entities += [
        {
            "what": {"reference": reference},
            "type": {"system": _ENTITY, "code": "2", "display": "System Object"},
            "role": {"system": _ROLE, "code": "4", "display": "Domain Resource"},
        }
        for reference in said.get("what", ())
        if "/" in reference
    ]
    if query := said.get("query"):
        entities.append(
            {
                "type": {"system": _ENTITY, "code": "2", "display": "System Object"},
                "role": {"system": _ROLE, "code": "24", "display": "Query"},
                "query": base64.b64encode(query.encode()).decode(),
            }
        )
    if relation := said.get("relation"):
        entities.append(
            {
                "type": {"system": _ENTITY, "code": "4", "display": "Other"},
                "detail": [{"type": "relation", "valueString": relation}],
            }
        )
    return entities
