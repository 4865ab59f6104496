"""Whether a dose of a series need not be given to this child (CDSi 6.2, 7.1 and 7.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from qamqor.engine.immunisation.one_child.state import Course, Judged, Record, Setting
from qamqor.engine.immunisation.schedule import (
    Condition,
    Skip,
    SkipSet,
    Test,
    after,
    is_in_force,
    is_within,
)

Compare = Callable[[int, int], bool]
_COMPARE: dict[str, Compare] = {
    "greater than": lambda found, wanted: found > wanted,
    "equal to": lambda found, wanted: found == wanted,
    "less than": lambda found, wanted: found < wanted,
}


def may_skip(
    setting: Setting,
    course: Course,
    completed: frozenset[int],
    *,
    earlier: Sequence[Record],
    on_day: date,
    anchor: date,
    is_forecast: bool,
) -> bool:
    """Whether one skip of the current target dose holds.

    Args:
        completed: series groups of this antigen that hold a complete series.
        earlier: the records that may be counted.
        on_day: the day ages and intervals are compared with.
        anchor: the day on which dated sets must be in force.
        is_forecast: which context is asked for.
    """

    def condition_holds(condition: Condition) -> bool:
        return _condition_holds(setting, condition, completed, earlier, on_day)

    def set_holds(one: SkipSet) -> bool:
        every = all if one.is_every else any
        return is_in_force(one.effective, one.cessation, anchor) and every(
            condition_holds(condition) for condition in one.conditions
        )

    def skip_holds(skip: Skip) -> bool:
        every = all if skip.is_every else any
        return every(set_holds(one) for one in skip.sets)

    return any(
        skip_holds(skip)
        for skip in course.target().dose.skips
        if (skip.in_forecast if is_forecast else skip.in_evaluation)
    )


def _condition_holds(
    setting: Setting,
    condition: Condition,
    completed: frozenset[int],
    earlier: Sequence[Record],
    on_day: date,
) -> bool:
    born = setting.child.born_on
    begin, end = after(born, condition.begin_age), after(born, condition.end_age)
    if condition.test is Test.AGE:
        return is_within(begin, end, on_day)
    if condition.test is Test.COMPLETED_SERIES:
        return bool(condition.series_groups & completed)
    if condition.test is Test.INTERVAL:
        previous = max((r.given_on for r in earlier if r.is_anchor()), default=None)
        until = after(previous, condition.interval) if previous else None
        return until is not None and on_day >= until
    found = sum(
        is_within(begin, end, record.given_on)
        and is_within(condition.start_on, condition.end_on, record.given_on)
        and (not condition.vaccines or record.dose.cvx in condition.vaccines)
        and (not condition.is_valid_only or record.judged is Judged.VALID)
        for record in earlier
    )
    return _COMPARE[condition.comparison](found, condition.count)
