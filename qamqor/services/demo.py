"""Invents a believable population, straight to warehouse tables or as FHIR records."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qamqor.engine.invented.arrow import Batch, patient_ids, to_table
from qamqor.engine.invented.block import Recipe, make_block, make_recipe
from qamqor.engine.invented.draws import Ints, day_number
from qamqor.engine.invented.figures import read_invention
from qamqor.engine.invented.numbering import numbers_by_block
from qamqor.engine.invented.places import lay_out
from qamqor.engine.invented.resources import block_lines
from qamqor.engine.invented.rows import Rows
from qamqor.engine.invented.team import shared_tables
from qamqor.engine.invented.team_resources import shared_lines
from qamqor.engine.programmes.schema import Table
from qamqor.engine.programmes.table_files import read_tables
from qamqor.errors import InvalidPack, Problem
from qamqor.store.warehouse import Warehouse

Progress = Callable[[str], None]
WAREHOUSE: Final = "warehouse"
FEW: Final = 60_000  # below this, starting processes costs more than it saves


@dataclass(frozen=True, slots=True)
class Wish:
    """What population is wanted."""

    content: Path
    people: int
    place: str
    seed: int
    as_of: date


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: people and rows, and where it is."""

    people: int
    rows: int
    folder: Path


def _silent(_: str) -> None:
    """Say nothing."""


def invent_tables(
    wish: Wish, out: Path, *, processes: int = 1, progress: Progress = _silent
) -> Made:
    """Draw a population and write it as a warehouse, whole or not at all.

    Args:
        wish: how many people, where, from which seed, known until which day.
        out: the data folder; the warehouse in it is replaced.
        processes: how many may draw and write at the same time.
        progress: told in words how far it is.

    Raises:
        ContentError: the tables of numbers or the views are wrong.
        NotThere: no such place.
    """
    folder = out / WAREHOUSE
    aside = out / f".{WAREHOUSE}.new"
    shutil.rmtree(aside, ignore_errors=True)
    tables = pack_tables(wish.content)
    shared = [name for name, table in tables.items() if not table.has_patient]
    warehouse = Warehouse.create(aside, tables=tables, people=wish.people, shared=shared)
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, wish.people)
    jobs = [
        (wish, aside, bucket, {b: numbers[b] for b in numbers if b % warehouse.buckets == bucket})
        for bucket in range(warehouse.buckets)
    ]
    written: dict[tuple[str, int], list[Path]] = {}
    rows = 0
    for done, (files, count) in enumerate(_run(_write_bucket, jobs, wish.people, processes), 1):
        written |= files
        rows += count
        progress(f"{done} of {len(jobs)} buckets")
    for name, table in _recipe_shared(wish, tables).items():
        path = warehouse.new_file(name, 0)
        write_table(table, path, tables[name])
        written[name, 0] = [path]
    warehouse.replace(written, facts=facts_of(wish))
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return Made(wish.people, rows, folder)


def invent_resources(
    wish: Wish, out: Path, *, processes: int = 1, progress: Progress = _silent
) -> Made:
    """Draw the same population as FHIR R4 NDJSON, one plain file for each resource type.

    Args:
        wish: how many people, where, from which seed, known until which day.
        out: the folder for the files; earlier files of the same types are replaced.
        processes: how many may draw and write at the same time.
        progress: told in words how far it is.

    Raises:
        ContentError: the tables of numbers are wrong.
        NotThere: no such place.
    """
    aside = out / ".new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    recipe = recipe_of(wish)
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, wish.people)
    count = _write_shared(recipe, aside)
    jobs = [(wish, aside, block, own) for block, own in numbers.items()]
    for done, lines in enumerate(_run(_write_block, jobs, wish.people, processes), 1):
        count += lines
        progress(f"{done} of {len(jobs)} blocks")
    _put_together(aside, out)
    return Made(wish.people, count, out)


def _write_shared(recipe: Recipe, folder: Path) -> int:
    lines = list(shared_lines(recipe.invention, recipe.layout, recipe.as_of))
    for kind in dict.fromkeys(kind for kind, _ in lines):
        text = "".join(f"{line}\n" for own, line in lines if own == kind)
        (folder / f"{kind}.shared.part").write_text(text, encoding="utf-8")
    return len(lines)


