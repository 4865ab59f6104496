"""Choosing among the series of an antigen inside the compiled loop (CDSi chapter 8).

Courses are counted here by their place ``c``; the scratch table holds a column for each.
"""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.dates import after
from qamqor.engine.immunisation.everyone.layout import Cells


def row(w: Cells, c: int) -> int:
    """The position of course ``c``."""
    return int(w[at.COURSES] + c * w[at.COURSE_ROOM])


def cell(w: Cells, line: int, c: int) -> int:
    """The position of a line's cell for course ``c`` in the scratch table."""
    return int(w[at.SCRATCH] + line * w[at.COURSE_COUNT] + c)


def series_cell(m: Cells, w: Cells, c: int, column: int) -> int:
    """A value of the series of course ``c``."""
    return int(m[w[row(w, c) + at.OF_SERIES] + column])


def standing(w: Cells, c: int) -> int:
    """The standing of course ``c``."""
    return int(w[row(w, c) + at.STANDING])


def satisfied(w: Cells, c: int) -> int:
    """How many given doses count in course ``c``."""
    return int(w[row(w, c) + at.SATISFIED])


def is_in_process(w: Cells, c: int) -> bool:
    """Begun and not complete."""
    return standing(w, c) == at.NOT_COMPLETE and satisfied(w, c) > 0


def winner(m: Cells, w: Cells, state: int, begin: int, end: int) -> int:
    """The prioritised course among ``[begin, end)``, one series group (Table 8-3); -1: none."""
    scorable, last, complete, completes, in_process, started = 0, -1, -1, 0, -1, 0
    for c in range(begin, end):
        w[cell(w, at.SCORABLE, c)] = is_scorable(m, w, state, c, begin, end)
        if w[cell(w, at.SCORABLE, c)]:
            scorable, last = scorable + 1, c
            if standing(w, c) == at.COMPLETE:
                complete, completes = c, completes + 1
            elif is_in_process(w, c):
                in_process, started = c, started + 1
    if scorable == 1:
        return last
    if scorable and completes == 1:
        return complete
    if scorable and completes == 0 and started == 1:
        return in_process
    if completes == 0 and started == 0:
        default = only_default(m, w, begin, end)
        if scorable == 0 or default >= 0:
            return default
    return by_points(m, w, state, begin, end, completes, started)


def only_default(m: Cells, w: Cells, begin: int, end: int) -> int:
    """The default course, if there is exactly one."""
    found, count = -1, 0
    for c in range(begin, end):
        if series_cell(m, w, c, at.IS_DEFAULT):
            found, count = c, count + 1
    return found if count == 1 else -1


def is_scorable(m: Cells, w: Cells, state: int, c: int, begin: int, end: int) -> bool:
    """SELECTSCORE-2."""
    if standing(w, c) == at.CONTRAINDICATED and not is_all_contraindicated(w, begin, end):
        return False
    kind = series_cell(m, w, c, at.KIND)
    if kind == at.EVALUATION_ONLY:
        return standing(w, c) == at.COMPLETE
    if kind == at.RISK:
        return has_best_priority(m, w, c, begin, end)
    if satisfied(w, c):
        limit = after(m, w[at.BORN], series_cell(m, w, c, at.MAX_START))
        return limit == at.NOTHING or first_satisfied(w, state, c) < limit
    return not is_any_begun_or_default(m, w, begin, end)


def is_all_contraindicated(w: Cells, begin: int, end: int) -> bool:
    """Whether every course of the group is."""
    for c in range(begin, end):
        if standing(w, c) != at.CONTRAINDICATED:
            return False
    return True


def has_best_priority(m: Cells, w: Cells, c: int, begin: int, end: int) -> bool:
    """No course of the group comes before in the alphabet of priorities."""
    for other in range(begin, end):
        if series_cell(m, w, other, at.PRIORITY) < series_cell(m, w, c, at.PRIORITY):
            return False
    return True


def is_any_begun_or_default(m: Cells, w: Cells, begin: int, end: int) -> bool:
    """Whether a course of the group has a dose that counts, or is the default."""
    for c in range(begin, end):
        if satisfied(w, c) or series_cell(m, w, c, at.IS_DEFAULT):
            return True
    return False


