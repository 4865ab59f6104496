"""Reads, creates and transactions over HTTP at 32 connections, beside a bare Django view."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.postgresql import cluster, programs
from tests.web.fhir import serving

SECONDS, CONNECTIONS, PEOPLE = 5, 32, 1000
THREADS = 32


def request(method: str, path: str, *, token: str = "", body: Any = None) -> str:
    """One request as it goes over the wire."""
    sent = "" if body is None else json.dumps(body)
    lines = [
        f"{method} /fhir{path} HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(sent.encode())}",
        *([f"Authorization: Bearer {token}"] if token else []),
        *(["Content-Type: application/fhir+json", "Prefer: return=minimal"] if sent else []),
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + sent


def load(port: int, requests: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._load.clients", *map(str, (port, SECONDS, CONNECTIONS))],
        input="\n".join(map(json.dumps, requests)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def person(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:example:chart", "value": f"{number}"}],
        "name": [{"use": "official", "family": f"Family{number}", "given": ["Given"]}],
        "gender": "female",
        "birthDate": "1980-01-01",
    }


def reading(number: int, *, of: str = "p") -> dict[str, Any]:
    """A weight of one of ``PEOPLE`` whose ids begin so."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": f"Patient/{of}{number % PEOPLE}"},
        "effectiveDateTime": "2026-01-01T10:00:00+05:00",
        "valueQuantity": {
            "value": 70.5,
            "unit": "kg",
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    }


def in_one(size: int, start: int) -> dict[str, Any]:
    """A transaction about people of its own: what was created before about others costs nothing."""
    entries = [
        {
            "resource": reading(start + n, of="b"),
            "request": {"method": "POST", "url": "Observation"},
        }
        for n in range(size)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def people(*, of: str = "p") -> dict[str, Any]:
    """A transaction that makes ``PEOPLE`` whose ids begin so."""
    entries = [
        {
            "resource": {**person(n), "id": f"{of}{n}"},
            "request": {"method": "PUT", "url": f"Patient/{of}{n}"},
        }
        for n in range(PEOPLE)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@contextmanager
def bare() -> Iterator[int]:
    """The bare view on the server that Qamqor uses, with as many threads."""
    port = serving.free_port()
    command = f"""
from granian import Granian
from granian.constants import Interfaces
Granian("benchmarks._load.bare:application", port={port}, interface=Interfaces.WSGI,
        workers=1, blocking_threads={THREADS}, backpressure=128, log_enabled=False).serve()
"""
    process = subprocess.Popen([sys.executable, "-c", command], start_new_session=True)
    folder = Path(tempfile.mkdtemp())
    (folder / "log").touch()
    serving.wait_until_answering(port, process, folder)
    try:
        yield port
    finally:
        serving.kill(process)


def say(what: str, told: dict[str, Any], floor: float, *, each: int = 1) -> None:
    rate = told["per_second"] * each
    print(
        f"  {what:38} {rate:8.0f}/s  {rate / floor:5.2f} of the floor"
        f"  p50 {told['p50_ms']:6.1f} ms  p99 {told['p99_ms']:6.1f} ms  {told['statuses']}"
    )


def measure(name: str, database: str | None, floor: float) -> None:
    print(name)
    with serving.node(Path(tempfile.mkdtemp(prefix="qamqor-bench-")), database) as node:
        port = int(node.url.split(":")[2].split("/")[0])
        load_once(port, request("POST", "", token=node.token, body=people()))
        reads = [request("GET", f"/Patient/p{n}", token=node.token) for n in range(PEOPLE)]
        say("read by id", load(port, reads), floor)
        creates = [
            request("POST", "/Organization", token=node.token, body=organization(n))
            for n in range(200)
        ]
        say("create, about nobody", load(port, creates), floor)
        readings = [
            request("POST", "/Observation", token=node.token, body=reading(n)) for n in range(500)
        ]
        say("create, about a person", load(port, readings), floor)
        load_once(port, request("POST", "", token=node.token, body=people(of="b")))
        bundles = [
            request("POST", "", token=node.token, body=in_one(100, n * 100)) for n in range(20)
        ]
        say("transactions of 100, resources", load(port, bundles), floor, each=100)


def organization(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "active": True,
        "name": f"Clinic {number}",
        "identifier": [{"system": "urn:example:site", "value": f"{number}"}],
    }


def load_once(port: int, sent: str) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(sent.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n").encode())
        answer = b""
        while part := one.recv(65536):
            answer += part
    if b" 200 " not in answer[:20]:
        raise RuntimeError(answer[:500].decode())


def run() -> None:
    """Print requests a second and their ratio to the floor, SQLite and PostgreSQL."""
    if "QAMQOR_BENCH_SECONDS" in os.environ:
        globals()["SECONDS"] = int(os.environ["QAMQOR_BENCH_SECONDS"])
    with bare() as port:
        floor = load(port, [request("GET", "/Patient/p1")])
    say("bare Django view (the floor)", floor, floor["per_second"])
    measure("SQLite", None, floor["per_second"])
    if programs() is None:
        print("PostgreSQL: not run, it is not here")
        return
    with cluster() as database:
        measure("PostgreSQL", database, floor["per_second"])
