"""Every programme for everyone against decoding the columns once, and for one person.

BENCH_PEOPLE says how many to invent (200,000 without it); what is printed are ratios within
one run, because seconds say more about the machine than about the software.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from qamqor.engine.population.one_person import OnePerson
from qamqor.engine.population.questions import Questions, ask
from qamqor.engine.programmes.approval import invented_approvals
from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.services.demo import Wish, invent_tables
from qamqor.services.population import Place, choose, directory, person_rows, refresh
from qamqor.services.population_groups import register
from qamqor.store.warehouse import Warehouse

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "200000"))
WORKERS = 2
CONTENT = Path("content")
AS_OF = date(2026, 11, 20)
ONE_BY_ONE = 1000
AGAIN = "_again"
# Who counts, and where each person belongs, whatever the programmes ask.
ENGINE_READS = {
    "patient": ("patient_id", "born_on", "died_on", "is_active", "is_rural", "kato", "sex"),
    "attachment": ("patient_id", "episode_of_care_id", "organization_id", "from_on", "left_on"),
    "territory": ("kato", "place_id"),
    "organisation": ("id", "parent_id"),
}


def run() -> None:
    """Invent people, then print what each promise comes to."""
    pack = load_pack(CONTENT)
    with tempfile.TemporaryDirectory() as folder:
        place = invented(PEOPLE, Path(folder) / "all")
        small = invented(PEOPLE // 4, Path(folder) / "quarter")
        everyone(place, pack)
        linear(place, small, pack)
        one_more(place, pack)
        one_person(small, pack)


def invented(people: int, folder: Path) -> Place:
    """So many people, straight to tables."""
    made = invent_tables(Wish(CONTENT, people, "kazakhstan", 1, AS_OF), folder, processes=WORKERS)
    print(f"invented {made.people:,} people with {made.rows:,} rows", flush=True)
    return Place(folder, WORKERS)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the clock and of the processors."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def evaluate_all(place: Place, pack: Pack) -> None:
    """Every programme in force, results written."""
    approvals = invented_approvals(pack, datetime(2026, 1, 1, tzinfo=UTC))
    refresh(place, pack, as_of=AS_OF, choice=choose(pack, AS_OF, approvals))


def decode(place: Place, questions: Questions) -> None:
    """The floor: every column that is read, decoded once, by as many workers."""
    warehouse = Warehouse.open(place.warehouse)
    halves = [range(start, warehouse.buckets, WORKERS) for start in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(lambda half: _decode(warehouse, questions, list(half)), halves))


def _decode(warehouse: Warehouse, questions: Questions, buckets: list[int]) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        register(connection, warehouse, questions.pack.tables.values(), buckets)
        for table, columns in columns_read(questions).items():
            greatest = ", ".join(f"max({column})" for column in columns)
            connection.execute(f"select {greatest} from warehouse.{table}").fetchall()  # noqa: S608


def columns_read(questions: Questions) -> dict[str, list[str]]:
    """The columns that the queries name, those that say what is known, and the engine's own."""
    columns = {name: list(named) for name, named in ENGINE_READS.items()}
    for read in questions.reads:
        table = read.table
        known_on = (table.known_on,) if table.known_on else ()
        named = (*read.columns, *known_on, *(table.keys if read.newest else ()))
        before = columns.get(table.name, [])
        columns[table.name] = list(dict.fromkeys((*before, *named)))
    return columns


def everyone(place: Place, pack: Pack) -> None:
    """Every programme against the floor, measured in turns."""
    questions = ask(pack, AS_OF)
    floors, whole = [], []
    for _ in range(3):
        floors.append(timed(lambda: decode(place, questions)))
        whole.append(timed(lambda: evaluate_all(place, pack)))
    clock, processor = (
        min(one[i] for one in whole) / min(one[i] for one in floors) for i in (0, 1)
    )
    seconds = min(one[0] for one in whole)
    queries = len(questions.every)
    print(f"{len(questions.programmes)} programmes, {queries} queries, results written:")
    print(f"  {clock:.1f} x the floor by the clock, {processor:.1f} x by processor time (goal 6)")
    print(f"  {PEOPLE / seconds:,.0f} people a second in this run")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  peak memory of this process {peak:.1f} GiB (goal 8)", flush=True)


def linear(place: Place, small: Place, pack: Pack) -> None:
    """Four times the people against four times the time."""
    _, many = timed(lambda: evaluate_all(place, pack))
    _, few = timed(lambda: evaluate_all(small, pack))
    print(f"four times the people: {many / few:.1f} x the processor time (linear is 4)", flush=True)


def one_more(place: Place, pack: Pack) -> None:
    """What a programme costs that is added to those there, against their mean."""
    in_force = pack.in_force(AS_OF)
    twice = replace(pack, programmes=(*pack.programmes, *map(again, in_force)))
    once, both = [], []
    for _ in range(3):
        once.append(timed(lambda: evaluate_all(place, pack))[1])
        both.append(timed(lambda: evaluate_all(place, twice))[1])
    cost = (min(both) - min(once)) / min(once)
    print(
        f"every programme a second time: one added costs {cost:.2f} x the mean of those there"
        " (goal 1.2)",
        flush=True,
    )


def again(programme: Programme) -> Programme:
    """The same programme under another id."""

    def renamed(sql: str) -> str:
        for suffix in ("population", "eligible", *programme.states):
            sql = sql.replace(f"{programme.id}_{suffix}", f"{programme.id}{AGAIN}_{suffix}")
        return sql

    def all_renamed(asked: Any) -> dict[str, Any]:
        return {name: replace(one, sql=renamed(one.sql)) for name, one in asked.items()}

    return replace(
        programme,
        id=f"{programme.id}{AGAIN}",
        population_sql=renamed(programme.population_sql),
        eligible_sql=renamed(programme.eligible_sql) if programme.eligible_sql else None,
        states=all_renamed(programme.states),
        actions=all_renamed(programme.actions),
        measures=all_renamed(programme.measures),
    )


def one_person(place: Place, pack: Pack) -> None:
    """The whole pack for one person from flattened rows, and for a hundred changed people."""
    warehouse = Warehouse.open(place.warehouse)
    with duckdb.connect() as connection:
        register(connection, warehouse, pack.tables.values(), None)
        chosen = connection.execute(
            "select patient_id from warehouse.patient order by hash(patient_id) limit $n",
            {"n": ONE_BY_ONE},
        ).fetchall()
        rows = person_rows(connection, pack, [row[0] for row in chosen])
        asker = OnePerson(ask(pack, AS_OF), **directory(connection))
    times = []
    for _ in range(3):
        for known in rows.values():
            start = time.perf_counter()
            asker.due(known)
            times.append(time.perf_counter() - start)
    times.sort()
    half, most = times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
    print(f"one person, whole pack: median {half:.2f} ms (goal 1), 99th of 100 {most:.2f} (goal 5)")
    people = list(rows.values())
    hundreds = sorted(
        timed(lambda some=people[begin : begin + 100]: [asker.due(known) for known in some])[1]
        * 1000
        for begin in range(0, len(people), 100)
    )
    print(
        f"a hundred changed people: {hundreds[len(hundreds) // 2]:.0f} ms of processor time, the"
        f" median of {len(hundreds)} hundreds; the slowest {hundreds[-1]:.0f} (goal 60)"
    )
