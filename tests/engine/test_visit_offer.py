"""A visit offers what belongs to the person, and a protocol knows its next step."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from qamqor.engine.visit import next_step, offered, read_offer
from qamqor.errors import InvalidPack

FILE = Path(__file__).parents[2] / "content/visit/visit.yaml"
OFFER = read_offer(yaml.safe_load(FILE.read_text()), FILE.name)
STEPS = next(one for one in OFFER.protocols if one.id == "hypertension_steps")


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
