"""Forecasting one series inside the compiled loop (CDSi chapter 7)."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.dates import after, is_at_age, is_in_force
from qamqor.engine.immunisation.everyone.judge import age_rule, skip_current
from qamqor.engine.immunisation.everyone.layout import Cells
from qamqor.engine.immunisation.everyone.skip import interval_start, may_skip


def forecast(m: Cells, w: Cells, antigen: int, state: int, course: int, completed: int) -> None:
    """Set standing and dates of a course whose given doses have been judged."""
    n, as_of = w[state + at.RECORD_COUNT], w[at.AS_OF]
    while True:
        while w[course + at.CURRENT] < w[course + at.TARGETS] and may_skip(
            m, w, state, course, completed, n, as_of, as_of, at.IN_FORECAST
        ):
            skip_current(w, course)
        w[course + at.REASON] = reason(m, w, antigen, course)
        w[course + at.STANDING] = standing_for(w[course + at.REASON])
        if w[course + at.STANDING] != at.NOT_COMPLETE:
            return
        earliest, maximum = earliest_day(m, w, state, course), maximum_day(m, w, course)
        if maximum != at.NOTHING and earliest >= maximum:
            w[course + at.STANDING], w[course + at.REASON] = at.AGED_OUT, 7
            return
        if not may_skip(m, w, state, course, completed, n, earliest, as_of, at.IN_FORECAST):
            set_dates(m, w, state, course, earliest)
            return
        skip_current(w, course)


def standing_for(column: int) -> int:
    """What a column of Table 7-10 means."""
    if column == 1:
        return at.COMPLETE
    if column == 3:
        return at.IMMUNE
    if column == 4:
        return at.CONTRAINDICATED
    if column in (2, 5):
        return at.NOT_RECOMMENDED
    return at.AGED_OUT if column in (6, 7) else at.NOT_COMPLETE


def reason(m: Cells, w: Cells, antigen: int, course: int) -> int:
    """The first column of Table 7-10 that holds."""
    if w[course + at.CURRENT] >= w[course + at.TARGETS]:
        return 1 if w[course + at.SATISFIED] else 2
    if is_immune(m, w, antigen):
        return 3
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    if is_contraindicated(m, w, antigen, dose):
        return 4
    season_end = m[dose + at.SEASON_END]
    if season_end != at.NOTHING and w[at.AS_OF] > season_end:
        return 5
    maximum = maximum_day(m, w, course)
    return 6 if maximum != at.NOTHING and w[at.AS_OF] >= maximum else 8


def is_observed(w: Cells, code: int) -> bool:
    """Whether the person has an observation of the code."""
    for seen in range(w[at.SEEN_FROM], w[at.SEEN_UNTIL], at.SEEN):
        if w[seen + at.SEEN_CODE] == code:
            return True
    return False


def is_any_observed(m: Cells, w: Cells, begin: int, end: int) -> bool:
    """Whether the person has one of the codes in ``[begin, end)``."""
    for cell in range(begin, end):
        if is_observed(w, m[cell]):
            return True
    return False


def is_immune(m: Cells, w: Cells, antigen: int) -> bool:
    """Evidence by observation, or by birth before a date."""
    if is_any_observed(m, w, m[antigen + at.IMMUNITY_FROM], m[antigen + at.IMMUNITY_UNTIL]):
        return True
    for rule in range(m[antigen + at.BIRTH_FROM], m[antigen + at.BIRTH_UNTIL], at.BIRTH):
        country = m[rule + at.BIRTH_COUNTRY]
        if w[at.BORN] >= m[rule + at.BORN_BEFORE]:
            continue
        if country != at.NOTHING and country != w[at.COUNTRY]:
            continue
        if not is_any_observed(m, w, m[rule + at.EXCLUSION_FROM], m[rule + at.EXCLUSION_UNTIL]):
            return True
    return False


def is_barred(m: Cells, w: Cells, antigen: int, product: int) -> bool:
    """Whether a vaccine (``NOTHING``: the antigen) must not be given to this person now."""
    for rule in range(m[antigen + at.BAR_FROM], m[antigen + at.BAR_UNTIL], at.BAR):
        if m[rule + at.BAR_PRODUCT] == product and is_observed(w, m[rule + at.BAR_OBSERVATION]):
            if is_at_age(m, w, m[rule + at.BAR_BEGIN], m[rule + at.BAR_END], w[at.AS_OF]):
                return True
    return False


def is_contraindicated(m: Cells, w: Cells, antigen: int, dose: int) -> bool:
    """The antigen is, or every vaccine that could still be given."""
    if w[at.SEEN_FROM] == w[at.SEEN_UNTIL]:
        return False
    if is_barred(m, w, antigen, at.NOTHING):
        return True
    if m[dose + at.VACCINE_FROM] == m[dose + at.PREFERABLE_UNTIL]:
        return False
    for rule in range(m[dose + at.VACCINE_FROM], m[dose + at.VACCINE_UNTIL], at.VACCINE):
        if not is_barred(m, w, antigen, m[rule + at.VACCINE_PRODUCT]):
            return False
    return True


def maximum_day(m: Cells, w: Cells, course: int) -> int:
    """The first day on which the current target dose may no longer be given."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    rule = age_rule(m, dose, w[at.AS_OF])
    return at.NOTHING if rule < 0 else after(m, w[at.BORN], m[rule + at.AGE_MAXIMUM])