def _write_block(job: tuple[Wish, Path, int, Ints]) -> int:
    """Write the resources of one block, a file for each type."""
    wish, folder, block, numbers = job
    recipe = recipe_of(wish)
    texts: dict[str, list[str]] = {}
    count = 0
    for kind, lines in block_lines(recipe, make_block(recipe, block, numbers)):
        own = list(lines)
        count += len(own)
        texts.setdefault(kind, []).append("\n".join(own))
    for kind, pieces in texts.items():
        text = "\n".join(piece for piece in pieces if piece)
        (folder / f"{kind}.{block:06d}.part").write_text(f"{text}\n", encoding="utf-8")
    return count


def _put_together(parts: Path, out: Path) -> None:
    """One file for each type, the shared resources and the blocks in order."""
    kinds = sorted({path.name.split(".")[0] for path in parts.glob("*.part")})
    for kind in kinds:
        whole = parts / f"{kind}.ndjson"
        with whole.open("wb") as file:
            for part in sorted(parts.glob(f"{kind}.*.part")):
                file.write(part.read_bytes())
                part.unlink()
        whole.replace(out / whole.name)
    parts.rmdir()


def facts_of(wish: Wish) -> dict[str, Any]:
    """What a warehouse of invented people says of itself."""
    return {
        "invented": True,
        "seed": wish.seed,
        "place": wish.place,
        "people": wish.people,
        "as_of": wish.as_of.isoformat(),
    }


@lru_cache(maxsize=4)
def pack_tables(content: Path) -> dict[str, Table]:
    """The tables of a content pack.

    Raises:
        InvalidPack: a view is wrong.
    """
    problems: list[Problem] = []
    tables = read_tables(content / "tables", "tables", problems)
    if problems:
        raise InvalidPack(problems)
    return tables


@lru_cache(maxsize=2)
def recipe_of(wish: Wish) -> Recipe:
    """What every block of a population needs, worked out once in each process."""
    invention = read_invention(wish.content / "invented")
    layout = lay_out(invention, wish.place, wish.people)
    return make_recipe(invention, layout, seed=wish.seed, as_of=day_number(wish.as_of))


def _recipe_shared(wish: Wish, tables: Mapping[str, Table]) -> dict[str, pa.Table]:
    recipe = recipe_of(wish)
    return shared_tables(recipe.invention, recipe.layout, recipe.as_of, tables)


def _run(
    work: Callable[[Any], Any], jobs: Sequence[Any], people: int, processes: int
) -> Iterator[Any]:
    if processes < 2 or people < FEW:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def _write_bucket(
    job: tuple[Wish, Path, int, Mapping[int, Ints]],
) -> tuple[dict[tuple[str, int], list[Path]], int]:
    """Draw all blocks of a bucket and write one file for each table."""
    wish, folder, bucket, blocks = job
    recipe, tables = recipe_of(wish), pack_tables(wish.content)
    warehouse = Warehouse.open(folder)
    parts: dict[str, list[tuple[int, Rows]]] = {}
    numbers: list[int] = []
    for block, own in blocks.items():
        for rows in make_block(recipe, block, own).rows:
            parts.setdefault(rows.table, []).append((len(numbers), rows))
        numbers.extend(own)
    files: dict[tuple[str, int], list[Path]] = {}
    count = 0
    for name, table in bucket_tables(parts, numbers, tables):
        path = warehouse.new_file(name, bucket)
        write_table(table, path, tables[name])
        files[name, bucket] = [path]
        count += table.num_rows
    return files, count


def bucket_tables(
    parts: Mapping[str, list[tuple[int, Rows]]], numbers: Sequence[int], tables: Mapping[str, Table]
) -> Iterator[tuple[str, pa.Table]]:
    """The Arrow tables of some blocks' rows; ``parts`` names each row's block by first person."""
    behind = np.asarray(numbers, dtype=np.int64)
    ids = patient_ids(behind)
    for name, rows in parts.items():
        if sum(len(part) for _, part in rows):
            table = tables[name]
            yield name, to_table(Batch(rows), table.columns, table.known_on, behind, ids)


def write_table(table: pa.Table, path: Path, described: Table) -> None:
    """One Parquet file: dictionaries for what repeats, compression for what does not."""
    unique = [key for key in described.keys if key in table.column_names]
    unique = [key for key in unique if key.endswith("_id") and key != "patient_id"]
    dates = [name for name, kind in described.columns.items() if kind == "date"]
    pq.write_table(
        table,
        path,
        store_schema=False,
        use_dictionary=[name for name in table.column_names if name not in unique],
        compression={name: "snappy" if name in unique else "none" for name in table.column_names},
        write_statistics=dates,
    )
