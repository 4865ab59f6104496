"""Every dose judged and every vaccine group forecast, for a whole population."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import carray, njit, types  # type: ignore[attr-defined]
from numba.extending import intrinsic

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import Ints, People, day_number, make_workspace
from qamqor.engine.immunisation.everyone.choose import is_best, row, winner
from qamqor.engine.immunisation.everyone.dates import after, is_at_age
from qamqor.engine.immunisation.everyone.judge import evaluate
from qamqor.engine.immunisation.everyone.merge import kept, merge, write_doses
from qamqor.engine.immunisation.everyone.next_dose import forecast, is_observed

Bytes = npt.NDArray[np.uint8]


class Results(NamedTuple):
    """Answers by person and vaccine group (n, G), and by given dose and vaccine group (d, G).

    Dates are day numbers, ``NOTHING`` where there is none. ``standing`` counts as Standing does,
    ``reason`` is the column of CDSi's Table 7-10, ``judged`` 0 is "not of this group", ``faults``
    one bit for each Fault.
    """

    standing: Bytes
    reason: Bytes
    earliest: Ints
    recommended: Ints
    past_due: Ints
    latest: Ints
    number: Bytes
    judged: Bytes
    faults: Bytes


def answer_everyone(
    schedule: Ints, people: People, as_of: date, *, threads: int = 1, block: int = 4096
) -> Results:
    """Judge and forecast for all people of ``people``.

    Args:
        schedule: an array from ``compile_schedule``.
        people: n people with d given doses, each person's doses sorted by day.
        as_of: the day the question is asked about; later doses are left out.
        threads: how many processors to use; the compiled loop holds no lock.
        block: people to a piece of work.

    Returns:
        Answers in the order of ``people``, which may be any.
    """
    n, doses = len(people.born), len(people.dose_day)
    groups = int(schedule[at.GROUPS_UNTIL] - schedule[at.GROUPS_FROM]) // at.GROUP
    out = _empty_results((n, groups), (doses, groups))
    most_given = int(np.diff(people.dose_from).max(initial=0))
    most_seen = int(np.diff(people.observation_from).max(initial=0))
    # Alike people one behind the other share the answers of all they have no dose of.
    order = np.lexsort((people.country, people.sex, people.born))

    def work(first: int) -> None:
        workspace = make_workspace(schedule, most_given, most_seen)
        workspace[at.AS_OF] = day_number(as_of)
        answer_block(schedule, people, order, workspace, out, first, min(first + block, n))

    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(work, range(0, n, block)))
    return out


def _empty_results(by_person: tuple[int, int], by_dose: tuple[int, int]) -> Results:
    standing, reason, number = (np.zeros(by_person, np.uint8) for _ in range(3))
    earliest, recommended, past_due, latest = (
        np.full(by_person, at.NOTHING, np.int32) for _ in range(4)
    )
    judged, faults = (np.zeros(by_dose, np.uint8) for _ in range(2))
    return Results(
        standing, reason, earliest, recommended, past_due, latest, number, judged, faults
    )


@intrinsic
def pointer_to(typing_context: Any, address: Any = None) -> Any:
    """An address as a pointer to int32; an array made from it is not counted by the compiler."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    pointer: Any = types.CPointer
    return pointer(types.int32)(address), code


@njit(cache=True, nogil=True)
def answer_block(
    schedule: Any, people: Any, order: Any, workspace: Any, out: Any, first: int, until: int
) -> None:
    """Answer for the people at ``[first, until)`` of ``order``."""
    m = carray(pointer_to(schedule.ctypes.data), (len(schedule),))
    w = carray(pointer_to(workspace.ctypes.data), (len(workspace),))
    for at_place in range(first, until):
        i = order[at_place]
        take_person(w, people, i)
        collect_records(m, w)
        for g in range((m[at.GROUPS_UNTIL] - m[at.GROUPS_FROM]) // at.GROUP):
            group = m[at.GROUPS_FROM] + g * at.GROUP
            is_without = is_blank(m, w, group)
            blank = w[at.LAST_BLANK] + g * at.BLANK
            if is_without and is_like_last(w, blank):
                copy_answer(out, w[blank + at.BLANK_PERSON], i, g)
                continue
            for member in range(m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]):
                answer_antigen(m, w, m[at.ANTIGENS_FROM] + m[member] * at.ANTIGEN)
            merge(m, w, out, group, i, g)
            if is_without:
                remember_last(w, blank, i)
                continue
            write_doses(m, w, out, group, people.dose_from[i], g)


