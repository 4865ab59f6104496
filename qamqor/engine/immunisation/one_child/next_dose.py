"""When the next dose of one series is due, and whether one is needed at all (CDSi chapter 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from qamqor.engine.immunisation.one_child.skip import may_skip
from qamqor.engine.immunisation.one_child.state import (
    Course,
    Setting,
    Standing,
    Step,
    age_in_force,
    interval_start,
    intervals_in_force,
)
from qamqor.engine.immunisation.schedule import IntervalRule, Offset, after, is_within

_DAY = timedelta(days=1)


def forecast(setting: Setting, course: Course, completed: frozenset[int]) -> None:
    """Set standing, reason and dates of a course whose given doses have been judged."""
    while True:
        while not course.is_past_end() and _may_skip(setting, course, completed, setting.as_of):
            course.skip_current("not needed on the day asked about")
        need = _standing(setting, course)
        if need[0] is not Standing.NOT_COMPLETE:
            course.standing, course.reason = need
            return
        earliest = _earliest(setting, course)
        maximum = _maximum(setting, course)
        if maximum and earliest >= maximum:
            course.standing = Standing.AGED_OUT
            course.reason = "unable to finish before the maximum age"
            return
        if not _may_skip(setting, course, completed, earliest):
            course.standing, course.reason = need
            _set_dates(setting, course, earliest)
            return
        course.skip_current("not needed on the earliest date")


def _may_skip(setting: Setting, course: Course, completed: frozenset[int], on_day: date) -> bool:
    return may_skip(
        setting,
        course,
        completed,
        earlier=course.records,
        on_day=on_day,
        anchor=setting.as_of,
        is_forecast=True,
    )


def _standing(setting: Setting, course: Course) -> tuple[Standing, str]:
    """Table 7-10, in the order of its columns."""
    if course.is_past_end():
        if course.satisfied():
            return Standing.COMPLETE, "series is complete"
        return Standing.NOT_RECOMMENDED, "not recommended due to past immunization history"
    if is_immune(setting, course.series.antigen):
        return Standing.IMMUNE, "evidence of immunity"
    if is_contraindicated(setting, course):
        return Standing.CONTRAINDICATED, "has a contraindication"
    season_end = course.target().dose.season_end
    if season_end and setting.as_of > season_end:
        return Standing.NOT_RECOMMENDED, "past seasonal end date"
    maximum = _maximum(setting, course)
    if maximum and setting.as_of >= maximum:
        return Standing.AGED_OUT, "exceeded the maximum age"
    return Standing.NOT_COMPLETE, "dose needed"


def is_immune(setting: Setting, antigen: str) -> bool:
    """Table 7-3: evidence by observation, or by birth before a date."""
    rules, codes = setting.schedule.antigens[antigen], setting.child.codes()
    if rules.immunity_observations & codes:
        return True
    return any(
        setting.child.born_on < rule.born_before
        and not rule.exclusions & codes
        and (rule.country is None or rule.country == setting.child.country)
        for rule in rules.birth_immunity
    )


def is_contraindicated(setting: Setting, course: Course) -> bool:
    """Table 7-7: the antigen is, or every vaccine that could still be given."""
    if any(cvx is None for cvx in _barred(setting, course.series.antigen)):
        return True
    dose = course.target().dose
    usable = {rule.cvx for rule in (*dose.preferable, *dose.allowable)}
    return bool(dose.preferable) and usable <= _barred(setting, course.series.antigen)


def _barred(setting: Setting, antigen: str) -> set[int | None]:
    """The vaccines that must not be given to this child now; None stands for all of the antigen."""
    born, codes = setting.child.born_on, setting.child.codes()
    return {
        rule.cvx
        for rule in setting.schedule.antigens[antigen].contraindications
        if rule.observation in codes
        and is_within(after(born, rule.begin), after(born, rule.end), setting.as_of)
    }


def _maximum(setting: Setting, course: Course) -> date | None:
    rule = age_in_force(course.target().dose, setting.as_of)
    return after(setting.child.born_on, rule.maximum) if rule else None


def _earliest(setting: Setting, course: Course) -> date:
    """FORECASTDTCAN-1: the latest of all floors that exist; it may lie in the past."""
    dose, born = course.target().dose, setting.child.born_on
    age = age_in_force(dose, setting.as_of)
    floors: dict[str, date | None] = {
        "minimum age": after(born, age.minimum) if age else None,
        "minimum interval": _latest(setting, course, lambda rule: rule.minimum),
        "live vaccine": _conflict_end(setting, course),
        "season": dose.season_start,
        "inadvertent dose": max(
            (r.given_on for r in course.records if r.is_inadvertent), default=None
        ),
        "last dose": max((r.given_on for r in course.records), default=None),
    }
    earliest = max((day for day in floors.values() if day), default=born)
    course.steps.append(
        Step("earliest-date", f"dose {dose.number}", {**floors, "earliest": earliest})
    )
    return earliest


def _conflict_end(setting: Setting, course: Course) -> date | None:
    """CALCDTCONFLICT-3: when the last live vaccine no longer stands in the way."""
    return max(
        (
            conflict.end.after(given.given_on)
            for given in setting.child.doses
            for rule in course.target().dose.preferable
            if (conflict := setting.schedule.conflicts.get((given.cvx, rule.cvx)))
        ),
        default=None,
    )


def _latest(
    setting: Setting, course: Course, offset: Callable[[IntervalRule], Offset | None]
) -> date | None:
    """The latest of an interval's dates over the preferable intervals in force."""
    days = []
    for rule in intervals_in_force(course.target().dose.intervals, setting.as_of):
        start = interval_start(setting, course, rule, course.records)
        day = after(start, offset(rule)) if start else None
        if day:
            days.append(day)
    return max(days, default=None)


