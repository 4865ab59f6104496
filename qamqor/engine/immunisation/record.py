"""Reads one person's FHIR record for a schedule, and says of everything left out or guessed why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from qamqor.engine.fhir.names import CODES, CVX
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed
from qamqor.engine.immunisation.schedule import Schedule
from qamqor.engine.tables.dates import NATIONAL, business_date, precision

OBSERVATION: Final = f"{CODES}/vaccination-observation"
SEXES: Final = {"female": "Female", "male": "Male"}
OBSERVED_TYPES: Final = ("Observation", "Condition", "AllergyIntolerance")
_DATES: Final = ("effectiveDateTime", "onsetDateTime", "recordedDate", "issued")
Resource = Mapping[str, Any]


class Outcome(StrEnum):
    """What became of a part of a record that could not be taken as it stands."""

    NO_PATIENT = "no patient"
    BIRTH_UNKNOWN = "birth date unknown"
    BIRTH_PARTIAL = "birth date partial"
    BIRTH_IN_FUTURE = "born after the day"
    SEX_UNKNOWN = "sex unknown"
    DIED = "died"
    NOT_DONE = "not done"
    IN_ERROR = "entered in error"
    STATUS_UNKNOWN = "status unknown"
    NO_CODE = "no vaccine code"
    CODE_UNKNOWN = "vaccine code unknown"
    NO_DATE = "no date"
    DATE_PARTIAL = "date partial"
    BEFORE_BIRTH = "before birth"
    IN_FUTURE = "after the day"
    DUPLICATE = "duplicate"
    NO_GROUP = "no vaccination of this schedule"
    OBSERVATION_UNKNOWN = "observation unknown"
    OBSERVATION_IN_FUTURE = "observation after the day"
    OBSERVATION_NOT_USED = "observation not used"


_NO_FORECAST: Final = {
    Outcome.NO_PATIENT,
    Outcome.BIRTH_UNKNOWN,
    Outcome.BIRTH_IN_FUTURE,
    Outcome.DIED,
}


@dataclass(frozen=True, slots=True)
class Note:
    """One stated outcome: of which resource, what became of it, and the value it is about."""

    resource: str
    outcome: Outcome
    value: str = ""


@dataclass(slots=True)
class PersonRecord:
    """What a schedule can use of a person's record.

    Attributes:
        child: null where nothing can be forecast; ``notes`` say why.
        notes: everything that was left out, or read otherwise than written.
    """

    patient_id: str
    child: Child | None = None
    notes: list[Note] = field(default_factory=list)

    def note(self, resource: str, outcome: Outcome, value: object = "") -> None:
        self.notes.append(Note(resource, outcome, str(value)))


def observation_codes(schedule: Schedule) -> frozenset[str]:
    """Every observation a schedule asks about."""
    antigens = schedule.antigens.values()
    series = [one for antigen in antigens for one in antigen.series]
    rules = [rule for one in series for dose in one.doses for rule in dose.intervals]
    return frozenset(
        {i.observation for one in series for i in one.indications}
        | {c.observation for antigen in antigens for c in antigen.contraindications}
        | {code for antigen in antigens for code in antigen.immunity_observations}
        | {code for a in antigens for birth in a.birth_immunity for code in birth.exclusions}
        | {rule.observation for rule in rules if rule.observation}
    )


def read_record(
    patient_id: str, resources: Iterable[Resource], schedule: Schedule, as_of: date
) -> PersonRecord:
    """One person's resources as the engine takes them; nothing is dropped without a note.

    Args:
        patient_id: whose they are, without ``Patient/``.
        resources: Patient, Immunization, Observation, Condition and AllergyIntolerance of the
            person, in any order; other types say nothing here.
        as_of: what is dated later is not yet known.
    """
    found = list(resources)
    record = PersonRecord(patient_id)
    person = _person(record, [r for r in found if r.get("resourceType") == "Patient"], as_of)
    if person is None:
        return record
    born, sex = person
    doses = _without_duplicates(record, list(_doses(record, found, schedule, born, as_of)))
    seen = tuple(_observed(record, found, observation_codes(schedule), as_of))
    record.child = Child(born, sex, tuple(doses), seen)
    return record


def _person(record: PersonRecord, patients: list[Resource], as_of: date) -> tuple[date, str] | None:
    named = f"Patient/{record.patient_id}"
    if not patients:
        record.note(named, Outcome.NO_PATIENT)
        return None
    patient = patients[-1]
    text = str(patient.get("birthDate") or "")
    born = business_date(text, NATIONAL)
    if born is None:
        record.note(named, Outcome.BIRTH_UNKNOWN, text)
    elif born > as_of:
        record.note(named, Outcome.BIRTH_IN_FUTURE, born)
    elif precision(text) != "day":
        record.note(named, Outcome.BIRTH_PARTIAL, text)
    died = str(patient.get("deceasedDateTime") or "")
    died_on = business_date(died, NATIONAL)
    if patient.get("deceasedBoolean") is True or (died and (not died_on or died_on <= as_of)):
        record.note(named, Outcome.DIED, died)
    sex = SEXES.get(str(patient.get("gender")), "Unknown")
    if sex == "Unknown":
        record.note(named, Outcome.SEX_UNKNOWN, patient.get("gender") or "")
    if born is None or any(note.outcome in _NO_FORECAST for note in record.notes):
        return None
    return born, sex


def _doses(
    record: PersonRecord, resources: list[Resource], schedule: Schedule, born: date, as_of: date
) -> Iterator[GivenDose]:
    for resource in resources:
        if resource.get("resourceType") != "Immunization":
            continue
        named = f"Immunization/{resource.get('id', '')}"
        cvx = _product(record, named, resource, schedule)
        given_on = cvx is not None and _given_on(record, named, resource, born)
        if not given_on or cvx is None:
            continue
        if given_on < born:
            record.note(named, Outcome.BEFORE_BIRTH, given_on)
        elif given_on > as_of:
            record.note(named, Outcome.IN_FUTURE, given_on)
        else:
            yield GivenDose(
                given_on, cvx, _maker(resource), None, _is_unfit(resource, given_on), named
            )


def _product(
    record: PersonRecord, named: str, resource: Resource, schedule: Schedule
) -> int | None:
    """The vaccine of a dose that was given, by its CVX code, if the schedule knows it."""
    status = resource.get("status")
    if status != "completed":
        outcomes = {"not-done": Outcome.NOT_DONE, "entered-in-error": Outcome.IN_ERROR}
        reason = next(iter(_codes(resource.get("statusReason"))), ("", ""))[1]
        record.note(named, outcomes.get(str(status), Outcome.STATUS_UNKNOWN), reason)
        return None
    codings = list(_codes(resource.get("vaccineCode")))
    codes = [code for system, code in codings if system == CVX]
    if not codes:
        record.note(named, Outcome.NO_CODE, " ".join(code for _, code in codings))
        return None
    known = [int(code) for code in codes if code.isdecimal() and int(code) in schedule.products]
    if not known:
        record.note(named, Outcome.CODE_UNKNOWN, codes[0])
        return None
    return known[0]


def _given_on(record: PersonRecord, named: str, resource: Resource, born: date) -> date | None:
    """The day; a partial date is its first day, but not a day before birth in the same period."""
    text = str(resource.get("occurrenceDateTime") or "")
    day = business_date(text, NATIONAL)
    if day is None:
        record.note(named, Outcome.NO_DATE, text or resource.get("occurrenceString") or "")
        return None
    if precision(text) != "day":
        record.note(named, Outcome.DATE_PARTIAL, text)
        if born.isoformat().startswith(text):
            return born
    return day


def _maker(resource: Resource) -> str | None:
    """The maker's MVX code, where the reference carries one."""
    maker = resource.get("manufacturer")
    identifier = maker.get("identifier") if isinstance(maker, dict) else None
    if isinstance(identifier, dict) and str(identifier.get("system", "")).endswith("/mvx"):
        return str(identifier.get("value") or "") or None
    return None


