"""What a round takes along: one instrument for everybody, of what is used up one a person."""

from __future__ import annotations

import pytest

from qamqor.engine.rounds import plan
from qamqor.errors import InvalidPack

CUFF = {"en": "monitor", "ru": "тонометр", "once": True, "for": ["visit"]}
TUBES = {"en": "tubes", "ru": "пробирки", "for": ["tests", "visit"]}


def test_an_instrument_is_packed_once_and_what_is_used_up_for_each_person() -> None:
    pace = plan.read_pace({"bag": [CUFF, TUBES]}, "round.yaml")
    wanted = [frozenset({"visit"}), frozenset({"visit", "tests"}), frozenset({"call"})]

    assert plan.bag(pace, wanted, "ru") == [("тонометр", 1), ("пробирки", 2)]
    assert plan.bag(pace, wanted, "kk") == [("monitor", 1), ("tubes", 2)]
    assert plan.bag(pace, [frozenset({"call"})], "ru") == []


def test_once_is_said_of_one_thing_and_not_of_the_round() -> None:
    with pytest.raises(InvalidPack):
        plan.read_pace({"once": ["monitor"]}, "round.yaml")
