"""Opens one record in need, with a reason: for sixty minutes, told to the person, reviewed."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from qamqor.engine.fhir.names import CODES
from qamqor.errors import NotAllowed, NotPossible, NotThere
from qamqor.services import audit
from qamqor.services.access.actor import Actor
from qamqor.services.access.glass import us
from qamqor.services.access.policy import CLINICIANS
from qamqor.services.access.sights import zone
from qamqor.services.fhir import write
from qamqor.services.fhir.write import Change
from qamqor.store import glass, node
from qamqor.store.fhir import versions
from qamqor.store.glass import Glass
from qamqor.store.node import Transaction

OPEN_FOR: Final = timedelta(minutes=60)
REVIEW_WITHIN_DAYS: Final = 2
LEAST_REASON: Final = 10
VERDICTS: Final = ("justified", "unjustified")
_ACTION: Final = f"{CODES}/action"


def open_glass(patient: str, *, actor: Actor, reason: str, at: datetime) -> Glass:
    """Open one person's whole record to one clinician for sixty minutes.

    In one transaction the person is told (a Communication with the reason), a review is asked for
    (a Task, due within two working days) and the audit keeps it.

    Raises:
        NotAllowed: not a clinician with an account of their own.
        NotPossible: the reason is shorter than ten characters.
        NotThere: no such person is here.
    """
    if actor.role not in CLINICIANS or actor.account is None:
        _refuse(patient, actor, at)
    if len(reason.strip()) < LEAST_REASON:
        raise NotPossible(f"say why in at least {LEAST_REASON} characters; the person reads it")
    made = _made(patient, actor, reason.strip(), at)
    node.commit(lambda tx: _keep(tx, made, actor, at))
    return made


def _refuse(patient: str, actor: Actor, at: datetime) -> None:
    audit.record(actor, "break_glass", at=at, people=[patient], outcome="refused")
    raise NotAllowed(f"{actor.role} may not break the glass")


def _made(patient: str, actor: Actor, reason: str, at: datetime) -> Glass:
    return Glass(
        id=str(uuid.uuid4()),
        account=actor.account or 0,
        agent=actor.reference,
        role=actor.role,
        organization=actor.organization or "",
        patient=patient,
        reason=reason,
        opened_at=us(at),
        until_at=us(at + OPEN_FOR),
        review_by=us(review_by(at)),
    )


def _keep(tx: Transaction, made: Glass, actor: Actor, at: datetime) -> None:
    found = versions.read("Patient", made.patient)
    if found is None or found.content is None:
        raise NotThere(f"Patient/{made.patient} is not here")
    glass.add(tx, made)
    service = replace(actor, is_service=True)
    changes = [
        Change("POST", told["resourceType"], told["id"], told) for told in _resources(made, at)
    ]
    write.apply(tx, changes, actor=service, at=at)
    audit.note(
        tx,
        actor,
        "break_glass",
        at=at,
        what=[f"Patient/{made.patient}"],
        people=[made.patient],
        relation="break_glass",
        detail=made.reason,
    )


def _resources(made: Glass, at: datetime) -> list[dict[str, Any]]:
    person = {"reference": f"Patient/{made.patient}"}
    by = {"reference": made.agent}
    organization = f"Organization/{made.organization}"
    notice = {
        "resourceType": "Communication",
        "id": made.id,
        "status": "completed",
        "subject": person,
        "recipient": [person],
        "sender": by,
        "sent": at.isoformat(timespec="seconds"),
        "topic": {"coding": [{"system": _ACTION, "code": "break_glass_notice"}]},
        "payload": [{"contentString": made.reason}],
    }
    review = {
        "resourceType": "Task",
        "id": made.id,
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "code": {"coding": [{"system": _ACTION, "code": "break_glass_review"}]},
        "for": person,
        "requester": by,
        "authoredOn": at.isoformat(timespec="seconds"),
        "restriction": {"period": {"end": review_by(at).isoformat(timespec="seconds")}},
        **({"owner": {"reference": organization}} if made.organization else {}),
    }
    return [notice, review]


def review_by(at: datetime) -> datetime:
    """The end of the second working day after a moment; Saturday and Sunday are none."""
    day: date = at.astimezone(zone()).date()
    left = REVIEW_WITHIN_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.isoweekday() <= 5
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone())


def to_review(actor: Actor) -> list[Glass]:
    """Glasses nobody has reviewed: of a head's organisation, of all for an auditor.

    Raises:
        NotAllowed: for everybody else.
    """
    if actor.role == "auditor":
        return glass.unreviewed(None)
    if actor.role == "head" and actor.organization:
        return glass.unreviewed(actor.organization)
    raise NotAllowed(f"{actor.role} does not review broken glasses")


def review(id_: str, *, actor: Actor, verdict: str, at: datetime) -> Glass:
    """Keep what a head or auditor found; the task is done.

    Raises:
        NotThere: no such glass waits for a review by this actor.
        NotPossible: the verdict is neither justified nor unjustified, or there is one already.
        NotAllowed: the actor does not review, or reviews what they opened themselves.
    """
    if verdict not in VERDICTS:
        raise NotPossible(f"the verdict is one of {', '.join(VERDICTS)}")
    waiting = {one.id: one for one in to_review(actor)}
    if id_ not in waiting:
        raise NotThere(f"no broken glass {id_} waits for your review")
    found = waiting[id_]
    if found.agent == actor.reference:
        raise NotAllowed("nobody reviews what they opened themselves")
    node.commit(lambda tx: _reviewed(tx, found, actor, verdict, at))
    return found._replace(reviewed_at=us(at), reviewed_by=actor.reference, verdict=verdict)


def _reviewed(tx: Transaction, found: Glass, actor: Actor, verdict: str, at: datetime) -> None:
    if not glass.review(tx, found.id, at=us(at), by=actor.reference, verdict=verdict):
        raise NotPossible(f"broken glass {found.id} is reviewed already")
    task = next(one for one in _resources(found, _moment(found)) if one["resourceType"] == "Task")
    outcome = {"coding": [{"system": f"{CODES}/outcome", "code": verdict}]}
    done = {**task, "status": "completed", "businessStatus": outcome}
    service = replace(actor, is_service=True)
    write.apply(tx, [Change("PUT", "Task", found.id, done)], actor=service, at=at)
    audit.note(tx, actor, "review", at=at, people=[found.patient], detail=f"{found.id} {verdict}")


def _moment(found: Glass) -> datetime:
    return audit.moment(found.opened_at)
