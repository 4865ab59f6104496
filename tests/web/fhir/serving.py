"""A node of its own for tests: `qamqor serve` in a temporary folder, with a token to speak with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

MAKE_TOKEN = """
from qamqor import settings
settings.load_django()
from tests.tokens import token
import datetime
print("TOKEN", token("system/*.cruds label/*", lives=datetime.timedelta(days=1)))
"""
SECRET = "only-for-tests-" + "x" * 50


class Node(NamedTuple):
    """Where a running node answers and how to speak with it."""

    url: str
    token: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def environment(
    folder: Path, database: str | None = None, *, is_demo: bool = False
) -> dict[str, str]:
    """What the node is told; nothing of the developer's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("QAMQOR_")}
    said = {
        "QAMQOR_DATA": str(folder),
        "QAMQOR_SECRET_KEY": SECRET,
        "QAMQOR_SEARCHES_A_MINUTE": "0",
    }
    more = {"QAMQOR_DATABASE": database or "", "QAMQOR_DEMO": "1" if is_demo else ""}
    return {**kept, **said, **{name: value for name, value in more.items() if value}}


def free_port() -> int:
    with socket.socket() as waiting:
        waiting.bind(("127.0.0.1", 0))
        return int(waiting.getsockname()[1])


def start(
    folder: Path, port: int, *, database: str | None = None, is_demo: bool = False
) -> subprocess.Popen[bytes]:
    """Start a node and wait until it answers."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "qamqor", "serve", "--port", str(port)],
            env=environment(folder, database, is_demo=is_demo),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_until_answering(port, process, folder)
    return process


def wait_until_answering(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(6000):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise RuntimeError((folder / "log").read_text()[-3000:])


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the node and its workers at once, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def token(folder: Path, database: str | None = None) -> str:
    """A token for everything, made in the node's database."""
    made = subprocess.run(
        [sys.executable, "-c", MAKE_TOKEN],
        env=environment(folder, database),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split("TOKEN ")[1].strip()


@contextmanager
def node(folder: Path, database: str | None = None) -> Iterator[Node]:
    """A node that runs for a while."""
    port = free_port()
    process = start(folder, port, database=database)
    try:
        url = f"http://127.0.0.1:{port}/fhir"
        yield Node(url, token(folder, database), folder, process)
    finally:
        kill(process)
