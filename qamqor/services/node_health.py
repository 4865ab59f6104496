"""Says whether this node can answer, and how it is doing in numbers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from qamqor.services import derived
from qamqor.store import node
from qamqor.store.fhir import versions

LEAST_FREE_BYTES: Final = 256 << 20
REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "qamqor_requests", "Requests answered", ["interaction", "status"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "qamqor_request_seconds",
    "Time to an answer",
    ["interaction"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=REGISTRY,
)
GROUP: Final = Histogram(
    "qamqor_commit_pieces",
    "Pieces of work in one commit",
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=REGISTRY,
)
COMMIT: Final = Histogram(
    "qamqor_commit_seconds",
    "Time of one commit",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
    registry=REGISTRY,
)
WORKED_OUT: Final = Counter(
    "qamqor_people_worked_out", "People whose due care was worked out", registry=REGISTRY
)
SEQUENCE: Final = Gauge(
    "qamqor_sequence", "Number of the newest change", registry=REGISTRY, multiprocess_mode="max"
)


def _committed(pieces: int, seconds: float) -> None:
    GROUP.observe(pieces)
    COMMIT.observe(seconds)


node.OBSERVERS.append(_committed)
derived.OBSERVERS.append(WORKED_OUT.inc)


def answered(interaction: str, status: int, seconds: float) -> None:
    """Count one request; ``interaction`` in few words, of which there are few."""
    _counted(interaction, status).inc()
    _timed(interaction).observe(seconds)


@cache
def _counted(interaction: str, status: int) -> Counter:
    return REQUESTS.labels(interaction, str(status))


@cache
def _timed(interaction: str) -> Histogram:
    return SECONDS.labels(interaction)


def metrics() -> tuple[bytes, str]:
    """The numbers of all processes of this node as Prometheus reads them; their content type."""
    SEQUENCE.set(versions.last_sequence())
    told = REGISTRY
    if settings.NUMBERS_ARE_SHARED:
        told = CollectorRegistry()
        MultiProcessCollector(told)  # type: ignore[no-untyped-call]
    return generate_latest(told), CONTENT_TYPE_LATEST


def ready() -> dict[str, str]:
    """What is needed to answer → ``ok``, or what is wrong with it."""
    return {name: _checked(check) for name, check in CHECKS.items()}


def _checked(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, OSError) as error:
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select value from node_counter where name = 'sequence'")
        return "ok" if cursor.fetchone() is not None else "not set up"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not waiting else f"{len(waiting)} migrations wait; restart the server"


def _disk() -> str:
    folder: Path = settings.QAMQOR.data
    free = shutil.disk_usage(folder).free
    return "ok" if free >= LEAST_FREE_BYTES else f"only {free >> 20} MB free"


CHECKS: Final[dict[str, Callable[[], str]]] = {
    "database": _database,
    "migrations": _migrations,
    "disk": _disk,
}


def now() -> float:
    """Seconds of a clock that only goes forward, to measure how long something takes."""
    return time.perf_counter()
