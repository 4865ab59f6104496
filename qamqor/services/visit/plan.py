"""What was found, decided and ordered at a visit, as resources; one builder for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir.names import ATC, BASE, CODES, ICD10
from qamqor.engine.visit import Medicine, Offer, Protocol, next_step
from qamqor.errors import Issue, NotAllowed, Unusable
from qamqor.services import diagnoses
from qamqor.services.access.actor import Actor
from qamqor.services.access.labels import rules
from qamqor.services.fhir.write import Change
from qamqor.services.visit import content, named
from qamqor.services.visit.measuring import Visit, here

Resource = dict[str, Any]
TAKES: Final = ("as_ordered", "not_all")
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
DAYS_OF_SUPPLY: Final = 30
_STRENGTH: Final = re.compile(r"(\d+)\s*(?:mg|мг)")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found and decided; everything may be empty.

    Attributes:
        reasons: ids of the pack. diagnoses: ICD-10 codes, the main one first.
        is_certain: whether the diagnoses are confirmed.
        summary: the assessment in the worker's words.
        takes: whether the person takes the medicines as ordered; ``takes_text`` says what not.
        option: id of the option chosen together; ``discussed`` all that stood to choose from.
        goal: in the person's words; ``confidence`` 0 to 10 that they will reach it.
        steps: ids of the protocols whose next step is taken.
        next_on: when to come again.
    """

    reasons: tuple[str, ...] = ()
    reason_text: str = ""
    diagnoses: tuple[str, ...] = ()
    is_certain: bool = True
    summary: str = ""
    takes: str = ""
    takes_text: str = ""
    option: str = ""
    discussed: tuple[str, ...] = ()
    goal: str = ""
    confidence: int | None = None
    steps: tuple[str, ...] = ()
    next_on: date | None = None


def refuse_wrong(plan: Plan, actor: Actor, *, today: date) -> None:
    """Raise ``Unusable`` with everything in a plan that cannot be kept."""
    offer, issues = content.offer(), []
    if not set(plan.reasons) <= {one.id for one in offer.reasons}:
        issues.append(Issue("value", "there is no such reason", "reasons"))
    if wrong := [code for code in plan.diagnoses if not diagnoses.exists(code)]:
        text = f"no diagnosis has the code {', '.join(wrong)}, or it only goes with another"
        issues.append(Issue("value", text, "diagnoses"))
    if any(hidden_from(actor, code) for code in plan.diagnoses):
        issues.append(Issue("value", "this diagnosis is not this role's to record", "diagnoses"))
    if plan.option and plan.option not in {one.id for one in offer.options}:
        issues.append(Issue("value", "there is no such option", "option"))
    if plan.takes and plan.takes not in TAKES:
        issues.append(Issue("value", f"one of {', '.join(TAKES)}", "takes"))
    if plan.confidence is not None and not 0 <= plan.confidence <= 10:
        issues.append(Issue("value", "from 0 to 10", "confidence"))
    if plan.next_on is not None and plan.next_on < today:
        issues.append(Issue("value", "a day from today on", "next_on"))
    if issues:
        raise Unusable(issues, status=422)


def hidden_from(actor: Actor, code: str) -> bool:
    """Whether a diagnosis is sensitive and closed to the actor's role, to read and so to write."""
    hidden = rules().labels.hidden(actor.role)
    beginnings = rules().sensitivity.codes.get(ICD10, ())
    return any(label in hidden and code.startswith(begins) for begins, label in beginnings)


