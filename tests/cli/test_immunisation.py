"""The words and exit codes of ``qamqor immunisation``."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qamqor.cli.immunisation import app
from qamqor.store.warehouse import Warehouse

PATIENT = {"resourceType": "Patient", "id": "a", "birthDate": "2025-09-01", "gender": "female"}


def run(*words: str, **env: str) -> Result:
    return CliRunner().invoke(app, list(words), env=env)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(PATIENT))
    return file


def test_a_forecast_is_printed_and_says_that_the_schedule_is_a_draft(file: Path) -> None:
    said = run("forecast", str(file), "--as-of", "2026-01-10").output
    assert "Vaccinations of a as of 10.01.2026" in said
    assert "Draft schedule" in said


def test_a_forecast_is_json_for_a_machine(file: Path) -> None:
    said = run("forecast", str(file), "--as-of", "2026-01-10", "--patient", "Patient/a", "--json")
    found = json.loads(said.stdout)
    assert (found["as_of"], found["status"], found["problems"]) == ("2026-01-10", "draft", [])
    assert found["people"][0]["groups"][0]["standing"] == "not complete"


def test_what_cannot_be_read_is_printed_after_the_answer(tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text(json.dumps(PATIENT) + "\n{")
    assert "people.ndjson:2: not JSON" in run("forecast", str(file), "--as-of", "2026-01-10").output


def test_everyone_in_the_warehouse_is_counted(tmp_path: Path) -> None:
    Warehouse.create(tmp_path / "warehouse", tables=["patient", "immunisation"], people=10)
    asked = ("evaluate-all", "--as-of", "2026-01-10")
    said = run(*asked, QAMQOR_DATA=str(tmp_path), QAMQOR_THREADS="1").output
    assert "People counted: 0" in said
    assert "Draft schedule" in said
    found = json.loads(run(*asked, "--json", QAMQOR_DATA=str(tmp_path)).stdout)
    assert found["groups"]["BCG"]["overdue"] == 0
    assert Path(found["folder"]).is_dir()
