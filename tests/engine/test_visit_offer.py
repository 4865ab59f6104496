"""Diagnoses are found in three languages, and a protocol knows its next step."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from qamqor.engine.visit import ICD_CODE, Diagnosis, next_step, offered, read_offer, search
from qamqor.errors import InvalidPack
from qamqor.services.visit import content

FILE = Path(__file__).parents[2] / "content/visit/visit.yaml"
OFFER = read_offer(yaml.safe_load(FILE.read_text()), FILE.name)
STEPS = next(one for one in OFFER.protocols if one.id == "hypertension_steps")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("гипертен", "I10"),
        ("қан глюкоза", "R73"),
        ("blood pres high", "I10"),
        ("E11.", "E11"),
        ("e119", ""),
        ("бел ауруы", "M54.5"),
        ("moon", ""),
        ("   ", ""),
    ],
)
def test_a_diagnosis_is_found_by_words_of_any_language_or_by_its_code(
    text: str, first: str
) -> None:
    found = search(content.diagnoses(), text)

    assert (found[0].code[: len(first)] if found else "") == first


def test_every_diagnosis_of_the_list_has_a_code_and_words_in_three_languages() -> None:
    listed = [one for one in content.diagnoses() if len(one.words) > 1]

    assert len(listed) >= 90
    assert all(ICD_CODE.fullmatch(one.code) and all(one.words.values()) for one in listed)
    assert content.diagnosis("Z99.9") == Diagnosis("Z99.9", {"en": "Z99.9"})


@pytest.mark.parametrize(
    ("taken", "number", "new"),
    [
        ({}, 1, [("C08CA01", 5)]),
        ({"C08CA01": 5}, 2, [("C08CA01", 10)]),
        ({"C08CA01": 10}, 3, [("C09CA01", 50)]),
        ({"C08CA01": 10, "C09CA01": 100}, 0, []),
        ({"A10BA02": 500}, 1, [("C08CA01", 5)]),
    ],
)
def test_the_next_step_is_the_first_that_is_not_reached(
    taken: dict[str, int], number: int, new: list[tuple[str, int]]
) -> None:
    found, medicines = next_step(STEPS, taken)

    assert (found, [(one.atc, one.mg) for one in medicines]) == (number, new)


def test_what_belongs_to_the_persons_programmes_stands_first() -> None:
    reasons = [one.id for one in offered(OFFER.reasons, {"type2_diabetes"})]

    assert reasons[0] == "diabetes"
    assert "pressure" not in reasons
    assert "pain" in reasons


def test_an_offer_without_words_or_source_is_refused() -> None:
    with pytest.raises(InvalidPack) as refused:
        read_offer({"reasons": [{"id": "x", "en": "X"}], "protocols": [{"id": "p"}]}, "visit.yaml")

    said = str(refused.value)
    assert "has no words in kk" in said
    assert "names no source" in said
