"""Runs the whole platform on an invented district: invent, load, work out who is due, report."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from qamqor.engine.programmes.schema import Pack
from qamqor.services import report
from qamqor.services.content import approvals
from qamqor.services.demo import WAREHOUSE, Wish, facts_of, invent_resources
from qamqor.services.population import Place, choose, refresh
from qamqor.services.warehouse.delivery import Limits
from qamqor.services.warehouse.load import load
from qamqor.store.warehouse import Warehouse

RECORDS: Final = "records"
Say = Callable[[str], None]

_INTERESTING: Final = """
with person as (
    select patient_id, any_value(area_id) as area_id,
        count(distinct programme) filter (where status in ('due', 'overdue')) as programmes,
        count(distinct status) as kinds
    from read_parquet($files)
    where area_id is not null
    group by patient_id
)
select patient_id, area_id from person order by programmes desc, kinds desc, patient_id limit 1
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """Where the results of a demo lie, and somebody worth looking at."""

    people: int
    resources: int
    due_rows: int
    quarantined: int
    reports: dict[str, Path]
    patient_id: str | None
    area_id: str | None
    programmes: tuple[str, ...]


def run_demo(
    wish: Wish,
    out: Path,
    pack: Pack,
    *,
    at: datetime,
    languages: Sequence[str],
    workers: int = 2,
    memory_gb: float = 8.0,
    say: Say,
) -> Finished:
    """Do everything in order in a folder of its own, anew each time.

    Args:
        wish: which people to invent.
        out: the data folder; what an earlier demo left in it is removed.
        pack: the content pack, whose programmes get invented approvals.
        at: now.
        languages: of the reports.
        workers: how many may work at the same time.
        memory_gb: what may be used.
        say: told in words what is being done.
    """
    for old in (RECORDS, WAREHOUSE, "results"):
        shutil.rmtree(out / old, ignore_errors=True)
    (out / "quarantine.ndjson").unlink(missing_ok=True)
    say(f"Inventing {wish.people:,} residents of {wish.place} as FHIR records")
    made = invent_resources(wish, out / RECORDS, processes=workers)
    say(f"Loading {made.rows:,} records into the warehouse")
    loaded = _load(wish, out, pack, at=at, limits=Limits(threads=workers, memory_gb=memory_gb))
    say("Working out what everyone is due")
    approved = approvals(pack, out / "approvals.yaml", is_demo=True)
    place = Place(out, workers, memory_gb)
    results = refresh(place, pack, as_of=wish.as_of, choice=choose(pack, wish.as_of, approved))
    say("Writing the reports")
    reports = _reports(results.folder, pack, out, languages)
    files = [str(path) for path in sorted((results.folder / "due").glob("*.parquet"))]
    patient_id, area_id, due_rows = _somebody(files)
    programmes = tuple(one.id for one in pack.in_force(wish.as_of))
    return Finished(
        made.people, made.rows, due_rows, loaded, reports, patient_id, area_id, programmes
    )


def _load(wish: Wish, out: Path, pack: Pack, *, at: datetime, limits: Limits) -> int:
    """Load the records, note that they are invented, and say how many were kept apart."""
    tables = pack.tables.values()
    named = f"{pack.id} {pack.version}".strip()
    summary = load([out / RECORDS], out, tables=tables, at=at, pack=named, limits=limits)
    warehouse = Warehouse.open(out / WAREHOUSE)
    warehouse.commit(facts={**warehouse.manifest.facts, **facts_of(wish)})
    return int(sum(summary.quarantined.values()))


def _reports(results: Path, pack: Pack, out: Path, languages: Sequence[str]) -> dict[str, Path]:
    warehouse = Warehouse.open(out / WAREHOUSE)
    written = {}
    for language in languages:
        written[language] = out / f"report.{language}.html"
        report.write(results, pack, language, written[language], warehouse=warehouse)
    return written


def _somebody(files: Sequence[str]) -> tuple[str | None, str | None, int]:
    """A person with many needs, that person's area, and how many due rows there are."""
    if not files:
        return None, None, 0
    with duckdb.connect() as connection:
        found: Any = connection.execute(_INTERESTING, {"files": list(files)}).fetchone()
        count: Any = connection.execute(
            "select count(*) from read_parquet($files)", {"files": list(files)}
        ).fetchone()
    return (*(found or (None, None)), int(count[0]))
