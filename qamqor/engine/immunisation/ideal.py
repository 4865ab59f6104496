"""The course of a child who gets every vaccination on the day it is recommended."""

from __future__ import annotations

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


def ideal_course(schedule: Schedule, born: date, *, until_years: int) -> list[Injection]:
    """Every injection of a healthy child at no risk, by age, then as the schedule lists products.

    Args:
        born: any day on which the schedule is in force; ages are counted from it.
        until_years: the age up to which to look.
    """
    by_sex = {sex: _course(schedule, Child(born, sex), until_years) for sex in SEXES}
    order = {cvx: place for place, cvx in enumerate(schedule.products)}
    found = {one for given in by_sex.values() for one in given}
    injections = [
        Injection(age, cvx, doses, tuple(s for s in SEXES if (age, cvx, doses) in by_sex[s]))
        for age, cvx, doses in found
    ]
    return sorted(injections, key=lambda one: (one.age, order[one.cvx]))


_Given = tuple[Age, int, tuple[tuple[str, int], ...]]


def _course(schedule: Schedule, child: Child, until_years: int) -> list[_Given]:
    end = month_later(child.born_on, 12 * until_years)
    day, found = child.born_on, list[_Given]()
    while day <= end:
        told = answer(schedule, child, day)
        for one in one_visit(schedule, child, told, day).injections:
            doses = tuple((name, told.groups[name].dose_number or 1) for name in one.groups)
            found.append((age_on(child.born_on, day), one.cvx, doses))
            given = GivenDose(day, one.cvx)
            child = Child(child.born_on, child.sex, (*child.doses, given))
        told = answer(schedule, child, day)
        coming = [
            group.recommended
            for group in told.groups.values()
            if group.standing is Standing.NOT_COMPLETE and group.recommended
        ]
        later = [one for one in coming if one > day]
        # What is due and fits no visit today is looked at again tomorrow.
        day = min(later, default=end + timedelta(1))
    return found


def age_on(born: date, day: date) -> Age:
    """The age on a day, by the calendar."""
    months = (day.year - born.year) * 12 + day.month - born.month
    if month_later(born, months) > day:
        months -= 1
    return Age(months, (day - month_later(born, months)).days)
