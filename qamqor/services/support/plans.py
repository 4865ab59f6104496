"""A person's needs, notes and plans of support: read for the roles that may, written as FHIR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir.write import Stored, save
from qamqor.services.person.page import Member, Page
from qamqor.services.person.page import read as read_page
from qamqor.services.person.sight import see
from qamqor.services.support import steps as agreed
from qamqor.services.support.sensitive import marked
from qamqor.services.support.steps import SYSTEM, Step, here, named, put
from qamqor.store.fhir import versions

Resource = dict[str, Any]
NOTE: Final = "note"
READ: Final = ("QuestionnaireResponse", "Observation", "CarePlan", "Goal", "Task", "Communication")
MOST: Final = {"QuestionnaireResponse": 40, "CarePlan": 20, "Goal": 40, "Task": 80}


@dataclass(frozen=True, slots=True)
class Needs:
    """What is known of a person's needs and of what is done about them.

    Attributes:
        answers: QuestionnaireResponses, the newest first.
        scores: id of an answered form → its score.
        plans, goals, steps, notes: those in sight, the newest first.
        labels: reference → label of sensitivity of those that carry one.
    """

    patient: str
    person: Resource
    answers: tuple[Resource, ...]
    scores: Mapping[str, int]
    plans: tuple[Resource, ...]
    goals: tuple[Resource, ...]
    steps: tuple[Resource, ...]
    notes: tuple[Resource, ...]
    labels: Mapping[str, str]
    team: tuple[Member, ...]


def read(patient: str, *, actor: Actor, as_of: date, at: datetime) -> Needs:
    """Everything of a person's support; kept in the audit before it is given.

    Raises:
        NotThere: not a person of the actor's. NotAllowed: their role opens no records.
    """
    page = read_page(patient, actor=actor, as_of=as_of, at=at)
    if not isinstance(page, Page):
        raise NotThere(f"Patient/{patient} is not here")
    seen = see(patient, actor=actor, at=at)
    wanted, left = [], dict(MOST)
    for entry in seen.entries:
        if entry.type == "Communication" or left.get(entry.type, 0) > 0:
            left[entry.type] = left.get(entry.type, 0) - 1
            wanted.append(entry)
    contents = versions.read_by_keys([entry.key for entry in wanted])
    found: dict[str, list[Resource]] = {}
    for entry in wanted:
        if entry.key in contents:
            resource = json_text.decode(contents[entry.key].content or "{}")
            found.setdefault(entry.type, []).append(resource)
    notes = [one for one in found.get("Communication", ()) if _has(one.get("category"), NOTE)]
    steps = [one for one in found.get("Task", ()) if _has([one.get("code")], agreed.STEP)]
    shown = [*notes, *steps, *found.get("QuestionnaireResponse", ()), *found.get("CarePlan", ())]
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"{one['resourceType']}/{one['id']}" for one in shown],
        people=[patient],
        relation=seen.relation,
        query="support",
    )
    return Needs(
        patient=patient,
        person=page.person,
        answers=tuple(_live(found.get("QuestionnaireResponse", ()), "authored")),
        scores=_scores(page),
        plans=tuple(_live(found.get("CarePlan", ()), "created")),
        goals=tuple(found.get("Goal", ())),
        steps=tuple(_live(steps, "authoredOn")),
        notes=tuple(_live(notes, "sent")),
        labels={
            f"{entry.type}/{entry.id}": sorted(entry.labels)[0] for entry in wanted if entry.labels
        },
        team=page.team,
    )


def _live(found: Sequence[Resource], field: str) -> list[Resource]:
    kept = [one for one in found if one.get("status") != "entered-in-error"]
    return sorted(kept, key=lambda one: str(one.get(field, "")), reverse=True)


def _has(concepts: Any, code: str) -> bool:
    return any(
        coding.get("system") == SYSTEM and coding.get("code") == code
        for concept in concepts or ()
        for coding in (concept or {}).get("coding") or ()
    )


def _scores(page: Page) -> dict[str, int]:
    """The newest score of each questionnaire, from the tables of care."""
    newest: dict[str, tuple[str, int]] = {}
    for row in page.rows.get("questionnaire_score", ()):
        name, day = str(row.get("questionnaire")), str(row.get("effective_on") or "")
        newest[name] = max(newest.get(name, ("", 0)), (day, round(float(row.get("score") or 0))))
    return {name: score for name, (_, score) in newest.items()}


def write_note(
    patient: str, text: str, *, label: str, key: str, actor: Actor, at: datetime
) -> list[Stored]:
    """Keep a note for those who may read its label, or for the whole team without one.

    Raises:
        Unusable: no text, or a label the role may not put.
        NotThere: not a person of the actor's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    if not text.strip():
        raise Unusable([Issue("required", "write something", "text")], status=422)
    id_ = named(key, "note")
    if agreed.is_kept("Communication", id_):
        return []
    note = {
        "resourceType": "Communication",
        "id": id_,
        "status": "completed",
        "category": [{"coding": [{"system": SYSTEM, "code": NOTE}]}],
        "subject": {"reference": f"Patient/{patient}"},
        "sender": {"reference": actor.reference},
        "sent": here(at),
        "payload": [{"contentString": text.strip()}],
    }
    return save([put(marked(note, label, actor.role))], actor=actor, at=at)


