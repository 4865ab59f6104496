"""Takes a referral on its way: booked, seen, answered or advised on, closed, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES, LOINC
from qamqor.engine.referral import NEXT, WAITING, State, state_of
from qamqor.engine.referral_day import Set
from qamqor.errors import Issue, NotAllowed, NotThere, TooLate, Unusable, VersionConflict
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.fhir import valid
from qamqor.services.fhir.write import Change, save
from qamqor.services.referral import booking
from qamqor.services.referral.write import here
from qamqor.store import referrals
from qamqor.store.fhir import versions

Resource = dict[str, Any]
CONSULT_NOTE: Final = "11488-4"  # LOINC: consultation note
LONGEST: Final = 4000
LONGEST_PLACE: Final = 120
STATUS: Final[Mapping[State, str]] = {
    State.sent: "requested",
    State.booked: "accepted",
    State.seen: "in-progress",
    State.replied: "in-progress",
    State.advice: "completed",
    State.closed: "completed",
    State.cancelled: "cancelled",
}
"""State → status of the Task."""
ASKING: Final = frozenset({State.closed, State.cancelled})


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way.

    Attributes:
        to: the state after it.
        on: the day booked or seen. clock, place: of the booking, where they are known.
        text: the reply, the advice, or why it is taken back.
        seen: version of the Task that whoever steps has seen; 0 where there was none.
    """

    to: State
    seen: int
    on: date | None = None
    text: str = ""
    clock: time | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """On which side of a referral somebody stands; both, where one organisation asks itself."""

    asks: bool
    answers: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """A referral with the task that carries it; None where nobody follows its way yet."""

    request: Resource
    task: Resource | None
    state: State

    @property
    def version(self) -> int:
        """Of the Task; 0 where there is none."""
        return int(self.task["meta"]["versionId"]) if self.task else 0


def take(request_id: str, step: Step, *, actor: Actor, at: datetime, key: str) -> State:
    """Take one step; the reply or the advice is kept in the same save.

    Only who asked closes a referral or takes it back. All else may be said by either side: many
    who are asked do not use this record, and their answer comes on paper or by telephone. It is
    then theirs, written down by who asked.

    Args:
        key: made by the form once; the same key again changes nothing.
    Raises:
        NotThere: no such referral, or not one the actor may see.
        NotAllowed: the step is the other side's.
        Unusable: the day or the text is missing, a day booked is past, a day seen is still to come.
            TooLate: nothing leads there any more.
        VersionConflict: somebody took a step meanwhile.
    """
    looks.at_one(Sights(actor, at), "ServiceRequest", request_id)
    carried = read(request_id)
    side = side_of(carried.request, actor)
    _may(side, step)
    _check(step, at.astimezone(zone()).date())
    task = carried.task or _first_task(carried.request, key)
    mark = str(uuid.uuid5(uuid.UUID(key), step.to))
    if any(one.get("value") == mark for one in task.get("identifier", [])):
        return step.to
    if carried.version != step.seen:
        raise VersionConflict("Task", str(task["id"]), seen=step.seen)
    if step.to not in NEXT[carried.state]:
        raise TooLate(f"{step.to} does not follow {carried.state}")
    changes = [
        Change("PUT", "Task", task["id"], _stepped(task, carried.state, step, mark, at),
               if_version=carried.version or None),
        *_request_after(carried.request, step),
        *_answer(carried.request, step, _speaker(carried.request, side, actor), at, mark),
        *booking.after(carried.request, step.to, at,
                       said=Set(step.on, step.clock, step.place) if step.on else None),
    ]  # fmt: skip
    for change in changes:
        valid.must_be(change.resource, type_=change.type)
    save(changes, actor=replace(actor, is_service=True), at=at)
    return step.to


def read(request_id: str) -> Carried:
    """A referral and its task as they stand.

    Raises:
        NotThere: no such referral, or one that was never sent.
    """
    request = _resource("ServiceRequest", request_id)
    way = referrals.one(request_id)
    task = _resource("Task", way.task_id) if way is not None and way.task_id else None
    state = state_of(request, task) if request is not None else None
    if request is None or state is None:
        raise NotThere(f"ServiceRequest/{request_id} is not here")
    return Carried(request, task, state)


def side_of(request: Mapping[str, Any], actor: Actor) -> Side:
    """On which side the actor stands."""
    own = {actor.reference, f"Organization/{actor.organization}"}
    own |= {f"Organization/{area}" for area in actor.areas}
    asked = {str(one.get("reference", "")) for one in request.get("performer") or []}
    answers = bool(asked & own)
    requester = str((request.get("requester") or {}).get("reference", ""))
    return Side(asks=not answers or requester == actor.reference, answers=answers)


def _may(side: Side, step: Step) -> None:
    if step.to in ASKING and not side.asks:
        raise NotAllowed(f"{step.to} is said by the other side")


def _check(step: Step, today: date) -> None:
    issues = []
    if step.to in (State.booked, State.seen) and step.on is None:
        issues.append(Issue("required", "say the day", "on"))
    if step.to is State.booked and step.on is not None and step.on < today:
        issues.append(Issue("value", "say a day, today or later", "on"))
    if step.to is State.seen and step.on is not None and step.on > today:
        issues.append(Issue("value", "the day is still to come", "on"))
    wants_text = step.to in (State.replied, State.advice, State.cancelled)
    if wants_text and not step.text.strip():
        issues.append(Issue("required", "write it in a few words", "text"))
    if len(step.place) > LONGEST_PLACE:
        issues.append(Issue("too-long", f"at most {LONGEST_PLACE} signs", "place"))
    if len(step.text) > LONGEST:
        issues.append(Issue("too-long", "at most 4,000 signs", "text"))
    if issues:
        raise Unusable(issues, status=422)


