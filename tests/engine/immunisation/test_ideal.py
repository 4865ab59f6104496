"""The course of a child who is never late."""

from datetime import date
from pathlib import Path

from qamqor.engine.immunisation.ideal import Age, age_on, ideal_course
from qamqor.engine.immunisation.read_yaml import read_schedule

FILE = sorted(Path("content/schedules/kazakhstan").glob("*/schedule.yaml"))[-1]
COURSE = ideal_course(
    read_schedule(FILE.read_text(encoding="utf-8")), date(2026, 11, 20), until_years=26
)


def test_one_combined_injection_serves_five_groups_at_two_months() -> None:
    (six,) = [one for one in COURSE if one.age == Age(2, 0) and one.cvx == 146]
    assert dict(six.doses) == {
        "HepB": 2,
        "Diphtheria and tetanus": 1,
        "Pertussis": 1,
        "Polio": 1,
        "Hib": 1,
    }


def test_what_is_for_girls_is_marked() -> None:
    assert {one.sexes for one in COURSE if one.cvx == 62} == {("Female",)}
    assert {len(one.sexes) for one in COURSE if one.cvx != 62} == {2}


def test_the_course_begins_at_birth_and_goes_on_every_ten_years() -> None:
    assert COURSE[0].age == Age(0, 0)
    assert [one.age.months for one in COURSE if one.cvx == 139] == [192, 312]


def test_an_age_is_whole_months_and_the_days_after() -> None:
    assert age_on(date(2024, 2, 29), date(2025, 2, 28)) == Age(11, 30)
    assert age_on(date(2024, 2, 29), date(2025, 3, 1)) == Age(12, 0)
    assert age_on(date(2026, 1, 31), date(2026, 2, 3)) == Age(0, 3)
