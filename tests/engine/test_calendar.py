import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.calendar import (
    add_months,
    age_years,
    month_later,
    register_duckdb,
    register_sqlite,
)
from qamqor.errors import ShapeError

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MONTHS = st.integers(-600, 600)
Pairs = list[tuple[Any, ...]]


def on_paper(start: date, months: int) -> date:
    """The rule as a nurse would do it with a wall calendar: turn the pages, then try the day."""
    year, month = start.year, start.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        year, month = (year + 1, 1) if month == 13 else (year, month)
        year, month = (year - 1, 12) if month == 0 else (year, month)
    try:
        return date(year, month, start.day)
    except ValueError:
        return (date(year, month, 28) + timedelta(days=4)).replace(day=1)


def birthdays_before(born: date, on_day: date) -> int:
    """Age by counting the birthdays that have come, each found with the wall calendar."""
    years = 0
    while on_paper(born, 12 * (years + 1)) <= on_day:
        years += 1
    return years


class Engines:
    """The same question put to DuckDB and to SQLite, the answers as Python's own dates."""

    def __init__(self) -> None:
        self.duck, self.lite = duckdb.connect(), sqlite3.connect(":memory:")
        register_duckdb(self.duck)
        register_sqlite(self.lite)

    def ask(self, call: str, rows: Pairs, kinds: str) -> tuple[list[Any], list[Any]]:
        """``call`` of columns a, b, c for each row; kinds ``d`` for a date, ``i`` for a number."""
        duck, lite = [], []
        names = ", ".join("abc"[: len(kinds)])
        casts = ", ".join(f"?::{'date' if kind == 'd' else 'bigint'}" for kind in kinds)
        marks = ", ".join("?" * len(kinds))
        wanted = f"select {call} from (select * from (values "
        duck_rows = ", ".join(f"({casts})" for _ in rows)
        flat = [value for row in rows for value in row]
        duck = self.duck.execute(f"{wanted}{duck_rows}) t({names}))", flat).fetchall()
        iso = [[v.isoformat() if isinstance(v, date) else v for v in row] for row in rows]
        for row in iso:
            text = f"with t({names}) as (values ({marks})) select {call} from t"
            lite += self.lite.execute(text, row).fetchall()
        return [row[0] for row in duck], [as_date(row[0]) for row in lite]