def _stepped(task: Resource, before: State, step: Step, mark: str, at: datetime) -> Resource:
    """The Task after a step. A reply by advice stays one when the referral is closed."""
    outcome = before if step.to is State.closed and before is State.advice else step.to
    day = step.on.isoformat() if step.on else here(at)[:10]
    gone = State.booked if step.to is State.sent else step.to
    kept = [one for one in task.get("output", []) if not _is_step(one, gone)]
    coding = {"system": f"{CODES}/referral_step", "code": str(step.to)}
    output = {"type": {"coding": [coding]}, "valueDateTime": day}
    if step.to is State.advice:
        replied = {"system": f"{CODES}/referral_step", "code": str(State.replied)}
        kept.append({"type": {"coding": [replied]}, "valueDateTime": day})
    changed = {
        **task,
        "identifier": [*task.get("identifier", []), {"system": f"{CODES}/step", "value": mark}],
        "status": STATUS[step.to],
        "businessStatus": {"coding": [{"system": f"{CODES}/outcome", "code": str(outcome)}]},
        "lastModified": here(at),
        "output": [*kept, output] if step.to is not State.sent else kept,
    }
    if not changed["output"]:
        del changed["output"]
    if step.to is State.cancelled:
        changed["statusReason"] = {"text": step.text.strip()}
    return changed


def _is_step(output: Mapping[str, Any], step: State) -> bool:
    return any(c.get("code") == step for c in output.get("type", {}).get("coding", []))


def _request_after(request: Resource, step: Step) -> list[Change]:
    status = {State.closed: "completed", State.cancelled: "revoked"}.get(step.to)
    changed = dict(request)
    if status is not None:
        changed["status"] = status
    if step.to is State.booked and step.on is not None:
        changed["occurrenceDateTime"] = step.on.isoformat()
    if step.to is State.sent:
        changed.pop("occurrenceDateTime", None)
    if changed == request:
        return []
    return [Change("PUT", "ServiceRequest", str(request["id"]), changed)]


def after_booking(request_id: str, status: str, on: date | None, at: datetime) -> list[Change]:
    """What becomes of a referral whose booking was kept or cancelled at the desk.

    A booking that was cancelled leaves the referral waiting for another day; nothing follows where
    the referral has gone further meanwhile.
    """
    to = {"cancelled": State.sent, "fulfilled": State.seen}.get(status)
    try:
        carried = read(request_id)
    except NotThere:
        return []
    if to is None or carried.task is None or to not in NEXT[carried.state]:
        return []
    task, step = carried.task, Step(to, carried.version, on)
    mark = str(uuid.uuid5(booking.SPACE, f"{request_id} {status} {carried.version}"))
    stepped = _stepped(task, carried.state, step, mark, at)
    changes = [
        Change("PUT", "Task", task["id"], stepped, if_version=carried.version),
        *_request_after(carried.request, step),
    ]
    for change in changes:
        valid.must_be(change.resource, type_=change.type)
    return changes


def _speaker(request: Resource, side: Side, actor: Actor) -> Resource:
    """Whose answer it is: the actor's, or that of who was asked, written down by who asks."""
    asked: list[Resource] = request.get("performer") or []
    return {"reference": actor.reference} if side.answers or not asked else asked[0]


def _answer(
    request: Resource, step: Step, speaker: Resource, at: datetime, mark: str
) -> list[Change]:
    """The reply as a report, or the advice as a message; nothing for other steps."""
    based = [{"reference": f"ServiceRequest/{request['id']}"}]
    if step.to is State.replied:
        report: Resource = {
            "resourceType": "DiagnosticReport",
            "id": mark,
            "basedOn": based,
            "status": "final",
            "code": {"coding": [{"system": LOINC, "code": CONSULT_NOTE}]},
            "subject": request["subject"],
            "effectiveDateTime": here(at),
            "issued": here(at),
            "performer": [speaker],
            "conclusion": step.text.strip(),
        }
        return [Change("PUT", "DiagnosticReport", mark, report)]
    if step.to is State.advice:
        message: Resource = {
            "resourceType": "Communication",
            "id": mark,
            "basedOn": based,
            "status": "completed",
            "category": [{"coding": [{"system": f"{CODES}/referral_kind", "code": "advice"}]}],
            "subject": request["subject"],
            "sent": here(at),
            "sender": speaker,
            **({"recipient": [request["requester"]]} if request.get("requester") else {}),
            "payload": [{"contentString": step.text.strip()}],
        }
        return [Change("PUT", "Communication", mark, message)]
    return []


def _first_task(request: Resource, key: str) -> Resource:
    """A task for a referral that came without one, as imported ones do."""
    return {
        "resourceType": "Task",
        "id": str(uuid.uuid5(uuid.UUID(key), "task")),
        "status": "requested",
        "intent": "order",
        "focus": {"reference": f"ServiceRequest/{request['id']}"},
        "for": request["subject"],
        "authoredOn": request.get("authoredOn"),
        **({"owner": request["performer"][0]} if request.get("performer") else {}),
    }


def _resource(type_: str, id_: str) -> Resource | None:
    found = versions.read(type_, id_)
    return json_text.decode(found.content) if found is not None and found.content else None


def may_step(carried: Carried, side: Side) -> tuple[State, ...]:
    """The steps somebody on a side may take now."""
    return tuple(state for state in NEXT[carried.state] if not (state in ASKING and not side.asks))


def is_waiting(carried: Carried) -> bool:
    """Whether somebody else must answer."""
    return carried.state in WAITING