def latest_interval(m: Cells, w: Cells, state: int, course: int, which: int) -> int:
    """The latest of an interval's dates over those in force; ``which``: the cell of the offset."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    found = at.NOTHING
    for rule in range(m[dose + at.INTERVAL_FROM], m[dose + at.INTERVAL_UNTIL], at.INTERVAL):
        offset = m[rule + which]
        if offset == at.NO_OFFSET or not is_in_force(
            m[rule + at.INT_EFFECTIVE], m[rule + at.INT_CESSATION], w[at.AS_OF]
        ):
            continue
        start = interval_start(m, w, state, course, rule, w[state + at.RECORD_COUNT])
        if start != at.NOTHING:
            found = max(found, after(m, start, offset))
    return found


def earliest_day(m: Cells, w: Cells, state: int, course: int) -> int:
    """The latest of all floors that exist; birth where none does."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    earliest = at.NOTHING
    rule = age_rule(m, dose, w[at.AS_OF])
    if rule >= 0:
        earliest = after(m, w[at.BORN], m[rule + at.AGE_MINIMUM])
    earliest = max(earliest, latest_interval(m, w, state, course, at.INT_MINIMUM))
    earliest = max(earliest, conflict_end(m, w, dose), m[dose + at.SEASON_START])
    n = w[state + at.RECORD_COUNT]
    if n:
        earliest = max(earliest, w[w[w[state + at.RECORDS] + n - 1] + at.DAY])
    return int(w[at.BORN]) if earliest == at.NOTHING else int(earliest)


def conflict_end(m: Cells, w: Cells, dose: int) -> int:
    """When the last live vaccine no longer stands in the way."""
    found = at.NOTHING
    for given in range(w[at.GIVEN_FROM], w[at.GIVEN_UNTIL], at.GIVEN):
        product = w[given + at.GIVEN_PRODUCT]
        if product < 0 or not m[m[at.PRODUCTS] + product * at.PRODUCT + at.HAS_CONFLICT]:
            continue
        row = m[at.PAIRS] + product * m[at.PRODUCT_COUNT]
        for rule in range(m[dose + at.VACCINE_FROM], m[dose + at.PREFERABLE_UNTIL], at.VACCINE):
            pair = m[row + m[rule + at.VACCINE_PRODUCT]]
            if pair:
                found = max(found, after(m, w[given + at.DAY], m[pair + at.CONFLICT_END]))
    return found


def set_dates(m: Cells, w: Cells, state: int, course: int, earliest: int) -> None:
    """An age in the schedule replaces the intervals, it is not a maximum."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    rule = age_rule(m, dose, w[at.AS_OF])
    recommended, past_due, maximum = at.NOTHING, at.NOTHING, at.NOTHING
    if rule >= 0:
        recommended = after(m, w[at.BORN], m[rule + at.AGE_EARLIEST])
        past_due = after(m, w[at.BORN], m[rule + at.AGE_LATEST])
        maximum = after(m, w[at.BORN], m[rule + at.AGE_MAXIMUM])
    if recommended == at.NOTHING:
        recommended = latest_interval(m, w, state, course, at.INT_EARLIEST)
    if past_due == at.NOTHING:
        past_due = latest_interval(m, w, state, course, at.INT_LATEST)
    w[course + at.EARLIEST] = earliest
    w[course + at.RECOMMENDED] = max(earliest, recommended)
    w[course + at.PAST_DUE] = at.NOTHING if past_due == at.NOTHING else max(earliest, past_due - 1)
    w[course + at.LATEST] = at.NOTHING if maximum == at.NOTHING else maximum - 1
    w[course + at.DOSE_NUMBER] = 1 + counted(w, state, course, m[dose + at.SEASON_START])


def counted(w: Cells, state: int, course: int, season_start: int) -> int:
    """Satisfied doses, of this season where the dose has one."""
    found = 0
    for k in range(w[course + at.TARGETS]):
        r = w[w[course + at.TARGET_RECORD] + k]
        if r >= 0 and w[w[w[state + at.RECORDS] + r] + at.DAY] >= season_start:
            found += 1
    return found
