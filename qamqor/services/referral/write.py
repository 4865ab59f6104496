"""Writes a referral, or asks a competence centre for advice, and sends it in one save."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text, place_names
from qamqor.engine.fhir.names import CODES
from qamqor.engine.referral import PRIORITIES, State
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import audit
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import zone
from qamqor.services.fhir import valid
from qamqor.services.fhir.write import Change, save
from qamqor.services.person.sight import Seen, see
from qamqor.services.referral.waiting import content
from qamqor.store.fhir import versions

Resource = dict[str, Any]
ENCLOSABLE: Final = (
    "AllergyIntolerance", "Condition", "MedicationRequest", "DiagnosticReport", "Observation",
)  # fmt: skip
MOST: Final = 60
"""Records of each type that are looked at, the newest change first."""
LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Wish:
    """A referral as somebody writes it.

    Attributes:
        service: code of what for, as in the content.
        priority: FHIR request priority.
        performer: reference of who is to answer.
        enclosed: references of records that go along; what the reader may see of the rest follows
            from access, not from this list.
        is_advice: advice is asked for, and the person need not come.
    """

    service: str
    priority: str
    performer: str
    question: str
    enclosed: tuple[str, ...] = ()
    is_advice: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What the form of a referral offers: the person, what can go along, and who may answer.

    Attributes:
        performers: reference and name, those of the own organisation last.
    """

    person: Resource
    enclosable: tuple[Resource, ...]
    performers: tuple[tuple[str, str], ...]


def desk(patient: str, *, actor: Actor, at: datetime, language: str = "ru") -> Desk:
    """What is needed to write a referral for somebody; who is shown is kept in the audit.

    Args:
        language: in which organisations are named, where the record has their name in it.
    Raises:
        NotThere, NotAllowed: not a person the actor may refer.
    """
    seen = _may_refer(patient, actor, at)
    counts: dict[str, int] = {}
    keys = []
    for entry in seen.entries:
        if entry.type in ENCLOSABLE and counts.get(entry.type, 0) < MOST:
            counts[entry.type] = counts.get(entry.type, 0) + 1
            keys.append(entry.key)
    found = versions.read_by_keys(keys)
    offered = _newest(json_text.decode(found[k].content or "{}") for k in keys if k in found)
    offered.sort(key=lambda one: ENCLOSABLE.index(one["resourceType"]))
    person = versions.read("Patient", patient)
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"Patient/{patient}", *(f"{o['resourceType']}/{o['id']}" for o in offered)],
        people=[patient],
        relation=seen.relation,
        query="referral",
    )
    decoded = json_text.decode(person.content or "{}") if person is not None else {}
    return Desk(decoded, tuple(offered), tuple(performers(actor, language)))


def _newest(resources: Iterable[Resource]) -> list[Resource]:
    """Of each thing that was measured, found or prescribed only the newest."""
    found: dict[tuple[str, str], Resource] = {}
    for one in resources:
        if one.get("status") == "entered-in-error":
            continue
        code = one.get("code") or one.get("medicationCodeableConcept") or {}
        coding: Resource = next(iter(code.get("coding", [])), {})
        key = (one["resourceType"], str(coding.get("code") or one["id"]))
        if key not in found or _when(found[key]) < _when(one):
            found[key] = one
    return list(found.values())


def _when(one: Resource) -> str:
    names = ("effectiveDateTime", "authoredOn", "recordedDate", "onsetDateTime")
    return next((str(one[name]) for name in names if one.get(name)), "")


def _may_refer(patient: str, actor: Actor, at: datetime) -> Seen:
    seen = see(patient, actor=actor, at=at)
    if not seen.may("ServiceRequest", action="create"):
        raise NotThere(f"Patient/{patient} is not the actor's to refer")
    return seen


def performers(actor: Actor, language: str = "ru") -> list[tuple[str, str]]:
    """Who can be asked: other organisations that treat people, then posts of the own one."""
    outside = []
    for version in versions.current_of_type("Organization"):
        one = json_text.decode(version.content or "{}")
        kinds = {c.get("code") for k in one.get("type", []) for c in k.get("coding", [])}
        if not kinds & NOT_ASKED and one.get("active") is not False and one.get("name"):
            outside.append((f"Organization/{version.id}", place_names.name_in(one, language)))
    return sorted(outside, key=lambda one: (one[0] == f"Organization/{actor.organization}", one[1]))