@njit(cache=True, nogil=True)
def is_blank(m: Any, w: Any, group: int) -> bool:
    """Whether a group's answer hangs on birth, sex and country alone.

    So it does without observations and without doses of the group; live vaccines of other
    groups matter only where the group's own are live.
    """
    if w[at.SEEN_UNTIL] > w[at.SEEN_FROM] or (m[group + at.IS_LIVE] and w[at.HAS_LIVE]):
        return False
    for member in range(m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]):
        if w[w[at.STATES] + m[member] * at.STATE + at.RECORD_COUNT]:
            return False
    return True


@njit(cache=True, nogil=True)
def is_like_last(w: Any, blank: int) -> bool:
    """Whether the last person without a dose of the group is alike in all that matters."""
    return bool(
        w[blank + at.BLANK_PERSON] >= 0
        and w[blank + at.BLANK_BORN] == w[at.BORN]
        and w[blank + at.BLANK_SEX] == w[at.SEX]
        and w[blank + at.BLANK_COUNTRY] == w[at.COUNTRY]
    )


@njit(cache=True, nogil=True)
def remember_last(w: Any, blank: int, i: int) -> None:
    """Keep whose answer the next person without a dose of the group may share."""
    w[blank + at.BLANK_BORN], w[blank + at.BLANK_SEX] = w[at.BORN], w[at.SEX]
    w[blank + at.BLANK_COUNTRY], w[blank + at.BLANK_PERSON] = w[at.COUNTRY], i


@njit(cache=True, nogil=True)
def copy_answer(out: Any, other: int, i: int, g: int) -> None:
    """Give person ``i`` the answer of ``other`` for one group."""
    out.standing[i, g], out.reason[i, g] = out.standing[other, g], out.reason[other, g]
    out.earliest[i, g], out.latest[i, g] = out.earliest[other, g], out.latest[other, g]
    out.recommended[i, g] = out.recommended[other, g]
    out.past_due[i, g], out.number[i, g] = out.past_due[other, g], out.number[other, g]


@njit(cache=True, nogil=True)
def take_person(w: Any, people: Any, i: int) -> None:
    """Copy one person into the workspace, with the doses known on the day asked about."""
    w[at.BORN], w[at.SEX], w[at.COUNTRY] = people.born[i], people.sex[i], people.country[i]
    given = w[at.GIVEN_FROM]
    for d in range(people.dose_from[i], people.dose_from[i + 1]):
        if people.dose_day[d] > w[at.AS_OF]:
            break
        w[given + at.DAY], w[given + at.GIVEN_PRODUCT] = people.dose_day[d], people.product[d]
        w[given + at.GIVEN_MAKER], w[given + at.IS_UNFIT] = people.maker[d], people.is_unfit[d]
        given += at.GIVEN
    w[at.GIVEN_UNTIL] = given
    seen = w[at.SEEN_FROM]
    for o in range(people.observation_from[i], people.observation_from[i + 1]):
        w[seen + at.SEEN_CODE] = people.observation[o]
        w[seen + at.SEEN_DAY] = people.observation_day[o]
        seen += at.SEEN
    w[at.SEEN_UNTIL] = seen


