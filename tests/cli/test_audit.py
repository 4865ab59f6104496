"""The commands of the audit, as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def qamqor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QAMQOR_DATA": str(folder), "QAMQOR_DATABASE": ""}
    return subprocess.run(
        [sys.executable, "-m", "qamqor", *words], capture_output=True, text=True, env=environment
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node on which one person was registered."""
    program = """
from qamqor import settings
settings.load_django()
from datetime import UTC, datetime
from django.core.management import call_command
call_command("migrate", verbosity=0)
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.store import node
person = {"resourceType": "Patient", "id": "amina"}
save([Change("PUT", "Patient", "amina", person)], actor=PLATFORM, at=datetime.now(UTC))
node.stop()
"""
    environment = {**os.environ, "QAMQOR_DATA": str(tmp_path), "QAMQOR_DATABASE": ""}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return tmp_path


def test_a_chain_is_signed_verified_and_found_out(folder: Path) -> None:
    signed = qamqor(folder, "audit", "checkpoint", "--json")
    assert json.loads(signed.stdout)["number"] == 1
    key = qamqor(folder, "audit", "key")
    (folder / "public.pem").write_text(key.stdout)
    intact = qamqor(folder, "audit", "verify", "--public-key", str(folder / "public.pem"))
    assert intact.returncode == 0, intact.stderr
    assert "1 entries, 1 signed checkpoints agree: intact" in intact.stdout

    import sqlite3

    with sqlite3.connect(folder / "qamqor.sqlite3") as database:
        database.execute("drop trigger audit_entry_update")
        database.execute("update audit_entry set agent = 'Device/other'")
    broken = qamqor(folder, "audit", "verify", "--json")

    assert broken.returncode == 1
    assert json.loads(broken.stdout)["findings"][0]["number"] == 1
