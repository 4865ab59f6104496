"""The compiled loop over people: judge and forecast, share what alike people share."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.antigen import answer_antigen
from qamqor.engine.immunisation.everyone.dates import is_at_age
from qamqor.engine.immunisation.everyone.layout import Bytes, Cells, Longs
from qamqor.engine.immunisation.everyone.merge import merge, write_doses


def answer_block(
    m: Cells,
    w: Cells,
    order: Longs,
    born: Cells,
    sex: Cells,
    country: Cells,
    dose_from: Longs,
    dose_day: Cells,
    product: Cells,
    maker: Cells,
    is_unfit: Bytes,
    observation_from: Longs,
    observation: Cells,
    observation_day: Cells,
    standing: Bytes,
    reason: Bytes,
    earliest: Cells,
    recommended: Cells,
    past_due: Cells,
    latest: Cells,
    number: Bytes,
    judged: Bytes,
    faults: Bytes,
    first: int,
    until: int,
) -> None:
    """Answer for the people at ``[first, until)`` of ``order``; the arrays are those of
    People and Results, person by vaccine group behind one another.
    """
    groups = (m[at.GROUPS_UNTIL] - m[at.GROUPS_FROM]) // at.GROUP
    for at_place in range(first, until):
        i = order[at_place]
        w[at.BORN], w[at.SEX], w[at.COUNTRY] = born[i], sex[i], country[i]
        take_doses(w, dose_from[i], dose_from[i + 1], dose_day, product, maker, is_unfit)
        take_observations(
            w, observation_from[i], observation_from[i + 1], observation, observation_day
        )
        collect_records(m, w)
        for g in range(groups):
            group = m[at.GROUPS_FROM] + g * at.GROUP
            answer = answer_group(m, w, group, g)
            if answer == w[at.ANSWER_ROW]:
                write_doses(m, w, group, judged, faults, dose_from[i] * groups + g, groups)
            to = i * groups + g
            standing[to], reason[to] = w[answer + at.ANS_STANDING], w[answer + at.ANS_REASON]
            earliest[to], latest[to] = w[answer + at.ANS_EARLIEST], w[answer + at.ANS_LATEST]
            recommended[to] = w[answer + at.ANS_RECOMMENDED]
            past_due[to], number[to] = w[answer + at.ANS_PAST_DUE], w[answer + at.ANS_NUMBER]


def answer_group(m: Cells, w: Cells, group: int, g: int) -> int:
    """The position of the person's answer for a group: worked out, or kept from one alike."""
    is_without = is_blank(m, w, group)
    answer = int(w[at.ANSWER_ROW])
    if is_without:
        answer = w[at.LAST_BLANK] + g * at.BLANK
        if is_like_last(w, answer):
            return int(answer)
        remember_last(w, answer)
    for member in range(m[group + at.MEMBER_FROM], m[group + at.MEMBER_UNTIL]):
        answer_antigen(m, w, m[at.ANTIGENS_FROM] + m[member] * at.ANTIGEN)
    merge(m, w, group, answer)
    return answer


def is_blank(m: Cells, w: Cells, group: int) -> bool:
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


def is_like_last(w: Cells, blank: int) -> bool:
    """Whether the last person without a dose of the group is alike in all that matters."""
    return bool(
        w[blank + at.BLANK_IS_KNOWN]
        and w[blank + at.BLANK_BORN] == w[at.BORN]
        and w[blank + at.BLANK_SEX] == w[at.SEX]
        and w[blank + at.BLANK_COUNTRY] == w[at.COUNTRY]
    )


def remember_last(w: Cells, blank: int) -> None:
    """Note who the next person without a dose of the group must be like to share the answer."""
    w[blank + at.BLANK_BORN], w[blank + at.BLANK_SEX] = w[at.BORN], w[at.SEX]
    w[blank + at.BLANK_COUNTRY], w[blank + at.BLANK_IS_KNOWN] = w[at.COUNTRY], 1


def take_doses(
    w: Cells,
    begin: int,
    end: int,
    dose_day: Cells,
    product: Cells,
    maker: Cells,
    is_unfit: Bytes,
) -> None:
    """Copy the person's doses known on the day asked about into the workspace."""
    given = w[at.GIVEN_FROM]
    for d in range(begin, end):
        if dose_day[d] > w[at.AS_OF]:
            break
        w[given + at.DAY], w[given + at.GIVEN_PRODUCT] = dose_day[d], product[d]
        w[given + at.GIVEN_MAKER], w[given + at.IS_UNFIT] = maker[d], is_unfit[d]
        given += at.GIVEN
    w[at.GIVEN_UNTIL] = given


def take_observations(w: Cells, begin: int, end: int, observation: Cells, day: Cells) -> None:
    """Copy what was seen of the person into the workspace."""
    seen = w[at.SEEN_FROM]
    for o in range(begin, end):
        w[seen + at.SEEN_CODE], w[seen + at.SEEN_DAY] = observation[o], day[o]
        seen += at.SEEN
    w[at.SEEN_UNTIL] = seen


def collect_records(m: Cells, w: Cells) -> None:
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