NOT_ASKED: Final = frozenset({"gp_area", "authority", "fund", "school"})


def send(patient: str, wish: Wish, *, actor: Actor, at: datetime, key: str) -> str:
    """Send a referral: the request and the task that carries it, all or nothing.

    Args:
        key: made by the form once, a UUID; the same key again changes nothing (a double click).

    Returns:
        id of the ServiceRequest.
    Raises:
        Unusable: what is written is not complete; says everything that is missing.
        NotThere, NotAllowed: not a person the actor may refer, or an enclosure they may not see.
    """
    _check(wish)
    seen = _may_refer(patient, actor, at)
    request_id, task_id = _named(key, "request"), _named(key, "task")
    if is_sent(key):
        return request_id
    for reference in wish.enclosed:
        type_, _, id_ = reference.partition("/")
        if (type_, id_) not in seen.by_name:
            raise NotThere(f"{reference} is not here")
    request = _request(request_id, patient, wish, actor, at)
    task = _task(task_id, request_id, patient, wish, actor, at)
    for one in (request, task):
        valid.must_be(one, type_=one["resourceType"])
    changes = [Change("PUT", one["resourceType"], one["id"], one) for one in (request, task)]
    save(changes, actor=actor, at=at)
    return request_id


def is_sent(key: str) -> bool:
    """Whether the referral of a form's key is in the record."""
    return versions.read("ServiceRequest", _named(key, "request")) is not None


def _named(key: str, what: str) -> str:
    return str(uuid.uuid5(uuid.UUID(key), what))


def _check(wish: Wish) -> None:
    issues = []
    if wish.service not in {one.code for one in content().services}:
        issues.append(Issue("value", "say what the person is referred for", "service"))
    if wish.priority not in PRIORITIES:
        issues.append(Issue("value", f"the priority is one of {', '.join(PRIORITIES)}", "priority"))
    if "/" not in wish.performer or versions.read(*wish.performer.split("/", 1)) is None:
        issues.append(Issue("required", "say who is to answer", "performer"))
    if not wish.question.strip() or len(wish.question) > LONGEST:
        issues.append(Issue("required", "write the question, in at most 2,000 signs", "question"))
    if issues:
        raise Unusable(issues, status=422)


def here(at: datetime) -> str:
    """The moment on the clock of this place."""
    return at.astimezone(zone()).isoformat(timespec="seconds")


def _request(id_: str, patient: str, wish: Wish, actor: Actor, at: datetime) -> Resource:
    service = next(one for one in content().services if one.code == wish.service)
    kind = State.advice if wish.is_advice else "referral"
    return {
        "resourceType": "ServiceRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{"system": f"{CODES}/referral_kind", "code": str(kind)}]}],
        "priority": wish.priority,
        "code": {
            "coding": [
                {"system": service.system, "code": service.code, "display": service.label["en"]}
            ]
        },
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": here(at),
        "requester": {"reference": actor.reference},
        "performer": [{"reference": wish.performer}],
        **({"supportingInfo": _references(wish.enclosed)} if wish.enclosed else {}),
        "note": [{"text": wish.question.strip()}],
    }


def _task(
    id_: str, request_id: str, patient: str, wish: Wish, actor: Actor, at: datetime
) -> Resource:
    return {
        "resourceType": "Task",
        "id": id_,
        "status": "requested",
        "intent": "order",
        "businessStatus": {"coding": [{"system": f"{CODES}/outcome", "code": str(State.sent)}]},
        "priority": wish.priority,
        "focus": {"reference": f"ServiceRequest/{request_id}"},
        "for": {"reference": f"Patient/{patient}"},
        "authoredOn": here(at),
        "lastModified": here(at),
        "requester": {"reference": actor.reference},
        "owner": {"reference": wish.performer},
    }


def _references(references: Sequence[str]) -> list[Mapping[str, str]]:
    return [{"reference": one} for one in references]
