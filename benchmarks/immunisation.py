"""Vaccinations of an invented population: people a second, ratio to the plain twin, memory."""

from __future__ import annotations

import csv
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import yaml

from qamqor.engine.fhir.names import CVX
from qamqor.engine.immunisation import read_cdsi, read_yaml
from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import EPOCH, Codes, People, compile_schedule
from qamqor.engine.immunisation.everyone.run import answer_everyone
from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose
from qamqor.engine.immunisation.schedule import Schedule
from tests.web.fhir import serving

CONTENT = Path(__file__).parents[1] / "content"
CONFORMANCE = os.environ.get("QAMQOR_CONFORMANCE")
PEOPLE = 1_000_000
PLAIN = 150
REQUESTS = 300
AS_OF = date(2026, 11, 20)
RECORDED_SINCE = date(2000, 1, 1)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processors."""
    begun, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - used


def pyramid(count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Birth days and sexes of a population by the country's ages."""
    with (CONTENT / "invented/age_sex.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    ages = np.array([int(row["age_from"]) for row in rows])
    people = np.array([[int(row["male"]), int(row["female"])] for row in rows], float)
    cell = draw.choice(people.size, count, p=(people / people.sum()).ravel())
    until = np.append(ages[1:], 95)
    row = cell // 2
    years = ages[row] + draw.random(count) * (until[row] - ages[row])
    return (AS_OF - EPOCH).days - (years * 365.25).astype(np.int32), 2 - cell % 2


def population(count: int, codes: Codes, seed: int = 1) -> People:
    """Histories by the calendar of the invented district: late, left out, on paper before 2000."""
    draw = np.random.default_rng(seed)
    born, sex = pyramid(count, draw)
    part = yaml.safe_load((CONTENT / "invented/events.yaml").read_text())["vaccination"]
    who, days, products = [], [], []
    for dose in part["doses"].values():
        is_late = draw.random(count) < part["late"]["share"]
        delay = draw.exponential(np.where(is_late, part["late"]["days"], 12)).astype(np.int32)
        day = born + dose["age"] + delay
        since = max(RECORDED_SINCE, dose.get("since", RECORDED_SINCE))
        is_given = (draw.random(count) < dose["reached"]) & (day <= (AS_OF - EPOCH).days)
        is_given &= day >= (since - EPOCH).days
        if dose.get("sex") == "female":
            is_given &= sex == 1
        chosen = np.flatnonzero(is_given)
        who.append(chosen)
        days.append(day[chosen])
        products.append(np.full(len(chosen), codes.products.get(int(dose["cvx"]), -1)))
    person, day, product = map(np.concatenate, (who, days, products))
    order = np.lexsort((day, person))
    starts = np.concatenate([[0], np.cumsum(np.bincount(person, minlength=count))])
    d = len(person)
    none = np.zeros(0, np.int32)
    return People(
        born.astype(np.int32),
        sex.astype(np.int32),
        np.full(count, -1, np.int32),
        starts.astype(np.int64),
        day[order].astype(np.int32),
        product[order].astype(np.int32),
        np.full(d, at.NOTHING, np.int32),
        np.zeros(d, np.uint8),
        np.zeros(count + 1, np.int64),
        none,
        none,
    )


def children(people: People, codes: Codes, count: int) -> list[Child]:
    """The first people of a population, as the plain twin takes them."""
    cvx = {rank: code for code, rank in codes.products.items()}
    found = []
    for i in range(count):
        doses = tuple(
            GivenDose(EPOCH + timedelta(int(people.dose_day[d])), cvx.get(people.product[d], 999))
            for d in range(people.dose_from[i], people.dose_from[i + 1])
        )
        sex = "Female" if people.sex[i] == 1 else "Male"
        found.append(Child(EPOCH + timedelta(int(people.born[i])), sex, doses))
    return found


def measure(name: str, schedule: Schedule) -> None:
    """Print what one schedule costs."""
    tables, codes = compile_schedule(schedule)
    people = population(PEOPLE, codes)
    answer_everyone(tables, population(10, codes), AS_OF)
    clock, used = timed(lambda: answer_everyone(tables, people, AS_OF, threads=2))
    some = children(people, codes, PLAIN)
    _, plain = timed(lambda: [answer(schedule, child, AS_OF) for child in some])
    each, twin = PEOPLE / used, PLAIN / plain
    doses = len(people.dose_day) / PEOPLE
    print(f"{name}: {len(codes.antigens)} antigens, {PEOPLE:,} people, {doses:.1f} doses each")
    print(f"  {PEOPLE / clock:,.0f} people/s with two threads on this machine as it is now")
    print(f"  {each:,.0f} people/s of one processor, {each / twin:,.0f} x the plain twin")
    print(
        f"  peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB"
    )


START = """
import time; begun = time.process_time()
from benchmarks.immunisation import *
tables, codes = compile_schedule(national())
ready = time.process_time(); people = population(1, codes)
drawn = time.process_time(); answer_everyone(tables, people, AS_OF)
print(f"{time.process_time() - drawn + ready - begun:.2f}")
"""


def national() -> Schedule:
    """The newest calendar of the shipped pack."""
    file = sorted(CONTENT.glob("schedules/kazakhstan/*/schedule.yaml"))[-1]
    return read_yaml.read_schedule(file.read_text(encoding="utf-8"))


def over_http() -> None:
    """Print how long one child's forecast takes over HTTP, one request after another."""
    doses = [
        ("08", "2026-01-05"),
        ("19", "2026-01-06"),
        ("146", "2026-03-10"),
        ("133", "2026-03-10"),
    ]
    parts = [
        {"name": "assessmentDate", "valueDate": "2026-11-20"},
        {"name": "patient", "resource": {"resourceType": "Patient", "birthDate": "2026-01-05"}},
        *(
            {
                "name": "immunization",
                "resource": {
                    "resourceType": "Immunization",
                    "status": "completed",
                    "patient": {"reference": "Patient/x"},
                    "vaccineCode": {"coding": [{"system": CVX, "code": code}]},
                    "occurrenceDateTime": day,
                },
            }
            for code, day in doses
        ),
    ]
    body = json.dumps({"resourceType": "Parameters", "parameter": parts})
    with serving.node(Path(tempfile.mkdtemp(prefix="qamqor-bench-"))) as node:
        host = node.url.split("/")[2]
        connection = http.client.HTTPConnection(host)
        heads = {"Content-Type": "application/fhir+json", "Authorization": f"Bearer {node.token}"}
        times = []
        for _ in range(REQUESTS):
            begun = time.perf_counter()
            connection.request("POST", "/fhir/$immds-forecast", body, heads)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            assert answer.status == 200, answer.status
        times.sort()
    middle, late = (1000 * times[len(times) * part // 100] for part in (50, 95))
    print(f"one child over HTTP: median {middle:.1f} ms, 95th of 100 {late:.1f} ms")


def run() -> None:
    """Print people a second, ratios, start and memory, all measured in this run."""
    measure("national calendar", national())
    if CONFORMANCE:
        files = (Path(CONFORMANCE) / "cdsi" / "supporting-data").glob("*.xml")
        texts = {file.name: file.read_text(encoding="utf-8") for file in files}
        measure("full CDSi data", read_cdsi.read_schedule(texts))
    said = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    print(f"start with the compiled code cached: {said.stdout.strip()} s of processor time")
    over_http()
