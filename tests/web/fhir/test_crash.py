"""A node is killed again and again under load, and loses nothing it has acknowledged."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests import postgresql
from tests.web.fhir import serving

PATIENCE = 120
"""Seconds for one answer: the machine may be busy with other things."""
LOADERS = 2
RACERS = 2
ENOUGH_FAULTS = 20
"""So many wrong answers, and nobody waits for right ones."""
VERIFY = """
import json, sys
from qamqor import settings
settings.load_django()
from django.db import connections
from qamqor.services.audit import verify
for line in sys.stdin:
    verdict = verify.verify()
    connections.close_all()
    said = [verdict.entries, [finding.text for finding in verdict.findings]]
    print("VERDICT", json.dumps(said), flush=True)
"""


@dataclass
class Kept:
    """What a node has acknowledged.

    Attributes:
        single: ids put alone. pairs: ids put together in one transaction.
        won: version of the resource raced for → the name its winner wrote.
    """

    single: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    won: dict[int, str] = field(default_factory=dict)


class Load:
    """Threads that write until the node is gone, and remember what it acknowledged."""

    def __init__(self, url: str, token: str, round_: int, kept: Kept) -> None:
        self.url, self.round, self.kept = url, round_, kept
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        self.written = 0
        self.is_over = False
        self.faults: list[str] = []
        self.start_together = threading.Barrier(RACERS, timeout=PATIENCE)
        self.seen = max(kept.won, default=0)
        work = [(self._write, n) for n in range(LOADERS)] + [(self._race, n) for n in range(RACERS)]
        self.threads = [threading.Thread(target=self._run, args=each) for each in work]

    def wait_for(self, count: int) -> None:
        """Wait until the node works at full speed and somebody has won a race."""
        raced = len(self.kept.won)
        while self.written < count or len(self.kept.won) == raced:
            if not any(thread.is_alive() for thread in self.threads):
                return
            if len(self.faults) > ENOUGH_FAULTS:
                return
            time.sleep(0.002)

    def _run(self, work: Any, number: int) -> None:
        count = 0
        with requests.Session() as session:
            session.headers.update(self.headers)
            while True:
                try:
                    work(session, f"r{self.round}-{number}-{count}", count)
                except (requests.RequestException, OSError, threading.BrokenBarrierError) as end:
                    if not self.is_over:
                        self.faults.append(f"before the kill: {end!r}")
                    self.start_together.abort()
                    return
                count += 1

    def _write(self, session: requests.Session, name: str, count: int) -> None:
        if count % 2:
            both = (f"{name}-a", f"{name}-b")
            entries = [
                {"resource": one(id_), "request": {"method": "PUT", "url": f"Basic/{id_}"}}
                for id_ in both
            ]
            said: Any = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            answer = session.post(self.url, data=json.dumps(said), timeout=PATIENCE)
            self._expect(answer, 200)
            self.kept.pairs.append(both)
        else:
            answer = session.put(
                f"{self.url}/Basic/{name}", data=json.dumps(one(name)), timeout=PATIENCE
            )
            self._expect(answer, 201)
            self.kept.single.append(name)
        self.written += 1

    def _race(self, session: requests.Session, name: str, count: int) -> None:
        """Put a version of one resource at the same time as the others who saw the same one."""
        self.start_together.wait()
        before = self.seen
        said = {"If-Match": f'W/"{before}"'} if before else {"If-None-Match": "*"}
        answer = session.put(
            f"{self.url}/Basic/raced",
            data=json.dumps(one("raced", name)),
            headers=said,
            timeout=PATIENCE,
        )
        if answer.status_code in {200, 201}:
            number = int(answer.json()["meta"]["versionId"])
            if number in self.kept.won:
                self.faults.append(f"{name} and {self.kept.won[number]} both won {number}")
            self.kept.won[number] = name
        else:
            self._expect(answer, 412)
        self.start_together.wait()
        if name.split("-")[1] == "0":
            self.seen = max(self.kept.won, default=0)
            if self.seen != before + 1:
                self.faults.append(f"nobody won version {before + 1}")

    def _expect(self, answer: requests.Response, status: int) -> None:
        if answer.status_code != status:
            self.faults.append(f"{answer.status_code}: {answer.text[:300]}")


def one(id_: str, name: str = "x") -> dict[str, Any]:
    return {"resourceType": "Basic", "id": id_, "code": {"text": name}}


@contextmanager
def chain_reader(folder: Path, database: str | None) -> Iterator[subprocess.Popen[str]]:
    """A process that reads the audit chain as ``qamqor audit verify`` does, whenever asked."""
    process = subprocess.Popen(
        [sys.executable, "-c", VERIFY],
        env=serving.environment(folder, database),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=PATIENCE)


def chain(reader: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """How many entries there are, and what is wrong with them."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    for line in reader.stdout:
        if line.startswith("VERDICT "):
            entries, faults = json.loads(line.removeprefix("VERDICT "))
            return entries, faults
    raise AssertionError("the chain's reader is gone")


