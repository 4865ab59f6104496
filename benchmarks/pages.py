"""Today, Person and a saved visit on a district of 100,000 residents, beside a bare Django page.

The record is one of whole areas, loaded from invented FHIR records, and grown to the district by
copying rows (``_load/district.py`` says which). Granian serves it with two processes. Each page is
measured alone and under twenty signed-in people who think between pages; the bare page is measured
the same way, so that what the machine itself takes can be seen.

``QAMQOR_BENCH_RECORD`` names the folder of a demo that was made already; else one is made.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.http import bare
from tests.web.fhir import serving

PEOPLE: Final = int(os.environ.get("QAMQOR_BENCH_PEOPLE", "100000"))
USERS, THINK_S, ALONE = 20, 3.0, 60
SECONDS: Final = int(os.environ.get("QAMQOR_BENCH_SECONDS", "30"))
FIELD: Final = re.compile(rb'<input type="hidden" name="([\w-]+)" value="([^"]*)"')


class Person:
    """Somebody signed in, with one connection that stays open, as a browser's does."""

    def __init__(self, port: int, session: str = "") -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = {"qamqor_session": session, "qamqor_density": "compact"}

    def ask(self, method: str, path: str, said: dict[str, str] | None = None) -> tuple[int, bytes]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Encoding": "gzip",
        }
        body = urlencode(said) if said is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        sent = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                own, _, rest = value.partition("=")
                self.cookies[own] = rest.partition(";")[0]
        self.weight = len(sent)
        if answer.getheader("Content-Encoding") == "gzip":
            sent = gzip.decompress(sent)
        return answer.status, sent


def timed(act: Callable[[], int]) -> float:
    """Milliseconds of one act; anything but a page or a redirect is an error."""
    began = time.perf_counter()
    status = act()
    took = 1000 * (time.perf_counter() - began)
    if status not in (200, 302):
        raise RuntimeError(f"answered {status}")
    return took


def said(name: str, times: list[float], floor: list[float] | None = None) -> None:
    ordered = sorted(times)
    p50, p95 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.95))
    over = ""
    if floor:
        own = sorted(floor)
        over = f"  {p50 / own[len(own) // 2]:6.1f} x the bare page's median"
    print(f"  {name:46} p50 {p50:7.1f} ms  p95 {p95:7.1f} ms  n {len(times)}{over}", flush=True)


