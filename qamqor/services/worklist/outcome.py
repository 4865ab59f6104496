"""Keeps what came of asking a person: the call that was made, and what was agreed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.store.fhir import versions

OUTCOMES: Final = (
    "agreed",
    "later",
    "no_answer",
    "refused",
    "wrong",
    "done_elsewhere",
    "visited",
    "moved",
)
DECIDES_NOTHING: Final = ("no_answer", "visited")
"""Nobody was reached, or what was done is recorded by itself: no Task follows."""
WITH_DAY: Final = ("agreed", "later")
WITH_REASON: Final = ("refused", "wrong")
MEDIA: Final = {"phone": "PHONE", "message": "SMSWRIT", "video": "VIDEOCONF", "home": "FACE"}
_MODES: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try to reach a person.

    Attributes:
        actions: the due actions it was about, as ``programme/action/item``.
        until: the day agreed on, or before which not to ask again.
        reason: in the worker's words, asked for only when somebody refuses or the list is wrong.
    """

    code: str
    actions: tuple[str, ...]
    medium: str = "phone"
    until: date | None = None
    reason: str = ""


def record(
    patient: str, outcome: Outcome, *, actor: Actor, at: datetime, today: date, key: str
) -> list[Stored]:
    """Keep a call and, where something was decided, a Task for each action; all or nothing.

    Args:
        key: made by the form once; the same key again changes nothing (a double click).

    Raises:
        Unusable: an unknown outcome, a day that is missing or past, a reason that is missing.
        NotThere: not a person of the actor's.
    """
    _check(outcome, today)
    looks.at_one(Sights(actor, at), "Patient", patient)
    ids = _ids(key, len(outcome.actions))
    if versions.read("Communication", ids[0]) is not None:
        return []
    changes = [Change("PUT", "Communication", ids[0], _call(ids[0], patient, outcome, actor, at))]
    if outcome.code not in DECIDES_NOTHING:
        changes += [
            Change("PUT", "Task", id_, _task(id_, patient, action, outcome, actor, at))
            for id_, action in zip(ids[1:], outcome.actions, strict=True)
        ]
    return save(changes, actor=actor, at=at)


def undo(patient: str, *, actor: Actor, at: datetime, key: str, actions: int) -> int:
    """Take an outcome back: it stays in the history as entered in error; returns how many.

    Raises:
        NotThere: there is nothing of this key, or it is another person's or another worker's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    ids = _ids(key, actions)
    named = [("Communication", ids[0])] + [("Task", one) for one in ids[1:]]
    changes = []
    for type_, id_ in named:
        found = versions.read(type_, id_)
        if found is None or found.content is None:
            continue
        resource: dict[str, Any] = json_text.decode(found.content)
        _must_be_theirs(resource, patient, actor)
        if resource["status"] != "entered-in-error":
            changes.append(
                Change(
                    "PUT",
                    type_,
                    id_,
                    {**resource, "status": "entered-in-error"},
                    if_version=found.version,
                )
            )
    if not changes:
        raise NotThere("there is nothing to take back")
    return len(save(changes, actor=actor, at=at))


def _must_be_theirs(resource: dict[str, Any], patient: str, actor: Actor) -> None:
    whose = (resource.get("subject") or resource.get("for") or {}).get("reference")
    by = (resource.get("sender") or resource.get("requester") or {}).get("reference")
    if (whose, by) != (f"Patient/{patient}", actor.reference):
        raise NotThere("there is nothing to take back")


def _ids(key: str, actions: int) -> list[str]:
    """Ids that follow from the key, so that the same form sent twice names the same resources."""
    space = uuid.UUID(key)
    return [str(uuid.uuid5(space, str(number))) for number in range(actions + 1)]


def _check(outcome: Outcome, today: date) -> None:
    issues = []
    if outcome.code not in OUTCOMES:
        issues.append(Issue("value", f"the outcome is one of {', '.join(OUTCOMES)}", "outcome"))
    if outcome.medium not in MEDIA:
        issues.append(Issue("value", f"the medium is one of {', '.join(MEDIA)}", "medium"))
    if outcome.code in WITH_DAY and (outcome.until is None or outcome.until < today):
        issues.append(Issue("value", "say a day, today or later", "until"))
    if outcome.code in WITH_REASON and not outcome.reason.strip():
        issues.append(Issue("required", "say why in a few words", "reason"))
    if not outcome.actions:
        issues.append(Issue("required", "say what it was about", "actions"))
    if issues:
        raise Unusable(issues, status=422)


def _here(at: datetime) -> str:
    """The moment on the clock of this place: its date as written is the day of the list."""
    return at.astimezone(zone()).isoformat(timespec="seconds")


def _call(id_: str, patient: str, outcome: Outcome, actor: Actor, at: datetime) -> dict[str, Any]:
    reached = outcome.code != "no_answer"
    first = outcome.actions[0].split("/")[1]
    return {
        "resourceType": "Communication",
        "id": id_,
        "status": "completed" if reached else "not-done",
        "statusReason": {"coding": [{"system": f"{CODES}/outcome", "code": outcome.code}]},
        "medium": [{"coding": [{"system": _MODES, "code": MEDIA[outcome.medium]}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "topic": {"coding": [{"system": f"{CODES}/action", "code": first}]},
        "recipient": [{"reference": f"Patient/{patient}"}],
        "sender": {"reference": actor.reference},
        "sent": _here(at),
        **({"note": [{"text": outcome.reason.strip()}]} if outcome.reason.strip() else {}),
    }


def _task(
    id_: str, patient: str, action: str, outcome: Outcome, actor: Actor, at: datetime
) -> dict[str, Any]:
    programme, code, item = (action.split("/") + ["", ""])[:3]
    status = {"refused": "rejected", "wrong": "rejected", "moved": "rejected"}
    status["done_elsewhere"] = "completed"
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": id_,
        "status": status.get(outcome.code, "accepted"),
        "intent": "order",
        "businessStatus": {"coding": [{"system": f"{CODES}/outcome", "code": outcome.code}]},
        "code": {"coding": [{"system": f"{CODES}/action", "code": code}]},
        "for": {"reference": f"Patient/{patient}"},
        "requester": {"reference": actor.reference},
        "owner": {"reference": actor.reference},
        "authoredOn": _here(at),
        "lastModified": _here(at),
        "input": _inputs(programme, item),
    }
    if outcome.until is not None:
        task["restriction"] = {"period": {"end": outcome.until.isoformat()}}
    if outcome.reason.strip():
        task["statusReason"] = {"text": outcome.reason.strip()}
    return task


def _inputs(programme: str, item: str) -> list[dict[str, Any]]:
    said: Sequence[tuple[str, str]] = [("programme", programme), ("item", item)]
    return [
        {"type": {"coding": [{"system": f"{CODES}/task_input", "code": name}]}, "valueCode": value}
        for name, value in said
        if value
    ]
