"""Works out what everyone is due on a day, keeps it, and answers from what was kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.engine.population.explain import Explanation, explain
from qamqor.engine.population.measures import summed
from qamqor.engine.population.one_person import OnePerson
from qamqor.engine.population.person_list import PersonList, Wanted, list_people
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.programmes.approval import Approval, standing
from qamqor.engine.programmes.schema import CARE_ROLES, Pack, Programme
from qamqor.engine.tables.partition import bucket_of
from qamqor.errors import NotPossible, NotThere
from qamqor.services.population_groups import groups, register, run
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
    choice: Choice,
    progress: Progress = _silent,
) -> Results:
    """Ask every question of everyone and keep the answers, whole or not at all.

    Args:
        known_at: answer as one could have on that day, without what was recorded later.
        choice: the programmes to ask, see ``choose``.
        progress: told how many groups of how many are done.

    Raises:
        NotThere: there is no warehouse.
        MissingColumns: a query does not return what its kind promises.
    """
    warehouse = Warehouse.open(place.warehouse)
    questions = ask(pack, as_of, known_at=known_at, programmes=choice.programmes)
    with new_results(place.results, named(as_of, known_at)) as folder:
        measures = _run(place, warehouse, questions, folder, progress)
        pq.write_table(measures, folder / "measures" / "0000.parquet", compression="zstd")
        write_summary(folder, _summary(warehouse, questions, choice, folder))
    return Results.open(place.results, as_of, known_at)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which programmes may be asked, and by whose leave.

    Attributes:
        not_approved: in force, and left out.
        approval: ``approved``, ``invented`` or ``draft``; the weakest of those asked.
    """

    programmes: tuple[Programme, ...]
    not_approved: tuple[Programme, ...]
    approval: str


def choose(
    pack: Pack, as_of: date, approvals: Iterable[Approval], *, drafts: bool = False
) -> Choice:
    """The programmes in force that this installation has approved, or with drafts all of them.

    Raises:
        NotPossible: none is in force, or none of them is approved.
    """
    in_force = pack.in_force(as_of)
    if not in_force:
        raise NotPossible(nothing_in_force(pack, as_of))
    known = tuple(approvals)
    standings = [standing(one, known) for one in in_force]
    asked = [one for one in standings if drafts or one.is_approved]
    left_out = tuple(one.programme for one in standings if one not in asked)
    if not asked:
        names = ", ".join(f"{one.id} {one.version}" for one in left_out)
        raise NotPossible(
            f"no programme in force on {as_of} is approved here: {names};"
            " approve one with qamqor programmes approve, or add --drafts to see unapproved results"
        )
    approval = "approved"
    if any(one.approval is not None and one.approval.is_invented for one in asked):
        approval = "invented"
    if not all(one.is_approved for one in asked):
        approval = "draft"
    return Choice(tuple(one.programme for one in asked), left_out, approval)


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
    warehouse: Warehouse, questions: Questions, choice: Choice, folder: Path
) -> dict[str, Any]:
    counts = _counts(sorted((folder / "due").glob("*.parquet")))
    return {
        **_about(warehouse, questions, choice),
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
        "not_approved": [f"{one.id} {one.version}" for one in choice.not_approved],
    }


