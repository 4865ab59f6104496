"""Birth dates, as people mistype them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.identity.births import closeness, near


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("1987-03-12", "1987-03-12", "same"),
        ("1987-03-12", "1987-12-03", "swapped"),
        ("1987-03-12", "1978-03-12", "same_day"),
        ("1987-03-12", "1988-03-12", "one_digit"),
        ("1987-03-12", "1987-03-18", "one_digit"),
        ("1987-03-12", "1987-03-25", "same_month"),
        ("1987-03-12", "1987", "vague"),
        ("1987-03", "1987-03-12", "vague"),
        ("1987", "1987", "vague"),
        ("1987", "1988-03-12", "differs"),
        ("1987-03-12", "1990-11-25", "differs"),
        ("", "1990-11-25", None),
        ("1987-03-12", "soon", None),
    ],
)
def test_two_birth_dates_agree_in_one_way(one: str, other: str, how: str | None) -> None:
    assert closeness(one, other) == how
    assert closeness(other, one) == how


@given(st.dates().map(str), st.dates().map(str))
def test_the_neighbours_of_a_date_are_those_that_may_be_it(one: str, other: str) -> None:
    is_near = closeness(one, other) in ("same", "swapped", "one_digit")
    far_year = one[:2] != other[:2]  # the first two digits are not mistyped
    assert (other in near(one)) == (is_near and not far_year)


@given(st.dates().map(str))
def test_the_swapped_date_is_a_neighbour_where_it_exists(born_on: str) -> None:
    swapped = f"{born_on[:5]}{born_on[8:]}-{born_on[5:7]}"
    assert near(born_on)[0] == born_on
    assert (swapped in near(born_on)) == (int(born_on[8:]) <= 12)


def test_a_year_alone_has_no_neighbours() -> None:
    assert near("1987") == ["1987"]
    assert near("") == []
    assert near("1987-13-45") == ["1987-13-45"]