def changes(
    visit: Visit, plan: Plan, medicines: Sequence[Mapping[str, Any]], *, actor: Actor, at: datetime
) -> Iterator[Change]:
    """Everything of a plan but the Encounter.

    Args:
        medicines: the orders in force, as they stand in the record.

    Raises:
        NotAllowed: a protocol's step that is not the role's to take.
    """
    made = _Made(visit, actor, at)
    for number, code in enumerate(plan.diagnoses):
        yield made.put("Condition", f"condition/{number}", _condition(code, plan, at))
    if plan.summary.strip():
        yield made.put("ClinicalImpression", "impression", _impression(plan, actor, at))
    if plan.takes:
        for one in medicines:
            yield made.put("MedicationStatement", f"takes/{one['id']}", _takes(one, plan, at))
    if plan.goal.strip():
        yield made.put("Goal", "goal", _goal(plan, at))
    if plan.option or plan.next_on:
        has_goal = bool(plan.goal.strip())
        goal = f"Goal/{named.id_of(visit.key, 'goal')}" if has_goal else ""
        yield made.put("CarePlan", "plan", _care_plan(plan, actor, at, goal))
    if plan.next_on is not None:
        yield made.put("Appointment", "next", _appointment(plan.next_on, visit, actor))
    for id_ in plan.steps:
        yield from _orders(made, content.offer(), id_, medicines)


def on_encounter(visit: Visit, plan: Plan) -> Resource:
    """What the Encounter says of the plan."""
    reasons = {one.id: one.words["en"] for one in content.offer().reasons}
    codes: list[Resource] = [
        {"coding": [{"system": f"{CODES}/visit_reason", "code": id_}], "text": reasons[id_]}
        for id_ in plan.reasons
    ]
    if plan.reason_text.strip():
        codes.append({"text": plan.reason_text.strip()})
    listed = [
        {
            "condition": {"reference": f"Condition/{named.id_of(visit.key, f'condition/{n}')}"},
            "rank": n + 1,
        }
        for n in range(len(plan.diagnoses))
    ]
    return {
        **({"reasonCode": codes} if codes else {}),
        **({"diagnosis": listed} if listed else {}),
    }


@dataclass(frozen=True, slots=True)
class _Made:
    """Puts the names every resource of a visit has onto what a builder says."""

    visit: Visit
    actor: Actor
    at: datetime

    def put(self, type_: str, what: str, said: Resource, *, subject: str = "subject") -> Change:
        id_ = named.id_of(self.visit.key, what)
        whose = {"reference": f"Patient/{self.visit.patient}"}
        within: Resource = {"encounter": {"reference": self.visit.reference}}
        if type_ == "MedicationStatement":
            within = {"context": {"reference": self.visit.reference}}
        if type_ in ("Goal", "Appointment"):
            within = {}
        about = {} if type_ == "Appointment" else {subject: whose}
        resource = {"resourceType": type_, "id": id_, **about, **within, **said}
        return Change("PUT", type_, id_, resource)


def _condition(code: str, plan: Plan, at: datetime) -> Resource:
    verified = "confirmed" if plan.is_certain else "provisional"
    words = diagnoses.named(code, "en").text
    return {
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _VERIFIED, "code": verified}]},
        "category": [{"coding": [{"system": _CATEGORY, "code": "encounter-diagnosis"}]}],
        "code": {"coding": [{"system": ICD10, "code": code, "display": words}]},
        "recordedDate": here(at),
    }


def _impression(plan: Plan, actor: Actor, at: datetime) -> Resource:
    return {
        "status": "completed",
        "date": here(at),
        "assessor": {"reference": actor.reference},
        "summary": plan.summary.strip(),
    }


def _takes(order: Mapping[str, Any], plan: Plan, at: datetime) -> Resource:
    note = plan.takes_text.strip()
    return {
        "status": "active" if plan.takes == "as_ordered" else "unknown",
        "medicationCodeableConcept": order.get("medicationCodeableConcept", {"text": "?"}),
        "basedOn": [{"reference": f"MedicationRequest/{order['id']}"}],
        "dateAsserted": here(at),
        "effectiveDateTime": here(at),
        **({"note": [{"text": note}]} if note else {}),
    }


def _goal(plan: Plan, at: datetime) -> Resource:
    said = plan.confidence
    return {
        "lifecycleStatus": "active",
        "description": {"text": plan.goal.strip()},
        "startDate": here(at)[:10],
        **({"note": [{"text": f"Confidence {said} of 10"}]} if said is not None else {}),
    }


