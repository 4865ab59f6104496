"""The turns of every screening, against a nurse counting years on paper."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.programmes.case_run import CaseRunner
from qamqor.engine.programmes.cases import Case, Query, Row, queries
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack

CONTENT = Path(__file__).parents[2] / "content"
SCREENINGS = {  # programme: action, sex, first age, last age, years between turns
    "breast_screening": ("mammogram", "female", 40, 76, 2),
    "cervical_screening": ("cervical_smear", "female", 30, 74, 4),
    "colorectal_screening": ("stool_test", "male", 50, 76, 2),
    "cardiovascular_screening": ("cardiovascular_check", "male", 40, 76, 2),
}


@cache
def pack() -> Pack:
    return load_pack(CONTENT)


@cache
def runner() -> CaseRunner:
    return CaseRunner(pack())


def question(programme: str, action: str) -> Query:
    found = pack().programme(programme)
    assert found is not None
    return next(query for query in queries(found) if query.name == action)


def due_year(
    born: int, tested: list[int], year: int, turns_at: range, *, followed_years: int = 2
) -> int | None:
    """Whose turn it is, as on paper: the newest turn, else its make-up year, else the next one."""
    if not turns_at[0] <= year - born <= turns_at[-1] + followed_years:
        return None
    turns = [born + age for age in turns_at]
    newest = max(turn for turn in turns if turn <= year)
    upcoming = next((turn for turn in turns if turn > newest), None)
    if any(newest <= then <= year for then in tested):
        return upcoming
    return newest if year <= newest + 1 else upcoming


@pytest.mark.parametrize("programme", SCREENINGS)
@settings(deadline=None, max_examples=25)
@given(
    born=st.dates(date(1944, 1, 1), date(1999, 12, 31)),
    as_of=st.dates(date(2025, 8, 1), date(2033, 12, 31)),
    tested=st.lists(st.dates(date(2018, 1, 1), date(2034, 12, 31)), max_size=4),
)
def test_the_next_turn_is_the_one_a_nurse_would_count(
    programme: str, born: date, as_of: date, tested: list[date]
) -> None:
    action, sex, first, last, step = SCREENINGS[programme]
    known = [day.year for day in tested if day <= as_of]
    year = due_year(born.year, known, as_of.year, range(first, last + 1, step))
    expected: list[Row] = [{"due_on": date(year, 1, 1)}] if year else []

    outcome = runner().run(
        Case(
            query=question(programme, action),
            sentence="on paper",
            as_of=as_of,
            period_start=None,
            period_end=None,
            given={
                "patient": ({"patient_id": "p", "born_on": born, "sex": sex},),
                "screening_result": tuple(result(programme, day) for day in tested),
            },
            expect=tuple(expected),
            where="",
            line=None,
        )
    )

    assert outcome.ok, outcome.failures


def result(programme: str, day: date) -> Row:
    return {
        "patient_id": "p",
        "observation_id": day.isoformat(),
        "programme": programme,
        "result": "normal",
        "effective_on": day,
    }
