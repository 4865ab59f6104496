"""The course of vaccinations still to come if each is given on the day it is recommended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from qamqor.engine.calendar import month_later
from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Standing
from qamqor.engine.immunisation.one_visit import one_visit
from qamqor.engine.immunisation.schedule import Schedule

SEXES: Final = ("Female", "Male")


class Age(NamedTuple):
    """Whole months after birth, and days after those."""

    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Injection:
    """One product at one age.

    Attributes:
        doses: vaccine group → the number of the dose it is there.
        sexes: who gets it; all of ``SEXES`` = everybody.
    """

    age: Age
    cvx: int
    doses: tuple[tuple[str, int], ...]
    sexes: tuple[str, ...]


class Coming(NamedTuple):
    """One product on one day to come; ``doses``: vaccine group → the number of the dose there."""

    day: date
    cvx: int
    doses: tuple[tuple[str, int], ...]


def ideal_course(schedule: Schedule, born: date, *, until_years: int) -> list[Injection]:
    """Every injection of a healthy child at no risk, by age, then as the schedule lists products.

    Args:
        born: any day on which the schedule is in force; ages are counted from it.
        until_years: the age up to which to look.
    """
    end = month_later(born, 12 * until_years)
    by_sex = {
        sex: [
            (age_on(born, one.day), one.cvx, one.doses)
            for one in course_ahead(schedule, Child(born, sex), born, end)
        ]
        for sex in SEXES
    }
    order = {cvx: place for place, cvx in enumerate(schedule.products)}
    found = {one for given in by_sex.values() for one in given}
    injections = [
        Injection(age, cvx, doses, tuple(s for s in SEXES if (age, cvx, doses) in by_sex[s]))
        for age, cvx, doses in found
    ]
    return sorted(injections, key=lambda one: (one.age, order[one.cvx]))


def course_ahead(schedule: Schedule, child: Child, day: date, end: date) -> Iterator[Coming]:
    """What one person would be given from a day to an end, each on the first day it is recommended.

    Args:
        child: what is known on ``day``; what is late by then is given on it.
    """
    while day <= end:
        told = answer(schedule, child, day)
        for one in one_visit(schedule, child, told, day).injections:
            doses = tuple((name, told.groups[name].dose_number or 1) for name in one.groups)
            yield Coming(day, one.cvx, doses)
            given = (*child.doses, GivenDose(day, one.cvx))
            child = Child(child.born_on, child.sex, given, child.observations, child.country)
        told = answer(schedule, child, day)
        coming = [
            group.recommended
            for group in told.groups.values()
            if group.standing is Standing.NOT_COMPLETE and group.recommended
        ]
        later = [one for one in coming if one > day]
        # What is due and fits no visit today is looked at again tomorrow.
        day = min(later, default=end + timedelta(1))


def age_on(born: date, day: date) -> Age:
    """The age on a day, by the calendar."""
    months = (day.year - born.year) * 12 + day.month - born.month
    if month_later(born, months) > day:
        months -= 1
    return Age(months, (day - month_later(born, months)).days)