def first_satisfied(w: Cells, state: int, c: int) -> int:
    """The day of the first dose that counts."""
    course = row(w, c)
    for k in range(w[course + at.TARGETS]):
        r = w[w[course + at.TARGET_RECORD] + k]
        if r >= 0:
            return int(w[w[w[state + at.RECORDS] + r] + at.DAY])
    return at.NOTHING


def by_points(
    m: Cells, w: Cells, state: int, begin: int, end: int, completes: int, started: int
) -> int:
    """Tables 8-7, 8-9 and 8-11; where they name nobody, the most useful standing."""
    is_any_begun = False
    for c in range(begin, end):
        w[row(w, c) + at.POINTS] = 0
        is_in = w[cell(w, at.SCORABLE, c)] == 1
        is_any_begun = is_any_begun or (is_in and satisfied(w, c) > 0)
        if completes >= 2:
            is_in = is_in and standing(w, c) == at.COMPLETE
        elif started >= 2:
            is_in = is_in and is_in_process(w, c)
        w[cell(w, at.SCORED, c)] = is_in
        w[cell(w, at.FINISH, c)] = finish_day(m, w, c) if is_in else at.NEVER
    if completes >= 2:
        add_most_valid(w, begin, end, 1)
    elif started >= 2:
        score_in_process(m, w, state, begin, end)
    elif not is_any_begun:
        score_without_doses(m, w, begin, end)
    else:
        return most_useful(m, w, begin, end)
    return highest(m, w, begin, end)


def award(w: Cells, begin: int, end: int, one: int, several: int, otherwise: int) -> None:
    """Points for the courses hit: one reward for a single hit, another for several."""
    hits = 0
    for c in range(begin, end):
        hits += w[cell(w, at.SCORED, c)] and w[cell(w, at.HIT, c)]
    for c in range(begin, end):
        if w[cell(w, at.HIT, c)]:
            w[row(w, c) + at.POINTS] += one if hits == 1 else several
        else:
            w[row(w, c) + at.POINTS] += otherwise


def add_most_valid(w: Cells, begin: int, end: int, weight: int) -> None:
    """SELECTB-19: the most doses that count."""
    most = 0
    for c in range(begin, end):
        if w[cell(w, at.SCORED, c)]:
            most = max(most, satisfied(w, c))
    for c in range(begin, end):
        w[cell(w, at.HIT, c)] = satisfied(w, c) >= most
    award(w, begin, end, weight, 0, -weight)


def score_in_process(m: Cells, w: Cells, state: int, begin: int, end: int) -> None:
    """Table 8-9."""
    fewest, soonest = at.NEVER, at.NEVER
    for c in range(begin, end):
        if w[cell(w, at.SCORED, c)]:
            fewest = min(fewest, open_doses(w, c))
            soonest = min(soonest, w[cell(w, at.FINISH, c)])
        is_product = series_cell(m, w, c, at.IS_PRODUCT) == 1
        w[cell(w, at.HIT, c)] = is_product and is_all_valid(w, state, c)
    award(w, begin, end, 2, 2, -2)
    hit_completable(w, begin, end)
    award(w, begin, end, 3, 3, -3)
    add_most_valid(w, begin, end, 2)
    for c in range(begin, end):
        w[cell(w, at.HIT, c)] = open_doses(w, c) <= fewest
    award(w, begin, end, 2, 0, -2)
    for c in range(begin, end):
        finish = w[cell(w, at.FINISH, c)]
        w[cell(w, at.HIT, c)] = finish < at.NEVER and finish <= soonest
    award(w, begin, end, 1, 0, -1)


def hit_completable(w: Cells, begin: int, end: int) -> None:
    """SELECTB-3."""
    for c in range(begin, end):
        w[cell(w, at.HIT, c)] = w[cell(w, at.FINISH, c)] < at.NEVER


