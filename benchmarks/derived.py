"""What it costs to work out a person's due care when their record is saved, and to load many.

QAMQOR_BENCH_DATABASE=postgresql measures PostgreSQL instead of SQLite.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

CONTENT = Path(__file__).parents[1] / "content"
AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PEOPLE = 400
SAVES = 400
TOGETHER = 20


def run() -> None:
    """Print saves with and without a person worked out, in one run, and what loading takes."""
    from benchmarks._load.database import chosen

    with tempfile.TemporaryDirectory() as name, chosen() as database:
        print(database)
        os.environ |= {"QAMQOR_DATA": name, "QAMQOR_DEMO": "1"}
        from django.core.management import call_command

        from qamqor import settings
        from qamqor.store import node

        settings.load_django()
        call_command("migrate", verbosity=0)
        _load(Path(name))
        _flatten(Path(name))
        _saves(Path(name))
        node.stop()


def _load(folder: Path) -> None:
    from qamqor.services.access.actor import PLATFORM
    from qamqor.services.demo import Wish, invent_resources
    from qamqor.services.fhir import load

    invent_resources(Wish(CONTENT, PEOPLE, "merke", 1, date(2026, 11, 24)), folder / "in")
    started, used, others = perf_counter(), process_time(), _children()
    ready: list[float] = []

    def progress(_: int) -> None:
        ready[:] = [perf_counter() - started, process_time() - used]

    found = load.load(
        [folder / "in"],
        quarantine=folder / "apart",
        actor=PLATFORM,
        at=AT,
        processes=2,
        progress=progress,
    )
    took, here = ready
    each, beside = here / found.read * 1e6, (_children() - others) / found.read * 1e6
    print(f"load, checked and indexed: {found.read:,} resources, {found.read / took:,.0f}/s")
    print(f"  processor time each: {each:.0f} µs to store, {beside:.0f} µs to prepare beside it")
    care = (process_time() - used - here) / found.people * 1e3
    print(f"  then due care of {found.people} people, {care:.2f} ms each")


def _children() -> float:
    """Seconds of the processor that ended processes of ours have used."""
    times = os.times()
    return times.children_user + times.children_system


def _flatten(folder: Path) -> None:
    from qamqor.engine.tables.quick import quick
    from qamqor.engine.tables.rows import rows
    from qamqor.services import installed
    from qamqor.services.warehouse.plan import plan_of

    views = [one.view for one in plan_of(installed.pack().tables.values()).feeds["Observation"]]
    fast = [quick(view) for view in views]
    some = list(_observations(folder))
    quickly = _timed(lambda: [way(one) for one in some for way in fast])
    plainly = _timed(lambda: [rows(view, one) for one in some[:40] for view in views])
    each, slow = quickly / len(some), plainly / 40
    print(f"flatten an Observation by {len(views)} views: {each * 1e6:.0f} µs", end="")
    print(f", {slow / each:.0f} x faster than plainly")


def _saves(folder: Path) -> None:
    from qamqor.services import derived, due, installed
    from qamqor.services.access.actor import PLATFORM
    from qamqor.services.fhir.write import Change, apply, save
    from qamqor.store import node
    from qamqor.store.fhir import versions

    observations = list(_observations(folder))
    people = [one["subject"]["reference"].split("/")[1] for one in observations]
    nobody = [{**one, "subject": {"reference": "Group/somewhere"}} for one in observations]

    def one_by_one(some: list[dict[str, Any]], name: str) -> list[float]:
        times = []
        for number, one in enumerate(some):
            change = Change("POST", "Observation", f"{name}-{number}", one)
            times.append(_timed(lambda change=change: save([change], actor=PLATFORM, at=AT)))
        return sorted(times)

    def together(some: list[dict[str, Any]], name: str) -> float:
        def work(tx: Any) -> None:
            for number, one in enumerate(some):
                change = Change("POST", "Observation", f"{name}-t{number}", one)
                apply(tx, [change], actor=PLATFORM, at=AT)

        return _timed(lambda: node.commit(work))

    one_by_one(nobody[:40], "warm")
    one_by_one(observations[:40], "warm-person")
    for words, some in (("nobody in the record", nobody), ("a person worked out", observations)):
        used = process_time()
        times = one_by_one(some, words.replace(" ", "-"))
        busy = (process_time() - used) / len(some) * 1e3
        p95 = times[int(len(times) * 0.95)]
        print(
            f"save about {words}: p50 {median(times) * 1e3:.1f} ms, p95 {p95 * 1e3:.1f} ms", end=""
        )
        print(f", the processor busy for {busy:.2f} ms")
    for words, some in (("nobody", nobody), ("each another person", _apart(observations))):
        used = process_time()
        took = sum(
            together(some[at : at + TOGETHER], f"{words.replace(' ', '-')}-{at}")
            for at in range(0, len(some), TOGETHER)
        )
        busy = (process_time() - used) / len(some) * 1e3
        print(f"{TOGETHER} creates a commit, {words}: {len(some) / took:,.0f}/s", end="")
        print(f", the processor busy for {busy:.2f} ms each")
    asker = derived.asker(derived.day_of(AT))
    took = _timed(lambda: [due.due_of(one, as_of=asker.as_of) for one in people[:200]])
    print(f"read one person's due care: {took / 200 * 1e3:.2f} ms")
    took = _timed(lambda: due.list_for(due.Wanted(roles=("practice_nurse",)), as_of=asker.as_of))
    print(f"a list of 50 people of {PEOPLE}: {took * 1e3:.1f} ms")
    took = _timed(lambda: derived.refresh(date(2026, 11, 25), sequence=versions.last_sequence()))
    programmes = len(installed.pack().programmes)
    print(f"a new day: {took / PEOPLE * 1e3:.2f} ms a person, {programmes} programmes")


def _apart(observations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One observation of each person: nobody is worked out twice in a commit."""
    return list({one["subject"]["reference"]: one for one in observations}.values())


def _observations(folder: Path) -> Iterator[dict[str, Any]]:
    from qamqor.engine.fhir import json_text

    lines = (folder / "in" / "Observation.ndjson").read_bytes().splitlines()
    yield from map(json_text.decode, lines[:: max(1, len(lines) // SAVES)][:SAVES])


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started