@dataclass(frozen=True, slots=True)
class Wish:
    """A plan as it is agreed.

    Attributes:
        goal: what is to change; in the person's own words where ``is_own``.
        review_on: the day to look at it again.
    """

    title: str
    goal: str
    is_own: bool
    steps: tuple[Step, ...]
    review_on: date
    label: str = ""


def make(patient: str, wish: Wish, *, key: str, actor: Actor, at: datetime) -> list[Stored]:
    """Keep a plan with its goal and steps, all or nothing; the same key again changes nothing.

    Raises:
        Unusable: something of it is missing. NotThere: not a person of the actor's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    today = date.fromisoformat(here(at)[:10])
    agreed.checked(wish.steps, today)
    missing = [
        Issue("required", "this is needed", name)
        for name, text in (("title", wish.title), ("goal", wish.goal))
        if not text.strip()
    ]
    if wish.review_on < today:
        missing.append(Issue("value", "the day is past", "review_on"))
    if missing:
        raise Unusable(missing, status=422)
    plan_id, goal_id = named(key, "plan"), named(key, "goal")
    if agreed.is_kept("CarePlan", plan_id):
        return []
    who = {"reference": f"Patient/{patient}"}
    expressed = who if wish.is_own else {"reference": actor.reference}
    goal = {
        "resourceType": "Goal",
        "id": goal_id,
        "lifecycleStatus": "active",
        "description": {"text": wish.goal.strip()},
        "subject": who,
        "startDate": today.isoformat(),
        "expressedBy": expressed,
    }
    plan = {
        "resourceType": "CarePlan",
        "id": plan_id,
        "status": "active",
        "intent": "plan",
        "category": [
            {"coding": [{"system": SYSTEM, "code": "support_plan"}]},
            {"coding": [{"system": f"{CODES}/role", "code": actor.role}]},
        ],
        "title": wish.title.strip(),
        "subject": who,
        "created": here(at),
        "author": {"reference": actor.reference},
        "period": {"start": today.isoformat(), "end": wish.review_on.isoformat()},
        "goal": [{"reference": f"Goal/{goal_id}"}],
    }
    changes = [
        put(marked(goal, wish.label, actor.role)),
        put(marked(plan, wish.label, actor.role)),
        *agreed.tasks(
            patient,
            wish.steps,
            part_of=f"CarePlan/{plan_id}",
            key=key,
            actor=actor,
            at=at,
        ),
    ]
    return save(changes, actor=actor, at=at)


def end(
    patient: str, plan: str, *, reached: bool, version: int, actor: Actor, at: datetime
) -> list[Stored]:
    """End a plan and its goals: reached, or not.

    Raises:
        NotThere: no active plan of this person, or not the actor's to see.
        VersionConflict: somebody changed it meanwhile.
    """
    looks.at_one(Sights(actor, at), "CarePlan", plan)
    found = versions.read("CarePlan", plan)
    resource: Resource = json_text.decode(found.content) if found and found.content else {}
    whose = (resource.get("subject") or {}).get("reference")
    if whose != f"Patient/{patient}" or resource.get("status") != "active":
        raise NotThere(f"CarePlan/{plan} is not here")
    ended = {**resource, "status": "completed" if reached else "revoked"}
    change = put(ended)
    changes = [type(change)("PUT", "CarePlan", plan, ended, if_version=version)]
    for reference in resource.get("goal") or ():
        id_ = str(reference.get("reference", "")).removeprefix("Goal/")
        goal = versions.read("Goal", id_)
        if goal is not None and goal.content:
            said = json_text.decode(goal.content)
            achieved = "achieved" if reached else "not-achieved"
            status = {"coding": [{"system": _ACHIEVEMENT, "code": achieved}]}
            closed = {**said, "lifecycleStatus": "completed", "achievementStatus": status}
            changes.append(put(closed))
    return save(changes, actor=actor, at=at)


_ACHIEVEMENT: Final = "http://terminology.hl7.org/CodeSystem/goal-achievement"
