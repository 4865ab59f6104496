"""Counts what a team has to do, by area and role, whose people they are, and who came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection

from qamqor.engine.fhir.search.folding import code
from qamqor.engine.fhir.search.parameters import parameters
from qamqor.store.fhir.versions import Version

DAY: Final = 24 * 3600 * 1_000_000
"""In microseconds, as search values keep moments."""


class Load(NamedTuple):
    """People with a need of one role in one area: all, needed today, and late too long."""

    area_id: str
    role: str
    people: int
    urgent: int
    late: int


class Returned(NamedTuple):
    """Of an area: people called, and of them seen within the shorter and the longer time."""

    area_id: str
    called: int
    sooner: int
    later: int


def loads(areas: Sequence[str], late_from: Mapping[str, int]) -> list[Load]:
    """How many people need something of each role in each area.

    Args:
        late_from: by role, the day (from 1970) since which who is late is late too long.
    """
    if not areas or not late_from:
        return []
    late = " ".join(["when %s then %s"] * len(late_from))
    return [
        Load(*row)
        for row in _rows(
            f"""select area_id, role, count(*),
                sum(case when urgency = 1 then 1 else 0 end),
                sum(case when late_from <= case role {late} end then 1 else 0 end)
            from worklist
            where area_id in ({_marks(areas)}) and role in ({_marks(list(late_from))})
                and needs > 0
            group by area_id, role""",
            [*(part for one in late_from.items() for part in one), *areas, *late_from],
        )
    ]


def residents(areas: Sequence[str]) -> dict[str, int]:
    """How many people in use of the record are attached to each area."""
    if not areas:
        return {}
    return dict(
        _rows(
            f"""select area_id, count(*) from person_index
            where area_id in ({_marks(areas)}) and is_active = 1 group by area_id""",
            areas,
        )
    )


def teams(areas: Sequence[str]) -> list[Version]:
    """The CareTeams that name one of some areas and no person, in order of creation."""
    if not areas:
        return []
    return [
        Version(*row)
        for row in _rows(
            f"""select distinct c.sequence, c.type, c.id, c.version, c.method, c.at, c.content
            from mention m join fhir_resource r on r.key = m.key and r.type = 'CareTeam'
            join fhir_change c on c.sequence = r.sequence
            where m.target in ({_marks(areas)}) and r.is_deleted = 0
                and not exists (select 1 from access_subject s
                    where s.key = r.key and s.patient <> '')
            order by c.sequence""",
            [f"Organization/{one}" for one in areas],
        )
    ]


def returned(
    areas: Sequence[str],
    *,
    since: int,
    before: int,
    within: tuple[int, int],
    media: Sequence[str],
    seen_as: Sequence[str],
) -> list[Returned]:
    """Of the people called in some days, how many were seen after their first call.

    Only what counts as an attempt and as a contact: it has rows of its kind.

    Args:
        since, before: moments in microseconds from 1970, half-open.
        within: days after the call, the fewer first.
    """
    if not areas:
        return []
    call, contact = parameters("Communication"), parameters("Encounter")
    sooner, later = (days * DAY for days in within)
    return [
        Returned(*row)
        for row in _rows(
            f"""with called as (
                select i.area_id, p.patient_id, min(d.low) as called_at
                from search_date d
                join person_rows p on p.key = d.key and substr(p.content, 1, 6) = '{{"cont'
                join person_index i on i.patient_id = p.patient_id
                where d.param = %s and d.low >= %s and d.low < %s
                    and i.area_id in ({_marks(areas)})
                    and exists (select 1 from search_token t where t.key = d.key
                        and t.param = %s and t.code in ({_marks(media)}))
                group by i.area_id, p.patient_id),
            seen as (
                select c.area_id, c.patient_id, c.called_at, min(d.low) as came
                from called c
                left join person_rows p on p.patient_id = c.patient_id
                    and substr(p.content, 1, 6) = '{{"enco'
                    and exists (select 1 from search_token t where t.key = p.key
                        and t.param = %s and t.code in ({_marks(seen_as)}))
                left join search_date d on d.key = p.key and d.param = %s
                    and d.low > c.called_at and d.low <= c.called_at + %s
                group by c.area_id, c.patient_id, c.called_at)
            select area_id, count(*),
                sum(case when came <= called_at + %s then 1 else 0 end),
                sum(case when came is not null then 1 else 0 end)
            from seen group by area_id""",
            [
                *(call["sent"].number, since, before, *areas, call["medium"].number),
                *map(code, media),
                *(contact["class"].number, *map(code, seen_as), contact["date"].number),
                *(later, sooner),
            ],
        )
    ]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _rows(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