def _set_dates(setting: Setting, course: Course, earliest: date) -> None:
    """FORECASTDT-1 to -6: an age in the schedule replaces the intervals, it is not a maximum."""
    born, age = setting.child.born_on, age_in_force(course.target().dose, setting.as_of)
    recommended = after(born, age.earliest) if age else None
    recommended = recommended or _latest(setting, course, lambda rule: rule.earliest) or earliest
    past_due = after(born, age.latest) if age else None
    past_due = past_due or _latest(setting, course, lambda rule: rule.latest)
    past_due = past_due - _DAY if past_due else None
    maximum = _maximum(setting, course)
    course.earliest, course.latest = earliest, maximum - _DAY if maximum else None
    course.unadjusted_recommended, course.unadjusted_past_due = recommended, past_due
    course.recommended = max(earliest, recommended)
    course.past_due = max(earliest, past_due) if past_due else None
    course.dose_number = 1 + _counted(course)
    course.vaccines = _recommended_vaccines(setting, course)


def _counted(course: Course) -> int:
    """FORECASTDN-1: doses that counted, of this season where the dose has one."""
    start = course.target().dose.season_start
    return sum(
        start is None or target.record.given_on >= start
        for target in course.satisfied()
        if target.record
    )


def _recommended_vaccines(setting: Setting, course: Course) -> tuple[int, ...]:
    """FORECASTRECVAC-1: named vaccines that fit on the earliest or the recommended date."""
    born, barred = setting.child.born_on, _barred(setting, course.series.antigen)
    # No dose can be given in the past: a late child is offered what fits the age of today.
    days = [max(day, setting.as_of) for day in (course.earliest, course.recommended) if day]
    fitting = {
        rule.cvx: None
        for rule in course.target().dose.preferable
        if rule.is_forecast
        and rule.cvx not in barred
        and any(is_within(after(born, rule.begin), after(born, rule.end), day) for day in days)
    }
    return tuple(fitting)
