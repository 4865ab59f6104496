"""Looking for a twin while typing: how long at ten times the people, on both databases."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.postgresql import cluster, programs

SIZES = (20_000, 200_000)
ASKED = 400
AIM_MS = 100
AT = datetime(2026, 11, 24, tzinfo=UTC)


def run() -> None:
    """Each database in a process of its own, because Django knows one."""
    with tempfile.TemporaryDirectory() as folder:
        _in_child("SQLite", f"sqlite:///{folder}/bench.sqlite3")
    if programs() is None:
        print("PostgreSQL skipped: it is not here; `make system` installs it")
        return
    with cluster() as url:
        _in_child("PostgreSQL", url)


def _in_child(name: str, url: str) -> None:
    environment = {**os.environ, "QAMQOR_DATABASE": url, "QAMQOR_SECRET_KEY": "x" * 50}
    subprocess.run([sys.executable, "-m", "benchmarks.people", name], check=True, env=environment)


def measure(name: str) -> None:
    """Fill the index step by step and ask the same kinds of questions at each size."""
    from qamqor import settings

    settings.load_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from benchmarks.identity import invented

    people, desk = invented(max(SIZES))
    before: dict[str, float] = {}
    done = 0
    for size in SIZES:
        seconds = fill(people, done, size)
        print(f"{name}: {size:,} people, {(size - done) / seconds:,.0f} filed/s")
        done = size
        for kind, times in ask(people[:size], desk).items():
            p95 = statistics.quantiles(times, n=20)[-1] * 1000
            known = before.get(kind)
            ratio = f", {p95 / known:.1f} x at ten times the people" if known else ""
            print(f"  {kind:32} p50 {statistics.median(times) * 1000:5.1f} ms, "
                  f"p95 {p95:5.1f} ms (aim {AIM_MS}){ratio}")  # fmt: skip
            before[kind] = before.get(kind, p95)
    from qamqor.store import node

    node.stop()


def fill(people: list[Any], done: int, size: int) -> float:
    """File people in steps, as a load does; the seconds it took."""
    from qamqor.store import node
    from qamqor.store import people as index

    started = time.perf_counter()
    for start in range(done, size, 2000):
        some = [(number + 1, patient_of(number, people[number]))
                for number in range(start, min(size, start + 2000))]  # fmt: skip
        node.commit(lambda tx, some=some: index.refresh(tx, some))
    return time.perf_counter() - started


def patient_of(number: int, person: Any) -> dict[str, Any]:
    """A Patient with an identity's fields."""
    name = person.names[0]
    given = [part for part in (name.given, name.patronymic) if part]
    return {"resourceType": "Patient", "id": f"p{number}", "birthDate": person.born_on,
               "name": [{"family": name.family, "given": given}], "gender": person.sex,
               "telecom": [{"system": "phone", "value": phone} for phone in person.phones],
               "generalPractitioner": [{"reference": f"Organization/area-{number % 100}"}],
               "identifier": [{"system": "http://qamqor.invalid/fhir/sid/iin", "value": iin}
                              for iin in person.iins]}  # fmt: skip


def ask(people: list[Any], desk: Any) -> dict[str, list[float]]:
    """Seconds of each kind of question, each for another person with two mistakes."""
    from qamqor.services.access.actor import PLATFORM
    from qamqor.services.registration import find

    chosen = random.Random(5).sample(range(len(people)), ASKED)
    second = [desk.again(people[place], 2)[0] for place in chosen]

    def typed(person: Any) -> str:
        name = person.names[0]
        return f"{name.family} {name.given}"

    kinds: dict[str, Callable[[Any], object]] = {
        "twins, form filled in": find.twins_of,
        "twins, name only": lambda p: find.twins_of(
            replace(p, born_on="", iins=(), phones=(), addresses=(), sex="")
        ),
        "search by both names": lambda p: find.find_by_name(typed(p), actor=PLATFORM, at=AT),
        "search by a beginning": lambda p: find.find_by_name(
            typed(p)[:4], actor=PLATFORM, at=AT, area_id="area-7"
        ),
    }
    return {kind: list(_timed(asked, second)) for kind, asked in kinds.items()}


def _timed(asked: Callable[[Any], object], people: list[Any]) -> Iterator[float]:
    for person in people:
        started = time.perf_counter()
        asked(person)
        yield time.perf_counter() - started


if __name__ == "__main__":
    measure(sys.argv[1])
