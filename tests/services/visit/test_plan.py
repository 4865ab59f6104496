"""What was found and decided at a visit becomes resources that keep FHIR's rules."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check
from qamqor.errors import NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.visit import known, signing, undoing
from qamqor.services.visit.measuring import Visit
from qamqor.services.visit.plan import Plan
from qamqor.store import mentions
from tests.services.access.village import actor
from tests.services.test_derived import AT, TODAY, put
from tests.services.worklist.test_today import NURSE, resident

pytestmark = pytest.mark.django_db
GP = actor("gp")
WHOLE = Plan(
    reasons=("pressure", "pain"),
    reason_text="Back hurts",
    diagnoses=("I10", "M54.5"),
    is_certain=False,
    summary="Pressure high, back stiff.",
    takes="not_all",
    takes_text="Forgets the evening tablet",
    option="step_up",
    discussed=("step_up", "home_diary", "go_on"),
    goal="Walk to the market",
    confidence=7,
    steps=("hypertension_steps",),
    next_on=TODAY + timedelta(days=14),
)


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def order(id_: str = "amlodipine", text: str = "Amlodipine 5 mg") -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/amina"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "C08CA01"}],
            "text": text,
        },
    }


def signed(plan: Plan, by: Actor = NURSE) -> dict[str, list[dict[str, Any]]]:
    """What stands in the record of amina after a visit, by type."""
    about = known.about("amina", actor=by, at=AT, as_of=TODAY)
    visit = Visit("amina", str(uuid.uuid4()), AT)
    signing.sign(visit, {}, plan, medicines=about.medicines, actor=by, at=AT)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in mentions.of("Patient/amina"):
        found.setdefault(one.type, []).append(json_text.decode(one.content or ""))
    return found


def test_everything_of_a_visit_is_valid_and_belongs_to_it() -> None:
    resident("amina")
    put(order())

    record = signed(WHOLE)

    for type_ in ("Condition", "ClinicalImpression", "MedicationStatement", "Goal", "CarePlan",
                  "Appointment", "MedicationRequest", "Encounter", "Provenance"):  # fmt: skip
        assert record[type_], type_
        for resource in record[type_]:
            assert check(resource) == [], type_
    (encounter,) = record["Encounter"]
    assert [one.get("text") for one in encounter["reasonCode"]] == [
        "Blood pressure", "Pain", "Back hurts",
    ]  # fmt: skip
    named = [one["condition"]["reference"] for one in encounter["diagnosis"]]
    assert named == [f"Condition/{one['id']}" for one in record["Condition"]]
    (provenance,) = record["Provenance"]
    assert len(provenance["target"]) == 11


def test_the_next_step_stops_the_dose_before_and_names_it() -> None:
    resident("amina")
    put(order())

    record = signed(Plan(steps=("hypertension_steps",)))

    old, new = record["MedicationRequest"]
    assert (old["status"], new["status"]) == ("stopped", "active")
    assert new["medicationCodeableConcept"]["text"] == "Amlodipine 10 mg"
    assert new["priorPrescription"] == {"reference": "MedicationRequest/amlodipine"}


def test_an_order_changed_meanwhile_is_a_conflict_and_nothing_is_kept() -> None:
    resident("amina")
    put(order())
    about = known.about("amina", actor=NURSE, at=AT, as_of=TODAY)
    put(order(text="Amlodipine 10 mg"))
    visit = Visit("amina", str(uuid.uuid4()), AT)

    with pytest.raises(VersionConflict):
        signing.sign(visit, {}, WHOLE, medicines=about.medicines, actor=NURSE, at=AT)
    assert not [one for one in mentions.of("Patient/amina") if one.type == "Encounter"]


def test_a_step_that_is_the_doctors_is_not_a_nurses() -> None:
    resident("amina")

    with pytest.raises(NotAllowed):
        signed(Plan(steps=("diabetes_steps",)))
    assert signed(Plan(steps=("diabetes_steps",)), GP)["MedicationRequest"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reasons": ("moon",)},
        {"diagnoses": ("hypertension",)},
        {"diagnoses": ("I10'",)},
        {"diagnoses": ("I16",)},
        {"diagnoses": ("G63.2",)},
        {"diagnoses": ("F10.1",)},
        {"option": "nothing"},
        {"takes": "perhaps"},
        {"confidence": 11},
        {"next_on": TODAY - timedelta(days=1)},
    ],
)
def test_what_cannot_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    resident("amina")

    with pytest.raises(Unusable):
        signed(replace(Plan(), **wrong))


def test_a_sensitive_diagnosis_is_its_roles_to_record() -> None:
    resident("amina")

    assert signed(Plan(diagnoses=("F10.1",)), GP)["Condition"]


def test_a_visit_taken_back_is_entered_in_error_and_stopped_orders_go_on() -> None:
    resident("amina")
    put(order())
    about = known.about("amina", actor=NURSE, at=AT, as_of=TODAY)
    visit = Visit("amina", str(uuid.uuid4()), AT)
    signing.sign(visit, {}, WHOLE, medicines=about.medicines, actor=NURSE, at=AT)

    with pytest.raises(NotThere):
        undoing.take_back("amina", visit.key, actor=GP, at=AT)
    assert undoing.take_back("amina", visit.key, actor=NURSE, at=AT) == 10

    record: dict[str, list[dict[str, Any]]] = {}
    for one in mentions.of("Patient/amina"):
        record.setdefault(one.type, []).append(json_text.decode(one.content or ""))
    assert [one["status"] for one in record["MedicationRequest"]] == ["active", "entered-in-error"]
    assert record["Encounter"][0]["status"] == "entered-in-error"
    assert record["Goal"][0]["lifecycleStatus"] == "entered-in-error"
    for type_ in ("Condition", "Goal", "CarePlan", "Appointment", "MedicationStatement"):
        assert check(record[type_][0]) == []
    with pytest.raises(NotThere):
        undoing.take_back("amina", visit.key, actor=NURSE, at=AT)
