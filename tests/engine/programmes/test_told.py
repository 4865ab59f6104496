"""What content says the person reads of an action: words of their own, or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.programmes import words
from qamqor.engine.programmes.load import load_pack
from tests.engine.programmes.small_pack import YAML, write_pack, write_programme
from tests.engine.programmes.test_load import programme_with


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (True, "actions.check.told is `yes`"),
        ("Come", "actions.check.told should be `no`"),
        ({"time_for": "Come", "we_will": "We call"}, "needs `time_for` or `we_will`"),
        ({}, "needs `time_for` or `we_will`"),
        ({"time_for": ""}, "told.time_for has no words"),
        ({"they_say": "Come"}, "told.they_say is not a known key"),
        ({"time_for": {"left": "The left foot"}}, "`items` differ in `left`"),
    ],
)
def test_what_the_person_is_told_is_words_or_no(tmp_path: Path, given: Any, said: str) -> None:
    def change(content: dict[str, Any]) -> None:
        content["actions"]["check"]["told"] = given

    assert said in " ".join(programme_with(tmp_path, change))


def test_what_the_person_is_told_is_read(tmp_path: Path) -> None:
    version = write_pack(tmp_path)
    pack = load_pack(tmp_path).programmes[0]
    assert words.told(pack, "check", "", "kk") == "Табаныңызды көрсетіңіз"
    assert not words.is_ours(pack, "check")
    content = json.loads(json.dumps(YAML))
    content["actions"]["check"] |= {
        "items": {"left": "Left", "right": "Right"},
        "told": {"we_will": {"left": "We look at the left", "right": "We look at the right"}},
    }
    write_programme(version, content)
    pack = load_pack(tmp_path).programmes[0]
    assert words.told(pack, "check", "right", "en") == "We look at the right"
    assert words.is_ours(pack, "check")
    content["actions"]["check"]["told"] = False
    write_programme(version, content)
    pack = load_pack(tmp_path).programmes[0]
    assert words.told(pack, "check", "right", "en") == ""
