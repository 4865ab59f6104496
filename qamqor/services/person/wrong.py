"""Keeps that somebody found a need wrong, and why; it is looked at by whoever keeps the rules."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, Unusable
from qamqor.services import derived
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.closed import told
from qamqor.services.access.sights import Sights, zone
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.store import person as store
from qamqor.store.derived import read_due
from qamqor.store.fhir import versions


def say(
    patient: str, action: str, *, reason: str, key: str, actor: Actor, at: datetime
) -> list[Stored]:
    """Keep a Task that rejects one due row, with the reason and the version of the rule.

    Args:
        action: ``programme/action/item`` as the page shows it.
        key: made by the form once; the same key again changes nothing.

    Raises:
        Unusable: no reason, or no such row of this person that the actor is told.
        NotThere: not a person of the actor's.
    """
    sights = Sights(actor, at)
    looks.at_one(sights, "Patient", patient)
    if not reason.strip():
        raise Unusable([Issue("required", "say why in a few words", "reason")], status=422)
    rows = [read_due(row, derived.day_of(at)) for row in store.due_with_state(patient)[1]]
    versions_of = {
        f"{row.programme}/{row.action}/{row.item}": row.version
        for row in told(rows, patient, sights=sights)
    }
    if action not in versions_of:
        raise Unusable([Issue("value", "this person has no such need", "action")], status=422)
    id_ = str(uuid.uuid5(uuid.UUID(key), action))
    if versions.read("Task", id_) is not None:
        return []
    task = _task(id_, patient, action, versions_of[action], reason.strip(), actor, at)
    return save([Change("PUT", "Task", id_, task)], actor=actor, at=at)


def _task(
    id_: str, patient: str, action: str, version: str, reason: str, actor: Actor, at: datetime
) -> dict[str, Any]:
    programme, code, item = action.split("/")
    here = at.astimezone(zone()).isoformat(timespec="seconds")
    said = [("programme", programme), ("item", item), ("rule_version", version)]
    return {
        "resourceType": "Task",
        "id": id_,
        "status": "rejected",
        "intent": "order",
        "businessStatus": {"coding": [{"system": f"{CODES}/outcome", "code": "wrong"}]},
        "statusReason": {"text": reason},
        "code": {"coding": [{"system": f"{CODES}/action", "code": code}]},
        "for": {"reference": f"Patient/{patient}"},
        "requester": {"reference": actor.reference},
        "owner": {"reference": actor.reference},
        "authoredOn": here,
        "lastModified": here,
        "input": [
            {
                "type": {"coding": [{"system": f"{CODES}/task_input", "code": name}]},
                "valueCode": value,
            }
            for name, value in said
            if value
        ],
    }