def _care_plan(plan: Plan, actor: Actor, at: datetime, goal: str) -> Resource:
    options = {one.id: one for one in content.offer().options}
    detail: Resource = {"status": "in-progress", "description": "The plan goes on"}
    if plan.option:
        words = options[plan.option].words["en"]
        coding = [{"system": f"{CODES}/visit_option", "code": plan.option, "display": words}]
        detail = {"status": "in-progress", "code": {"coding": coding, "text": words}}
    if plan.next_on is not None:
        detail["scheduledPeriod"] = {"end": plan.next_on.isoformat()}
    others = [options[one].words["en"] for one in plan.discussed if one in options]
    return {
        "status": "active",
        "intent": "plan",
        "created": here(at),
        "period": {"start": here(at)[:10]},
        "author": {"reference": actor.reference},
        **({"goal": [{"reference": goal}]} if goal else {}),
        "activity": [{"detail": detail}],
        **({"note": [{"text": f"Discussed: {'; '.join(others)}"}]} if others else {}),
    }


def _appointment(day: date, visit: Visit, actor: Actor) -> Resource:
    """A day wished for; a time is found when it is booked."""
    people = (f"Patient/{visit.patient}", actor.reference)
    return {
        "status": "proposed",
        "requestedPeriod": [{"start": day.isoformat(), "end": day.isoformat()}],
        "participant": [{"actor": {"reference": one}, "status": "needs-action"} for one in people],
    }


def taken(medicines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """ATC code → milligrams of each order in force; 1 where the record does not say how much."""
    found: dict[str, int] = {}
    for order in medicines:
        for one in order.get("medicationCodeableConcept", {}).get("coding") or []:
            if one.get("system") == ATC and "code" in one:
                found[one["code"]] = max(found.get(one["code"], 0), _strength(order))
    return found


def _strength(order: Mapping[str, Any]) -> int:
    dose = ((order.get("dosageInstruction") or [{}])[0].get("doseAndRate") or [{}])[0]
    value = dose.get("doseQuantity", {}).get("value")
    if value is not None:
        return int(value)
    said = _STRENGTH.search(str(order.get("medicationCodeableConcept", {}).get("text", "")))
    return int(said.group(1)) if said else 1


def _orders(
    made: _Made, offer: Offer, protocol_id: str, medicines: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    protocol = next((one for one in offer.protocols if one.id == protocol_id), None)
    if protocol is None or made.actor.role not in protocol.by:
        raise NotAllowed(f"{made.actor.role} may not take a step of {protocol_id[:40]}")
    number, new = next_step(protocol, taken(medicines))
    for one in new:
        before = [order for order in medicines if one.atc in taken([order])]
        for order in before:
            stopped = {**order, "status": "stopped", "statusReason": {"text": "Dose changed"}}
            seen = int(order["meta"]["versionId"])
            yield Change("PUT", "MedicationRequest", order["id"], stopped, if_version=seen)
        said = _order(one, protocol, number, offer.version, made, before)
        yield made.put("MedicationRequest", f"order/{one.atc}", said)


def _order(
    one: Medicine,
    protocol: Protocol,
    number: int,
    version: str,
    made: _Made,
    before: Sequence[Mapping[str, Any]],
) -> Resource:
    name = one.words["en"]
    prior = [{"reference": f"MedicationRequest/{one['id']}"} for one in before]
    dose = {"value": Decimal(one.mg), "unit": "mg", "system": "http://unitsofmeasure.org"}
    return {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": ATC, "code": one.atc, "display": name}],
            "text": f"{name} {one.mg} mg",
        },
        "authoredOn": here(made.at),
        "requester": {"reference": made.actor.reference},
        "instantiatesCanonical": [f"{BASE}/PlanDefinition/{protocol.id}|{version}"],
        "note": [{"text": f"Step {number} of {protocol.title['en']}"}],
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {**dose, "code": "mg"}}],
            }
        ],
        "dispenseRequest": {
            "expectedSupplyDuration": {
                "value": DAYS_OF_SUPPLY,
                "unit": "days",
                "system": "http://unitsofmeasure.org",
                "code": "d",
            }
        },
        **({"priorPrescription": prior[-1]} if prior else {}),
    }
