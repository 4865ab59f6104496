"""Runs ``qamqor`` as an operator does: a process of its own, on a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def qamqor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one command on the record in a folder."""
    environment = {**os.environ, "QAMQOR_DATA": str(folder), "QAMQOR_DATABASE": ""}
    return subprocess.run(
        [sys.executable, "-m", "qamqor", *words], capture_output=True, text=True, env=environment
    )


def told(folder: Path, *words: str) -> Any:
    """What a command that must go well says as JSON."""
    done = qamqor(folder, *words, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)
