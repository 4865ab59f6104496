"""The walk-through of the documentation works as it is written."""

import re
from pathlib import Path

import pytest

from qamqor.engine.programmes.case_run import run_cases
from qamqor.engine.programmes.cases import read_cases
from qamqor.engine.programmes.check import check
from qamqor.engine.programmes.load import load_pack

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/write-a-programme.md"
FILE = re.compile(r"^`(?P<name>[\w./-]+)`\n\n```(?:yaml|sql)\n(?P<text>.*?)^```", re.M | re.S)


@pytest.fixture
def my_pack(tmp_path: Path) -> Path:
    """The pack a reader has after following every step."""
    for found in FILE.finditer(PAGE.read_text()):
        file = tmp_path / found["name"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found["text"])
    return tmp_path


def test_a_reader_who_follows_it_meets_no_problem(my_pack: Path) -> None:
    problems = [
        str(one) for one in check(ROOT / "content", my_pack) if "home_visit_80" in one.where
    ]
    assert problems == []


def test_a_reader_who_follows_it_sees_every_case_hold(my_pack: Path) -> None:
    pack = load_pack(ROOT / "content", my_pack)
    programme = pack.programme("home_visit_80")
    assert programme is not None
    outcomes = list(run_cases(pack, read_cases(pack, programme, [])))
    assert [outcome.failures for outcome in outcomes] == [()] * 6
