"""Shares and gaps come with honest ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.population.intervals import Z998, expected, gap, share

counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_agrees_with_a_worked_example() -> None:
    found = share(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_newcombe_agrees_with_his_worked_example() -> None:
    found = gap((56, 70), (48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@given(counts)
def test_the_share_lies_inside_its_interval(people: tuple[int, int]) -> None:
    found = share(*people)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


@given(counts, counts)
def test_a_gap_seen_from_the_other_side_only_changes_sign(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    there, back = gap(one, other), gap(other, one)
    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_no_gap_spans_nought() -> None:
    assert gap((50, 100), (500, 1000)).spans(0)
    assert not gap((90, 100), (100, 1000)).spans(0)


def test_small_groups_may_stray_further() -> None:
    few, many = expected(0.5, 20), expected(0.5, 2000)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert expected(0.5, 20, Z998)[1] > few[1]
    assert expected(0.02, 10) == (0.0, pytest.approx(0.1068, abs=1e-4))
