"""Counts what the report says, in one pass over the results; nothing here may be shown as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from qamqor.errors import NotThere

Rows = list[dict[str, Any]]
# From the most to the least pressing; a person stands where their most pressing need stands.
STATES: Final = ("overdue", "due", "unknown", "not_due", "none")
LATENESS_DAYS: Final = (30, 91, 365, 730)
ENOUGH_FOR_A_MIDDLE: Final = 10

_MACROS = """
create temp macro rank_of(status) as
  case status when 'overdue' then 0 when 'due' then 1 when 'unknown' then 2 else 3 end;
create temp macro age_band(age) as
  case when age is null then null when age < 1 then '0' when age < 5 then '1-4'
    when age < 18 then '5-17' when age < 40 then '18-39' when age < 60 then '40-59'
    when age < 75 then '60-74' else '75+' end
"""

# One row for each person, programme and action, however many items the action has.
_NEEDS = """
create temp table need as
select
  patient_id, programme, action,
  any_value(role) as role,
  min(rank_of(status))::tinyint as state,
  min(urgency) filter (status in ('due', 'overdue'))::tinyint as urgency,
  max(date_diff('day', overdue_on, as_of)) filter (status = 'overdue')::integer as late_days
from due group by patient_id, programme, action
"""

_PEOPLE = """
create temp table person as
with worst as (
  select patient_id, min(state) as state, min(urgency) as urgency, max(late_days) as late_days
  from need group by patient_id
)
select
  coalesce(worst.state, 4) as state,
  coalesce(worst.urgency = 1, false) as is_urgent,
  worst.late_days,
  resident.sex, age_band(resident.age_years) as age_band,
  resident.is_rural, resident.area_id, resident.place_id
from resident left join worst using (patient_id)
"""

# Without a warehouse only people with a row of due care are known.
_RESIDENTS_FROM_DUE = """
create temp view resident as
select
  patient_id, any_value(sex) as sex, any_value(age_years) as age_years,
  any_value(is_rural) as is_rural, any_value(area_id) as area_id, any_value(place_id) as place_id
from due group by patient_id
"""

_RESIDENTS_FROM_WAREHOUSE = """
create temp view resident as
with open_attachment as (
  select patient_id, arg_max(organization_id,
    row(coalesce(from_on, date '0001-01-01'), episode_of_care_id)) as area_id
  from attachment where (from_on is null or from_on <= $as_of)
    and (left_on is null or left_on > $as_of) group by patient_id
),
place as (select kato, min(place_id) as place_id from territory group by kato)
select
  patient.patient_id, patient.sex, patient.is_rural,
  date_diff('month', patient.born_on, $as_of) // 12
    - case when month(patient.born_on) = month($as_of) and day(patient.born_on) > day($as_of)
      then 1 else 0 end as age_years,
  open_attachment.area_id, place.place_id
from patient
left join open_attachment using (patient_id)
left join place on place.kato = patient.kato
where patient.is_active and (patient.died_on is null or patient.died_on > $as_of)
  and (patient.born_on is null or patient.born_on <= $as_of)
"""

# Records from elsewhere may bring no attachment and no territory at all.
_NONE = {
    "attachment": "select '' as patient_id, '' as episode_of_care_id, '' as organization_id,"
    " null::date as from_on, null::date as left_on where false",
    "territory": "select '' as kato, '' as place_id where false",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers lie.

    Attributes:
        results: the folder of one day's results.
        tables: table of the warehouse → its Parquet files; empty when there is no warehouse.
    """

    results: Path
    tables: dict[str, Sequence[Path]]


@dataclass(frozen=True, slots=True)
class Counts:
    """Raw counts: small numbers included.

    Attributes:
        cells: people by state, urgency, sex, age band, settlement, area and place.
        programmes: people by programme and state.
        actions: people by programme, action and state, with how long half of them are late.
        roles: people by role and state, urgent ones apart.
        reasons: people by programme, action and reason who need it now.
        lateness: people by how long their oldest need is overdue, five classes.
        measures: numerators and denominators by measure, period and one breakdown at a time.
        versions: programme and version.
    """

    as_of: date
    covers_residents: bool
    cells: Rows
    programmes: Rows
    actions: Rows
    roles: Rows
    reasons: Rows
    lateness: Rows
    measures: Rows
    versions: Rows
    organisations: Rows
    places: Rows


