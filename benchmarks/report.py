"""How long the report's figures take, as a multiple of reading once the columns they need."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import duckdb

from qamqor.services.report_count import Sources, count
from qamqor.services.report_shown import shown

PEOPLE = 1_000_000
NEEDS = 8  # due rows of each person
DUE = """
copy (
  select date '2026-11-24' as as_of, 'p' || lpad((n // {needs})::text, 8, '0') as patient_id,
    'programme' || (n % {needs}) as programme, '2026-01-01' as version, 'action' as action,
    '' as item, ['gp', 'practice_nurse', 'district_nurse'][1 + n % 3] as role,
    (1 + hash(n) % 4)::tinyint as urgency,
    date '2026-11-24' - (hash(n + 1) % 900)::integer + 450 as due_on, due_on + 30 as overdue_on,
    case when overdue_on < as_of then 'overdue' when due_on <= as_of then 'due'
      else 'not_due' end as status,
    'reason' || (hash(n + 2) % 4) as reason, 'o' as organization_id,
    'area' || (n // {needs} // 1700) as area_id, 'place' || (n // {needs} // 50000) as place_id,
    n // {needs} % 2 = 0 as is_rural, ['female', 'male'][1 + n // {needs} % 2] as sex,
    (hash(n // {needs}) % 90)::integer as age_years
  from range({rows}) as numbers(n)
) to '{file}' (format parquet, compression zstd)
"""
MEASURES = """
copy (
  select 'programme' as programme, 'm' || m as measure, date '2025-11-24' as period_start,
    date '2026-11-24' as period_end, 'place' || (a // 30) as place_id, 'area' || a as area_id,
    ['female', 'male'][s] as sex, '40-59' as age_band, a % 2 = 0 as is_rural,
    40 as numerator, 60 as denominator, 0 as excluded
  from range(20) as measures(m), range(600) as areas(a), range(1, 3) as sexes(s)
) to '{file}' (format parquet)
"""
COLUMNS = (
    "patient_id, programme, action, role, status, urgency, overdue_on, reason, area_id, place_id,"
    " is_rural, sex, age_years"
)


def run() -> None:
    """Print the ratio for a million people with eight due rows each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part, query in (("due", DUE), ("measures", MEASURES)):
            (folder / part).mkdir()
            file = folder / part / "0.parquet"
            with duckdb.connect() as connection:
                connection.execute(query.format(rows=PEOPLE * NEEDS, needs=NEEDS, file=file))
        floor = _decode(folder / "due" / "0.parquet")
        started = perf_counter()
        with duckdb.connect() as connection:
            shown(count(Sources(folder, {}), connection))
        took = perf_counter() - started
    print(f"report figures, {PEOPLE:,} people: {took / floor:.1f} x one reading of their columns")
    print(f"  ({took:.1f} s on this machine)")


def _decode(file: Path) -> float:
    sums = ", ".join(f"max({column})" for column in COLUMNS.split(", "))
    started = perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"select {sums} from read_parquet('{file}')").fetchall()  # noqa: S608
    return perf_counter() - started


if __name__ == "__main__":
    run()
