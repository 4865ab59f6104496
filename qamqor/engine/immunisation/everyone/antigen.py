"""Working out all series of an antigen inside the compiled loop (CDSi chapters 5 to 8)."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.choose import is_best, row, winner
from qamqor.engine.immunisation.everyone.dates import after, is_at_age
from qamqor.engine.immunisation.everyone.judge import evaluate
from qamqor.engine.immunisation.everyone.layout import Cells
from qamqor.engine.immunisation.everyone.merge import kept
from qamqor.engine.immunisation.everyone.next_dose import forecast, is_observed


def is_relevant(m: Cells, w: Cells, series: int) -> bool:
    """Table 5-5: the sex fits, and a risk series has an indication that applies."""
    genders = m[series + at.GENDERS]
    if genders and not genders & w[at.SEX]:
        return False
    if m[series + at.KIND] != at.RISK:
        return True
    if w[at.SEEN_FROM] == w[at.SEEN_UNTIL]:
        return False
    begin, end = m[series + at.INDICATION_FROM], m[series + at.INDICATION_UNTIL]
    for rule in range(begin, end, at.INDICATION):
        if is_observed(w, m[rule + at.IND_OBSERVATION]) and is_at_age(
            m, w, m[rule + at.IND_BEGIN], m[rule + at.IND_END], w[at.AS_OF]
        ):
            return True
    return False


def start_course(m: Cells, w: Cells, state: int, course: int, series: int) -> None:
    """An empty course of a series."""
    w[course + at.OF_SERIES], w[course + at.COURSE_KIND] = series, m[series + at.KIND]
    w[course + at.CURRENT], w[course + at.SATISFIED], w[course + at.DOSE_NUMBER] = 0, 0, 0
    w[course + at.EARLIEST], w[course + at.RECOMMENDED] = at.NOTHING, at.NOTHING
    w[course + at.PAST_DUE], w[course + at.LATEST] = at.NOTHING, at.NOTHING
    k = 0
    for dose in range(m[series + at.DOSE_FROM], m[series + at.DOSE_UNTIL], at.DOSE):
        w[w[course + at.TARGET_DOSE] + k] = dose
        w[w[course + at.TARGET_RECORD] + k] = -1
        w[w[course + at.TARGET_SKIPPED] + k] = 0
        k += 1
    w[course + at.TARGETS] = k
    for r in range(w[state + at.RECORD_COUNT]):
        w[w[course + at.JUDGED] + r] = 0
        w[w[course + at.FAULTS] + r] = 0
        w[w[course + at.IS_INADVERTENT] + r] = 0


def answer_antigen(m: Cells, w: Cells, antigen: int) -> None:
    """Work out every relevant series of an antigen and keep the best courses."""
    state = w[at.STATES] + m[antigen + at.ANTIGEN_INDEX] * at.STATE
    w[state + at.BEST], w[state + at.HAS_CONTRA], w[state + at.FIRST_STANDING] = 0, 0, -1
    courses, completed = 0, 0
    for series in range(m[antigen + at.SERIES_FROM], m[antigen + at.SERIES_UNTIL], at.SERIES):
        if not is_relevant(m, w, series):
            continue
        course = row(w, courses)
        start_course(m, w, state, course, series)
        evaluate(m, w, state, course, completed)
        forecast(m, w, antigen, state, course, completed)
        if w[course + at.STANDING] == at.COMPLETE:
            completed |= 1 << m[series + at.SERIES_GROUP]
        if w[course + at.STANDING] == at.CONTRAINDICATED:
            w[state + at.HAS_CONTRA] = 1
        courses += 1
    groups = prioritise(m, w, state, courses)
    keep_judgements(w, state, courses, groups)
    keep_best(m, w, state, groups)


def prioritise(m: Cells, w: Cells, state: int, courses: int) -> int:
    """Note one course for each series group that has a winner; how many groups."""
    groups, begin = 0, 0
    while begin < courses:
        group = m[w[row(w, begin) + at.OF_SERIES] + at.SERIES_GROUP]
        end = begin + 1
        while end < courses and m[w[row(w, end) + at.OF_SERIES] + at.SERIES_GROUP] == group:
            end += 1
        c = winner(m, w, state, begin, end)
        if c >= 0:
            w[w[at.CHOSEN] + groups] = c
            groups += 1
        begin = end
    if groups:
        first = row(w, w[w[at.CHOSEN]])
        w[state + at.FIRST_STANDING] = w[first + at.STANDING]
        w[state + at.FIRST_REASON] = w[first + at.REASON]
    return groups


def keep_judgements(w: Cells, state: int, courses: int, groups: int) -> None:
    """Remember how each dose was judged, by the prioritised courses and by all."""
    n = w[state + at.RECORD_COUNT]
    for k in range(5 * n):
        w[w[state + at.BY_PRIORITISED] + k] = 0
        w[w[state + at.BY_ANY] + k] = 0
    for c in range(courses):
        note_judgements(w, row(w, c), n, w[state + at.BY_ANY])
    for g in range(groups):
        note_judgements(w, row(w, w[w[at.CHOSEN] + g]), n, w[state + at.BY_PRIORITISED])


def note_judgements(w: Cells, course: int, n: int, table: int) -> None:
    """Add one course's judgements to a table of faults by record and judgement."""
    for r in range(n):
        judged = w[w[course + at.JUDGED] + r]
        w[table + 5 * r + judged] |= at.WAS_JUDGED | w[w[course + at.FAULTS] + r]