@njit(cache=True, nogil=True)
def collect_records(m: Any, w: Any) -> None:
    """Split each given dose into the antigens it holds at that age."""
    for k in range((m[at.ANTIGENS_UNTIL] - m[at.ANTIGENS_FROM]) // at.ANTIGEN):
        w[w[at.STATES] + k * at.STATE + at.RECORD_COUNT] = 0
    w[at.HAS_LIVE] = 0
    for given in range(w[at.GIVEN_FROM], w[at.GIVEN_UNTIL], at.GIVEN):
        if w[given + at.GIVEN_PRODUCT] < 0:
            continue
        product = m[at.PRODUCTS] + w[given + at.GIVEN_PRODUCT] * at.PRODUCT
        w[at.HAS_LIVE] |= m[product + at.HAS_CONFLICT]
        for link in range(m[product + at.LINK_FROM], m[product + at.LINK_UNTIL], at.LINK):
            begin, end = m[link + at.LINK_BEGIN], m[link + at.LINK_END]
            if is_at_age(m, w, begin, end, w[given + at.DAY]):
                state = w[at.STATES] + m[link + at.LINK_ANTIGEN] * at.STATE
                w[w[state + at.RECORDS] + w[state + at.RECORD_COUNT]] = given
                w[state + at.RECORD_COUNT] += 1


@njit(cache=True, nogil=True)
def is_relevant(m: Any, w: Any, series: int) -> bool:
    """Table 5-5: the sex fits, and a risk series has an indication that applies."""
    genders = m[series + at.GENDERS]
    if genders and not genders & w[at.SEX]:
        return False
    if m[series + at.KIND] != at.RISK:
        return True
    begin, end = m[series + at.INDICATION_FROM], m[series + at.INDICATION_UNTIL]
    for rule in range(begin, end, at.INDICATION):
        if is_observed(w, m[rule + at.IND_OBSERVATION]) and is_at_age(
            m, w, m[rule + at.IND_BEGIN], m[rule + at.IND_END], w[at.AS_OF]
        ):
            return True
    return False


@njit(cache=True, nogil=True)
def start_course(m: Any, w: Any, state: int, course: int, series: int) -> None:
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


@njit(cache=True, nogil=True)
def answer_antigen(m: Any, w: Any, antigen: int) -> None:
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


@njit(cache=True, nogil=True)
def prioritise(m: Any, w: Any, state: int, courses: int) -> int:
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


@njit(cache=True, nogil=True)
def keep_judgements(w: Any, state: int, courses: int, groups: int) -> None:
    """Remember how each dose was judged, by the prioritised courses and by all."""
    n = w[state + at.RECORD_COUNT]
    for k in range(5 * n):
        w[w[state + at.BY_PRIORITISED] + k] = 0
        w[w[state + at.BY_ANY] + k] = 0
    for c in range(courses):
        note_judgements(w, row(w, c), n, w[state + at.BY_ANY])
    for g in range(groups):
        note_judgements(w, row(w, w[w[at.CHOSEN] + g]), n, w[state + at.BY_PRIORITISED])


@njit(cache=True, nogil=True)
def note_judgements(w: Any, course: int, n: int, table: int) -> None:
    """Add one course's judgements to a table of faults by record and judgement."""
    for r in range(n):
        judged = w[w[course + at.JUDGED] + r]
        w[table + 5 * r + judged] |= at.WAS_JUDGED | w[w[course + at.FAULTS] + r]


@njit(cache=True, nogil=True)
def keep_best(m: Any, w: Any, state: int, groups: int) -> None:
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
    w[state + at.IS_MIXED] = kinds not in (0, 1, 2, 4)
    if w[state + at.IS_MIXED]:
        w[state + at.COUNTED] = counted_doses(w, state)


@njit(cache=True, nogil=True)
def is_priority(m: Any, w: Any, course: int) -> bool:
    """Whether every interval of the current target dose takes priority, and there is one."""
    dose = w[w[course + at.TARGET_DOSE] + w[course + at.CURRENT]]
    begin, end = m[dose + at.INTERVAL_FROM], m[dose + at.INTERVAL_UNTIL]
    for rule in range(begin, end, at.INTERVAL):
        if not m[rule + at.IS_OVERRIDE]:
            return False
    return bool(end > begin)


@njit(cache=True, nogil=True)
def counted_doses(w: Any, state: int) -> int:
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
