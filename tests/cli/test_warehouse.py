"""The words and exit codes of ``qamqor warehouse``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qamqor.cli.warehouse import app
from qamqor.services.warehouse.close import Strict
from tests.services.warehouse.records import ndjson, patient, weight

RUN = CliRunner()


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    path = tmp_path / "day.ndjson"
    path.write_bytes(ndjson([patient("amina"), weight("w1", "amina"), weight("w2", "nobody"), "{"]))
    return path


@pytest.fixture
def loaded(delivery: Path, tmp_path: Path) -> str:
    answer = RUN.invoke(app, ["load", str(delivery), "--into", str(tmp_path / "data")])
    assert answer.exit_code == 0, answer.output
    return str(tmp_path / "data")


def test_a_load_says_what_became_of_every_line(delivery: Path, tmp_path: Path) -> None:
    answer = RUN.invoke(app, ["load", str(delivery), "--into", str(tmp_path / "data")])
    assert "read                   4   in 1 file(s)" in answer.stdout
    assert "quarantined            2   malformed 1, patient-not-here 1" in answer.stdout
    assert "accounted              4   of 4 read" in answer.stdout
    assert "quarantine.ndjson" in answer.stdout


def test_the_summary_comes_as_json(delivery: Path, tmp_path: Path) -> None:
    answer = RUN.invoke(app, ["load", str(delivery), "--into", str(tmp_path / "data"), "--json"])
    summary = json.loads(answer.stdout)
    assert (summary["read"], summary["new"], summary["rows"]["weight"]) == (4, 2, 1)


def test_a_second_load_says_that_nothing_is_new(delivery: Path, loaded: str) -> None:
    answer = RUN.invoke(app, ["load", str(delivery), "--into", loaded])
    assert "Nothing new" in answer.stdout


def test_strict_ends_with_5_and_names_the_lines(delivery: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qamqor", "warehouse", "load", str(delivery), "--strict"]
    ended = subprocess.run(
        [*command, "--into", str(tmp_path / "data")], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 5
    assert "day.ndjson:4: not JSON" in ended.stderr
    assert "nothing was changed" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data/warehouse/manifest.json").exists()


def test_strict_answers_in_json_too(delivery: Path, tmp_path: Path) -> None:
    answer = RUN.invoke(
        app, ["load", str(delivery), "--strict", "--json", "--into", str(tmp_path / "data")]
    )
    assert isinstance(answer.exception, Strict)
    assert "nothing was changed" in json.loads(answer.stdout)["refused_because"]


def test_a_deletion_says_what_it_will_do_and_asks(loaded: str) -> None:
    answer = RUN.invoke(app, ["delete", "Patient/amina", "--into", loaded], input="n\n")
    assert answer.exit_code == 1
    assert "1 records are about them; held until the patient comes back" in answer.stderr
    assert RUN.invoke(app, ["show", "--into", loaded, "--json"]).stdout.count('"people": 1')


def test_a_deletion_is_done_once_it_is_confirmed(loaded: str) -> None:
    answer = RUN.invoke(
        app, ["delete", "Patient/amina", "Patient/x", "--into", loaded], input="y\n"
    )
    assert answer.exit_code == 0, answer.output
    assert "Patient/x: not here; it will be kept out." in answer.stderr
    assert "About deleted patients: Observation/w1" in answer.stdout
    shown = json.loads(RUN.invoke(app, ["show", "--into", loaded, "--json"]).stdout)
    assert (shown["people"], shown["rows"]["weight"], shown["held"]) == (0, 0, {"weight": 2})


def test_a_patient_can_be_deleted_with_all_records(loaded: str) -> None:
    command = ["delete", "Patient/amina", "--with-records", "--yes", "--into", loaded]
    answer = RUN.invoke(app, command)
    assert "deleted too: Observation/w1" in answer.stderr
    shown = json.loads(RUN.invoke(app, ["show", "--into", loaded, "--json"]).stdout)
    assert shown["held"] == {"weight": 1}
    left = {path.name for path in (Path(loaded) / "warehouse/tables").rglob("*.parquet")}
    assert all("000001" not in name or "held" in name for name in left)


@pytest.mark.parametrize("name", ["amina", "Patiant/amina", "Patient/", "Patient/a b"])
def test_a_name_that_names_nothing_is_refused(loaded: str, name: str) -> None:
    answer = RUN.invoke(app, ["delete", name, "--yes", "--into", loaded])
    assert "write Type/id" in str(answer.exception)


def test_show_says_what_is_there(loaded: str) -> None:
    answer = RUN.invoke(app, ["show", "--into", loaded])
    assert "people       1 in 16 buckets" in answer.stdout
    assert "quarantine   malformed 1, patient-not-here 1" in answer.stdout
