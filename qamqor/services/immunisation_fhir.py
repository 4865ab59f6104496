"""Answers $immds-forecast: a person's resources in, evaluations and a recommendation out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.immunisation.immds import Shown
from qamqor.engine.immunisation.record import OBSERVED_TYPES, Note
from qamqor.errors import Issue, Unusable
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import read
from qamqor.services.immunisation import OpenSchedule, PersonForecast, forecast_person
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.store import mentions

TYPES: Final = ("Immunization", *OBSERVED_TYPES)
Resource = dict[str, Any]


def forecast(
    patient: Mapping[str, Any],
    others: Iterable[Mapping[str, Any]],
    opened: OpenSchedule,
    words: ImmunisationWords,
    as_of: date,
) -> Resource:
    """Parameters with ``evaluation``, ``recommendation`` and, for all left out, ``outcome``.

    Args:
        patient: a Patient.
        others: the person's Immunizations, Observations, Conditions and AllergyIntolerances.

    Raises:
        Unusable: nothing can be forecast; 422, each reason an issue.
    """
    named = _with_ids(others)
    who = str(patient.get("id") or "patient")
    person = forecast_person(who, [dict(patient), *named], opened.schedule, as_of)
    if person.answer is None:
        said = [_issue(note, words, "error") for note in person.record.notes]
        raise Unusable(said, status=422)
    return {"resourceType": "Parameters", "parameter": list(_parts(person, opened, words, as_of))}


def forecast_of_record(
    patient_id: str,
    opened: OpenSchedule,
    words: ImmunisationWords,
    as_of: date,
    *,
    actor: Actor,
    at: datetime,
) -> Resource:
    """The same from the record kept here, as far as the actor may see it.

    Raises:
        NotThere, GoneBefore, NotAllowed: of the Patient.
        Unusable: nothing can be forecast.
    """
    patient, others = record_of(patient_id, actor=actor, at=at)
    return forecast(patient, others, opened, words, as_of)


def record_of(patient_id: str, *, actor: Actor, at: datetime) -> tuple[Resource, list[Resource]]:
    """A Patient and what a schedule may read about it, as far as the actor may see it.

    Raises:
        NotThere, GoneBefore, NotAllowed: of the Patient.
    """
    patient = read.one("Patient", patient_id, actor=actor, at=at)
    kept = [one for one in mentions.of(f"Patient/{patient_id}") if one.type in TYPES]
    sights = Sights(actor, at)
    seen = [one for one in looks.at_each(sights, kept, action="read") if one.content is not None]
    looks.keep(sights, "operation", seen, query="Patient vaccinations")
    own = [json_text.decode((one.content or "").encode()) for one in seen]
    whole = json_text.decode((patient.content or "").encode())
    return whole, [one for one in own if _is_about(one, patient_id)]


def read_day(text: str) -> date:
    """The day asked about.

    Raises:
        Unusable: it is not one whole day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = f"assessmentDate is {text!r}: write a whole day such as 2026-11-24"
        raise Unusable([Issue("value", said)]) from None


def _is_about(resource: Mapping[str, Any], patient_id: str) -> bool:
    whose = resource.get("patient") or resource.get("subject") or {}
    return bool(whose.get("reference") == f"Patient/{patient_id}")


def _with_ids(others: Iterable[Mapping[str, Any]]) -> list[Resource]:
    """The resources, each with an id, so that an evaluation can point to it."""
    return [{**one, "id": str(one.get("id") or f"given-{n}")} for n, one in enumerate(others, 1)]


def _parts(
    person: PersonForecast, opened: OpenSchedule, words: ImmunisationWords, as_of: date
) -> Iterable[Resource]:
    if person.answer is None:
        raise AssertionError("there is an answer")
    title = words.title(opened.title)
    if opened.status == "draft":
        title = f"{title} ({opened.status})"
    who = f"Patient/{person.record.patient_id}"
    shown = Shown(opened.schedule, who, as_of, words.tell_any, title)
    for evaluation in shown.evaluations(person.answer):
        yield {"name": "evaluation", "resource": evaluation}
    yield {"name": "recommendation", "resource": shown.recommendation(person.answer, who)}
    if person.record.notes:
        issues = [_outcome(note, words) for note in person.record.notes]
        outcome = {"resourceType": "OperationOutcome", "issue": issues}
        yield {"name": "outcome", "resource": outcome}


def _issue(note: Note, words: ImmunisationWords, severity: str) -> Issue:
    value = f" ({note.value})" if note.value else ""
    text = f"{note.resource}: {words.tell('outcome', note.outcome)}{value}"
    return Issue("business-rule", text, severity=severity)


def _outcome(note: Note, words: ImmunisationWords) -> Resource:
    said = _issue(note, words, "information")
    return {"severity": said.severity, "code": said.code, "diagnostics": said.text}
