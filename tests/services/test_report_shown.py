"""What the report shows adds up, and gives no small number away."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.services.report_count import Counts
from qamqor.services.report_measured import Proportion, measures
from qamqor.services.report_shown import Figures, Split, shown

AS_OF = date(2026, 11, 24)
few = st.integers(0, 9)


def cell(area: str, age: str, sex: str, state: int, people: int, urgent: int = 0) -> dict[str, Any]:
    return {
        "area_id": area,
        "place_id": area,
        "age_band": age,
        "sex": sex,
        "is_rural": area == "a",
        "state": state,
        "people": people,
        "urgent": min(urgent, people) if state < 2 else 0,
    }


def counts(cells: list[dict[str, Any]], **others: Any) -> Counts:
    names = (
        "programmes", "actions", "roles", "reasons", "lateness", "measures", "versions",
        "organisations", "places",
    )  # fmt: skip
    rest = {name: others.get(name, []) for name in names}
    return Counts(as_of=AS_OF, covers_residents=True, cells=cells, **rest)


def numbers(figures: Figures) -> list[int]:
    """Every number of people the figures show."""
    splits = (
        figures.everybody, *figures.roles, *figures.programmes, *figures.units, *figures.ages,
        *figures.settlements,
    )  # fmt: skip
    parts = [
        (one.people, one.overdue, one.due, one.unknown, one.not_due, one.urgent, one.open)
        for one in splits
    ]
    flat = [number for row in parts for number in row]
    flat += [one.people for one in figures.reasons] + list(figures.lateness)
    for shares in figures.measures:
        every = (shares.now, *shares.history, *(one for g in shares.groups.values() for one in g))
        flat += [number for one in every for number in (one.numerator, one.denominator)]
        flat += [
            one.denominator - one.numerator
            for one in every
            if one.numerator is not None and one.denominator is not None
        ]
    return [number for number in flat if number is not None]


cells = st.lists(
    st.builds(
        cell,
        st.sampled_from("abc"),
        st.sampled_from(["0", "18-39", "40-59", "75+"]),
        st.sampled_from(["female", "male"]),
        st.integers(0, 4),
        st.integers(0, 30),
        few,
    ),
    min_size=1,
    max_size=25,
)
programmes = st.lists(st.tuples(st.sampled_from("pq"), st.integers(0, 3), few), max_size=8)


@settings(deadline=None)
@given(cells, programmes)
def test_no_number_from_one_to_four_is_shown(
    rows: list[dict[str, Any]], by_programme: list[tuple[str, int, int]]
) -> None:
    found = [{"programme": p, "state": s, "people": n} for p, s, n in by_programme]
    roles = [{"role": p, "overdue": n, "due": s, "urgent": min(n, s)} for p, s, n in by_programme]
    figures = shown(counts(rows, programmes=found, roles=roles))
    assert not [number for number in numbers(figures) if 1 <= number <= 4]


@settings(deadline=None)
@given(cells)
def test_what_is_shown_of_areas_adds_up_to_everybody(rows: list[dict[str, Any]]) -> None:
    figures = shown(counts(rows))
    for name in ("people", "overdue", "due", "open"):
        parts = [getattr(one, name) for one in figures.units]
        whole = getattr(figures.everybody, name)
        if parts and whole is not None and None not in parts:
            assert sum(parts) == whole


@settings(deadline=None)
@given(cells)
def test_one_hidden_part_never_stands_alone(rows: list[dict[str, Any]]) -> None:
    figures = shown(counts(rows))
    for name in ("overdue", "due"):
        hidden = [one for one in figures.units if getattr(one, name) is None]
        if getattr(figures.everybody, name) is not None and all(
            one.people is not None for one in figures.units
        ):
            assert len(hidden) != 1


def test_wider_ages_are_shown_where_narrow_ones_would_be_hidden() -> None:
    rows = [
        cell("a", "0", "female", 4, 400),
        cell("a", "5-17", "female", 0, 2),
        cell("b", "18-39", "female", 0, 40),
        cell("b", "18-39", "female", 4, 400),
        cell("b", "60-74", "female", 0, 30),
        cell("b", "75+", "female", 0, 30),
    ]
    assert [one.key[0] for one in shown(counts(rows)).ages] == ["0-39", "40+"]
    rows[1]["people"] = 20
    assert [one.key[0] for one in shown(counts(rows)).ages] == [
        "0",
        "5-17",
        "18-39",
        "60-74",
        "75+",
    ]


def test_those_who_need_somebody_now_stay_while_their_parts_are_hidden() -> None:
    found = [
        {"programme": "p", "state": state, "people": people}
        for state, people in ((0, 3), (1, 40), (2, 0), (3, 200))
    ]
    (split,) = shown(counts([cell("a", "0", "male", 0, 9)], programmes=found)).programmes
    assert split == Split("p", 243, None, None, 0, 200, open_known=43)


def test_a_reason_of_few_takes_another_with_it() -> None:
    common = {"programme": "p", "action": "x", "role": "gp", "urgency": 1, "overdue": 0}
    rows = [{**common, "reason": name, "people": n} for name, n in (("r", 3), ("s", 7), ("t", 90))]
    found = shown(counts([cell("a", "0", "male", 0, 100)], reasons=rows)).reasons
    assert {one.reason: one.people for one in found} == {"t": 90, "r": None, "s": None}


@pytest.mark.parametrize(
    ("areas", "unit"), [(1, ""), (10, "area"), (200, "organisation"), (5000, "place")]
)
def test_the_finest_unit_that_can_be_looked_at_is_chosen(areas: int, unit: str) -> None:
    rows = [cell(f"a{index}", "0", "male", 0, 10) for index in range(areas)]
    for row in rows:
        row["place_id"] = f"p{int(row['area_id'][1:]) % 20}" if areas > 1 else "p"
    organisations = [{"id": f"a{index}", "parent_id": f"o{index // 20}"} for index in range(areas)]
    figures = shown(counts(rows, organisations=organisations))
    assert figures.unit == unit


def test_a_country_is_shown_by_its_regions() -> None:
    rows = [cell(f"a{index}", "0", "male", index % 2, 10) for index in range(12)]
    places = [
        {"place_id": f"a{index}", "parent_id": None, "kato": f"{index % 6 + 10}0000"}
        for index in range(12)
    ]
    figures = shown(counts(rows, places=places))
    assert figures.unit == "region"
    assert [one.key for one in figures.units] == ["10", "11", "12", "13", "14", "15"]


def measured(
    by: str, key: Any, numerator: int, denominator: int, year: int = 2026
) -> dict[str, Any]:
    names = {"sex": "sex", "settlement": "is_rural", "area": "area_id", "place": "place_id"}
    row: dict[str, Any] = dict.fromkeys(names.values())
    if by != "all":
        row[names[by]] = key
    return row | {
        "measure": "p.m",
        "period_start": date(year - 1, 1, 1),
        "period_end": date(year, 1, 1),
        "breakdown": by,
        "numerator": numerator,
        "denominator": denominator,
        "excluded": 0,
    }


def test_a_measure_keeps_its_total_and_hides_groups_around_a_small_one() -> None:
    rows = [measured("all", None, 110, 200)]
    rows += [
        measured("area", key, n, d) for key, n, d in (("a", 2, 50), ("b", 58, 70), ("c", 50, 80))
    ]
    (shares,) = measures(rows, "area", lambda row: row["area_id"])
    assert (shares.now.numerator, shares.now.denominator) == (110, 200)
    assert shares.groups["units"] == (
        Proportion("a", None, 50),
        Proportion("b", None, 70),
        Proportion("c", 50, 80),
    )


def test_all_but_a_few_is_as_telling_as_a_few() -> None:
    (shares,) = measures([measured("all", None, 98, 100)], "", lambda _: None)
    assert shares.now == Proportion((date(2025, 1, 1), date(2026, 1, 1)), None, 100)
    assert shares.now.interval is None
    assert shares.history == ()


def test_earlier_periods_come_in_order_and_gaps_need_both_groups() -> None:
    rows = [measured("all", None, 50 + year, 100, 2020 + year) for year in (3, 1, 2)]
    rows += [measured("sex", "male", 20, 50, 2023), measured("sex", "female", 33, 50, 2023)]
    (shares,) = measures(rows, "", lambda _: None)
    assert [one.numerator for one in shares.history] == [51, 52, 53]
    step = shares.gap("sex", "male", "female")
    assert step is not None
    assert step.value == pytest.approx(-0.26)
    assert shares.gap("settlement", True, False) is None