def _is_unfit(resource: Resource, given_on: date) -> bool:
    expired_on = business_date(str(resource.get("expirationDate") or ""), NATIONAL)
    is_expired = expired_on is not None and expired_on < given_on
    return resource.get("isSubpotent") is True or is_expired


def _without_duplicates(record: PersonRecord, doses: list[GivenDose]) -> Iterator[GivenDose]:
    """One of several records of the same vaccine on the same day; the others are noted."""
    seen: set[tuple[date, int]] = set()
    for dose in doses:
        if (dose.given_on, dose.cvx) in seen:
            record.note(dose.dose_id, Outcome.DUPLICATE, dose.given_on)
            continue
        seen.add((dose.given_on, dose.cvx))
        yield dose


def _observed(
    record: PersonRecord, resources: list[Resource], known: frozenset[str], as_of: date
) -> Iterator[Observed]:
    for resource in resources:
        if resource.get("resourceType") not in OBSERVED_TYPES:
            continue
        named = f"{resource['resourceType']}/{resource.get('id', '')}"
        for system, code in _codes(resource.get("code")):
            if system != OBSERVATION:
                continue
            text = next((str(resource[key]) for key in _DATES if resource.get(key)), "")
            day = business_date(text, NATIONAL)
            if code not in known:
                record.note(named, Outcome.OBSERVATION_UNKNOWN, code)
            elif not _holds(resource):
                record.note(named, Outcome.OBSERVATION_NOT_USED, code)
            elif day and day > as_of:
                record.note(named, Outcome.OBSERVATION_IN_FUTURE, code)
            else:
                yield Observed(code, day)


def _holds(resource: Resource) -> bool:
    """Not withdrawn, not answered with no, not over."""
    states = {code for _, code in _codes(resource.get("verificationStatus"))}
    states |= {code for _, code in _codes(resource.get("clinicalStatus"))}
    states.add(str(resource.get("status")))
    withdrawn = {"entered-in-error", "cancelled", "refuted", "inactive", "resolved", "remission"}
    return not states & withdrawn and resource.get("valueBoolean") is not False


def _codes(concept: Any) -> Iterator[tuple[str, str]]:
    """System and code of every coding of a concept, whatever else the element holds."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and coding.get("code"):
            yield str(coding.get("system") or ""), str(coding["code"]).strip()
