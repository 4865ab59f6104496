"""Searches over one and over ten times the data: what a page costs must follow what it shows."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

PEOPLE, EACH = 300, 40
AT = 1_772_442_000_000_000
ROUNDS = 100
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
SEARCHES = {
    "code and date": "code=http://loinc.org|8480-6&date=ge2025-06",
    "person and code": "patient=Patient/p7&code=http://loinc.org|8480-6",
    "chain to a person's name": "patient.family:exact=Family7",
    "chain to all women": "patient.gender=female",
    "reverse order of date": "_sort=-date",
    "codes and value": "code-value-quantity=http://loinc.org|8480-6$gt150",
    "no value set": "value-quantity:missing=true",
    "missing in nearly none": "date:missing=true",
    "there in nearly none": "method:missing=false",
    "part of a name": "patient.family:contains=mily17",
    "order of two": "_sort=-date,code",
    "code, order of two": "code=http://loinc.org|8480-6&_sort=-date,_id",
}


def resources(people: int) -> Iterator[dict[str, Any]]:
    """Invented people with readings; of each name and number as many as there are more people."""
    for n in range(people):
        yield {
            "resourceType": "Patient",
            "id": f"p{n}",
            "gender": ("male", "female")[n % 2],
            "name": [{"family": f"Family{n}"}],
        }
        for m in range(EACH):
            reading = {
                "resourceType": "Observation",
                "id": f"o{n}-{m}",
                "status": "final",
                "code": {"coding": [{"system": LOINC, "code": ("8480-6", "29463-7")[m % 2]}]},
                "subject": {"reference": f"Patient/p{n}"},
                "effectiveDateTime": f"{2021 + m % 5}-{n % 12 + 1:02}-{m % 28 + 1:02}",
            }
            if n % 150 == 0 and m == 0:
                del reading["effectiveDateTime"]
                reading["method"] = {"text": "By hand"}
            if m % 8:
                value = {"value": 100 + (n * 7 + m) % 80, "system": UCUM, "code": "mm[Hg]"}
                reading["valueQuantity"] = value
            yield reading


def _database() -> None:
    folder = Path(tempfile.mkdtemp(prefix="qamqor-bench-"))
    os.environ["QAMQOR_DATA"] = str(folder)
    os.environ.setdefault("QAMQOR_SECRET_KEY", "only-for-benchmarks-" + "x" * 50)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qamqor.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _fill(people: int) -> float:
    """Store and index; returns resources a second."""
    from qamqor.engine.fhir import json_text
    from qamqor.services.fhir.indexing import Saved, follow
    from qamqor.store import node
    from qamqor.store.fhir import versions
    from qamqor.store.fhir.versions import Version

    def store(tx: Any, some: list[dict[str, Any]]) -> None:
        first = tx.sequence(len(some))
        rows = [
            (n, Version(n, r["resourceType"], r["id"], 1, "PUT", AT + n, text))
            for n, r in enumerate(some, first)
            for text in [json_text.encode(r).decode()]
        ]
        versions.write(tx, rows)
        follow(tx, [Saved(n, r, None) for n, r in enumerate(some, first)])

    listed, count, started = iter(list(resources(people))), 0, time.perf_counter()
    while some := list(islice(listed, 5_000)):
        node.commit(lambda tx, some=some: store(tx, some))
        count += len(some)
    return count / (time.perf_counter() - started)


def _empty() -> None:
    from qamqor.store import node
    from qamqor.store.fhir import search_index

    def clear(tx: Any) -> None:
        search_index.clear(tx)
        for table in ("fhir_resource", "fhir_change"):
            tx.execute(f"delete from {table}")

    node.commit(clear)


def _measured() -> dict[str, float]:
    """Milliseconds of a first page of fifty, the middle of many."""
    from urllib.parse import parse_qsl

    from qamqor.engine.fhir.search.grammar import read_query
    from qamqor.engine.fhir.search.wanted import Setting
    from qamqor.store.fhir import search

    setting, found = Setting(at=AT, zone=0), {}
    for name, text in SEARCHES.items():
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            query = read_query(["Observation"], parse_qsl(text), setting, is_strict=True)
            search.page(query, limit=50)
            times.append(time.perf_counter() - started)
        found[name] = sorted(times)[ROUNDS // 2] * 1_000
    return found


def run() -> None:
    """Print each search at both sizes, and how many times more the larger costs."""
    _database()
    speed = _fill(PEOPLE)
    once = _measured()
    _empty()
    faster = _fill(PEOPLE * 10)
    tenfold = _measured()
    for name, before in once.items():
        after = tenfold[name]
        print(f"{name:26} {before:7.2f} ms → {after:7.2f} ms   × {after / before:.2f}")
    print(f"stored and indexed: {speed:,.0f}/s, at ten times the size {faster:,.0f}/s")
    from qamqor.store import node

    node.stop()
