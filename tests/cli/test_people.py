"""The review of the register, as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qamqor.cli.people import patients
from qamqor.errors import BadInput

PERSON = {"resourceType": "Patient", "birthDate": "1987-03-12"}


def qamqor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QAMQOR_DATA": str(folder), "QAMQOR_DATABASE": ""}
    return subprocess.run(
        [sys.executable, "-m", "qamqor", *words], capture_output=True, text=True, env=environment
    )


def written(file: Path, *names: tuple[str, str]) -> Path:
    lines = [
        json.dumps({**PERSON, "id": given.lower(), "name": [{"family": family, "given": [given]}]})
        for family, given in names
    ]
    file.write_text("\n".join([*lines, ""]))
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("node")
    loaded = written(tmp_path / "Patient.ndjson", ("Akhmetova", "Aigul"), ("Akhmetova", "Aygul"))
    done = qamqor(tmp_path, "fhir", "load", str(loaded))
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_twins_are_listed_for_people_and_for_machines(folder: Path) -> None:
    shown = qamqor(folder, "people", "twins")
    assert "Patient/aigul  Patient/aygul" in shown.stdout, shown.stderr
    assert "Akhmetova" not in shown.stdout
    (pair,) = json.loads(qamqor(folder, "people", "twins", "--json").stdout)["pairs"]
    assert pair["verdict"] == "likely"
    assert "given.spelling" in pair["reasons"]


def test_a_file_is_compared_before_it_is_loaded(folder: Path) -> None:
    file = written(folder / "new.ndjson", ("Ахметова", "Айгүл"))
    found = json.loads(qamqor(folder, "people", "twins", "--file", str(file), "--json").stdout)
    assert len(found["pairs"]) == 2


@pytest.mark.parametrize("line", ["{", '{"resourceType": "Group"}', "[]"])
def test_a_line_that_is_no_patient_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.ndjson").write_text(f"\n{line}\n")
    with pytest.raises(BadInput, match="bad.ndjson:2 is not a Patient"):
        list(patients(tmp_path / "bad.ndjson"))


def test_a_file_that_cannot_be_used_is_said_without_a_traceback(folder: Path) -> None:
    (folder / "bad.ndjson").write_text("{")
    for name, code in (("bad.ndjson", 5), ("none.ndjson", 3)):
        refused = qamqor(folder, "people", "twins", "--file", str(folder / name))
        assert refused.returncode == code
        assert name in refused.stderr
        assert "Traceback" not in refused.stderr
