"""What the check costs beside parsing, and a query on one person in SQLite beside DuckDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlglot import parse_one

from qamqor.engine.programmes.binding import ALWAYS
from qamqor.engine.programmes.case_engines import DuckDB, SQLite, engines
from qamqor.engine.programmes.case_run import CaseRunner
from qamqor.engine.programmes.cases import Query, queries
from qamqor.engine.programmes.check import all_cases, check
from qamqor.engine.programmes.load import load_pack

CONTENT = Path(__file__).parents[1] / "content"
CASES = 60


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one run, so that other work on the machine counts less."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def ask_all(asked: list[Query], engine: DuckDB | SQLite) -> None:
    """Every query once, on empty tables: planning is all that is left."""
    for query in asked:
        values = query.programme.values() | dict.fromkeys(ALWAYS, date(2026, 1, 1))
        engine.run(query.sql.strip().rstrip(";"), values)


def run() -> None:
    """Print ratios measured in this run."""
    pack = load_pack(CONTENT)
    asked = [query for programme in pack.programmes for query in queries(programme)]
    parsing = seconds(lambda: [parse_one(query.sql, dialect="duckdb") for query in asked])
    checking = seconds(lambda: check(CONTENT))
    loading = seconds(lambda: load_pack(CONTENT))
    print(f"programmes: {len(pack.programmes)}, queries: {len(asked)}")
    print(f"load the pack: {loading:.3f} s")
    print(f"check the pack: {checking:.2f} s, {checking / parsing:.1f} x parsing its SQL once")
    duck, lite = engines(pack)
    for engine in (duck, lite):
        ask_all(asked, engine)
    slow, fast = seconds(lambda: ask_all(asked, duck)), seconds(lambda: ask_all(asked, lite))
    each = slow / len(asked) * 1000, fast / len(asked) * 1000
    print(
        f"one query on empty tables: DuckDB {each[0]:.2f} ms, SQLite {each[1]:.3f} ms,"
        f" {slow / fast:.0f} x"
    )
    runner, cases = CaseRunner(pack), all_cases(pack, [])[:CASES]
    took = seconds(lambda: [runner.run(case) for case in cases])
    print(f"one case in both engines: {took / len(cases) * 1000:.0f} ms")
