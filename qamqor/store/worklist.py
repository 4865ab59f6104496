"""Keeps where each person stands on the list of each role, and orders a list in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection

from qamqor.engine.worklist import PRESSING
from qamqor.engine.worklist_facts import WHOLE_TEAM, Fact
from qamqor.store.derived import sliced
from qamqor.store.node import Transaction

COLUMNS: Final = Fact._fields
_NAMES: Final = ", ".join(COLUMNS)
_PUT: Final = f"""insert into worklist ({_NAMES}, changed)
    values ({", ".join(["%s"] * (len(COLUMNS) + 1))})
    on conflict (patient_id, role) do update set
    {", ".join(f"{name} = excluded.{name}" for name in (*COLUMNS[2:], "changed"))}"""


# One need of the programme and role that rests on no record with such a label; ids hold no % or _.
_OPEN: Final = f"""exists (select 1 from due own_d
    where own_d.patient_id = worklist.patient_id and own_d.programme = %s
    and %s in (own_d.role, %s) and own_d.status in ({", ".join(["%s"] * len(PRESSING))})
    and not exists (select 1 from access_subject own_s
        join access_label own_l on own_l.key = own_s.key
        join fhir_resource own_r on own_r.key = own_s.key
        where own_s.patient = own_d.patient_id and own_l.label in ({{labels}})
        and ' ' || own_d.evidence || ' ' like '%% ' || own_r.type || '/' || own_r.id || ' %%'))"""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts, and today: what the order is worked out with.

    Attributes:
        urgency: points of urgency 1 to 4.
        day: today in days from 1970; ``as_of`` the same day as ISO text.
        waits: for urgency 1 to 4, the day after the last for whose booking a need that it is not
            for may wait, as ISO text.
    """

    urgency: tuple[int, int, int, int]
    week_overdue: int
    most_weeks: int
    need: int
    failed_attempt: int
    visit_after_attempts: int
    as_of: str
    day: int
    waits: tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose list, and what of it.

    Attributes:
        areas: their people are on it, unless given to somebody else.
        roles: of which roles; one, or the whole team's.
        owner: PractitionerRole whose given people are on it too; ``covered``: those whose list it
            is for a time, while they are away.
        programme, place, channel: only people with a need of it, who live there, reached so.
        closed: labels the reader does not read: a need that rests on a record with one of them is
            not found by its programme.
        most_urgent: leave out who needs nothing as urgent as this, 1 to 4.
        late_from: leave out who is not late since this day (days from 1970) or earlier.
        is_household: only people of whom another of the same home stands on the same tab.
    """

    areas: tuple[str, ...]
    role: str
    owner: str = ""
    programme: str = ""
    place: str = ""
    channel: str = ""
    area: str = ""
    covered: tuple[str, ...] = ()
    most_urgent: int = 4
    late_from: int | None = None
    is_household: bool = False
    closed: tuple[str, ...] = ()


class Standing(NamedTuple):
    """One person's place: tab, points, who they live with and where."""

    patient_id: str
    tab: str
    score: int
    household: str | None
    place_id: str | None


def replace(tx: Transaction, people: Mapping[str, tuple[int, Sequence[Fact]]]) -> None:
    """Put each person's facts in place of those before; what is the same is not written.

    Args:
        people: id → the change from which they follow, and the facts.
    """
    old: dict[tuple[str, str], tuple[Any, ...]] = {}
    for some in sliced(list(people)):
        marks = ", ".join(["%s"] * len(some))
        for row in tx.rows(f"select {_NAMES} from worklist where patient_id in ({marks})", some):
            old[row[0], row[1]] = tuple(row)
    new = {(f.patient_id, f.role): (f, change) for change, own in people.values() for f in own}
    tx.executemany(
        "delete from worklist where patient_id = %s and role = %s",
        [key for key in old if key not in new],
    )
    come = [(*fact, change) for key, (fact, change) in new.items() if old.get(key) != tuple(fact)]
    tx.executemany(_PUT, come)


def clear(tx: Transaction) -> None:
    """Forget every place; working out everybody makes them again."""
    tx.execute("delete from worklist")


def counts(chosen: Chosen, weights: Weights) -> dict[str, int]:
    """How many people stand on each tab."""
    return {tab: people for tab, (people, _) in tabs(chosen, weights).items()}


def tabs(chosen: Chosen, weights: Weights) -> dict[str, tuple[int, int]]:
    """How many people stand on each tab, and how many of them need something today."""
    sql, values = _placed(chosen, weights)
    counted = "count(*), count(case when urgency = 1 then 1 end)"
    found = _rows(f"{sql} select tab, {counted} from placed group by tab", values)
    return {tab: (people, pressing) for tab, people, pressing in found}


def page(
    chosen: Chosen, weights: Weights, tab: str, *, offset: int = 0, limit: int | None = None
) -> list[Standing]:
    """One tab in its order: most points first, people of one home at the place of their first.

    What is agreed stands by its time, people of one home together only where they share it.

    Only homes of the first people are put in order: as many people as the page reaches down to
    have in their homes everybody who can stand on it, for each home has at least one of them.
    """
    sql, values = _placed(chosen, weights)
    most, first, near = "", "", ""
    # What is agreed stands by its time; its text orders by it.
    order, together = "score desc, since, patient_id", "home"
    if tab == "agreed":
        order, together = f"agreed_until, {order}", "home, agreed_until"
    if limit is not None:
        most = f"limit {int(limit)} offset {int(offset)}"
        first = f""", first as materialized (select home from placed where tab = %s
            order by {order} limit {int(offset) + int(limit)})"""
        near, values = "and home in (select home from first)", [*values, tab]
    return [
        Standing(*row)
        for row in _rows(
            f"""{sql}{first}, ranked as (
                select patient_id, tab, score, household, home, place_id, agreed_until,
                    row_number() over (order by {order}) as place
                from placed where tab = %s {near}),
            together as (
                select *, min(place) over (partition by {together}) as home_place from ranked)
            select patient_id, tab, score, household, place_id from together
            order by home_place, place {most}""",
            [*values, tab],
        )
    ]


