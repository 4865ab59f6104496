"""What it costs to let nobody look unseen: reads with and without the audit, and its proof."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.http import PEOPLE, THREADS, load, load_once, people, request
from tests.web.fhir import serving

DECISIONS, ROUNDS = 20_000, 3


@contextmanager
def unseen(folder: Path) -> Iterator[int]:
    """The same record, served without keeping who reads."""
    port = serving.free_port()
    command = f"""
from granian import Granian
from granian.constants import Interfaces
Granian("benchmarks._load.unseen:application", port={port}, interface=Interfaces.WSGI,
        workers=1, blocking_threads={THREADS}, backpressure=128, log_enabled=False).serve()
"""
    environment = serving.environment(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", command], env=environment, start_new_session=True
    )
    serving.wait_until_answering(port, process, folder)
    try:
        yield port
    finally:
        serving.kill(process)


def reads() -> None:
    """Reads a second over HTTP, with the audit and without, one after the other, three times."""
    with serving.node(Path(tempfile.mkdtemp(prefix="qamqor-bench-"))) as node:
        port = int(node.url.split(":")[2].split("/")[0])
        load_once(port, request("POST", "", token=node.token, body=people()))
        asked = [request("GET", f"/Patient/p{n}", token=node.token) for n in range(PEOPLE)]
        with unseen(node.folder) as other:
            pairs = [(load(other, asked), load(port, asked)) for _ in range(ROUNDS)]
        verified(node.folder)
    for without, kept in pairs:
        cost = 1 - kept["per_second"] / without["per_second"]
        print(
            f"  read by id: {without['per_second']:6.0f}/s without,"
            f" {kept['per_second']:6.0f}/s with the audit: cost {cost:4.0%};"
            f" p50 {without['p50_ms']:.1f} and {kept['p50_ms']:.1f} ms,"
            f" p99 {without['p99_ms']:.1f} and {kept['p99_ms']:.1f} ms  {kept['statuses']}"
        )


def verified(folder: Path) -> None:
    """How fast the chain that these reads made is read again."""
    done = subprocess.run(
        [sys.executable, "-c", VERIFY],
        env=serving.environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"  verify: {done.stdout.strip()}")


VERIFY = """
from qamqor import settings
settings.load_django()
import time
from qamqor.services.audit.verify import verify
began = time.perf_counter()
verdict = verify()
rate = verdict.entries / (time.perf_counter() - began)
minutes = 1e8 / rate / 60
print(f"{verdict.entries} entries, intact: {verdict.is_intact}, {rate:.0f} entries/s, "
      f"100 million in {minutes:.0f} minutes")
"""


def decisions() -> None:
    """One decision, its sight not yet known and known: median and 95th percentile."""
    from qamqor import settings

    settings.load_django()
    from qamqor.services.access import matrix, policy
    from qamqor.store.access import Facts

    labels = policy.Labels({"HIV": frozenset({"gp"})})
    facts = Facts(frozenset({matrix.PERSON}), frozenset({"HIV"}))
    held = {matrix.PERSON: {matrix.LINKS["panel"]}}
    gp = matrix.actor_of("gp", "panel")

    def known(day: int) -> None:
        view = policy.sight(gp, "read", "Observation", labels=labels, day=0)
        policy.decide(view, facts, held)

    def new(day: int) -> None:
        view = policy.sight(gp, "read", "Observation", labels=labels, day=day)
        policy.decide(view, facts, held)

    for name, decide in (("sight known", known), ("sight new", new)):
        median, late = timed(decide)
        print(f"  decision, {name}: median {median:.1f} us, p95 {late:.1f} us")


def timed(what: Callable[[int], None]) -> tuple[float, float]:
    times = []
    for number in range(DECISIONS):
        began = time.perf_counter_ns()
        what(number)
        times.append(time.perf_counter_ns() - began)
    times.sort()
    return times[DECISIONS // 2] / 1000, times[DECISIONS * 95 // 100] / 1000


def run() -> None:
    """Print what a decision costs, what the audit costs reads, and how fast it is verified."""
    decisions()
    reads()