def kill_often(folder: Path, kills: int, database: str | None = None) -> None:
    draw = random.Random(7)
    port = serving.free_port()
    process = serving.start(folder, port, database=database)
    token = serving.token(folder, database)
    kept, entries = Kept(), 0
    with chain_reader(folder, database) as reader:
        for round_ in range(kills):
            load = Load(f"http://127.0.0.1:{port}/fhir", token, round_, kept)
            for thread in load.threads:
                thread.start()
            load.wait_for(2 * LOADERS)
            time.sleep(draw.uniform(0.0, 0.2))
            load.is_over = True
            serving.kill(process)
            for thread in load.threads:
                thread.join()
            assert load.faults == []
            before, (entries, faults) = entries, chain(reader)
            assert faults == []
            assert entries > before
            kept.won = check(folder, kept, database)
            if round_ + 1 < kills:
                process = serving.start(folder, port, database=database)
    written = len(kept.single) + len(kept.pairs)
    print(f"{kills} kills, {written} writes acknowledged, {len(kept.won)} races, {entries} entries")
    assert written > kills, "the load was too small to mean anything"
    assert len(kept.won) >= kills, "too few races to mean anything"


def reader_of(folder: Path, database: str | None) -> Any:
    """A connection that reads what is stored without the node's code."""
    return psycopg.connect(database) if database else sqlite3.connect(folder / "qamqor.sqlite3")


def check(folder: Path, kept: Kept, database: str | None) -> dict[int, str]:
    """Everything acknowledged is there, nothing is half there, nobody's win was overwritten.

    Returns:
        who won each version, also the last one, whose answer the kill may have swallowed.
    """
    with closing(reader_of(folder, database)) as stored:
        there = {row[0] for row in stored.execute("select id from fhir_resource")}
        changes = list(
            stored.execute(
                "select sequence, type, id, version, content from fhir_change order by sequence"
            )
        )
        counters = stored.execute("select value from node_counter where name = 'sequence'")
        counter = counters.fetchone()[0]
        audited = [
            json.loads(row[0]).get("what", [])
            for row in stored.execute("select entry from audit_entry where action != 'read'")
        ]
    wanted = {*kept.single, *(id_ for pair in kept.pairs for id_ in pair)}
    assert not wanted - there
    half = [id_ for id_ in there if id_[-2:] in {"-a", "-b"} and id_[:-1] + other(id_) not in there]
    assert not half
    assert [change[0] for change in changes] == list(range(1, counter + 1))
    named = sorted(reference for what in audited for reference in what)
    assert named == sorted(f"{type_}/{id_}/_history/{n}" for _, type_, id_, n, _ in changes)
    won = {
        number: json.loads(content)["code"]["text"]
        for _, _, id_, number, content in changes
        if id_ == "raced"
    }
    assert list(won) == list(range(1, len(won) + 1))
    assert {number: won.get(number) for number in kept.won} == kept.won
    return won


def other(id_: str) -> str:
    return "b" if id_.endswith("a") else "a"


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=int(os.environ.get("QAMQOR_TEST_KILLS", "20")))


def test_nothing_acknowledged_is_lost_where_postgresql_keeps_it(tmp_path: Path) -> None:
    with postgresql.cluster() as database:
        kill_often(tmp_path, kills=5, database=database)


@pytest.mark.long
def test_nothing_is_lost_in_two_hundred_kills(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=200)


@pytest.mark.long
def test_nothing_is_lost_in_a_hundred_kills_on_postgresql(tmp_path: Path) -> None:
    with postgresql.cluster() as database:
        kill_often(tmp_path, kills=100, database=database)
