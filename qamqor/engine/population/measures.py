"""Numerators and denominators by period, place, team, age and sex, as integers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from qamqor.engine.population.due import SQL_TYPES
from qamqor.engine.population.members import members
from qamqor.engine.population.questions import Questions, period
from qamqor.engine.population.sight import PERSON
from qamqor.engine.programmes.cases import Query
from qamqor.engine.programmes.schema import Kind, Measure

GROUPS: Final[dict[str, Kind]] = {
    "programme": "text",
    "measure": "text",
    "version": "text",
    "period_start": "date",
    "period_end": "date",
    "place_id": "text",
    "area_id": "text",
    "sex": "text",
    "age_band": "text",
    "is_rural": "boolean",
}
COUNTS: Final = ("numerator", "denominator", "excluded")
MEASURE_COLUMNS: Final[dict[str, Kind]] = {**GROUPS, **dict.fromkeys(COUNTS, "integer")}
AGE_BANDS: Final = ("0", "1-4", "5-17", "18-39", "40-59", "60-74", "75+")
AGE_BAND_SQL: Final = """case
    when age_years < 1 then '0' when age_years < 5 then '1-4' when age_years < 18 then '5-17'
    when age_years < 40 then '18-39' when age_years < 60 then '40-59'
    when age_years < 75 then '60-74' when age_years >= 75 then '75+' end"""


def measures_query(questions: Questions, asked: Iterable[tuple[str, Query]]) -> str:
    """SQL of the measures table, MODEL section 5, over the results of the measures' queries.

    The denominator is everyone who is not excluded; the numerator those of them who count.
    """
    branches = [_branch(questions, table, query) for table, query in asked]
    if not branches:
        kinds = MEASURE_COLUMNS.items()
        empty = ", ".join(f"cast(null as {SQL_TYPES[kind]}) as {name}" for name, kind in kinds)
        return f"select {empty} where false"
    return " union all ".join(branches)


def _branch(questions: Questions, table: str, query: Query) -> str:
    if not isinstance(query.owner, Measure):
        raise AssertionError(f"{query.name} is not a measure")
    start, end = period(query.owner, questions.as_of)
    return f"""
        select '{query.programme.id}' as programme, '{query.owner.name}' as measure,
            '{query.programme.version}' as version,
            date '{start}' as period_start, date '{end}' as period_end,
            place_id, area_id, sex, {AGE_BAND_SQL} as age_band, is_rural,
            cast(count(*) filter (in_numerator and excluded_because is null) as integer)
                as numerator,
            cast(count(*) filter (excluded_because is null) as integer) as denominator,
            cast(count(excluded_because) as integer) as excluded
        from {table} join {PERSON} using (patient_id)
        where patient_id in (select patient_id from {members(query.programme)})
        group by all"""


def summed(relation: str) -> str:
    """SQL that adds up the measures of several groups of people, in a fixed order."""
    groups = ", ".join(GROUPS)
    sums = ", ".join(f"cast(sum({count}) as integer) as {count}" for count in COUNTS)
    return f"select {groups}, {sums} from {relation} group by {groups} order by {groups}"
