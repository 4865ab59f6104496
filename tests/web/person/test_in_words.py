"""A history and who opened it, in words: no code of a machine, no hour lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation

from qamqor.services.access.actor import PLATFORM
from qamqor.services.audit.shown import Opening
from qamqor.web.components import facts
from qamqor.web.person import trails

CODES = "http://qamqor.invalid/fhir/CodeSystem"


def observation(system: str, code: str, **value: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": f"{CODES}/{system}", "code": code}]}
    return {"resourceType": "Observation", "id": "o", "code": coded, **value}


def test_a_score_has_a_name_and_no_unit_of_a_machine() -> None:
    score = {"value": 8, "unit": "{score}", "code": "{score}"}
    said = facts.line(observation("questionnaire", "findrisc", valueQuantity=score), "ru")
    assert (said.title, said.detail) == ("Риск диабета 2 типа (FINDRISC)", "8")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "no abnormal cells (NILM)"),
        ("ru", "клетки без изменений (NILM)"),
        ("kk", "жасушалар өзгеріссіз (NILM)"),
    ],
)
def test_a_result_of_screening_is_said_in_words(language: str, expected: str) -> None:
    result = {"coding": [{"system": f"{CODES}/screening_result", "code": "nilm"}]}
    smear = observation("programme", "cervical_screening", valueCodeableConcept=result)
    assert facts.line(smear, language).detail == expected


@pytest.mark.parametrize(
    ("first", "span"),
    [
        ((8, 40), "09.03.2026 13:40–14:40"),
        ((9, 40), "09.03.2026 14:40"),
    ],
    ids=["an hour apart, at the same minute", "within one minute"],
)
def test_an_hour_between_two_openings_is_shown(first: tuple[int, int], span: str) -> None:
    last = datetime(2026, 3, 9, 9, 40, tzinfo=UTC)
    both = [opening(last), opening(last.replace(hour=first[0], minute=first[1]))]
    with translation.override("en"):
        assert [row.at for row in trails.openings(both, PLATFORM)] == [span]


def opening(at: datetime) -> Opening:
    return Opening(
        number=1, at=at, action="read", outcome="shown", agent="PractitionerRole/a", name="A",
        role="gp", organisation="", purpose="TREAT", relation="panel", what=(), reason=None,
    )  # fmt: skip
