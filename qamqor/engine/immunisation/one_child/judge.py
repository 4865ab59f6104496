"""Whether one given dose counts for the dose the series is waiting for (CDSi chapter 6)."""

from __future__ import annotations

from collections.abc import Sequence

from qamqor.engine.immunisation.one_child.skip import may_skip
from qamqor.engine.immunisation.one_child.state import (
    Course,
    Fault,
    Judged,
    Record,
    Setting,
    Target,
    age_in_force,
    interval_start,
    intervals_in_force,
)
from qamqor.engine.immunisation.schedule import SeriesDose, VaccineRule, after, is_within


def evaluate(setting: Setting, course: Course, completed: frozenset[int]) -> None:
    """Go through the given doses once; each is judged against the dose that is then open.

    A skip consumes a dose of the series, never the given dose: that is tried on the next one.
    """
    for position, record in enumerate(course.records):
        earlier = course.records[:position]
        while not course.is_past_end() and may_skip(
            setting,
            course,
            completed,
            earlier=earlier,
            on_day=record.given_on,
            anchor=record.given_on,
            is_forecast=False,
        ):
            course.skip_current("not needed for the dose given")
        if course.is_past_end():
            record.judged, record.faults = Judged.EXTRANEOUS, [Fault.SERIES_COMPLETE]
            continue
        judge(setting, course, record, earlier)
        if record.judged is Judged.VALID:
            _satisfy(course, record)


def _satisfy(course: Course, record: Record) -> None:
    target = course.target()
    target.record = record
    if target.dose.is_recurring:
        course.targets.insert(course.current + 1, Target(target.dose))
    course.current += 1


def judge(setting: Setting, course: Course, record: Record, earlier: Sequence[Record]) -> None:
    """Set what becomes of ``record``, with every fault found, not only the first."""
    dose = course.target().dose
    record.target = dose.number
    if record.dose.is_unfit:
        record.judged, record.faults = Judged.SUBSTANDARD, [Fault.EXPIRED]
        return
    if record.dose.cvx in dose.inadvertent:
        record.judged, record.faults, record.is_inadvertent = (
            Judged.NOT_VALID,
            [Fault.INADVERTENT],
            True,
        )
        return
    faults = [
        *_age_faults(setting, dose, record),
        *([] if _is_spaced(setting, course, record, earlier) else [Fault.TOO_SOON]),
        *([Fault.LIVE_CONFLICT] if _has_conflict(setting, course, record) else []),
        *([] if _is_listed(setting, dose, record) else [Fault.WRONG_VACCINE]),
    ]
    record.faults = faults
    if Fault.TOO_OLD in faults:
        record.judged = Judged.EXTRANEOUS
    else:
        record.judged = Judged.NOT_VALID if faults else Judged.VALID


def _age_faults(setting: Setting, dose: SeriesDose, record: Record) -> list[Fault]:
    """Table 6-15; the band between absolute minimum and minimum is grace."""
    born, day = setting.child.born_on, record.given_on
    rule = age_in_force(dose, day)
    if rule is None:
        return []
    floor, minimum, maximum = (
        after(born, offset) for offset in (rule.absolute_minimum, rule.minimum, rule.maximum)
    )
    if floor and day < floor:
        return [Fault.TOO_YOUNG]
    if maximum and day >= maximum:
        return [Fault.TOO_OLD]
    record.is_grace = bool(minimum and day < minimum)
    return []


def _is_spaced(setting: Setting, course: Course, record: Record, earlier: Sequence[Record]) -> bool:
    """Tables 6-18 and 6-21: all preferable intervals hold, or else all allowable ones."""
    dose, day = course.target().dose, record.given_on
    if all(
        start is None or (floor := after(start, rule.absolute_minimum)) is None or day >= floor
        for rule in intervals_in_force(dose.intervals, day)
        for start in [interval_start(setting, course, rule, earlier)]
    ):
        return True
    allowable = intervals_in_force(dose.allowable_intervals, day)
    return bool(allowable) and all(
        start is not None
        and ((floor := after(start, rule.absolute_minimum)) is None or day >= floor)
        for rule in allowable
        for start in [interval_start(setting, course, rule, earlier)]
    )


def _has_conflict(setting: Setting, course: Course, record: Record) -> bool:
    """Section 6.7: too soon after another live vaccine, of any antigen."""
    judged = {id(r.dose): r.judged for r in course.records}
    for other in setting.child.doses:
        conflict = setting.schedule.conflicts.get((other.cvx, record.dose.cvx))
        if conflict is None or other is record.dose or other.given_on > record.given_on:
            continue
        is_short = judged.get(id(other)) in {None, Judged.VALID}
        end = conflict.minimum_end if is_short else conflict.end
        begins, ends = conflict.begin.after(other.given_on), end.after(other.given_on)
        if is_within(begins, ends, record.given_on):
            return True
    return False


def _is_listed(setting: Setting, dose: SeriesDose, record: Record) -> bool:
    """Tables 6-26 and 6-29: a preferable or an allowable vaccine at this age."""
    return any(_fits(setting, rule, record) for rule in (*dose.preferable, *dose.allowable))


def _fits(setting: Setting, rule: VaccineRule, record: Record) -> bool:
    born, given = setting.child.born_on, record.dose
    if given.cvx != rule.cvx:
        return False
    if rule.mvx and given.mvx and given.mvx != rule.mvx:
        return False
    return is_within(after(born, rule.begin), after(born, rule.end), given.given_on)
