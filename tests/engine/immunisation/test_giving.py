"""How vaccines are given is read with every word, and refused without."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from qamqor.engine.immunisation.giving import read_giving
from qamqor.engine.immunisation.ideal import course_ahead
from qamqor.engine.immunisation.one_child.state import Child, GivenDose
from qamqor.engine.immunisation.read_yaml import read_schedule
from qamqor.errors import ContentError

FOLDER = sorted(Path("content/schedules/kazakhstan").glob("*"))[-1]
TEXT = (FOLDER / "giving.yaml").read_text()


def test_every_vaccine_of_the_calendar_has_a_way_with_words() -> None:
    giving, schedule = read_giving(TEXT), read_schedule((FOLDER / "schedule.yaml").read_text())
    assert set(giving.products) <= set(schedule.products)
    for cvx in schedule.products:
        way = giving.way(cvx)
        assert way.route in giving.routes
        assert (way.site == "") == (way.route == "PO")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"watch_minutes": 0}, "watch_minutes is missing"),
        ({"usual": {"route": "XX", "site": "LT"}}, "the route XX has no words"),
        ({"usual": {"route": "IM", "site": "XX"}}, "the site XX has no words"),
        ({"ask": [{"kk": "а", "ru": "а"}]}, "ask 1 has no words in en"),
    ],
)
def test_what_is_missing_is_said(change: dict[str, object], said: str) -> None:
    with pytest.raises(ContentError, match=said):
        read_giving(yaml.safe_dump({**yaml.safe_load(TEXT), **change}, allow_unicode=True))


def test_what_is_to_come_begins_with_what_is_late_and_ends_with_the_end() -> None:
    schedule = read_schedule((FOLDER / "schedule.yaml").read_text())
    child = Child(date(2025, 1, 1), "Female", (GivenDose(date(2025, 1, 4), 19),))
    today, end = date(2026, 3, 1), date(2029, 1, 1)
    course = list(course_ahead(schedule, child, today, end))
    assert course[0].day == today
    assert [one.day for one in course] == sorted(one.day for one in course)
    assert course[-1].day <= end
    assert not any("BCG" in dict(one.doses) for one in course), "given already"