def as_date(value: Any) -> Any:
    return date.fromisoformat(value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    both = Engines()
    yield both
    both.duck.close()
    both.lite.close()


@pytest.mark.parametrize(
    ("start", "months", "reached"),
    [
        pytest.param("2024-02-29", 12, "2025-03-01", id="leap-day child turns one on 1 March"),
        pytest.param("2025-01-31", 1, "2025-03-01", id="31 January plus a month skips February"),
        pytest.param("2024-01-31", 1, "2024-03-01", id="30 days are not enough in a leap year"),
        pytest.param("2025-03-31", 6, "2025-10-01", id="31 March plus six months is 1 October"),
        pytest.param("2025-06-15", 0, "2025-06-15", id="no months is the same day"),
        pytest.param("2025-03-31", -1, "2025-03-01", id="a month before 31 March is 1 March"),
        pytest.param("2025-01-15", -1, "2024-12-15", id="a month before January is last year"),
        pytest.param("2024-12-31", 2, "2025-03-01", id="over the year's end"),
    ],
)
def test_month_ends(start: str, months: int, reached: str, engines: Engines) -> None:
    begun, expected = date.fromisoformat(start), date.fromisoformat(reached)
    moved = add_months(np.array([start], "datetime64[D]"), np.array([months]))
    assert moved.tolist() == [expected]
    assert month_later(begun, months) == expected
    assert engines.ask("add_months(a, b)", [(begun, months)], "di") == ([expected], [expected])


def test_an_unknown_date_stays_unknown() -> None:
    assert np.isnat(add_months(np.array(["NaT"], "datetime64[D]"), np.array([6])))[0]


def test_one_month_count_serves_all_dates() -> None:
    moved = add_months(np.array(["2025-01-31", "2025-02-01"], "datetime64[D]"), np.array([1]))
    assert moved.tolist() == [date(2025, 3, 1), date(2025, 3, 1)]


def test_mismatched_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 dates but 3 month counts"):
        add_months(np.array(["2025-01-01"] * 2, "datetime64[D]"), np.array([1, 2, 3]))


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(DAYS, MONTHS), min_size=1, max_size=40))
def test_arrays_both_engines_and_paper_agree_on_months(engines: Engines, rows: Pairs) -> None:
    expected = [on_paper(start, months) for start, months in rows]
    starts, months = zip(*rows, strict=True)
    arrays = add_months(np.array(starts, "datetime64[D]"), np.array(months))
    assert arrays.tolist() == expected
    assert engines.ask("add_months(a, b)", rows, "di") == (expected, expected)


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(DAYS, st.integers(-20000, 20000)), min_size=1, max_size=40))
def test_both_engines_and_paper_agree_on_days(engines: Engines, rows: Pairs) -> None:
    expected = [start + timedelta(days=days) for start, days in rows]
    assert engines.ask("add_days(a, b)", rows, "di") == (expected, expected)
    back = [days for _, days in rows]
    assert engines.ask("days_between(a, add_days(a, b))", rows, "di") == (back, back)


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(DAYS, st.integers(0, 40000)), min_size=1, max_size=20))
def test_both_engines_and_paper_agree_on_ages(engines: Engines, rows: Pairs) -> None:
    lives = [(born, born + timedelta(days=days)) for born, days in rows]
    expected = [birthdays_before(born, on_day) for born, on_day in lives]
    assert [age_years(born, on_day) for born, on_day in lives] == expected
    assert engines.ask("age_years(a, b)", lives, "dd") == (expected, expected)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(
        st.tuples(st.integers(1900, 2100), st.integers(-2, 15), st.integers(-2, 33)),
        min_size=1,
        max_size=40,
    )
)
def test_both_engines_agree_on_dates_from_numbers(engines: Engines, rows: Pairs) -> None:
    expected = [
        on_paper(date(year, 1, day), month - 1) if 1 <= month <= 12 and 1 <= day <= 31 else None
        for year, month, day in rows
    ]
    assert engines.ask("date_of(a, b, c)", rows, "iii") == (expected, expected)


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        ("add_months(a, b)", "di"),
        ("add_days(a, b)", "di"),
        ("days_between(a, b)", "dd"),
        ("age_years(a, b)", "dd"),
        ("year_of(a)", "d"),
        ("date_of(a, b, c)", "iii"),
    ],
)
def test_an_unknown_part_makes_the_answer_unknown(engines: Engines, call: str, kinds: str) -> None:
    known = {"d": date(2025, 6, 1), "i": 3}
    for hole in range(len(kinds)):
        row = tuple(None if n == hole else known[kind] for n, kind in enumerate(kinds))
        assert engines.ask(call, [row], kinds) == ([None], [None])


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.tuples(*[st.none() | DAYS] * 3), min_size=1, max_size=20))
def test_least_and_greatest_ignore_the_unknown(engines: Engines, rows: Pairs) -> None:
    for call, choose in (("least(a, b, c)", min), ("greatest(a, b, c)", max)):
        expected = [choose((v for v in row if v is not None), default=None) for row in rows]
        assert engines.ask(call, rows, "ddd") == (expected, expected)


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ([None, False], False),
        ([False, True, None], True),
        ([None], None),
        ([], None),
    ],
)
def test_any_true_ignores_the_unknown(
    engines: Engines, values: list[bool | None], answer: bool | None
) -> None:
    duck = engines.duck.execute("select any_true(x) from (select unnest(?::bool[]) as x)", [values])
    assert duck.fetchall() == [(answer,)]
    engines.lite.execute("create temp table truths (x integer)")
    engines.lite.executemany("insert into truths values (?)", [[value] for value in values])
    found = engines.lite.execute("select any_true(x) from truths").fetchall()
    engines.lite.execute("drop table truths")
    assert found == [(None if answer is None else int(answer),)]


def test_the_year_of_a_day(engines: Engines) -> None:
    days = [(date(1999, 12, 31),), (date(2000, 1, 1),)]
    assert engines.ask("year_of(a)", days, "d") == ([1999, 2000], [1999, 2000])


def test_a_day_after_the_last_year_is_unknown_not_an_error() -> None:
    lite = sqlite3.connect(":memory:")
    register_sqlite(lite)
    assert lite.execute("select add_days('9999-12-31', 1)").fetchall() == [(None,)]
    lite.close()
