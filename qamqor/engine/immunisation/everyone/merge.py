"""One answer for each vaccine group inside the compiled loop (CDSi chapter 9)."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.layout import Bytes, Cells


def state_of(m: Cells, w: Cells, member: int) -> int:
    """The position of the state of a group's member antigen."""
    return int(w[at.STATES] + m[member] * at.STATE)


def kept(w: Cells, state: int, k: int) -> int:
    """The position of the ``k``-th best course of an antigen."""
    return int(w[state + at.KEPT] + k * at.COURSE)


def merge(m: Cells, w: Cells, group: int, into: int) -> None:
    """Write standing and dates in a vaccine group to the answer row at ``into``."""
    begin, end = m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]
    choose_courses(m, w, begin, end)
    for k in range(at.ANSWER):
        w[into + k] = at.NOTHING
    w[into + at.ANS_NUMBER] = 0
    merge_standings(m, w, begin, end, into)
    if w[into + at.ANS_STANDING] == at.NOT_COMPLETE:
        write_dates(m, w, group, into)


def choose_courses(m: Cells, w: Cells, begin: int, end: int) -> None:
    """Mark the best courses that the group's answer is about: risk before routine."""
    risks, is_risk_complete, is_open = 0, True, False
    for member in range(begin, end):
        state = state_of(m, w, member)
        mark_started(w, state)
        for k in range(w[state + at.BEST]):
            course = kept(w, state, k)
            if w[course + at.COURSE_KIND] == at.RISK:
                risks += 1
                is_risk_complete = is_risk_complete and w[course + at.STANDING] == at.COMPLETE
            elif w[course + at.IS_CHOSEN] and w[course + at.STANDING] == at.NOT_COMPLETE:
                is_open = True
    is_risk = risks > 0 and not (is_open and is_risk_complete)
    for member in range(begin, end):
        state = state_of(m, w, member)
        for k in range(w[state + at.BEST]):
            course = kept(w, state, k)
            of_risk = w[course + at.COURSE_KIND] == at.RISK
            if of_risk or is_risk:
                w[course + at.IS_CHOSEN] = of_risk and is_risk


def mark_started(w: Cells, state: int) -> None:
    """Of several routine courses of one antigen, mark those begun, and of these the open ones."""
    others, begun, useful = 0, 0, 0
    for k in range(w[state + at.BEST]):
        course = kept(w, state, k)
        if w[course + at.COURSE_KIND] != at.RISK:
            others += 1
            begun += w[course + at.IS_BEGUN]
            useful += w[course + at.IS_BEGUN] and is_useful(w[course + at.STANDING])
    for k in range(w[state + at.BEST]):
        course = kept(w, state, k)
        is_in = w[course + at.COURSE_KIND] != at.RISK
        if is_in and others > 1 and begun > 0:
            is_in = w[course + at.IS_BEGUN] == 1
            is_in = is_in and (useful == 0 or is_useful(w[course + at.STANDING]))
        w[course + at.IS_CHOSEN] = is_in


def is_useful(standing: int) -> bool:
    """Neither too old nor not recommended."""
    return standing not in (at.AGED_OUT, at.NOT_RECOMMENDED)


def merge_standings(m: Cells, w: Cells, begin: int, end: int, into: int) -> None:
    """Table 9-4; the reason is that of the first course that stands so."""
    first = -1
    found = 0
    for member in range(begin, end):
        state = state_of(m, w, member)
        for k in range(w[state + at.BEST]):
            course = kept(w, state, k)
            if w[course + at.IS_CHOSEN]:
                if first < 0:
                    first = w[course + at.STANDING]
                found |= 1 << w[course + at.STANDING]
    if first < 0:
        stand_without_best(m, w, begin, end, into)
        return
    standing = strongest(found, first, end - begin == 1)
    w[into + at.ANS_STANDING] = standing
    w[into + at.ANS_REASON] = reason_for(m, w, begin, end, standing)


def strongest(found: int, first: int, is_single: bool) -> int:
    """Which of the standings ``found`` (one bit each) the group takes."""
    if is_single:
        return at.NOT_COMPLETE if (found >> at.NOT_COMPLETE) & 1 else first
    for standing in (at.CONTRAINDICATED, at.AGED_OUT, at.NOT_RECOMMENDED, at.NOT_COMPLETE):
        if (found >> standing) & 1:
            return standing
    return at.IMMUNE if found == 1 << at.IMMUNE else at.COMPLETE


def reason_for(m: Cells, w: Cells, begin: int, end: int, standing: int) -> int:
    """The reason of the first chosen course that stands so."""
    for member in range(begin, end):
        state = state_of(m, w, member)
        for k in range(w[state + at.BEST]):
            course = kept(w, state, k)
            if w[course + at.IS_CHOSEN] and w[course + at.STANDING] == standing:
                return int(w[course + at.REASON])
    return 0


