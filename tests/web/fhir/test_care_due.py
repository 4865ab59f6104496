"""What care a person is due is answered with its reason, its evidence and what would close it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.errors import NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.store import audit
from qamqor.store.audit import Wanted
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Call
from tests.services.access.village import actor
from tests.services.access.village import patient as villager
from tests.services.test_derived import AT, enrolment, patient, pressure, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def aliya(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)
    near = villager("aliya", birthDate="1961-05-05", gender="female")
    put({**near, **patient()}, enrolment(), pressure("high", "2026-01-05", 160))


def ask(by: Actor = PLATFORM, **query: str) -> list[dict[str, Any]]:
    found = registry.find("care-due", level="instance", type_="Patient")
    inputs = registry.read_inputs(found, query={k: [v] for k, v in query.items()}, body=None)
    answer = found.run(Call(actor=by, at=AT, inputs=inputs, type="Patient", id="aliya"))
    return [said(part["part"]) for part in (answer.resource or {})["parameter"] if "part" in part]


def said(parts: list[dict[str, Any]]) -> dict[str, Any]:
    read = {p["name"]: next(v for k, v in p.items() if k != "name") for p in parts}
    return {**read, "evidence": [p["valueReference"]["reference"] for p in parts
                                 if p["name"] == "evidence"]}  # fmt: skip


def test_a_high_pressure_asks_for_the_nurse_and_names_the_reading() -> None:
    (found,) = [one for one in ask(programme="hypertension") if one["action"] == "nurse_contact"]

    assert found["role"] == "practice_nurse"
    assert found["status"] in {"due", "overdue"}
    assert "Observation/high" in found["evidence"]
    assert found["reasonText"]
    assert found["closes"]


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_words_come_in_the_readers_language(language: str) -> None:
    english = {one["action"]: one["actionTitle"] for one in ask(programme="hypertension")}
    own = {
        one["action"]: one["actionTitle"]
        for one in ask(programme="hypertension", language=language)
    }

    assert own.keys() == english.keys()
    assert all(own[action] != english[action] for action in own)


def test_a_status_chooses_rows() -> None:
    assert {one["status"] for one in ask(status="not_due")} == {"not_due"}


def test_another_day_gives_another_answer() -> None:
    before = ask(programme="hypertension", **{"as-of": "2026-01-06"})

    assert {one["status"] for one in before if one["action"] == "nurse_contact"} == {"not_due"}


def test_another_teams_person_does_not_exist_for_me() -> None:
    with pytest.raises(NotThere):
        ask(actor("gp", areas=frozenset({"south"}), organization="elsewhere"))


def test_the_question_is_kept_with_the_records_it_showed() -> None:
    ask(programme="hypertension")

    newest = audit.find(Wanted(patient="aliya"), limit=1)[0]

    assert newest.action == "operation"
    assert "Observation/high" in newest.entry


@pytest.mark.parametrize("query", [{"status": "late"}, {"language": "de"}, {"as-of": "2026-02-30"}])
def test_wrong_inputs_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(Unusable):
        ask(**query)
