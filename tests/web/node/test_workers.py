"""Several workers of one node count together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.web.fhir import serving

ASKED = 40
COUNTED = re.compile(r'qamqor_requests_total\{interaction="capabilities",status="200"\} (\S+)')


def test_any_worker_tells_the_numbers_of_all(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"of a server that is no more")
    port = serving.free_port()
    command = [sys.executable, "-m", "qamqor", "serve", "--port", str(port), "--workers", "2"]
    with (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=serving.environment(tmp_path),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        serving.wait_until_answering(port, process, tmp_path)
        before = counted(port)
        for _ in range(ASKED):
            get(port, "/fhir/metadata")
        assert {counted(port) - before for _ in range(8)} == {ASKED}
        assert "Python threads" not in (tmp_path / "log").read_text()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def counted(port: int) -> float:
    found = COUNTED.search(get(port, "/metrics"))
    return float(found[1]) if found is not None else 0.0


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        said: str = answer.read().decode()
        return said
