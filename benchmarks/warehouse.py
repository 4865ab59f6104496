"""Loading into the warehouse against bare flattening of the same files by the same views."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from qamqor import settings
from qamqor.engine.programmes.load import read_pack
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.sql import flatten
from qamqor.services.warehouse.load import load

PEOPLE, READINGS = 2_000, 60
READING = (
    '{"resourceType":"Observation","id":"o%d","status":"final","category":[{"coding":[{"system":'
    '"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],'
    '"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":'
    '"Patient/p%d"},"effectiveDateTime":"2026-%02d-%02dT09:30:00+05:00","issued":'
    '"2026-01-10T09:31:00+05:00","component":[{"code":{"coding":[{"system":"http://loinc.org",'
    '"code":"8480-6"}]},"valueQuantity":{"value":%d,"unit":"mmHg","system":'
    '"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org",'
    '"code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg","system":'
    '"http://unitsofmeasure.org","code":"mm[Hg]"}}]}\n'
)


def deliver(folder: Path) -> dict[str, Path]:
    """An invented delivery: people, and blood pressures of three people in four."""
    folder.mkdir()
    patients, readings = folder / "Patient.ndjson", folder / "Observation.ndjson"
    with patients.open("w") as file:
        for person in range(PEOPLE):
            file.write(f'{{"resourceType":"Patient","id":"p{person}","birthDate":"1970-01-01"}}\n')
    with readings.open("w") as file:
        for number in range(PEOPLE * READINGS):
            person, month, day = number % PEOPLE, number % 12 + 1, number % 28 + 1
            file.write(READING % (number, person, month, day, 110 + number % 60))
    return {"Patient": patients, "Observation": readings}


def timed(work: Callable[[], Any]) -> float:
    """Seconds one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run() -> None:
    """Print load speeds as multiples of flattening alone, in one run."""
    folder = Path(tempfile.mkdtemp())
    try:
        _compare(folder)
    finally:
        shutil.rmtree(folder)


def _compare(folder: Path) -> None:
    files = deliver(folder / "delivery")
    now = settings.read()
    tables = read_pack(now.shipped_content)[0].tables.values()
    megabytes = sum(path.stat().st_size for path in files.values()) / 1e6

    def bare() -> None:
        with duckdb.connect() as db:
            for kind, path in files.items():
                views = [
                    read_view(view)
                    for table in tables
                    for view in table.views
                    if view["resource"] == kind
                ]
                flatten(db, views, [path])

    def whole(into: str) -> None:
        load([folder / "delivery"], folder / into, tables=tables, at=datetime.now(UTC))

    floor = timed(bare)
    print(f"{megabytes:.0f} MB of NDJSON, {PEOPLE * READINGS:,} observations")
    print(f"flattening alone, all views of the pack  {megabytes / floor:6.0f} MB/s  1.00")
    for words, seconds in (
        ("first load", timed(lambda: whole("data"))),
        ("the same delivery again", timed(lambda: whole("data"))),
    ):
        print(f"{words:<41}{megabytes / seconds:6.0f} MB/s  {floor / seconds:4.2f}")
    changed = folder / "changed.ndjson"
    changed.write_text("".join(READING % (n, n % PEOPLE, 5, 5, 150) for n in range(100)))
    seconds = timed(lambda: load([changed], folder / "data", tables=tables, at=datetime.now(UTC)))
    print(
        f"100 changed observations of {PEOPLE * READINGS:,} take {seconds / floor:.2f} of that time"
    )