def keep_best(m: Cells, w: Cells, state: int, groups: int) -> None:
    """Copy the best courses, with what the vaccine groups ask of them."""
    kinds, n = 0, w[state + at.RECORD_COUNT]
    for g in range(groups):
        c = w[w[at.CHOSEN] + g]
        if not is_best(m, w, groups, c):
            continue
        course = row(w, c)
        start = after(m, w[at.BORN], m[w[course + at.OF_SERIES] + at.MIN_START])
        start = w[at.BORN] if start == at.NOTHING else start
        w[course + at.IS_BEGUN] = w[course + at.SATISFIED] > 0 or start <= w[at.AS_OF]
        w[course + at.HAS_PRIORITY] = w[course + at.STANDING] == at.NOT_COMPLETE and is_priority(
            m, w, course
        )
        last = w[w[w[state + at.RECORDS] + n - 1] + at.DAY] if n else at.NOTHING
        w[course + at.LAST_RECORD] = last
        place = kept(w, state, w[state + at.BEST])
        for k in range(at.COURSE):
            w[place + k] = w[course + k]
        w[w[at.SCRATCH] + w[state + at.BEST]] = course
        w[state + at.BEST] += 1
        kinds |= 1 << w[course + at.COURSE_KIND]
    w[state + at.IS_MIXED] = kinds & (kinds - 1) != 0
    if w[state + at.IS_MIXED]:
        w[state + at.COUNTED] = counted_doses(w, state)


def is_priority(m: Cells, w: Cells, course: int) -> bool:
    """Whether every interval of the current target dose takes priority, and there is one."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    begin, end = m[dose + at.INTERVAL_FROM], m[dose + at.INTERVAL_UNTIL]
    for rule in range(begin, end, at.INTERVAL):
        if not m[rule + at.IS_OVERRIDE]:
            return False
    return bool(end > begin)


def counted_doses(w: Cells, state: int) -> int:
    """Given doses that count in at least one best course; the scratch table holds these."""
    found = 0
    for r in range(w[state + at.RECORD_COUNT]):
        is_counted = False
        for k in range(w[state + at.BEST]):
            course = w[w[at.SCRATCH] + k]
            for target in range(w[course + at.TARGETS]):
                is_counted = is_counted or w[w[course + at.TARGET_RECORD] + target] == r
        found += is_counted
    return found