def count(sources: Sources, connection: duckdb.DuckDBPyConnection) -> Counts:
    """Count everything the report needs.

    Raises:
        NotThere: the folder holds no results.
    """
    as_of = _open(sources, connection)
    for statement in (_MACROS, _NEEDS, _PEOPLE):
        connection.execute(statement)
    return Counts(
        as_of,
        "patient" in sources.tables,
        _rows(connection, _CELLS),
        _rows(connection, _PROGRAMMES),
        _rows(connection, _BY_ACTION, {"enough": ENOUGH_FOR_A_MIDDLE}),
        _rows(connection, _ROLES),
        _rows(connection, _REASONS),
        _rows(connection, _lateness()),
        _rows(connection, _MEASURES.format(name=_measure_name(connection))),
        _rows(connection, "select distinct programme, version from due order by all"),
        _rows(connection, "select * from organisation") if "organisation" in sources.tables else [],
        _rows(connection, "select * from territory") if "territory" in sources.tables else [],
    )


def _open(sources: Sources, connection: duckdb.DuckDBPyConnection) -> date:
    """Views over the files, and the day the results speak of."""
    for name in ("due", "measures"):
        files = sorted((sources.results / name).glob("*.parquet"))
        if not files:
            raise NotThere(f"no {name} in {sources.results}; run `qamqor population refresh` first")
        _view(connection, name, files)
    for name, parts in sources.tables.items():
        if parts:
            _view(connection, name, parts)
    for name, nothing in _NONE.items():
        if not sources.tables.get(name):
            connection.execute(f"create temp view {name} as {nothing}")
    found = connection.execute("select max(as_of) from due").fetchall()[0][0]
    as_of = found or connection.execute("select max(period_end) from measures").fetchall()[0][0]
    if as_of is None:
        raise NotThere(f"the results in {sources.results} are empty")
    has_people = bool(sources.tables.get("patient"))
    text = _RESIDENTS_FROM_WAREHOUSE if has_people else _RESIDENTS_FROM_DUE
    connection.execute(text.replace("$as_of", f"date '{as_of.isoformat()}'"))
    return as_of  # type: ignore[no-any-return]


def _view(connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path]) -> None:
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    connection.execute(f"create temp view {name} as select * from read_parquet([{listed}])")  # noqa: S608


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any] | None = None
) -> Rows:
    return connection.sql(query, params=values).to_arrow_table().to_pylist()  # type: ignore[no-any-return]


_CELLS = """
select sex, age_band, is_rural, area_id, place_id, state,
  count(*) as people, count(*) filter (is_urgent) as urgent
from person group by all
"""

_PROGRAMMES = """
select programme, state, count(*) as people from (
  select programme, patient_id, min(state) as state from need group by programme, patient_id
) group by all order by all
"""

_BY_ACTION = """
select programme, action, any_value(role) as role, count(*) as people,
  count(*) filter (state = 0) as overdue, count(*) filter (state = 1) as due,
  case when count(*) filter (state = 0) >= $enough
    then quantile_disc(late_days, 0.5) end as middle_days,
  case when count(*) filter (state = 0) >= $enough
    then quantile_disc(late_days, 0.9) end as most_days
from need group by programme, action order by all
"""

_ROLES = """
select role, count(*) filter (state = 0) as overdue, count(*) filter (state = 1) as due,
  count(*) filter (urgency = 1) as urgent
from (
  select role, patient_id, min(state) as state, min(urgency) as urgency
  from need where state <= 1 group by role, patient_id
) group by role order by role
"""

_REASONS = """
select programme, action, reason, min(urgency)::integer as urgency, any_value(role) as role,
  count(distinct patient_id) as people,
  count(distinct patient_id) filter (status = 'overdue') as overdue
from due where status in ('due', 'overdue') group by programme, action, reason order by all
"""

_MEASURES = """
with one as (
  select {name} as measure, period_start, period_end, sex, is_rural, area_id, place_id,
    numerator, denominator, excluded from measures
)
select measure, period_start, period_end, sex, is_rural, area_id, place_id,
  case when grouping(sex) = 0 then 'sex' when grouping(is_rural) = 0 then 'settlement'
    when grouping(area_id) = 0 then 'area' when grouping(place_id) = 0 then 'place'
    else 'all' end as breakdown,
  sum(numerator)::bigint as numerator, sum(denominator)::bigint as denominator,
  sum(excluded)::bigint as excluded
from one
group by grouping sets (
  (measure, period_start, period_end),
  (measure, period_start, period_end, sex),
  (measure, period_start, period_end, is_rural),
  (measure, period_start, period_end, area_id),
  (measure, period_start, period_end, place_id)
) order by all
"""


def _lateness() -> str:
    steps = " ".join(
        f"when late_days < {days} then {index}" for index, days in enumerate(LATENESS_DAYS)
    )
    return f"""
select case {steps} else {len(LATENESS_DAYS)} end as class, count(*) as people
from person where state = 0 group by all order by all
"""  # noqa: S608


def _measure_name(connection: duckdb.DuckDBPyConnection) -> str:
    """Measures are named with their programme, in one column or in two."""
    columns = {row[0] for row in connection.execute("describe measures").fetchall()}
    return "programme || '.' || measure" if "programme" in columns else "measure"