def _about(warehouse: Warehouse, questions: Questions, choice: Choice) -> dict[str, Any]:
    """What every list says of itself: the day, the pack, whether the people are real."""
    pack = questions.pack
    return {
        "as_of": questions.as_of.isoformat(),
        "known_at": questions.known_at.isoformat() if questions.known_at else None,
        "pack": {"id": pack.id, "version": pack.version},
        "invented": bool(warehouse.manifest.facts.get("invented")),
        "approval": choice.approval,
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


@dataclass(frozen=True, slots=True)
class Explained:
    """One person's explanation and what it says of itself."""

    explanation: Explanation
    about: dict[str, Any]


def explain_person(
    place: Place,
    pack: Pack,
    patient_id: str,
    *,
    as_of: date,
    known_at: date | None = None,
    choice: Choice,
) -> Explained:
    """Everything the programmes say of one person on a day, worked out from the tables now.

    Raises:
        NotThere: there is no warehouse, or nothing about the person in it.
    """
    warehouse = Warehouse.open(place.warehouse)
    questions = ask(pack, as_of, known_at=known_at, programmes=choice.programmes)
    with duckdb.connect(config={"threads": 1}) as connection:
        bucket = bucket_of(patient_id, warehouse.buckets)
        register(connection, warehouse, pack.tables.values(), [bucket])
        rows = person_rows(connection, pack, [patient_id])[patient_id]
        asker = OnePerson(questions, **directory(connection))
    if not rows:
        raise NotThere(f"nothing is known of {patient_id} in {place.warehouse}")
    return Explained(explain(asker, patient_id, rows), _about(warehouse, questions, choice))


def person_rows(
    connection: duckdb.DuckDBPyConnection, pack: Pack, patient_ids: Sequence[str]
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """For each person the rows of each table, from the views in schema ``warehouse``."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {one: {} for one in patient_ids}
    for table in pack.tables.values():
        if not table.has_patient:
            continue
        cursor = connection.execute(
            f"select * from warehouse.{table.name} where patient_id in (select unnest($ids))",  # noqa: S608
            {"ids": list(patient_ids)},
        )
        for row in cursor.fetchall():
            named_row = dict(zip(table.columns, row, strict=True))
            found[named_row["patient_id"]].setdefault(table.name, []).append(named_row)
    return found


def directory(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Which place each kato is and what stands above each organisation, for ``OnePerson``."""
    places = connection.execute(
        "select kato, min(place_id) from warehouse.territory where kato is not null group by kato"
    ).fetchall()
    above = connection.execute(
        "select id, max(parent_id) from warehouse.organisation where parent_id is not null"
        " group by id"
    ).fetchall()
    return {"places": dict(places), "organisations": dict(above)}


def list_due(
    place: Place, *, as_of: date, known_at: date | None = None, wanted: Wanted
) -> tuple[Results, PersonList]:
    """The people with something wanted, from the results kept for a day.

    Raises:
        NotThere: nobody has worked them out yet, or there is no such place, role,
            programme or status: an empty list would say that nobody needs anything.
    """
    results = Results.open(place.results, as_of, known_at)
    asked = [one["programme"] for one in results.summary["programmes"]]
    _must_be_among("role", wanted.roles, CARE_ROLES)
    _must_be_among("programme", wanted.programmes, asked)
    _must_be_among("status", wanted.statuses, _STATUSES)
    with duckdb.connect(config={"threads": place.workers}) as connection:
        if wanted.places:
            wanted = replace(wanted, places=_below(connection, place, wanted.places))
        files = [str(file) for file in results.files("due")]
        return results, list_people(connection, files, wanted)


def _must_be_among(kind: str, asked: Sequence[str], known: Sequence[str]) -> None:
    for one in asked:
        if one not in known:
            raise NotThere(f"there is no {kind} {one!r} here; choose from {', '.join(known)}")


def _below(connection: duckdb.DuckDBPyConnection, place: Place, places: Sequence[str]) -> list[str]:
    """The places named, by id or kato, and all below them."""
    files = [str(file) for file in Warehouse.open(place.warehouse).files("territory")]
    rows = (
        connection.execute(
            """with recursive below(place_id) as (
            select place_id from read_parquet($files)
            where list_contains($places, place_id) or list_contains($places, kato)
            union
            select t.place_id from read_parquet($files) as t
            join below on below.place_id = t.parent_id)
        select place_id from below order by place_id""",
            {"files": files, "places": list(places)},
        ).fetchall()
        if files
        else []
    )
    if not rows:
        raise NotThere(f"there is no place {', '.join(places)} in {place.warehouse}")
    return [row[0] for row in rows]


def area_names(place: Place, language: str) -> dict[str, str]:
    """The name of each organisation in a language; its id where it has none."""
    files = [str(file) for file in Warehouse.open(place.warehouse).files("organisation")]
    if not files:
        return {}
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(
            f"select id, coalesce(name_{language}, name_ru, name_en, id)"  # noqa: S608
            " from read_parquet($files)",
            {"files": files},
        ).fetchall()
    return dict(rows)


def named_folder(place: Place, as_of: date, known_at: date | None = None) -> Path:
    """Where the results of a day are found."""
    return place.results / named(as_of, known_at)
