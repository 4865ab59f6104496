"""The database a benchmark in process writes to: SQLite, or PostgreSQL where a setting asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgresql import cluster


@contextmanager
def chosen() -> Iterator[str]:
    """Set QAMQOR_DATABASE; QAMQOR_BENCH_DATABASE=postgresql starts a cluster. Gives its name."""
    if os.environ.get("QAMQOR_BENCH_DATABASE") != "postgresql":
        yield "SQLite"
        return
    with cluster() as url:
        os.environ["QAMQOR_DATABASE"] = url
        try:
            yield "PostgreSQL"
        finally:
            del os.environ["QAMQOR_DATABASE"]
