"""$immds-forecast over HTTP: from what is sent, and from the record of a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir import valid
from qamqor.services.fhir.write import Change, save
from tests.tokens import bearer

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CVX = "http://hl7.org/fhir/sid/cvx"
AMINA = {"resourceType": "Patient", "id": "amina", "gender": "female", "birthDate": "2025-09-01"}


def dose(id_: str, cvx: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": id_,
        "status": "completed",
        "patient": {"reference": "Patient/amina"},
        "vaccineCode": {"coding": [{"system": CVX, "code": cvx}]},
        "occurrenceDateTime": day,
        **more,
    }


HEPB = dose("b1", "08", "2025-09-01")
EARLY = dose("h1", "146", "2025-10-01")
UNKNOWN = dose("u1", "999", "2025-11-01")


def sent(*parts: tuple[str, Any], day: str | None = "2026-01-10") -> dict[str, Any]:
    listed = [{"name": name, "resource": one} for name, one in parts]
    if day:
        listed.append({"name": "assessmentDate", "valueDate": day})
    return {"resourceType": "Parameters", "parameter": listed}


def ask(body: Any, path: str = "/fhir/$immds-forecast", scopes: str = "system/*.cruds") -> Any:
    return Client().post(
        path, json.dumps(body), content_type="application/fhir+json", headers=bearer(scopes)
    )


def parts(answer: Any) -> dict[str, list[Any]]:
    assert answer.status_code == 200, answer.content
    found: dict[str, list[Any]] = {}
    for part in answer.json()["parameter"]:
        found.setdefault(part["name"], []).append(part["resource"])
    return found


def test_each_dose_is_judged_and_each_group_forecast() -> None:
    doses = [("immunization", one) for one in (HEPB, EARLY, UNKNOWN)]
    found = parts(ask(sent(("patient", AMINA), *doses)))
    judged = {
        (one["immunizationEvent"]["reference"], one["targetDisease"]["coding"][0]["code"]): one
        for one in found["evaluation"]
    }
    good, early = judged["Immunization/b1", "hepb"], judged["Immunization/h1", "hepb"]
    assert good["doseStatus"]["coding"][0]["code"] == "valid"
    assert good["doseNumberPositiveInt"] == 1
    assert early["doseStatus"]["coding"][0]["code"] == "notvalid"
    assert early["doseStatusReason"][0]["coding"][0]["code"] == "age_too_young"
    (recommendation,) = found["recommendation"]
    bcg = recommendation["recommendation"][0]
    assert bcg["forecastStatus"]["coding"][0]["code"] == "overdue"
    dates = {c["code"]["coding"][0]["code"]: c["value"] for c in bcg["dateCriterion"]}
    assert dates["30980-7"] == "2025-09-02"
    assert "u1" in found["outcome"][0]["issue"][0]["diagnostics"]


def test_a_dose_without_an_id_is_still_told_from_others() -> None:
    bare = {key: value for key, value in HEPB.items() if key != "id"}
    found = parts(ask(sent(("patient", AMINA), ("immunization", bare))))
    assert found["evaluation"][0]["immunizationEvent"]["reference"] == "Immunization/given-1"


def test_words_come_in_the_language_asked_for() -> None:
    body = sent(("patient", AMINA))
    body["parameter"].append({"name": "language", "valueCode": "kk"})
    (recommendation,) = parts(ask(body))["recommendation"]
    assert recommendation["recommendation"][0]["targetDisease"]["text"] == "Туберкулез (БЦЖ)"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (sent(("patient", AMINA), day=None), 400, "assessmentDate"),
        (sent(("patient", AMINA), day="yesterday"), 422, "yesterday is not a date"),
        (sent(), 400, "patient is missing"),
        (sent(("patient", HEPB)), 400, "must be 'Patient'"),
        (sent(("patient", {"resourceType": "Patient"})), 422, "birth date unknown"),
        (sent(("patient", AMINA), day="2020-01-01"), 409, "no vaccination schedule in force"),
    ],
)
def test_what_cannot_be_answered_is_said_with_the_reason(
    body: dict[str, Any], status: int, words: str
) -> None:
    answer = ask(body)
    assert 400 <= answer.status_code < 500
    assert words in answer.content.decode()


def test_a_record_here_is_read_with_the_right_of_who_asks() -> None:
    stored = [AMINA, HEPB, EARLY]
    save(
        [Change("PUT", r["resourceType"], r["id"], dict(r)) for r in stored], actor=PLATFORM, at=AT
    )
    path = "/fhir/Patient/amina/$immds-forecast"
    found = parts(ask(sent(), path))
    assert {one["immunizationEvent"]["reference"] for one in found["evaluation"]} == {
        "Immunization/b1",
        "Immunization/h1",
    }
    assert ask(sent(("immunization", HEPB)), path).status_code == 400
    assert ask(sent(), "/fhir/Patient/nobody/$immds-forecast").status_code == 404
    assert ask(sent(), path, scopes="system/Encounter.rs").status_code in {403, 404}


def test_the_capability_statement_and_the_definition_name_it() -> None:
    from qamqor.web.fhir.operations.registry import find

    definition = find("immds-forecast", level="system", type_=None).definition()
    assert definition["url"].endswith("/ImmDSForecastOperation")
    assert (definition["system"], definition["instance"]) == (True, True)


def test_the_answers_are_valid_fhir() -> None:
    found = parts(ask(sent(("patient", AMINA), ("immunization", HEPB), ("immunization", EARLY))))
    for one in (*found["evaluation"], *found["recommendation"]):
        valid.must_be(one, type_=one["resourceType"])
