"""What is known of a person when a visit begins, read once and kept in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import ICD10
from qamqor.engine.measurements.earlier import COUNTED, Earlier, earlier
from qamqor.engine.population.one_person import Due
from qamqor.services import due, forms
from qamqor.services.access import closed, policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import everything
from qamqor.services.visit import drafts, named
from qamqor.services.visit.content import measurements
from qamqor.services.visit.drafts import Colleague, Draft

TYPES: Final = (
    "Patient",
    "AllergyIntolerance",
    "Condition",
    "Encounter",
    "Goal",
    "MedicationRequest",
    "Observation",
)
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A person as a visit needs to know them.

    Attributes:
        scores: id of the questionnaire → day and score, oldest first.
        earlier: id of the measurement → every time it was taken before this visit, oldest first.
        saved: id of the measurement → its Observation of this visit, where it is kept already.
        encounter: this visit, where something of it is kept already.
        due: everything the person is due or not yet due, of all roles; of another role only what
            rests on no record whose label is closed to the actor.
        draft: the actor's own, or a new one.
        diagnoses: codes of the conditions that last, the newest first; those the actor may read.
        colleagues: visits others have open with this person.
    """

    person: Resource
    earlier: Mapping[str, Sequence[Earlier]]
    saved: Mapping[str, Resource]
    encounter: Resource | None
    scores: Mapping[str, Sequence[tuple[date, int]]]
    medicines: tuple[Resource, ...]
    allergies: tuple[Resource, ...]
    goals: tuple[Resource, ...]
    due: tuple[Due, ...]
    diagnoses: tuple[str, ...]
    draft: Draft
    colleagues: tuple[Colleague, ...]
    may_measure: bool

    def last(self, measurement: str) -> Earlier | None:
        """The newest of an earlier visit."""
        listed = self.earlier.get(measurement, ())
        return listed[-1] if listed else None

    def last_values(self) -> dict[str, Decimal]:
        """Id of each part → its last value."""
        return {
            part: value
            for listed in self.earlier.values()
            for part, value in (listed[-1].values.items() if listed else ())
        }


def about(
    patient: str, *, actor: Actor, at: datetime, as_of: date, draft: Draft | None = None
) -> Known:
    """What a visit begins with; who looked is in the audit before it is given.

    Args:
        draft: the one to go on with; None takes the actor's newest, or begins one.

    Raises:
        NotThere: not a person of the actor's. GoneBefore: deleted.
    """
    part = everything.of_person(patient, actor=actor, at=at, types=TYPES)
    record: dict[str, list[Resource]] = {type_: [] for type_ in TYPES}
    for entry in part.entries:
        record[entry.type].append(json_text.decode(entry.content))
    draft = draft or drafts.own(patient, actor) or drafts.new(actor, at)
    visit = named.reference(draft.key)
    here = [one for one in record["Observation"] if _visit_of(one) == visit]
    before = [one for one in record["Observation"] if _visit_of(one) != visit]
    known = measurements()
    return Known(
        person=record["Patient"][0],
        earlier={one.id: earlier(one, before) for one in known},
        saved={
            one.id: found
            for one in known
            for found in here
            if found["id"] == named.id_of(draft.key, one.id)
            and found["status"] != "entered-in-error"
        },
        encounter=next((e for e in record["Encounter"] if f"Encounter/{e['id']}" == visit), None),
        scores=_scores(record["Observation"]),
        medicines=tuple(m for m in record["MedicationRequest"] if m.get("status") == "active"),
        allergies=tuple(a for a in record["AllergyIntolerance"] if _is_active(a)),
        goals=tuple(g for g in record["Goal"] if g.get("lifecycleStatus") == "active"),
        due=told(patient, due.due_of(patient, as_of=as_of), actor=actor, at=at),
        diagnoses=_diagnoses(record["Condition"]),
        draft=draft,
        colleagues=tuple(drafts.of_others(patient, actor, at=at)),
        may_measure=policy.allows(actor.role, "create", "Observation") is not None,
    )


def told(patient: str, rows: Sequence[Due], *, actor: Actor, at: datetime) -> tuple[Due, ...]:
    """The rows without those of other roles that would say what a label keeps."""
    return closed.told(rows, patient, sights=Sights(actor, at))


def _scores(observations: Sequence[Resource]) -> dict[str, list[tuple[date, int]]]:
    """Each questionnaire's scores, oldest first."""
    codes = {(one.score_system, one.score_code): one.id for one in forms.forms() if one.score_code}
    found: dict[str, list[tuple[date, int]]] = {}
    for one in observations:
        coding = (one.get("code", {}).get("coding") or [{}])[0]
        form = codes.get((coding.get("system", ""), coding.get("code", "")))
        moment, total = str(one.get("effectiveDateTime") or ""), _total(one)
        if form and one.get("status") in COUNTED and len(moment) >= 10 and total is not None:
            found.setdefault(form, []).append((date.fromisoformat(moment[:10]), total))
    return {form: sorted(scores) for form, scores in found.items()}


def _total(observation: Resource) -> int | None:
    value = observation.get("valueInteger", observation.get("valueQuantity", {}).get("value"))
    return None if value is None else int(value)


def _diagnoses(conditions: Sequence[Resource]) -> tuple[str, ...]:
    lasting = [one for one in conditions if _is_active(one) and _is_true(one)]
    lasting.sort(key=lambda one: str(one.get("recordedDate") or ""), reverse=True)
    codes = (
        str(coding.get("code", ""))
        for one in lasting
        for coding in one.get("code", {}).get("coding") or ()
        if coding.get("system") == ICD10
    )
    return tuple(dict.fromkeys(codes))


def _is_true(condition: Resource) -> bool:
    codings = condition.get("verificationStatus", {}).get("coding") or [{}]
    return codings[0].get("code") not in ("refuted", "entered-in-error")


def _visit_of(observation: Resource) -> str:
    return str(observation.get("encounter", {}).get("reference", ""))


def _is_active(lasting: Resource) -> bool:
    codings = lasting.get("clinicalStatus", {}).get("coding") or [{}]
    return bool(codings[0].get("code", "active") == "active")
