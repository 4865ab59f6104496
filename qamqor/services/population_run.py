"""Does the whole job for records from elsewhere: load, ask everything, report."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from qamqor.engine.programmes.schema import Pack
from qamqor.services import report
from qamqor.services.population import Choice, Place, refresh
from qamqor.services.warehouse.delivery import Limits
from qamqor.services.warehouse.load import load
from qamqor.store.results import SUMMARY, Results, write_summary
from qamqor.store.warehouse import Warehouse

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What to work out from which records.

    Attributes:
        sources: FHIR R4 NDJSON, Bundles, or folders of them.
        out: the data folder; records are added to what it holds.
        at: now.
    """

    sources: Sequence[Path]
    out: Path
    as_of: date
    known_at: date | None
    at: datetime
    language: str = "en"
    is_strict: bool = False


def run_job(place: Place, pack: Pack, choice: Choice, job: Job, *, say: Say) -> dict[str, Any]:
    """Load the records and write ``due.parquet, measures.parquet, report.html, summary.json``.

    ``quarantine.ndjson`` lies beside them; ``warehouse`` and ``results`` too, so that any
    other question about the same people can be asked of the folder.

    Returns:
        The summary that was written.

    Raises:
        BadInput: with ``is_strict``, something would go to quarantine; nothing was changed.
        NotThere: a source does not exist.
    """
    say("Loading the records")
    loaded = load(
        job.sources,
        job.out,
        tables=pack.tables.values(),
        at=job.at,
        pack=f"{pack.id} {pack.version}",
        is_strict=job.is_strict,
        limits=Limits(threads=place.workers, memory_gb=place.memory_gb),
    )
    say("Working out what everyone is due")
    results = refresh(
        replace(place, data=job.out),
        pack,
        as_of=job.as_of,
        known_at=job.known_at,
        choice=choice,
    )
    say("Writing the results")
    summary = {**results.summary, "records": _records(loaded)}
    _write(job, pack, results, summary)
    return summary


def _records(loaded: Any) -> dict[str, Any]:
    return {
        "read": loaded.read,
        "new": loaded.new,
        "replaced": loaded.replaced,
        "unchanged": loaded.unchanged,
        "older": loaded.older,
        "removed": loaded.removed,
        "not_used": dict(loaded.not_used),
        "quarantined": dict(loaded.quarantined),
        "in_quarantine_now": loaded.kept,
    }


def _write(job: Job, pack: Pack, results: Results, summary: dict[str, Any]) -> None:
    """Write everything aside, then put each file in place."""
    aside = job.out / ".run"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for part, order in (("due", "patient_id, programme, action, item"), ("measures", "all")):
        _one_file(results.files(part), aside / f"{part}.parquet", order)
    report.write(
        results.folder,
        pack,
        job.language,
        aside / "report.html",
        warehouse=Warehouse.open(job.out / "warehouse"),
    )
    write_summary(aside, summary)
    (job.out / "quarantine.ndjson").touch()
    for name in ("due.parquet", "measures.parquet", "report.html", SUMMARY):
        (aside / name).replace(job.out / name)
    aside.rmdir()


def _one_file(files: Sequence[Path], out: Path, order: str) -> None:
    name = str(out).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_parquet($files) order by {order}) to '{name}'"
            " (format parquet, compression zstd)",
            {"files": [str(file) for file in files]},
        )