def stand_without_best(m: Cells, w: Cells, begin: int, end: int, into: int) -> None:
    """No best course: contraindicated where one is, else the first prioritised course."""
    w[into + at.ANS_STANDING], w[into + at.ANS_REASON] = at.NOT_RECOMMENDED, 0
    for member in range(begin, end):
        if w[state_of(m, w, member) + at.HAS_CONTRA]:
            w[into + at.ANS_STANDING], w[into + at.ANS_REASON] = at.CONTRAINDICATED, 4
            return
    for member in range(begin, end):
        state = state_of(m, w, member)
        if w[state + at.FIRST_STANDING] >= 0:
            w[into + at.ANS_STANDING] = w[state + at.FIRST_STANDING]
            w[into + at.ANS_REASON] = w[state + at.FIRST_REASON]
            return


def write_dates(m: Cells, w: Cells, group: int, into: int) -> None:
    """The dates of the open courses as one forecast."""
    begin, end = m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]
    soonest, latest_start, last_record = at.NEVER, at.NOTHING, at.NOTHING
    recommended, past_due, latest, is_priority = at.NEVER, at.NEVER, at.NEVER, False
    lowest, most = at.NEVER, 0
    for member in range(begin, end):
        state = state_of(m, w, member)
        for k in range(w[state + at.BEST]):
            course = kept(w, state, k)
            if not w[course + at.IS_CHOSEN] or w[course + at.STANDING] != at.NOT_COMPLETE:
                continue
            soonest = min(soonest, w[course + at.EARLIEST])
            latest_start = max(latest_start, w[course + at.EARLIEST])
            last_record = max(last_record, w[course + at.LAST_RECORD])
            recommended = min(recommended, w[course + at.RECOMMENDED])
            past_due = earlier(past_due, w[course + at.PAST_DUE])
            latest = earlier(latest, w[course + at.LATEST])
            is_priority = is_priority or w[course + at.HAS_PRIORITY] == 1
            number = dose_number(w, state, course)
            lowest, most = min(lowest, number), max(most, number)
    earliest = soonest if end - begin == 1 else latest_start
    if end - begin > 1 and is_priority:
        earliest = max(soonest, last_record)
    w[into + at.ANS_EARLIEST] = earliest
    w[into + at.ANS_RECOMMENDED] = max(earliest, recommended)
    w[into + at.ANS_PAST_DUE] = at.NOTHING if past_due == at.NEVER else max(earliest, past_due)
    w[into + at.ANS_LATEST] = at.NOTHING if latest == at.NEVER else latest
    w[into + at.ANS_NUMBER] = lowest if m[group + at.IS_FULL] else most


def earlier(day: int, other: int) -> int:
    """The earlier of two days, the second of which may not be given."""
    return day if other == at.NOTHING else min(day, other)


def dose_number(w: Cells, state: int, course: int) -> int:
    """FORECASTDN-1; with risk and routine both best, each dose that counts in either."""
    number = int(w[course + at.DOSE_NUMBER])
    return max(number, 1 + int(w[state + at.COUNTED])) if w[state + at.IS_MIXED] else number


def write_doses(
    m: Cells, w: Cells, group: int, judged: Bytes, faults: Bytes, first: int, groups: int
) -> None:
    """What each given dose of the group counts for: valid as soon as one series says so.

    The cells of the person's first dose are at ``first``, those of the next ``groups`` further.
    """
    for member in range(m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]):
        state = state_of(m, w, member)
        for r in range(w[state + at.RECORD_COUNT]):
            given = w[w[state + at.RECORDS] + r]
            cell = first + (given - w[at.GIVEN_FROM]) // at.GIVEN * groups
            if judged[cell]:
                continue
            found = judgement(m, w, group, given, at.BY_PRIORITISED)
            if found == 0:
                found = judgement(m, w, group, given, at.BY_ANY)
            judged[cell], faults[cell] = found >> 8, found & 255


def judgement(m: Cells, w: Cells, group: int, given: int, by: int) -> int:
    """The best way some courses judged a dose, above its faults; 0: none judged it."""
    for judged in range(at.VALID, at.SUBSTANDARD + 1):
        faults = 0
        for member in range(m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]):
            state = state_of(m, w, member)
            for r in range(w[state + at.RECORD_COUNT]):
                if w[w[state + at.RECORDS] + r] == given:
                    faults |= w[w[state + by] + 5 * r + judged]
        if faults & at.WAS_JUDGED:
            return (judged << 8) + (faults & 255)
    return 0