def score_without_doses(m: Cells, w: Cells, begin: int, end: int) -> None:
    """Table 8-11."""
    start = at.NEVER
    for c in range(begin, end):
        earliest = w[row(w, c) + at.EARLIEST]
        if w[cell(w, at.SCORED, c)] and earliest != at.NOTHING:
            start = min(start, earliest)
    for c in range(begin, end):
        w[cell(w, at.HIT, c)] = w[row(w, c) + at.EARLIEST] == start
    award(w, begin, end, 1, 0, -1)
    hit_completable(w, begin, end)
    award(w, begin, end, 1, 1, -1)
    for c in range(begin, end):
        w[cell(w, at.HIT, c)] = series_cell(m, w, c, at.IS_PRODUCT)
    award(w, begin, end, -1, -1, 1)


def highest(m: Cells, w: Cells, begin: int, end: int) -> int:
    """The highest sum, then the smallest preference, then the order of the schedule."""
    found, points, preference = -1, 0, 0
    for c in range(begin, end):
        if not w[cell(w, at.SCORED, c)]:
            continue
        mine, second = w[row(w, c) + at.POINTS], series_cell(m, w, c, at.PREFERENCE)
        if found < 0 or mine > points or (mine == points and second < preference):
            found, points, preference = c, mine, second
    return found


def most_useful(m: Cells, w: Cells, begin: int, end: int) -> int:
    """The best standing, then the smallest preference, then the order of the schedule."""
    found, best = -1, at.NEVER
    for c in range(begin, end):
        if w[cell(w, at.SCORABLE, c)]:
            place = usefulness(standing(w, c)) * 1000 + series_cell(m, w, c, at.PREFERENCE)
            if place < best:
                found, best = c, place
    return found


def usefulness(value: int) -> int:
    """The place of a standing where no table names a winner."""
    if value == at.NOT_COMPLETE:
        return 0
    if value == at.CONTRAINDICATED:
        return 1
    return 2 if value == at.AGED_OUT else 3


def open_doses(w: Cells, c: int) -> int:
    """Target doses neither satisfied nor skipped."""
    course, found = row(w, c), 0
    for k in range(w[course + at.TARGETS]):
        is_open = w[w[course + at.TARGET_RECORD] + k] < 0
        found += is_open and w[w[course + at.TARGET_SKIPPED] + k] == 0
    return found


def is_all_valid(w: Cells, state: int, c: int) -> bool:
    """Whether every record counts."""
    judged = w[row(w, c) + at.JUDGED]
    for r in range(w[state + at.RECORD_COUNT]):
        if w[judged + r] != at.VALID:
            return False
    return True


def finish_day(m: Cells, w: Cells, c: int) -> int:
    """SELECTB-12: when the course could end; ``NEVER`` where it cannot."""
    course = row(w, c)
    earliest, finish = w[course + at.EARLIEST], at.NOTHING
    if earliest == at.NOTHING:
        return at.NEVER
    for k in range(w[course + at.CURRENT] + 1, w[course + at.TARGETS]):
        dose = w[w[course + at.TARGET_DOSE] + k]
        for rule in range(m[dose + at.INTERVAL_FROM], m[dose + at.INTERVAL_UNTIL], at.INTERVAL):
            finish = max(finish, after(m, earliest, m[rule + at.INT_MINIMUM]))
    if finish == at.NOTHING:
        finish = int(earliest)
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.TARGETS] - 1]
    last_age = m[dose + at.AGE_UNTIL] - at.AGE
    if last_age >= m[dose + at.AGE_FROM]:
        maximum = after(m, w[at.BORN], m[last_age + at.AGE_MAXIMUM])
        if maximum != at.NOTHING and finish >= maximum:
            return at.NEVER
    return finish


def is_best(m: Cells, w: Cells, groups: int, c: int) -> bool:
    """Table 8-14 for one prioritised course; equivalence is directed."""
    if standing(w, c) == at.COMPLETE:
        return True
    has_risk = False
    for g in range(groups):
        other = w[w[at.CHOSEN] + g]
        group = series_cell(m, w, other, at.SERIES_GROUP)
        if (series_cell(m, w, c, at.EQUIVALENT) >> group) & 1:
            if standing(w, other) == at.COMPLETE:
                return False
            has_risk = has_risk or series_cell(m, w, other, at.KIND) == at.RISK
    kind = series_cell(m, w, c, at.KIND)
    return kind == at.RISK or (kind == at.STANDARD and not has_risk)
