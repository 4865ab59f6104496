"""Judging given doses inside the compiled loop (CDSi chapter 6)."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.dates import after, is_at_age, is_in_force, is_within
from qamqor.engine.immunisation.everyone.layout import Cells
from qamqor.engine.immunisation.everyone.skip import interval_start, may_skip


def skip_current(w: Cells, course: int) -> None:
    """Leave the current target dose out."""
    w[w[course + at.TARGET_SKIPPED] + w[course + at.CURRENT]] = 1
    w[course + at.CURRENT] += 1


def evaluate(m: Cells, w: Cells, state: int, course: int, completed: int) -> None:
    """Go through the given doses once; a skip consumes a dose of the series, no given dose."""
    for r in range(w[state + at.RECORD_COUNT]):
        day = w[w[w[state + at.RECORDS] + r] + at.DAY]
        while w[course + at.CURRENT] < w[course + at.TARGETS] and may_skip(
            m, w, state, course, completed, r, day, day, at.IN_EVALUATION
        ):
            skip_current(w, course)
        if w[course + at.CURRENT] >= w[course + at.TARGETS]:
            w[w[course + at.JUDGED] + r] = at.EXTRANEOUS
            w[w[course + at.FAULTS] + r] = at.SERIES_COMPLETE
            continue
        judge(m, w, state, course, r)
        if w[w[course + at.JUDGED] + r] == at.VALID:
            satisfy(m, w, course, r)


def satisfy(m: Cells, w: Cells, course: int, r: int) -> None:
    """Close the current target; a recurring dose is put behind itself once more."""
    k = w[course + at.CURRENT]
    doses, records = w[course + at.TARGET_DOSE], w[course + at.TARGET_RECORD]
    skipped = w[course + at.TARGET_SKIPPED]
    w[records + k] = r
    if m[w[doses + k] + at.IS_RECURRING]:
        for later in range(w[course + at.TARGETS], k + 1, -1):
            w[doses + later] = w[doses + later - 1]
            w[records + later], w[skipped + later] = -1, 0
        w[doses + k + 1] = w[doses + k]
        w[records + k + 1], w[skipped + k + 1] = -1, 0
        w[course + at.TARGETS] += 1
    w[course + at.SATISFIED] += 1
    w[course + at.CURRENT] += 1


def judge(m: Cells, w: Cells, state: int, course: int, r: int) -> None:
    """Set what becomes of record ``r``, with a bit for every fault found."""
    given = w[w[state + at.RECORDS] + r]
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    judged, faults = w[course + at.JUDGED] + r, w[course + at.FAULTS] + r
    if w[given + at.IS_UNFIT]:
        w[judged], w[faults] = at.SUBSTANDARD, at.EXPIRED
        return
    product, unwanted = w[given + at.GIVEN_PRODUCT], m[dose + at.UNWANTED]
    if unwanted != at.NOTHING and m[unwanted + product]:
        w[judged], w[faults] = at.NOT_VALID, at.INADVERTENT
        w[w[course + at.IS_INADVERTENT] + r] = 1
        return
    found = age_faults(m, w, dose, w[given + at.DAY])
    if not is_spaced(m, w, state, course, dose, r):
        found |= at.TOO_SOON
    has_pairs = m[m[at.PRODUCTS] + product * at.PRODUCT + at.HAS_CONFLICT]
    if has_pairs and has_conflict(m, w, state, course, given):
        found |= at.LIVE_CONFLICT
    if not is_listed(m, w, dose, given):
        found |= at.WRONG_VACCINE
    w[faults] = found
    if found & at.TOO_OLD:
        w[judged] = at.EXTRANEOUS
    else:
        w[judged] = at.NOT_VALID if found else at.VALID


def age_rule(m: Cells, dose: int, anchor: int) -> int:
    """Which age rule holds on ``anchor``; -1: none."""
    for rule in range(m[dose + at.AGE_FROM], m[dose + at.AGE_UNTIL], at.AGE):
        if is_in_force(m[rule + at.AGE_EFFECTIVE], m[rule + at.AGE_CESSATION], anchor):
            return int(rule)
    return -1


def age_faults(m: Cells, w: Cells, dose: int, day: int) -> int:
    """Too young, too old, or nothing."""
    rule = age_rule(m, dose, day)
    if rule < 0:
        return 0
    if not is_at_age(m, w, m[rule + at.AGE_ABSOLUTE], at.NO_OFFSET, day):
        return at.TOO_YOUNG
    is_young_enough = is_at_age(m, w, at.NO_OFFSET, m[rule + at.AGE_MAXIMUM], day)
    return 0 if is_young_enough else at.TOO_OLD


def is_spaced(m: Cells, w: Cells, state: int, course: int, dose: int, r: int) -> bool:
    """All preferable intervals hold, or else all allowable ones, of which there is one."""
    if intervals_hold(
        m, w, state, course, m[dose + at.INTERVAL_FROM], m[dose + at.INTERVAL_UNTIL], r, True
    ):
        return True
    return intervals_hold(
        m, w, state, course, m[dose + at.ALLOWABLE_FROM], m[dose + at.ALLOWABLE_UNTIL], r, False
    )


def intervals_hold(
    m: Cells, w: Cells, state: int, course: int, begin: int, end: int, r: int, is_preferable: bool
) -> bool:
    """Every interval in force holds; no interval, or no start, is what ``is_preferable`` says."""
    day = w[w[w[state + at.RECORDS] + r] + at.DAY]
    is_any = False
    for rule in range(begin, end, at.INTERVAL):
        if not is_in_force(m[rule + at.INT_EFFECTIVE], m[rule + at.INT_CESSATION], day):
            continue
        is_any = True
        start = interval_start(m, w, state, course, rule, r)
        if start == at.NOTHING:
            if not is_preferable:
                return False
        else:
            floor = after(m, start, m[rule + at.INT_ABSOLUTE])
            if floor != at.NOTHING and day < floor:
                return False
    return is_any or is_preferable


def has_conflict(m: Cells, w: Cells, state: int, course: int, given: int) -> bool:
    """Too soon after another live vaccine, of any antigen."""
    day, product = w[given + at.DAY], w[given + at.GIVEN_PRODUCT]
    for other in range(w[at.GIVEN_FROM], w[at.GIVEN_UNTIL], at.GIVEN):
        if other == given or w[other + at.GIVEN_PRODUCT] < 0 or w[other + at.DAY] > day:
            continue
        rule = m[m[at.PAIRS] + w[other + at.GIVEN_PRODUCT] * m[at.PRODUCT_COUNT] + product]
        if rule == 0:
            continue
        judged = judged_of(w, state, course, other)
        is_short = judged in (0, at.VALID)
        end = m[rule + at.CONFLICT_MINIMUM_END] if is_short else m[rule + at.CONFLICT_END]
        begins = after(m, w[other + at.DAY], m[rule + at.CONFLICT_BEGIN])
        if is_within(begins, after(m, w[other + at.DAY], end), day):
            return True
    return False


def judged_of(w: Cells, state: int, course: int, given: int) -> int:
    """How a given dose was judged in this course; 0 where it is not of the antigen."""
    for r in range(w[state + at.RECORD_COUNT]):
        if w[w[state + at.RECORDS] + r] == given:
            return int(w[w[course + at.JUDGED] + r])
    return 0


def is_listed(m: Cells, w: Cells, dose: int, given: int) -> bool:
    """A preferable or an allowable vaccine at this age."""
    product, maker = w[given + at.GIVEN_PRODUCT], w[given + at.GIVEN_MAKER]
    for rule in range(m[dose + at.VACCINE_FROM], m[dose + at.VACCINE_UNTIL], at.VACCINE):
        if m[rule + at.VACCINE_PRODUCT] != product:
            continue
        wanted = m[rule + at.VACCINE_MAKER]
        if wanted != at.NOTHING and maker != at.NOTHING and maker != wanted:
            continue
        if is_at_age(m, w, m[rule + at.VACCINE_BEGIN], m[rule + at.VACCINE_END], w[given + at.DAY]):
            return True
    return False
