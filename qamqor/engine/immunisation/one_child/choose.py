"""Which series of an antigen speaks for the child (CDSi chapter 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from qamqor.engine.immunisation.one_child.state import (
    Course,
    Judged,
    Setting,
    Standing,
    Step,
)
from qamqor.engine.immunisation.schedule import SeriesKind, after

_MORE_USEFUL = (Standing.NOT_COMPLETE, Standing.CONTRAINDICATED, Standing.AGED_OUT)
"""Where no table names a winner, in this order; a child who is immune needs none of the rest."""
_NEVER = date.max
Points = tuple[int, int, int]
"""Points when true for one course, when true for several, when false."""


def prioritise(setting: Setting, courses: Sequence[Course]) -> dict[int, Course]:
    """At most one course for each series group."""
    groups = sorted({course.series.series_group for course in courses})
    chosen = {}
    for group in groups:
        members = [course for course in courses if course.series.series_group == group]
        if winner := _winner(setting, members):
            chosen[group] = winner
    return chosen


def best(prioritised: dict[int, Course]) -> list[Course]:
    """Table 8-14: the courses that stand for the antigen; equivalence is directed."""
    return [course for course in prioritised.values() if _is_best(course, prioritised)]


def _is_best(course: Course, prioritised: dict[int, Course]) -> bool:
    if course.standing is Standing.COMPLETE:
        return True
    equivalents = [
        prioritised[group] for group in course.series.equivalent_groups if group in prioritised
    ]
    if any(other.standing is Standing.COMPLETE for other in equivalents):
        return False
    if course.series.kind is SeriesKind.EVALUATION_ONLY:
        return False
    if course.series.kind is SeriesKind.RISK:
        return True
    return not any(other.series.kind is SeriesKind.RISK for other in equivalents)


def _winner(setting: Setting, members: Sequence[Course]) -> Course | None:
    """Table 8-3; where it does not decide, the points of Tables 8-7, 8-9 and 8-11 do."""
    scorable = [course for course in members if _is_scorable(setting, course, members)]
    defaults = [course for course in members if course.series.is_default]
    complete = [course for course in scorable if course.standing is Standing.COMPLETE]
    in_process = [course for course in scorable if _is_in_process(course)]
    if not scorable:
        return defaults[0] if len(defaults) == 1 else None
    if len(scorable) == 1:
        return scorable[0]
    if len(complete) == 1:
        return complete[0]
    if not complete and len(in_process) == 1:
        return in_process[0]
    if not complete and not in_process and len(defaults) == 1:
        return defaults[0]
    return _by_points(setting, scorable, complete, in_process)


def _is_scorable(setting: Setting, course: Course, members: Sequence[Course]) -> bool:
    """SELECTSCORE-2."""
    contraindicated = Standing.CONTRAINDICATED
    is_candidate = course.standing is not contraindicated or all(
        member.standing is contraindicated for member in members
    )
    kind = course.series.kind
    if not is_candidate or kind is SeriesKind.EVALUATION_ONLY:
        return is_candidate and course.standing is Standing.COMPLETE
    if kind is SeriesKind.RISK:
        return course.series.priority == min(member.series.priority for member in members)
    first = min((t.record.given_on for t in course.satisfied() if t.record), default=None)
    if first:
        limit = after(setting.child.born_on, course.series.max_age_to_start)
        return limit is None or first < limit
    return not any(member.satisfied() or member.series.is_default for member in members)


def _is_in_process(course: Course) -> bool:
    return course.standing is Standing.NOT_COMPLETE and bool(course.satisfied())


def _by_points(
    setting: Setting, scorable: list[Course], complete: list[Course], in_process: list[Course]
) -> Course:
    if len(complete) >= 2:
        return _highest(complete, [(_most_valid(complete), (1, 0, -1))])
    if len(in_process) >= 2:
        return _highest(in_process, _in_process_rules(setting, in_process))
    if not any(course.satisfied() for course in scorable):
        return _highest(scorable, _no_dose_rules(setting, scorable))
    # The tables name no winner here: series that aged out or became contraindicated after a dose.
    return min(scorable, key=lambda c: (_usefulness(c.standing), _preference(c)))


def _usefulness(standing: Standing) -> int:
    return _MORE_USEFUL.index(standing) if standing in _MORE_USEFUL else len(_MORE_USEFUL)


Rules = list[tuple[Callable[[Course], bool], Points]]


def _in_process_rules(setting: Setting, group: list[Course]) -> Rules:
    fewest = min(_open_doses(course) for course in group)
    finish = {id(c): _finish(setting, c) for c in group}
    soonest = min(day for day in finish.values())
    return [
        (lambda c: c.series.is_product and _is_all_valid(c), (2, 2, -2)),
        (lambda c: finish[id(c)] < _NEVER, (3, 3, -3)),
        (_most_valid(group), (2, 0, -2)),
        (lambda c: _open_doses(c) <= fewest, (2, 0, -2)),
        (lambda c: finish[id(c)] < _NEVER and finish[id(c)] <= soonest, (1, 0, -1)),
    ]


def _no_dose_rules(setting: Setting, group: list[Course]) -> Rules:
    start = min((c.earliest for c in group if c.earliest), default=None)
    return [
        (lambda c: c.earliest is not None and c.earliest == start, (1, 0, -1)),
        (lambda c: _finish(setting, c) < _NEVER, (1, 1, -1)),
        (lambda c: c.series.is_product, (-1, -1, 1)),
    ]


def _highest(group: list[Course], rules: Rules) -> Course:
    """The highest sum; then the smallest preference; then the order of the schedule."""
    sums = [0] * len(group)
    for holds, (one, several, otherwise) in rules:
        found = [holds(course) for course in group]
        reward = one if sum(found) == 1 else several
        sums = [
            total + (reward if hit else otherwise) for total, hit in zip(sums, found, strict=True)
        ]
    for course, total in zip(group, sums, strict=True):
        course.steps.append(Step("selection", f"{total} points"))
    return min(zip(sums, group, strict=True), key=lambda pair: (-pair[0], _preference(pair[1])))[1]


def _preference(course: Course) -> int:
    return 99 if course.series.preference is None else course.series.preference


def _most_valid(group: Sequence[Course]) -> Callable[[Course], bool]:
    most = max(len(course.satisfied()) for course in group)
    return lambda course: len(course.satisfied()) >= most


def _open_doses(course: Course) -> int:
    return sum(not target.record and not target.is_skipped for target in course.targets)


def _is_all_valid(course: Course) -> bool:
    return all(record.judged is Judged.VALID for record in course.records)


def _finish(setting: Setting, course: Course) -> date:
    """SELECTB-12: when the course could end; ``date.max`` where it cannot (SELECTB-3)."""
    if course.earliest is None:
        return _NEVER
    gaps = [
        day
        for target in course.targets[course.current + 1 :]
        for rule in target.dose.intervals
        if (day := after(course.earliest, rule.minimum))
    ]
    finish = max(gaps, default=course.earliest)
    ages = course.targets[-1].dose.ages
    maximum = after(setting.child.born_on, ages[-1].maximum) if ages else None
    return finish if maximum is None or finish < maximum else _NEVER
