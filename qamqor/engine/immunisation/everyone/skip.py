"""Skips and interval anchors inside the compiled loop (CDSi 4.5, 6.2, 7.1).

In these functions ``m`` is the schedule, ``w`` the workspace, ``state`` the antigen's row and
``course`` the series' row in the workspace; ``upto`` is how many records may be looked at.
"""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.dates import after, is_at_age, is_in_force, is_within
from qamqor.engine.immunisation.everyone.layout import Cells


def previous_day(w: Cells, state: int, course: int, upto: int) -> int:
    """The day of the latest record from which an interval may be counted."""
    for r in range(upto - 1, -1, -1):
        judged = w[w[course + at.JUDGED] + r]
        is_counted = judged in (at.VALID, at.NOT_VALID)
        if is_counted and w[w[course + at.IS_INADVERTENT] + r] == 0:
            return int(w[w[w[state + at.RECORDS] + r] + at.DAY])
    return at.NOTHING


def target_day(m: Cells, w: Cells, state: int, course: int, number: int) -> int:
    """The day on which dose ``number`` of the series was satisfied last."""
    found = at.NOTHING
    for k in range(w[course + at.TARGETS]):
        r = w[w[course + at.TARGET_RECORD] + k]
        if r >= 0 and m[w[w[course + at.TARGET_DOSE] + k] + at.NUMBER] == number:
            found = max(found, w[w[w[state + at.RECORDS] + r] + at.DAY])
    return int(found)


def recent_day(m: Cells, w: Cells, state: int, course: int, products: int, upto: int) -> int:
    """The day of the latest record of one of the products."""
    for r in range(upto - 1, -1, -1):
        given = w[w[state + at.RECORDS] + r]
        if m[products + w[given + at.GIVEN_PRODUCT]] and not w[w[course + at.IS_INADVERTENT] + r]:
            return int(w[given + at.DAY])
    return at.NOTHING


def observed_day(w: Cells, code: int) -> int:
    """When an observation was last made."""
    found = at.NOTHING
    for seen in range(w[at.SEEN_FROM], w[at.SEEN_UNTIL], at.SEEN):
        if w[seen + at.SEEN_CODE] == code:
            found = max(found, w[seen + at.SEEN_DAY])
    return int(found)


def interval_start(m: Cells, w: Cells, state: int, course: int, rule: int, upto: int) -> int:
    """The day an interval is counted from; ``NOTHING``: the rule does not apply."""
    anchor = m[rule + at.ANCHOR]
    if anchor == 0:
        return previous_day(w, state, course, upto)
    if anchor == 1:
        return target_day(m, w, state, course, m[rule + at.TARGET])
    if anchor == 2:
        return recent_day(m, w, state, course, m[rule + at.RECENT], upto)
    return observed_day(w, m[rule + at.OBSERVATION])


def count_holds(m: Cells, w: Cells, state: int, course: int, rule: int, upto: int) -> bool:
    """A condition on how many doses were given, of some kind, at some age, in some time."""
    found, products = 0, m[rule + at.COUNTED_SET]
    for r in range(upto):
        given = w[w[state + at.RECORDS] + r]
        if m[rule + at.VALID_ONLY] and w[w[course + at.JUDGED] + r] != at.VALID:
            continue
        if products != at.NOTHING and not m[products + w[given + at.GIVEN_PRODUCT]]:
            continue
        day = w[given + at.DAY]
        if is_within(m[rule + at.START_ON], m[rule + at.END_ON], day) and is_at_age(
            m, w, m[rule + at.BEGIN_AGE], m[rule + at.END_AGE], day
        ):
            found += 1
    wanted, comparison = m[rule + at.COUNT], m[rule + at.COMPARISON]
    if comparison == 0:
        return bool(found > wanted)
    return bool(found == wanted) if comparison == 1 else bool(found < wanted)


def condition_holds(
    m: Cells, w: Cells, state: int, course: int, rule: int, completed: int, upto: int, day: int
) -> bool:
    """One condition of a skip, on ``day``."""
    test = m[rule + at.TEST]
    if test == 0:
        return is_at_age(m, w, m[rule + at.BEGIN_AGE], m[rule + at.END_AGE], day)
    if test == 1:
        return bool((m[rule + at.COMPLETED_GROUPS] & completed) != 0)
    if test == 2:
        previous = previous_day(w, state, course, upto)
        if previous == at.NOTHING or m[rule + at.WAIT] == at.NO_OFFSET:
            return False
        return bool(day >= after(m, previous, m[rule + at.WAIT]))
    return count_holds(m, w, state, course, rule, upto)


def set_holds(
    m: Cells, w: Cells, state: int, course: int, one: int, completed: int, upto: int, day: int
) -> bool:
    """One set of conditions: all of them, or any."""
    is_every = bool(m[one + at.SET_EVERY] == 1)
    for rule in range(m[one + at.CONDITION_FROM], m[one + at.CONDITION_UNTIL], at.CONDITION):
        holds = condition_holds(m, w, state, course, rule, completed, upto, day)
        if holds != is_every:
            return holds
    return is_every


def skip_holds(
    m: Cells,
    w: Cells,
    state: int,
    course: int,
    skip: int,
    completed: int,
    upto: int,
    day: int,
    anchor: int,
) -> bool:
    """One skip: all of its sets, or any."""
    is_every = bool(m[skip + at.SKIP_EVERY] == 1)
    for one in range(m[skip + at.SET_FROM], m[skip + at.SET_UNTIL], at.SKIP_SET):
        holds = is_in_force(m[one + at.SET_EFFECTIVE], m[one + at.SET_CESSATION], anchor)
        holds = holds and set_holds(m, w, state, course, one, completed, upto, day)
        if holds != is_every:
            return holds
    return is_every


def may_skip(
    m: Cells,
    w: Cells,
    state: int,
    course: int,
    completed: int,
    upto: int,
    day: int,
    anchor: int,
    context: int,
) -> bool:
    """Whether one skip of the current target dose holds; ``context``: the cell that allows it."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    for skip in range(m[dose + at.SKIP_FROM], m[dose + at.SKIP_UNTIL], at.SKIP):
        if m[skip + context] and skip_holds(
            m, w, state, course, skip, completed, upto, day, anchor
        ):
            return True
    return False
