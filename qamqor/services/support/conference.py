"""The case conference: people brought by the team, what was decided, and who does what by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import search
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.services.support import steps as agreed
from qamqor.services.support.sensitive import marked
from qamqor.services.support.steps import SYSTEM, Found, Step, here, named, put
from qamqor.store.fhir import versions

Resource = dict[str, Any]
BROUGHT: Final = "case_conference"
DECISION: Final = "decision"
LAST_DECIDED: Final = 20


@dataclass(frozen=True, slots=True)
class Conference:
    """What the team talks about.

    Attributes:
        brought: people to talk about, the longest waiting first.
        decided: the last decisions, the newest first.
        steps: steps agreed and not yet done, the earliest day first.
    """

    brought: tuple[Found, ...]
    decided: tuple[Found, ...]
    steps: tuple[Found, ...]


def read(actor: Actor, *, at: datetime) -> Conference:
    """The conference of the actor's people; kept in the audit before it is given.

    Raises:
        NotAllowed: the actor's role has no tasks.
    """
    brought = _tasks("requested", actor, at)
    decided = _tasks("completed", actor, at)
    open_ = [("status", ",".join(agreed.OPEN)), ("part-of:missing", "false")]
    return Conference(
        brought=tuple(sorted(brought, key=lambda one: str(one.task.get("authoredOn")))),
        decided=tuple(
            sorted(decided, key=lambda one: str(one.task.get("lastModified")), reverse=True)
        )[:LAST_DECIDED],
        steps=tuple(agreed.find(open_, actor=actor, at=at)),
    )


def _tasks(status: str, actor: Actor, at: datetime) -> list[Found]:
    pairs = (
        ("code", f"{SYSTEM}|{BROUGHT}"),
        ("status", status),
        ("_include", "Task:patient"),
        ("_sort", "-modified"),
        ("_count", "100"),
    )
    found = search.find(search.Asked(("Task",), pairs), actor=actor, at=at)
    people = {f"{v.type}/{v.id}": json_text.decode(v.content or "{}") for v in found.included}
    return [
        Found(task, people[who])
        for version in found.matches
        for task in [json_text.decode(version.content or "{}")]
        if (who := str((task.get("for") or {}).get("reference", ""))) in people
    ]


def bring(
    patient: str, question: str, *, label: str, key: str, actor: Actor, at: datetime
) -> list[Stored]:
    """Bring a person to the next conference with a question for the team.

    Raises:
        Unusable: no question. NotThere: not a person of the actor's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    if not question.strip():
        raise Unusable([Issue("required", "say what to talk about", "question")], status=422)
    id_ = named(key, "brought")
    if agreed.is_kept("Task", id_):
        return []
    task = {
        "resourceType": "Task",
        "id": id_,
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": SYSTEM, "code": BROUGHT}]},
        "description": question.strip(),
        "for": {"reference": f"Patient/{patient}"},
        "requester": {"reference": actor.reference},
        "authoredOn": here(at),
        "lastModified": here(at),
    }
    return save([put(marked(task, label, actor.role))], actor=actor, at=at)


def one(task: str, *, actor: Actor, at: datetime) -> tuple[Resource, int]:
    """Somebody brought to the conference and not yet decided on, with the version seen.

    Raises:
        NotThere: nothing of this id waits, or it is not the actor's to see.
    """
    looks.at_one(Sights(actor, at), "Task", task)
    found = versions.read("Task", task)
    resource: Resource = json_text.decode(found.content) if found and found.content else {}
    codings = (resource.get("code") or {}).get("coding") or ()
    is_one = any(c.get("system") == SYSTEM and c.get("code") == BROUGHT for c in codings)
    if found is None or not is_one or resource.get("status") != "requested":
        raise NotThere(f"Task/{task} waits for no decision")
    return resource, found.version


def decide(
    task: str,
    decision: str,
    steps: Sequence[Step],
    present: Sequence[str],
    *,
    version: int,
    key: str,
    actor: Actor,
    at: datetime,
) -> list[Stored]:
    """Keep what the team decided: the decision, the person's own team, and a Task for each step.

    Args:
        present: references of the posts that took part; those who got a step are added.
        version: of the Task the deciding worker saw.

    Raises:
        Unusable: no decision, or a step that cannot be kept.
        NotThere: nothing of this id waits. VersionConflict: somebody decided meanwhile.
    """
    agreed.checked(steps, date.fromisoformat(here(at)[:10]))
    if not decision.strip():
        raise Unusable([Issue("required", "say what was decided", "decision")], status=422)
    team_id = named(key, "team")
    if agreed.is_kept("CareTeam", team_id):
        return []
    brought, _ = one(task, actor=actor, at=at)
    patient = str(brought["for"]["reference"]).removeprefix("Patient/")
    said = {"type": {"coding": [{"system": SYSTEM, "code": DECISION}]}}
    decided = {
        **brought,
        "status": "completed",
        "lastModified": here(at),
        "output": [{**said, "valueString": decision.strip()}],
    }
    must_be(decided, type_="Task")
    members = dict.fromkeys([*present, *(step.owner for step in steps), actor.reference])
    team = {
        "resourceType": "CareTeam",
        "id": team_id,
        "status": "active",
        "name": "Case conference",
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": here(at)[:10]},
        "participant": [
            {"member": {"reference": one_}}
            for one_ in members
            if one_.startswith("PractitionerRole/")
        ],
    }
    follow = agreed.tasks(patient, steps, part_of=f"Task/{task}", key=key, actor=actor, at=at)
    changes = [Change("PUT", "Task", task, decided, if_version=version), put(team), *follow]
    return save(changes, actor=actor, at=at)
