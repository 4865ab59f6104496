"""A life drawn by age: wide where ages stand close, nothing outside the picture."""

import re
import xml.etree.ElementTree as ET

import pytest

from qamqor.engine.charts.life import LIFE, Mark, Row, life
from qamqor.engine.charts.svg import Caption

AGES = [(0.0, "birth"), (60.0, "2 mo"), (90.0, "3"), (3650.0, "10 y")]
KINDS = ["done", "odd", "due", "overdue", "soon"]


def drawn(*rows: Row, today: float = 75) -> ET.Element:
    text = life(Caption("x", "A life", "of doses"), AGES, rows, (today, "today"))
    return ET.fromstring(text)  # noqa: S314


def places(picture: ET.Element) -> list[float]:
    """Where the marks stand, by their circles."""
    return [float(one.get("cx", "0")) for one in picture.iter() if one.tag == "circle"]


def test_stretches_between_named_ages_are_equally_wide() -> None:
    marks = tuple(Mark(day, "done", "", "") for day, _ in AGES)
    at = places(drawn(Row("Measles", marks)))
    steps = [b - a for a, b in zip(at, at[1:], strict=False)]
    assert max(steps) - min(steps) < 0.3


@pytest.mark.parametrize("day", [-5.0, 0.0, 75.0, 3650.0, 99999.0])
@pytest.mark.parametrize("kind", KINDS)
def test_every_mark_lies_in_the_picture_and_says_itself(day: float, kind: str) -> None:
    picture = drawn(Row("A <b>", (Mark(day, kind, "4", "<said>"),), (day, day + 10)), today=day)
    numbers = [
        float(n)
        for one in picture.iter()
        for key in ("x", "cx", "x1", "x2")
        if (n := one.get(key)) is not None
    ]
    assert 0 <= min(numbers) <= max(numbers) <= LIFE.width
    assert "<said>" in [one.text for one in picture.iter() if one.tag == "title"]


def test_an_overdue_dose_draws_its_bar_as_late() -> None:
    late = ET.tostring(drawn(Row("A", (Mark(75, "overdue", "", ""),), (60, 75))), "unicode")
    assert re.search(r'class="k-life-late"', late)
    assert "k-life-open" not in late
