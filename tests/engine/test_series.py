"""The last numbers: which way they go, whether that is good, and whose target they are held to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qamqor.engine.charts.spark import spark
from qamqor.engine.measurements.series import Series, Way, read_numbers, series
from qamqor.errors import InvalidPack

TODAY = date(2026, 3, 2)
PRESSURE = {
    "id": "blood_pressure",
    "table": "blood_pressure",
    "columns": ["systolic_mmhg", "diastolic_mmhg"],
    "label": {"en": "Blood pressure"},
    "better": "lower",
    "steady": 5,
    "old_after_days": 365,
    "goals": ["8480-6", "8462-4"],
    "target": {"is": "below", "parameters": ["systolic_target_mmhg", "diastolic_target_mmhg"]},
}
TARGETS = {"systolic_target_mmhg": 140, "diastolic_target_mmhg": 90}


def row(day: str, systolic: float | None, diastolic: float | None = 80) -> dict[str, Any]:
    said = {"effective_on": day, "systolic_mmhg": systolic, "diastolic_mmhg": diastolic}
    return {**said, "observation_id": f"bp-{day}"}


def of(*rows: dict[str, Any], goals: tuple[dict[str, Any], ...] = (), **more: Any) -> Series:
    (number,) = read_numbers([{**PRESSURE, **more}], "numbers.yaml")
    tables = {"blood_pressure": rows, "goal": goals}
    return series(number, tables, parameters=[{}, TARGETS], as_of=TODAY)


def test_the_points_come_in_order_and_what_is_half_or_ahead_is_left_out() -> None:
    found = of(
        row("2026-02-01", 150),
        row("2026-01-01", 160),
        row("2026-01-05", 160, None),
        row("2026-03-03", 120),
    )

    assert [p.values[0] for p in found.points] == [160, 150]
    assert found.points[-1].reference == "Observation/bp-2026-02-01"


@pytest.mark.parametrize(
    ("before", "now", "way", "is_good"),
    [
        (150, 160, Way.up, False),
        (160, 150, Way.down, True),
        (150, 154, Way.level, None),
        (150, 155, Way.up, False),
        (150, 150, Way.level, None),
    ],
)
def test_a_change_smaller_than_steady_is_level_and_lower_is_better(
    before: float, now: float, way: Way, is_good: bool | None
) -> None:
    found = of(row("2026-01-01", before), row("2026-02-01", now))

    assert (found.way, found.is_good) == (way, is_good)


def test_where_higher_is_better_a_rise_is_good_and_where_neither_is_it_is_nothing() -> None:
    rows = row("2026-01-01", 150), row("2026-02-01", 160)

    assert of(*rows, better="higher").is_good is True
    assert of(*rows, better="").is_good is None


def test_one_number_has_no_way_and_none_has_no_target_met() -> None:
    assert of(row("2026-01-01", 150)).way is Way.first
    assert of().is_at_target is None
    assert of().points == ()


@pytest.mark.parametrize(
    ("compare", "systolic", "met"),
    [
        ("below", 140, False),
        ("below", 139, True),
        ("up_to", 140, True),
        ("up_to", 141, False),
        ("above", 140, False),
    ],
)
def test_the_boundary_belongs_to_whom_content_says(
    compare: str, systolic: float, met: bool
) -> None:
    target = {**PRESSURE["target"], "is": compare}  # type: ignore[dict-item]
    found = of(row("2026-01-01", systolic, 100 if compare == "above" else 80), target=target)

    assert found.is_at_target is met


def test_both_values_must_meet_the_target() -> None:
    assert of(row("2026-01-01", 130, 95)).is_at_target is False


def test_a_target_agreed_with_the_person_comes_before_the_programmes() -> None:
    def goal(measure: str, value: float, day: str) -> dict[str, Any]:
        return {"measure": measure, "target_value": value, "from_on": day}

    goals = (
        goal("8480-6", 150, "2026-01-01"),
        goal("8480-6", 145, "2026-02-01"),
        goal("8480-6", 120, "2026-04-01"),
    )
    found = of(row("2026-01-01", 147), goals=goals)

    assert found.target is not None
    assert (found.target.values, found.target.is_own) == ((145,), True)
    assert found.is_at_target is False


def test_a_number_older_than_content_allows_is_old() -> None:
    assert of(row("2025-03-01", 150)).is_old
    assert not of(row("2025-03-02", 150)).is_old


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "x"},
        {**PRESSURE, "colour": "red"},
        {**PRESSURE, "better": "sideways"},
        {**PRESSURE, "target": {"is": "near", "parameters": []}},
    ],
)
def test_content_that_cannot_be_understood_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidPack):
        read_numbers([wrong], "numbers.yaml")


def test_a_spark_shows_its_target_even_beyond_the_values_and_one_point_alone() -> None:
    drawn = spark([(0, 150), (10, 160)], "Blood pressure: 150, 160", target=140)

    assert drawn.count("k-target") == 1
    assert 'y1="21"' in drawn
    assert "k-trend" not in spark([(0, 150)], "one")
    assert "k-dot" in spark([(0, 150)], "one")


def test_words_of_a_spark_are_escaped() -> None:
    assert "<b>" not in spark([(0, 1)], "<b>")
