"""A vaccination session with one person: what is known, what is checked, all saved at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from qamqor.engine.calendar import month_later
from qamqor.engine.fhir import json_text
from qamqor.engine.immunisation.giving import Giving, read_giving
from qamqor.engine.immunisation.ideal import Coming, course_ahead
from qamqor.engine.immunisation.one_child.state import Child, GivenDose
from qamqor.engine.immunisation.one_visit import Injection
from qamqor.engine.immunisation.recording import (
    Dose,
    Finding,
    Level,
    What,
    check_dose,
    immunization,
    not_given,
)
from qamqor.engine.immunisation.schedule import item_code
from qamqor.errors import Issue, NotPossible, Unusable
from qamqor.services import due, installed
from qamqor.services.access import policy
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import everything, valid
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.services.immunisation import (
    OpenSchedule,
    PersonForecast,
    forecast_person,
    open_schedule,
)
from qamqor.services.immunisation_recording import REASONS, amount_of
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.store.fhir import versions

TYPES: Final = (
    "Patient",
    "AllergyIntolerance",
    "AdverseEvent",
    "Condition",
    "Consent",
    "Immunization",
    "Observation",
)
AHEAD_YEARS: Final = 20
SCOPE: Final = "vaccination"
HL7: Final = "http://terminology.hl7.org/CodeSystem"
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The schedule in force, its words in a language, and how its vaccines are given."""

    opened: OpenSchedule
    words: ImmunisationWords
    giving: Giving


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a person when a session begins.

    Attributes:
        resources: everything read, by reference.
        consent_on: the day of the consent to vaccination that stands, where one does.
        may_give: whether the actor may record a dose.
        asked: the vaccine groups the list of who is due asks about; None where no programme that
            asks a schedule is approved, and all count. Doses of people born before the records
            begin stand on paper, so of them little is asked.
    """

    person: Resource
    forecast: PersonForecast
    resources: Mapping[str, Resource]
    consent_on: date | None
    may_give: bool
    asked: frozenset[str] | None = None

    def asks(self, groups: Iterable[str]) -> bool:
        """Whether one of the groups is asked about."""
        return self.asked is None or not self.asked.isdisjoint(groups)

    @property
    def injections(self) -> tuple[Injection, ...]:
        """What one visit today should give of what is asked about."""
        visit = self.forecast.visit
        return tuple(one for one in visit.injections if self.asks(one.groups)) if visit else ()

    @property
    def child(self) -> Child:
        """The person as the schedule takes one.

        Raises:
            NotPossible: the birth date is not known, or the person has died.
        """
        if self.forecast.record.child is None:
            raise NotPossible("no vaccination can be worked out: no birth date, or a death")
        return self.forecast.record.child

    def of_type(self, type_: str) -> list[Resource]:
        """All that was read of a type."""
        return [one for one in self.resources.values() if one["resourceType"] == type_]


@dataclass(frozen=True, slots=True)
class Entry:
    """One vaccine of a session: given, or not given for one of ``REASONS``.

    Attributes:
        note: in the worker's words: why it was not given, or what was asked before.
        confirmed: whether what was found has been seen and is true all the same.
    """

    dose: Dose
    reason: str = ""
    note: str = ""
    confirmed: bool = False


@lru_cache(maxsize=12)
def calendar(as_of: date, language: str) -> Calendar:
    """The calendar in force on a day.

    Raises:
        NotPossible: there is none.
    """
    read = settings.QAMQOR
    packs = tuple(dict.fromkeys([read.content, read.shipped_content]))
    opened = open_schedule(None, packs, as_of)
    words = ImmunisationWords(language, packs, opened.schedule, opened.folder)
    return Calendar(opened, words, _giving(opened.folder))


def _giving(folder: Path) -> Giving:
    file = folder / "giving.yaml"
    return read_giving(file.read_text(encoding="utf-8"), str(file))


def begin(
    patient: str, opened: OpenSchedule, *, actor: Actor, at: datetime, today: date
) -> Session:
    """What a session begins with; who looked is in the audit before it is given.

    Raises:
        NotThere: not a person of the actor's. GoneBefore: deleted.
    """
    part = everything.of_person(patient, actor=actor, at=at, types=TYPES)
    found = {f"{one.type}/{one.id}": json_text.decode(one.content) for one in part.entries}
    person = found.get(f"Patient/{patient}") or next(
        one for one in found.values() if one["resourceType"] == "Patient"
    )
    kinds = {"Consent", "AdverseEvent"}
    told = [one for one in found.values() if one["resourceType"] not in kinds]
    seen = due.observed_of(patient, as_of=today)
    return Session(
        person,
        forecast_person(patient, told, opened.schedule, today, seen=seen),
        found,
        _consent(found.values()),
        policy.allows(actor.role, "create", "Immunization") is not None,
        asked_of(patient, opened, today),
    )


def asked_of(patient: str, opened: OpenSchedule, today: date) -> frozenset[str] | None:
    """The vaccine groups the list of who is due asks about; None where nothing asks a schedule."""
    chosen = installed.choice(today)
    actions = {
        (programme.id, name)
        for programme in (chosen.programmes if chosen else ())
        for name, action in programme.actions.items()
        if action.schedule is not None
    }
    if not actions:
        return None
    names = {item_code(name): name for name in opened.schedule.groups}
    rows = due.due_of(patient, as_of=today)
    return frozenset(
        names[one.item]
        for one in rows
        if (one.programme, one.action) in actions and one.item in names
    )


def _consent(resources: Iterable[Resource]) -> date | None:
    """The day of the newest word on vaccination in general, if it was yes."""
    said = [
        (str(one.get("dateTime", ""))[:10], (one.get("provision") or {}).get("type") == "permit")
        for one in resources
        if one["resourceType"] == "Consent" and one.get("status") == "active" and _is_general(one)
    ]
    day, is_given = max(said, default=("", False))
    return date.fromisoformat(day) if is_given and len(day) == 10 else None


def _is_general(consent: Resource) -> bool:
    scope = _codes(consent.get("scope") or {})
    groups = [code for one in consent.get("category") or [] for code in _codes(one)]
    return SCOPE in scope and not groups


def _codes(concept: Mapping[str, Any]) -> list[str]:
    return [str(one.get("code", "")) for one in concept.get("coding") or []]


def ahead(session: Session, opened: OpenSchedule, today: date) -> list[Coming]:
    """What is to come if what is due is given today and all else on its first day."""
    end = max(month_later(session.child.born_on, 12 * 7), month_later(today, 12 * AHEAD_YEARS))
    course = course_ahead(opened.schedule, session.child, today, end)
    return [one for one in course if session.asks(name for name, _ in one.doses)]


def check(
    session: Session, entries: Sequence[Entry], opened: OpenSchedule, today: date
) -> dict[int, list[Finding]]:
    """What is to be said of each vaccine before it is saved; each knows those before it.

    Returns:
        CVX code → findings, what stops it first.
    """
    child, found = session.child, dict[int, list[Finding]]()
    for one in entries:
        dose = one.dose
        found[dose.cvx] = [] if one.reason else check_dose(opened.schedule, child, dose, today)
        if not one.reason and dose.amount_ml and amount_of(dose.amount_ml) is None:
            found[dose.cvx].insert(0, Finding(What.NO_AMOUNT, Level.STOP))
        if not one.reason and dose.given_on is not None:
            given = (*child.doses, GivenDose(dose.given_on, dose.cvx, dose_id=f"now/{dose.cvx}"))
            child = replace(child, doses=given)
    return found


def is_stopped(entry: Entry, findings: Iterable[Finding]) -> bool:
    """Whether something stands in the way of saving a vaccine."""
    levels = {one.level for one in findings}
    return Level.STOP in levels or (Level.CONFIRM in levels and not entry.confirmed)


def record(
    session: Session,
    key: str,
    entries: Sequence[Entry],
    opened: OpenSchedule,
    *,
    actor: Actor,
    at: datetime,
    today: date,
) -> list[Stored]:
    """Save a session: every dose, every dose not given, and consent where none stood; all or none.

    Sending the same form again saves nothing more.

    Args:
        key: a UUID made with the form; the ids of what is saved follow from it.

    Raises:
        Unusable: 422, nothing to save, or a finding that stops it or is not confirmed.
        NotAllowed: not the actor's to record.
    """
    who = str(session.person["id"])
    if not entries:
        raise Unusable([Issue("required", "no vaccine is named")], status=422)
    if versions.read("Immunization", id_of(key, entries[0].dose.cvx)) is not None:
        return []
    for one in entries:
        findings = check(session, entries, opened, today)[one.dose.cvx]
        if is_stopped(one, findings) or one.reason not in ("", *REASONS):
            raise Unusable([Issue("business-rule", str(f.what)) for f in findings], status=422)
    changes = [_change(who, key, one, actor, at, today) for one in entries]
    if session.consent_on is None and any(one.dose.consent and not one.reason for one in entries):
        changes.append(_valid("Consent", id_of(key, "consent"), _permit(who, today)))
    return save(changes, actor=actor, at=at)


def id_of(key: str, what: object) -> str:
    """The id of one thing a session saves."""
    return str(uuid.uuid5(uuid.UUID(key), str(what)))


def _change(who: str, key: str, entry: Entry, actor: Actor, at: datetime, today: date) -> Change:
    patient, moment = f"Patient/{who}", at.isoformat()
    if entry.reason:
        cvx, day = entry.dose.cvx, entry.dose.given_on or today
        made = not_given(patient, cvx, day, entry.reason, recorded=moment)
    else:
        made = immunization(patient, entry.dose, performer=actor.reference, recorded=moment)
        if "doseQuantity" in made:
            made["doseQuantity"]["value"] = amount_of(entry.dose.amount_ml)
    if entry.note:
        made["note"] = [{"text": entry.note}]
    return _valid("Immunization", id_of(key, entry.dose.cvx), made)


def _permit(who: str, today: date) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": f"{HL7}/consentscope", "code": SCOPE}]},
        "category": [{"text": SCOPE}],
        "patient": {"reference": f"Patient/{who}"},
        "dateTime": today.isoformat(),
        "policyRule": {"coding": [{"system": f"{HL7}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {"type": "permit"},
    }


def _valid(type_: str, id_: str, resource: Mapping[str, Any]) -> Change:
    plain = json_text.decode(json_text.encode({**resource, "id": id_}))
    valid.must_be(plain, type_=type_)
    return Change("PUT", type_, id_, plain)


def saved(session: Session, key: str) -> Iterator[Resource]:
    """What a session saved, from the record as it stands."""
    for reference, one in session.resources.items():
        cvx = next(iter(cvx_of(one)), None)
        if cvx is not None and reference == f"Immunization/{id_of(key, cvx)}":
            yield one


def cvx_of(resource: Resource) -> list[int]:
    """The CVX codes of an Immunization."""
    coded = (resource.get("vaccineCode") or {}).get("coding") or []
    codes = [str(one.get("code", "")) for one in coded if str(one.get("system")).endswith("cvx")]
    return [int(code) for code in codes if code.isdecimal()]


def all_products(opened: OpenSchedule, words: ImmunisationWords) -> list[tuple[int, str]]:
    """Every vaccine of the schedule with its name, by name."""
    found = [(cvx, words.vaccine(cvx)) for cvx in opened.schedule.products]
    return sorted(found, key=lambda one: one[1].casefold())


def confirmable(findings: Collection[Finding]) -> bool:
    """Whether the findings can be confirmed: something waits, and nothing stops it."""
    levels = {one.level for one in findings}
    return Level.CONFIRM in levels and Level.STOP not in levels
