"""Reads and searches over HTTP at 32 connections, beside a bare Django view, on both databases.

The floor runs before and after each measurement, so that a machine that does other work meanwhile
does it to both.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import http
from benchmarks.http import PEOPLE, bare, load, load_once, people, reading, request
from tests.postgresql import cluster, programs
from tests.web.fhir import serving

EACH, DAYS, TOGETHER = 5, 28, 500
LOINC = "http://loinc.org"


def readings(start: int) -> dict[str, Any]:
    """Some readings, each person's on different days of one month; ten of a code on a day."""
    entries = []
    for n in range(start, start + TOGETHER):
        code = {"coding": [{"system": LOINC, "code": f"c{n // DAYS % 18}"}]}
        day = f"2026-01-{n % DAYS + 1:02}T10:00:00+05:00"
        resource = {**reading(n), "code": code, "effectiveDateTime": day}
        entries.append({"resource": resource, "request": {"method": "POST", "url": "Observation"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def questions(token: str) -> dict[str, list[str]]:
    """What is asked, by name, each with many different values."""
    code = quote(f"{LOINC}|c")
    return {
        "read by id": [request("GET", f"/Patient/p{n}", token=token) for n in range(PEOPLE)],
        "search by code and date": [
            request(
                "GET",
                f"/Observation?code={code}{n % 18}&date=2026-01-{n % DAYS + 1:02}",
                token=token,
            )
            for n in range(500)
        ],
        "search by a person's name": [
            request("GET", f"/Observation?patient.family:exact=Family{n}", token=token)
            for n in range(PEOPLE)
        ],
    }


def measure(name: str, database: str | None, floor_port: int) -> None:
    print(name)
    floor_asked = [request("GET", "/Patient/p1")]
    with serving.node(Path(tempfile.mkdtemp(prefix="qamqor-bench-")), database) as node:
        port = int(node.url.split(":")[2].split("/")[0])
        load_once(port, request("POST", "", token=node.token, body=people()))
        for start in range(0, PEOPLE * EACH, TOGETHER):
            load_once(port, request("POST", "", token=node.token, body=readings(start)))
        for what, asked in questions(node.token).items():
            load(port, asked)
            before = load(floor_port, floor_asked)["per_second"]
            told = load(port, asked)
            after = load(floor_port, floor_asked)["per_second"]
            http.say(what, told, (before + after) / 2)


def run() -> None:
    """Print requests a second, their ratio to the floor and how long the slowest took."""
    if "QAMQOR_BENCH_SECONDS" in os.environ:
        http.SECONDS = int(os.environ["QAMQOR_BENCH_SECONDS"])
    with bare() as port:
        measure("SQLite", None, port)
        if programs() is None:
            print("PostgreSQL: not run, it is not here")
            return
        with cluster() as database:
            measure("PostgreSQL", database, port)
