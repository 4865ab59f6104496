"""Every case of the shipped pack, in DuckDB and in SQLite; the ids are the sentences."""

from functools import cache
from pathlib import Path

import pytest

from qamqor.engine.programmes.case_run import CaseRunner
from qamqor.engine.programmes.cases import Case
from qamqor.engine.programmes.check import all_cases, check
from qamqor.engine.programmes.load import load_pack
from qamqor.errors import Problem

CONTENT = Path(__file__).parents[2] / "content"
PACK = load_pack(CONTENT)
UNREADABLE: list[Problem] = []
CASES = all_cases(PACK, UNREADABLE)


@cache
def runner() -> CaseRunner:
    return CaseRunner(PACK)


def sentence(case: Case) -> str:
    query = case.query
    return f"{query.programme.id} {query.programme.version} {query.name}: {case.sentence}"


def test_every_case_can_be_read() -> None:
    assert not UNREADABLE, "\n".join(str(problem) for problem in UNREADABLE)
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=sentence)
def test_case(case: Case) -> None:
    outcome = runner().run(case)
    assert outcome.ok, "\n".join([f"{case.where}:{case.line}", *outcome.failures])


def test_the_shipped_pack_has_no_problem() -> None:
    problems = check(CONTENT)
    assert not problems, "\n".join(str(problem) for problem in problems)