def together(users: list[Callable[[], int]]) -> list[float]:
    """Everybody asks, reads for a while, and asks again."""
    until, times, lock = time.perf_counter() + SECONDS, [], threading.Lock()
    failed: list[BaseException] = []

    def one(act: Callable[[], int], seed: int) -> None:
        thinks = random.Random(seed)  # noqa: S311
        try:
            while time.perf_counter() < until:
                time.sleep(thinks.uniform(0, 2 * THINK_S))
                took = timed(act)
                with lock:
                    times.append(took)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=one, args=(act, n)) for n, act in enumerate(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return times


def page(port: int, session: str, paths: list[str], *, holds: bytes = b"") -> Callable[[], int]:
    """Asks for one of some pages each time; it must be answered, and hold what it is asked for."""
    person, count = Person(port, session), iter(range(10**9))

    def act() -> int:
        path = paths[next(count) % len(paths)]
        status, html = person.ask("GET", path)
        if status != 200 or holds not in html:
            raise RuntimeError(f"{path} was answered {status}, {len(html)} bytes")
        return status

    return act


def visit(port: int, session: str, patients: list[str], times: list[float]) -> Callable[[], int]:
    """Opens a visit and saves a blood pressure; only the save is put into ``times``."""
    person, count = Person(port, session), iter(range(10**9))

    def act() -> int:
        patient = patients[next(count) % len(patients)]
        status, html = person.ask("GET", f"/person/{patient}/visit")
        if status != 200:
            return status
        fields = {name.decode(): value.decode() for name, value in FIELD.findall(html)}
        for name in ("key", "version", "owed", "csrfmiddlewaretoken"):
            found = re.search(rf'name="{name}"[^>]*value="([^"]*)"'.encode(), html)
            if found:
                fields[name] = found[1].decode()
        typed = {"systolic": "138", "diastolic": "86", "setting": "clinic", "act": "measure"}
        began = time.perf_counter()
        status, answer = person.ask("POST", f"/person/{patient}/visit", {**fields, **typed})
        times.append(1000 * (time.perf_counter() - began))
        if status != 302:
            raise RuntimeError(f"a visit was answered {status}: {answer[:300]!r}")
        return status

    return act


def record(folder: Path) -> dict[str, Any]:
    """A district in a folder; gives sessions and people."""
    made = os.environ.get("QAMQOR_BENCH_RECORD")
    environment = {**serving.environment(folder), "QAMQOR_DEMO": "1"}
    if made is None:
        made = str(folder / "made")
        command = [sys.executable, "-m", "qamqor", "demo", "run", "--areas", "2", "--out", made]
        subprocess.run(command, env={**environment, "QAMQOR_DATA": made}, check=True)
    for file in Path(made).glob("qamqor.sqlite3*"):
        shutil.copy(file, folder)
    shutil.copy(Path(made) / "audit-key.pem", folder)
    command = [sys.executable, "-m", "benchmarks._load.district", folder, PEOPLE, USERS]
    done = subprocess.run(
        [*map(str, command)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    told = next(line for line in done.stdout.splitlines() if line.startswith("DISTRICT "))
    found: dict[str, Any] = json.loads(told.removeprefix("DISTRICT "))
    return found


def serve(folder: Path) -> tuple[int, subprocess.Popen[bytes]]:
    port = serving.free_port()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "qamqor", "serve", "--port", str(port), "--workers", "2"],
            env={**serving.environment(folder), "QAMQOR_DEMO": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    serving.wait_until_answering(port, process, folder)
    return port, process


def weight(port: int, session: str) -> None:
    """What a first load brings, compressed: the page, its files and what scripts import."""
    person = Person(port, session)
    status, html = person.ask("GET", "/today")
    parts = {"page": person.weight}
    wanted = [path.decode() for path in re.findall(rb'(?:href|src)="(/static/[^"]+)"', html)]
    for path in wanted:
        status, text = person.ask("GET", path)
        parts[path.split("/")[-1].split("?")[0]] = person.weight
        imported = re.findall(rb'import [^;(]*from "\./([^"]+)"', text)
        wanted += [f"{path.rsplit('/', 1)[0]}/{one.decode()}" for one in imported]
    print(f"  first load of Today: {sum(parts.values()) / 1024:.1f} KB compressed {parts}")


def run() -> None:
    """Print milliseconds for each page, and how many times the bare page they take."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qamqor-pages-")))
        told = record(folder)
        people, nurses, whole = told["people"], told["nurses"], told["whole"]
        print(f"{told['count']:,} residents; two processes; {USERS} people, {THINK_S:.0f} s apart")
        with bare() as port:
            floor = page(port, "", ["/fhir/Patient/p1"])
            alone = [timed(floor) for _ in range(ALONE)]
            said("the bare page, alone", alone)
            many = together([page(port, "", ["/fhir/Patient/p1"]) for _ in range(USERS)])
            said("the bare page, twenty people", many)
        port, process = serve(folder)
        stack.callback(serving.kill, process)
        tabs = ["/today", "/today?tab=to_visit", "/today?tab=waiting", "/today?page=3"]
        own = [f"/person/{one}" for one in people]
        leading = ["/today", "/today?role=practice_nurse"]
        kinds = (
            ("Today", nurses, b"<tr", lambda n: tabs),
            ("Today of who leads", [told["lead"]], b"data-row", lambda n: leading),
            ("Team of who leads", [told["lead"]], b"<table", lambda n: ["/team"]),
            ("Round of who leads", [told["lead"]], b"q-stop", lambda n: ["/round"]),
            ("Referrals of who leads", [told["lead"]], b"<h1", lambda n: ["/referrals"]),
            ("Support of who leads", [told["lead"]], b"<h1", lambda n: ["/support"]),
            ("Twins", [told["registrar"]], b"<h1", lambda n: ["/twins"]),
            ("Person", whole, b"<h1", lambda n: own[n * 40 :] + own[: n * 40]),
        )
        for name, sessions, holds, paths in kinds:
            ask = page(port, sessions[0], paths(0), holds=holds)
            for _ in range(8):  # connections of their own: both processes open what they need
                page(port, sessions[0], paths(0), holds=holds)()
            said(f"{name}, alone", [timed(ask) for _ in range(ALONE)], alone)
            if len(sessions) > 1:
                users = [page(port, one, paths(n), holds=holds) for n, one in enumerate(sessions)]
                said(f"{name}, twenty people", together(users), many)
        saves: list[float] = []
        save = visit(port, whole[0], people[:50], saves)
        for _ in range(4):
            save()
        saves.clear()
        for _ in range(20):
            save()
        said("a saved blood pressure, alone", saves, alone)
        saves.clear()
        together([visit(port, s, people[60 + 20 * n :][:20], saves) for n, s in enumerate(whole)])
        said("a saved blood pressure, twenty people", saves, many)
        weight(port, nurses[0])
