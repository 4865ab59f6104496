"""Steps that a team agrees on: who does what by when, as Tasks; and what came of them."""

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
from qamqor.services.fhir import search
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.store.fhir import versions

Resource = dict[str, Any]
SYSTEM: Final = f"{CODES}/support"
STEP: Final = "agreed_step"
OPEN: Final = ("requested", "accepted", "in-progress")
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One thing somebody of the team does by a day.

    Attributes:
        owner: reference of the post that does it.
    """

    what: str
    owner: str
    until: date


def checked(steps: Sequence[Step], today: date) -> None:
    """Nothing, where every step can be kept.

    Raises:
        Unusable: a step without words or owner, or with a day that is past.
    """
    issues = []
    for number, step in enumerate(steps):
        if not step.what.strip():
            issues.append(Issue("required", "say what is to be done", f"what-{number}"))
        if not step.owner.startswith("PractitionerRole/"):
            issues.append(Issue("required", "say who does it", f"owner-{number}"))
        if step.until < today:
            issues.append(Issue("value", "the day is past", f"until-{number}"))
    if issues:
        raise Unusable(issues, status=422)


def here(at: datetime) -> str:
    """The moment on the clock of this place."""
    return at.astimezone(zone()).isoformat(timespec="seconds")


def named(key: str, name: str) -> str:
    """The id that follows from a form's key, so that the same form twice is one.

    Raises:
        Unusable: the key is no UUID.
    """
    try:
        return str(uuid.uuid5(uuid.UUID(key), name))
    except ValueError:
        issue = Issue("value", "the key of a form is a UUID", "key")
        raise Unusable([issue], status=422) from None


def is_kept(type_: str, id_: str) -> bool:
    """Whether a resource is here already: the form was sent before."""
    found = versions.read(type_, id_)
    return found is not None and found.content is not None


def tasks(
    patient: str,
    steps: Sequence[Step],
    *,
    part_of: str,
    key: str,
    actor: Actor,
    at: datetime,
) -> list[Change]:
    """The Tasks of some steps.

    Args:
        part_of: reference of the CarePlan or the conference's Task they follow from; may be empty.

    They carry no label: whoever is to do something must see it, and what is sensitive stands in the
    plan or the decision.
    """
    changes = []
    for number, step in enumerate(steps):
        id_ = named(key, f"step-{number}")
        task: Resource = {
            "resourceType": "Task",
            "id": id_,
            "status": "requested",
            "intent": "order",
            "code": {"coding": [{"system": SYSTEM, "code": STEP}]},
            "description": step.what.strip(),
            "for": {"reference": f"Patient/{patient}"},
            "requester": {"reference": actor.reference},
            "owner": {"reference": step.owner},
            "authoredOn": here(at),
            "lastModified": here(at),
            "restriction": {"period": {"end": step.until.isoformat()}},
        }
        if part_of.startswith("CarePlan/"):
            task["basedOn"] = [{"reference": part_of}]
        elif part_of:
            task["partOf"] = [{"reference": part_of}]
        changes.append(put(task))
    return changes


def put(resource: Resource) -> Change:
    """A change that keeps a valid resource under its id.

    Raises:
        Unusable: it breaks a rule of FHIR.
    """
    must_be(resource, type_=resource["resourceType"])
    return Change("PUT", resource["resourceType"], resource["id"], resource)


def close(
    task: str, *, done: bool, note: str, actor: Actor, at: datetime, version: int | None = None
) -> list[Stored]:
    """Say that a step is done, or that it cannot be done and why.

    Raises:
        NotThere: no open step of this id, or not the actor's to see.
        Unusable: it cannot be done, without a reason.
        VersionConflict: somebody changed it meanwhile.
    """
    looks.at_one(Sights(actor, at), "Task", task)
    found = versions.read("Task", task)
    resource: Resource = json_text.decode(found.content) if found and found.content else {}
    if not _is_step(resource) or resource.get("status") not in OPEN:
        raise NotThere(f"Task/{task} is no open step")
    if not done and not note.strip():
        raise Unusable([Issue("required", "say why not", "note")], status=422)
    closed = {
        **resource,
        "status": "completed" if done else "failed",
        "lastModified": here(at),
        **({"statusReason": {"text": note.strip()}} if note.strip() else {}),
    }
    seen = version if version is not None else found.version if found else None
    must_be(closed, type_="Task")
    return save([Change("PUT", "Task", task, closed, if_version=seen)], actor=actor, at=at)


def _is_step(resource: Resource) -> bool:
    codings = (resource.get("code") or {}).get("coding") or ()
    return any(c.get("system") == SYSTEM and c.get("code") == STEP for c in codings)


@dataclass(frozen=True, slots=True)
class Found:
    """A step with its person, as a list shows it."""

    task: Resource
    person: Resource


def mine(actor: Actor, *, at: datetime) -> list[Found]:
    """Open steps of the actor, the earliest day first; kept in the audit before they are given.

    Raises:
        NotAllowed: the actor's role has no tasks.
    """
    return find([("owner", actor.reference), ("status", ",".join(OPEN))], actor=actor, at=at)


def find(pairs: Sequence[tuple[str, str]], *, actor: Actor, at: datetime) -> list[Found]:
    """Open steps that answer, with their people, the earliest day first."""
    asked = (("code", f"{SYSTEM}|{STEP}"), *pairs, ("_include", "Task:patient"),
             ("_count", str(MOST)))  # fmt: skip
    found = search.find(search.Asked(("Task",), tuple(asked)), actor=actor, at=at)
    people = {f"{v.type}/{v.id}": json_text.decode(v.content or "{}") for v in found.included}
    steps = [
        Found(task, people[who])
        for version in found.matches
        for task in [json_text.decode(version.content or "{}")]
        if (who := str((task.get("for") or {}).get("reference", ""))) in people
    ]
    return sorted(steps, key=lambda one: until(one.task) or date.max)


def until(task: Resource) -> date | None:
    """The day by which a step is to be done."""
    text = str(((task.get("restriction") or {}).get("period") or {}).get("end") or "")[:10]
    return date.fromisoformat(text) if len(text) == 10 else None
