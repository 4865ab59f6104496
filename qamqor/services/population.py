"""Works out what everyone is due on a day, keeps it, and answers from what was kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.engine.population.measures import summed
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.errors import NotPossible
from qamqor.services.population_groups import groups, run
from qamqor.store.results import Results, named, new_results, write_summary
from qamqor.store.warehouse import Warehouse

GIB: Final = 2**30
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps things, and what one command may use."""

    data: Path
    workers: int = 2
    memory_gb: float = 8.0

    @property
    def warehouse(self) -> Path:
        """The folder of the warehouse."""
        return self.data / "warehouse"

    @property
    def results(self) -> Path:
        """The folder with the results of each day."""
        return self.data / "results"


def _silent(_: int, __: int) -> None:
    """Say nothing."""


def refresh(
    place: Place,
    pack: Pack,
    *,
    as_of: date,
    known_at: date | None = None,
    programmes: Iterable[Programme] | None = None,
    facts: dict[str, Any] | None = None,
    progress: Progress = _silent,
) -> Results:
    """Ask every question of everyone and keep the answers, whole or not at all.

    Args:
        known_at: answer as one could have on that day, without what was recorded later.
        programmes: those to ask, else all in force.
        facts: what else the summary should say, such as who approved.
        progress: told how many groups of how many are done.

    Raises:
        NotThere: there is no warehouse.
        NotPossible: no programme is in force on the day.
        MissingColumns: a query does not return what its kind promises.
    """
    warehouse = Warehouse.open(place.warehouse)
    questions = ask(pack, as_of, known_at=known_at, programmes=programmes)
    if not questions.programmes:
        raise NotPossible(nothing_in_force(pack, as_of))
    with new_results(place.results, named(as_of, known_at)) as folder:
        measures = _run(place, warehouse, questions, folder, progress)
        pq.write_table(measures, folder / "measures" / "0000.parquet", compression="zstd")
        write_summary(folder, _summary(warehouse, questions, folder, facts or {}))
    return Results.open(place.results, as_of, known_at)


def nothing_in_force(pack: Pack, as_of: date) -> str:
    """Why a pack says nothing about a day."""
    first = min((one.valid_from for one in pack.programmes), default=None)
    if first is None:
        return f"the pack {pack.id} has no programme"
    return (
        f"no programme of the pack {pack.id} is in force on {as_of}: the first came into force"
        f" on {first}; ask about that day or a later one"
    )


def _run(
    place: Place, warehouse: Warehouse, questions: Questions, folder: Path, progress: Progress
) -> pa.Table:
    memory = int(place.memory_gb * GIB * 0.9)
    shared = groups(warehouse, folder / "due", workers=place.workers, memory_bytes=memory)
    progress(0, len(shared))
    counted: list[pa.Table] = []
    with ThreadPoolExecutor(place.workers) as workers:
        for table in workers.map(lambda group: run(warehouse, questions, group), shared):
            counted.append(table)
            progress(len(counted), len(shared))
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    return _summed(counted)


def _summed(counted: Sequence[pa.Table]) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("counted", pa.concat_tables(counted))
        return connection.sql(summed("counted")).to_arrow_table()


def _summary(
    warehouse: Warehouse, questions: Questions, folder: Path, facts: dict[str, Any]
) -> dict[str, Any]:
    pack = questions.pack
    counts = _counts(sorted((folder / "due").glob("*.parquet")))
    return {
        "as_of": questions.as_of.isoformat(),
        "known_at": questions.known_at.isoformat() if questions.known_at else None,
        "pack": {"id": pack.id, "version": pack.version},
        "invented": bool(warehouse.manifest.facts.get("invented")),
        "people_on_register": warehouse.rows("patient"),
        "programmes": [
            {
                "programme": one.id,
                "version": one.version,
                "title": one.title,
                "sha256": one.sha256,
                **counts.get(one.id, dict.fromkeys(("people", *_STATUSES), 0)),
            }
            for one in questions.programmes
        ],
        **facts,
    }


_STATUSES: Final = ("overdue", "due", "not_due", "unknown")


def _counts(files: Sequence[Path]) -> dict[str, dict[str, int]]:
    """For each programme the people it speaks about and its rows by status."""
    by_status = ", ".join(f"count(*) filter (status = '{s}') as {s}" for s in _STATUSES)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select programme, count(distinct patient_id), {by_status}"  # noqa: S608
            " from read_parquet($files) group by programme",
            {"files": [str(file) for file in files]},
        ).fetchall()
        return {
            programme: dict(zip(("people", *_STATUSES), found, strict=True))
            for programme, *found in rows
        }
