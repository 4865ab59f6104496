"""Everything in a record that cannot be taken as it stands has a stated outcome."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.fhir.names import CVX
from qamqor.engine.immunisation.one_child.state import Observed
from qamqor.engine.immunisation.read_yaml import read_schedule
from qamqor.engine.immunisation.record import OBSERVATION, Outcome, PersonRecord, read_record

FILE = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
SCHEDULE = read_schedule(FILE.read_text())
AS_OF = date(2026, 5, 1)
Resource = dict[str, Any]


def patient(**changes: Any) -> Resource:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "2025-03-10", "gender": "male"}
    return {**person, **changes}


def dose(day: str | None, code: str = "146", **changes: Any) -> Resource:
    return {
        "resourceType": "Immunization",
        "id": "i",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": code}]},
        **({"occurrenceDateTime": day} if day else {}),
        **changes,
    }


def seen(code: str, **changes: Any) -> Resource:
    coding = [{"system": OBSERVATION, "code": code}]
    return {"resourceType": "Observation", "id": "o", "code": {"coding": coding}, **changes}


def read(*resources: Resource) -> PersonRecord:
    return read_record("p", resources, SCHEDULE, AS_OF)


def outcomes(record: PersonRecord) -> list[tuple[str, Outcome, str]]:
    return [(note.resource, note.outcome, note.value) for note in record.notes]


def test_a_whole_record_is_read_without_a_remark() -> None:
    record = read(patient(), dose("2025-05-12"), seen("K02", effectiveDateTime="2026-01-02"))
    assert record.notes == []
    assert record.child is not None
    assert (record.child.born_on, record.child.sex) == (date(2025, 3, 10), "Male")
    assert [(d.given_on, d.cvx) for d in record.child.doses] == [(date(2025, 5, 12), 146)]
    assert record.child.observations == (Observed("K02", date(2026, 1, 2)),)


@pytest.mark.parametrize(
    ("changes", "outcome", "value"),
    [
        ({"birthDate": None}, Outcome.BIRTH_UNKNOWN, ""),
        ({"birthDate": "last spring"}, Outcome.BIRTH_UNKNOWN, "last spring"),
        ({"birthDate": "2026-05-02"}, Outcome.BIRTH_IN_FUTURE, "2026-05-02"),
        ({"deceasedBoolean": True}, Outcome.DIED, ""),
        ({"deceasedDateTime": "2026-04-30"}, Outcome.DIED, "2026-04-30"),
    ],
)
def test_nothing_is_forecast_without_a_birth_or_after_death(
    changes: Resource, outcome: Outcome, value: str
) -> None:
    record = read(patient(**changes), dose("2025-05-12"))
    assert record.child is None
    assert outcomes(record) == [("Patient/p", outcome, value)]


def test_doses_without_their_patient_are_named_and_nothing_is_forecast() -> None:
    record = read(dose("2025-05-12"))
    assert (record.child, outcomes(record)) == (None, [("Patient/p", Outcome.NO_PATIENT, "")])


def test_a_death_after_the_day_is_not_yet_known() -> None:
    assert read(patient(deceasedDateTime="2026-05-02")).child is not None


@pytest.mark.parametrize("gender", [None, "unknown", "other"])
def test_without_a_sex_the_rest_is_forecast_and_it_is_said(gender: str | None) -> None:
    record = read(patient(gender=gender))
    assert record.child is not None
    assert record.child.sex == "Unknown"
    assert outcomes(record) == [("Patient/p", Outcome.SEX_UNKNOWN, gender or "")]


def test_a_birth_known_to_the_month_counts_from_its_first_day() -> None:
    record = read(patient(birthDate="2025-03"))
    assert record.child is not None
    assert record.child.born_on == date(2025, 3, 1)
    assert outcomes(record) == [("Patient/p", Outcome.BIRTH_PARTIAL, "2025-03")]


@pytest.mark.parametrize(
    ("bad", "outcome", "value"),
    [
        (dose("2025-05-12", "9999"), Outcome.CODE_UNKNOWN, "9999"),
        (dose("2025-05-12", "BCG"), Outcome.CODE_UNKNOWN, "BCG"),
        (dose("2025-05-12", vaccineCode={"text": "hexa"}), Outcome.NO_CODE, ""),
        (dose("2025-05-12", vaccineCode=None), Outcome.NO_CODE, ""),
        (
            dose("2025-05-12", vaccineCode={"coding": [{"system": "x", "code": "HEXA-1"}]}),
            Outcome.NO_CODE,
            "HEXA-1",
        ),
        (dose("2025-03-09"), Outcome.BEFORE_BIRTH, "2025-03-09"),
        (dose("2026-05-02"), Outcome.IN_FUTURE, "2026-05-02"),
        (dose(None), Outcome.NO_DATE, ""),
        (dose(None, occurrenceString="in winter"), Outcome.NO_DATE, "in winter"),
        (dose("2025-02-30"), Outcome.NO_DATE, "2025-02-30"),
        (dose("2025-05-12", status="entered-in-error"), Outcome.IN_ERROR, ""),
        (dose("2025-05-12", status=None), Outcome.STATUS_UNKNOWN, ""),
        (
            dose(None, status="not-done", statusReason={"coding": [{"code": "PATOBJ"}]}),
            Outcome.NOT_DONE,
            "PATOBJ",
        ),
    ],
)
def test_a_dose_that_cannot_be_used_is_left_out_with_its_reason(
    bad: Resource, outcome: Outcome, value: str
) -> None:
    record = read(patient(), bad)
    assert record.child is not None
    assert record.child.doses == ()
    assert outcomes(record) == [("Immunization/i", outcome, value)]


@pytest.mark.parametrize(
    ("text", "day"), [("2025-06", date(2025, 6, 1)), ("2025", date(2025, 3, 10))]
)
def test_a_partial_date_is_its_first_day_but_never_before_birth(text: str, day: date) -> None:
    record = read(patient(), dose(text))
    assert record.child is not None
    assert [d.given_on for d in record.child.doses] == [day]
    assert outcomes(record) == [("Immunization/i", Outcome.DATE_PARTIAL, text)]


def test_a_moment_in_utc_is_the_day_it_was_here() -> None:
    record = read(patient(), dose("2025-05-12T20:00:00Z"))
    assert record.child is not None
    assert record.child.doses[0].given_on == date(2025, 5, 13)


def test_the_same_vaccine_on_the_same_day_counts_once() -> None:
    again = {**dose("2025-05-12"), "id": "again"}
    record = read(patient(), dose("2025-05-12"), again, dose("2025-05-12", "133"))
    assert record.child is not None
    assert [d.cvx for d in record.child.doses] == [146, 133]
    assert outcomes(record) == [("Immunization/again", Outcome.DUPLICATE, "2025-05-12")]


@pytest.mark.parametrize(
    "changes", [{"expirationDate": "2025-05-11"}, {"isSubpotent": True}], ids=["expired", "weak"]
)
def test_an_expired_or_weak_vaccine_reaches_the_engine_as_unfit(changes: Resource) -> None:
    record = read(patient(), dose("2025-05-12", **changes))
    assert record.child is not None
    assert record.child.doses[0].is_unfit


def test_the_maker_is_read_from_its_mvx_code() -> None:
    maker = {"identifier": {"system": "http://hl7.org/fhir/sid/mvx", "value": "MSD"}}
    record = read(patient(), dose("2025-05-12", manufacturer=maker))
    assert record.child is not None
    assert record.child.doses[0].mvx == "MSD"


@pytest.mark.parametrize(
    ("observation", "outcome", "value"),
    [
        (seen("K99"), Outcome.OBSERVATION_UNKNOWN, "K99"),
        (seen("K02", status="entered-in-error"), Outcome.OBSERVATION_NOT_USED, "K02"),
        (seen("K02", valueBoolean=False), Outcome.OBSERVATION_NOT_USED, "K02"),
        (seen("K02", effectiveDateTime="2026-06-01"), Outcome.OBSERVATION_IN_FUTURE, "K02"),
    ],
)
def test_an_observation_that_does_not_hold_is_left_out_with_its_reason(
    observation: Resource, outcome: Outcome, value: str
) -> None:
    record = read(patient(), observation)
    assert record.child is not None
    assert record.child.observations == ()
    assert outcomes(record) == [("Observation/o", outcome, value)]


def test_other_observations_say_nothing_here() -> None:
    other = {"resourceType": "Observation", "code": {"coding": [{"system": "x", "code": "K02"}]}}
    assert outcomes(read(patient(), other)) == []
