"""A node is killed again and again under load, and loses nothing it has acknowledged."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.web.fhir import serving

LOADERS = 4


class Load:
    """Threads that write until the node is gone, and remember what it acknowledged."""

    def __init__(self, url: str, token: str, round_: int) -> None:
        self.url, self.round = url, round_
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
        self.single: list[str] = []
        self.pairs: list[tuple[str, str]] = []
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(LOADERS)]

    def wait_for(self, count: int) -> None:
        """Wait until the node works at full speed."""
        while len(self.single) + len(self.pairs) < count and self.threads[0].is_alive():
            time.sleep(0.005)

    def _run(self, number: int) -> None:
        session = requests.Session()
        session.headers.update(self.headers)
        count = 0
        with session:
            while True:
                name = f"r{self.round}-{number}-{count}"
                count += 1
                try:
                    self._write(session, name, is_pair=count % 2 == 0)
                except (requests.RequestException, OSError):
                    return

    def _write(self, session: requests.Session, name: str, *, is_pair: bool) -> None:
        if is_pair:
            both = [f"{name}-a", f"{name}-b"]
            entries = [
                {"resource": one(id_), "request": {"method": "PUT", "url": f"Basic/{id_}"}}
                for id_ in both
            ]
            said: Any = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            answer = session.post(self.url, data=json.dumps(said), timeout=20)
            assert answer.status_code == 200, answer.text
            self.pairs.append((both[0], both[1]))
        else:
            answer = session.put(f"{self.url}/Basic/{name}", data=json.dumps(one(name)), timeout=20)
            assert answer.status_code == 201, answer.text
            self.single.append(name)


def one(id_: str) -> dict[str, Any]:
    return {"resourceType": "Basic", "id": id_, "code": {"text": "x"}}


def kill_often(folder: Path, kills: int) -> None:
    draw = random.Random(7)
    port = serving.free_port()
    process = serving.start(folder, port)
    token = serving.token(folder)
    acknowledged: list[str] = []
    pairs: list[tuple[str, str]] = []
    for round_ in range(kills):
        load = Load(f"http://127.0.0.1:{port}/fhir", token, round_)
        for thread in load.threads:
            thread.start()
        load.wait_for(2 * LOADERS)
        time.sleep(draw.uniform(0.0, 0.2))
        serving.kill(process)
        for thread in load.threads:
            thread.join()
        acknowledged += load.single
        pairs += load.pairs
        check(folder, acknowledged, pairs)
        if round_ + 1 < kills:
            process = serving.start(folder, port)
    assert len(acknowledged) + len(pairs) > kills, "the load was too small to mean anything"


def check(folder: Path, acknowledged: list[str], pairs: list[tuple[str, str]]) -> None:
    """Every acknowledged id is there, no pair is half there, and the sequence has no gap."""
    database = sqlite3.connect(folder / "qamqor.sqlite3")
    try:
        there = {row[0] for row in database.execute("select id from fhir_resource")}
        sequences = [
            row[0] for row in database.execute("select sequence from fhir_change order by sequence")
        ]
        stored = database.execute("select value from node_counter where name = 'sequence'")
        counter = stored.fetchone()[0]
    finally:
        database.close()
    wanted = {*acknowledged, *(id_ for pair in pairs for id_ in pair)}
    assert not wanted - there
    half = [id_ for id_ in there if id_[-2:] in {"-a", "-b"} and id_[:-1] + other(id_) not in there]
    assert not half
    assert sequences == list(range(1, counter + 1))


def other(id_: str) -> str:
    return "b" if id_.endswith("a") else "a"


def test_nothing_acknowledged_is_lost_when_the_node_is_killed(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=int(os.environ.get("QAMQOR_TEST_KILLS", "20")))


@pytest.mark.long
def test_nothing_is_lost_in_two_hundred_kills(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=200)