def changed_since(chosen: Chosen, sequence: int, apart_from: Sequence[str]) -> int:
    """How many people's places changed after a change of the node."""
    where, values = _conditions(chosen)
    apart = ""
    if apart_from:
        apart = f"and patient_id not in ({', '.join(['%s'] * len(apart_from))})"
    found = _rows(
        f"select count(*) from worklist where {where} and changed > %s {apart}",
        [*values, sequence, *apart_from],
    )
    return int(found[0][0])


def places(chosen: Chosen) -> list[str]:
    """Where the people of a list live: ids of places."""
    where, values = _conditions(chosen)
    found = _rows(f"select distinct place_id from worklist where {where}", values)
    return sorted(row[0] for row in found if row[0])


def members(chosen: Chosen, households: Sequence[str]) -> dict[str, list[str]]:
    """Everybody of some homes who needs something of a list's role, the most urgent first."""
    where, values = _conditions(chosen)
    found: dict[str, list[str]] = {}
    for some in sliced(households):
        marks = ", ".join(["%s"] * len(some))
        for household, patient_id in _rows(
            f"""select household, patient_id from worklist
            where {where} and needs > 0 and household in ({marks})
            order by household, urgency, patient_id""",
            [*values, *some],
        ):
            found.setdefault(household, []).append(patient_id)
    return found


def owned_by(owner: str) -> list[str]:
    """Ids of people given to somebody."""
    return [row[0] for row in _rows("select patient_id from worklist where owner = %s", [owner])]


def _conditions(chosen: Chosen) -> tuple[str, list[Any]]:
    """Whose list; names are fixed here, what is asked for is bound."""
    marks = ", ".join(["%s"] * len(chosen.areas)) or "null"
    mine = f"(area_id in ({marks})"
    values: list[Any] = [chosen.role, *chosen.areas]
    if chosen.owner:
        own = [chosen.owner, *chosen.covered]
        some = ", ".join(["%s"] * len(own))
        mine += f" and (owner is null or owner in ({some})) or owner in ({some})"
        values += [*own, *own]
    parts = ["role = %s", f"{mine})"]
    for column, wanted in (("place_id", chosen.place), ("area_id", chosen.area)):
        if wanted:
            parts.append(f"{column} = %s")
            values.append(wanted)
    if chosen.programme:
        parts.append("programmes like %s escape '!'")
        values.append(f"% {_literally(chosen.programme)} %")
        if chosen.closed:
            parts.append(_OPEN.format(labels=", ".join(["%s"] * len(chosen.closed))))
            values += [chosen.programme, chosen.role, WHOLE_TEAM, *PRESSING, *chosen.closed]
    if chosen.most_urgent < 4:
        parts.append("urgency between 1 and %s")
        values.append(chosen.most_urgent)
    if chosen.late_from is not None:
        parts.append("late_from <= %s")
        values.append(chosen.late_from)
    return " and ".join(parts), values


def _literally(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _placed(chosen: Chosen, w: Weights) -> tuple[str, list[Any]]:
    """Everybody of a list with tab and points, as the plain engine gives them."""
    where, values = _conditions(chosen)
    tab = """case
        when needs = 0 and done_on = %s then 'done'
        when needs = 0 and waiting_since is not null then 'waiting'
        when needs = 0 then null
        when agreed_until >= %s and (unserved = 0 or agreed_until < case unserved
            when 1 then %s when 2 then %s when 3 then %s else %s end) then 'agreed'
        when failed >= %s or channel = 'home' then 'to_visit'
        when channel = 'clinic' then 'to_see' else 'to_call' end"""
    weeks = "(cast(%s as bigint) - late_from) / 7"
    score = f"""case when needs = 0 then 0 else
        case urgency when 1 then %s when 2 then %s when 3 then %s else %s end
        + case when late_from is null or late_from > %s then 0
            when {weeks} > %s then %s else {weeks} end * %s
        + (needs - 1) * %s + failed * %s end"""
    said: list[Any] = [
        *(w.as_of, w.as_of, *w.waits, w.visit_after_attempts),
        *w.urgency,
        *(w.day, w.day, w.most_weeks, w.most_weeks, w.day, w.week_overdue),
        *(w.need, w.failed_attempt),
    ]
    way = ""
    if chosen.channel:
        way = """and case when tab = 'to_visit' then 'home' when channel = '' then 'clinic'
            else channel end = %s"""
        values = [*values, chosen.channel]
    # What is asked for twice would be kept whole in between, which costs more than asking again.
    placed = f"select * from found where tab is not null {way}"
    parts = f"placed as not materialized ({placed})"
    if chosen.is_household:
        parts = f"""counted as (select alone.*, count(*) over (partition by home, tab) as others
                from ({placed}) alone),
            placed as (select * from counted where others > 1)"""
    sql = f"""with found as not materialized (
            select patient_id, household, coalesce(household, patient_id) as home, channel,
                place_id, agreed_until, urgency,
                coalesce(due_on, case when needs = 0 then waiting_since end, '9999') as since,
                {tab} as tab, {score} as score
            from worklist where {where}),
        {parts}"""
    return sql, [*said, *values]


def _rows(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
