"""How fast people are invented straight to tables, and what part of it is drawing and writing."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from qamqor import settings
from qamqor.engine.invented.block import make_block
from qamqor.engine.invented.numbering import block_size, numbers_by_block
from qamqor.services import demo

PEOPLE = 300_000
BLOCKS = 4


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time of this process, and what came out."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def run() -> None:
    """Print residents a second, and the share of each step in one process."""
    wish = demo.Wish(settings.read().shipped_content, PEOPLE, "kazakhstan", 1, date(2026, 11, 24))
    recipe, tables = demo.recipe_of(wish), demo.pack_tables(wish.content)
    with duckdb.connect() as connection:
        numbers = numbers_by_block(connection, PEOPLE)
    make_block(recipe, 99, numbers[0])  # fills caches
    drawing, blocks = timed(lambda: [make_block(recipe, b, numbers[b]) for b in range(BLOCKS)])
    size = block_size(PEOPLE)
    parts: dict[str, list[Any]] = {}
    for place, block in enumerate(blocks):
        for rows in block.rows:
            parts.setdefault(rows.table, []).append((place * size, rows))
    behind = [number for b in range(BLOCKS) for number in numbers[b].tolist()]
    shaping, made = timed(lambda: dict(demo.bucket_tables(parts, behind, tables)))
    with tempfile.TemporaryDirectory() as folder:
        writing = _written(made, tables, Path(folder))
    _say(drawing, shaping, writing, people=size * BLOCKS, made=made)
    _everything(wish)


def _written(made: dict[str, pa.Table], tables: Any, folder: Path) -> float:
    def write() -> None:
        for name, table in made.items():
            demo.write_table(table, folder / f"{name}.parquet", tables[name])

    return timed(write)[0]


def _say(
    drawing: float, shaping: float, writing: float, *, people: int, made: dict[str, pa.Table]
) -> None:
    whole = drawing + shaping + writing
    rows = sum(table.num_rows for table in made.values())
    print(f"rows a person                     {rows / people:10.1f}")
    print(f"one process, processor time       {people / whole:10,.0f} people/s")
    for name, part in (("drawing", drawing), ("to Arrow", shaping), ("Parquet", writing)):
        print(f"  {name:<10} {part / whole:6.0%} of it  {people / part:12,.0f} people/s")
    print(f"drawing and shaping / writing     {(drawing + shaping) / writing:10.2f} x")


def _everything(wish: demo.Wish) -> None:
    processors = len(os.sched_getaffinity(0))
    for processes in sorted({1, processors}):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            demo.invent_tables(wish, Path(folder), processes=processes)
            seconds = time.perf_counter() - start
        rate = wish.people / seconds
        print(f"{wish.people:,} people, {processes} process(es), wall {rate:10,.0f} people/s")
