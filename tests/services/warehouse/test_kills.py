"""A load that is killed at any moment leaves the old state or the new one, never half of each."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from qamqor.store.warehouse import Warehouse, named_files
from tests.services.warehouse.records import Clinic, deletion, household, ndjson, patient, weight

PEOPLE = [f"p{number}" for number in range(40)]
LOADER = """
import sys
from pathlib import Path
from tests.services.warehouse.records import Clinic
clinic = Clinic(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
clinic.load_path(Path(sys.argv[2]))
print("done", flush=True)
"""
ROOT = Path(__file__).parents[3]


def first_day() -> bytes:
    records = [weight(f"w{n}", PEOPLE[n % 40], n) for n in range(200)]
    return ndjson([*map(patient, PEOPLE), *records, household("h", *PEOPLE[:5]), "{broken"])


def second_day() -> bytes:
    moved = [weight(f"w{n}", PEOPLE[(n + 1) % 40], n) for n in range(0, 200, 3)]
    return ndjson([*moved, deletion("Patient/p7", "Observation/w1"), patient("new"), "{bad"])


class Victim:
    """A process that loads a delivery and can be killed while it does."""

    def __init__(self, folder: Path, delivery: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOADER, str(folder), str(delivery)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def run_for(self, seconds: float | None) -> float:
        """Let it go, and kill it after a while; how long it lived."""
        started = time.monotonic()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        if seconds is None:
            assert self.process.stdout.readline() == b"done\n"
        else:
            time.sleep(seconds)
            self.process.send_signal(signal.SIGKILL)
        lived = time.monotonic() - started
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        return lived


def kill_many_times(folder: Path, kills: int) -> None:
    dice = random.Random(kills)
    reference, victim = Clinic(folder / "reference"), Clinic(folder / "victim")
    days = []
    for number, content in enumerate((first_day(), second_day())):
        path = folder / f"day{number}.ndjson"
        path.write_bytes(content)
        days.append(path)
    reference.load_path(days[0])
    old = reference.all_rows()
    reference.load_path(days[1])
    new = reference.all_rows()
    victim.load_path(days[0])
    longest = Victim(folder / "timing", days[0]).run_for(None)
    seen = {"old": 0, "new": 0}
    for _ in range(kills):
        if seen["new"]:
            victim = Clinic(folder / f"victim{sum(seen.values())}")
            victim.load_path(days[0])
        Victim(victim.folder, days[1]).run_for(dice.uniform(0, longest * 1.2))
        rows = victim.all_rows()
        assert rows in (old, new)
        seen["new" if rows == new else "old"] += 1
        assert_whole(victim.warehouse)
    victim.load_path(days[1])
    assert victim.all_rows() == new
    assert_whole(victim.warehouse)
    assert seen["old"]


def assert_whole(warehouse: Warehouse) -> None:
    """Every file in force is there and can be read to its end."""
    for name in named_files(warehouse.manifest):
        path = warehouse.folder / name
        if path.suffix == ".parquet":
            pq.read_table(path)
        else:
            assert path.read_bytes().endswith(b"\n")


def test_ten_kills_never_leave_half_a_state(tmp_path: Path) -> None:
    kill_many_times(tmp_path, 10)


@pytest.mark.long
def test_a_hundred_kills_never_leave_half_a_state(tmp_path: Path) -> None:
    kill_many_times(tmp_path, 100)


def test_a_first_load_that_is_killed_leaves_no_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "day.ndjson"
    path.write_bytes(first_day())
    Victim(tmp_path / "victim", path).run_for(0)
    clinic = Clinic(tmp_path / "victim")
    assert not (clinic.into / "warehouse/manifest.json").exists()
    clinic.load_path(path)
    assert len(clinic.rows("patient")) == 40
