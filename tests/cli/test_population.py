"""The words, lists and exit codes of ``qamqor population``."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qamqor.cli.population import app
from qamqor.services.demo import Wish, invent_tables

RUN = CliRunner()
AS_OF = ["--as-of", "2026-11-20"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred invented people and the results of a day."""
    folder = tmp_path_factory.mktemp("home")
    invent_tables(Wish(Path("content"), 200, "merke", 5, date(2026, 11, 20)), folder)
    assert run(folder, "refresh", *AS_OF).exit_code == 0
    return folder


def run(home: Path, *words: str, demo: bool = True) -> Result:
    env = {"QAMQOR_DATA": str(home), "QAMQOR_DEMO": "1" if demo else "", "QAMQOR_THREADS": "1"}
    return RUN.invoke(app, list(words), env=env)


def test_a_refresh_counts_people_by_programme_and_says_they_are_invented(home: Path) -> None:
    said = run(home, "refresh", *AS_OF).output
    assert "as of 20 November 2026 · pack kazakhstan" in said
    assert "invented people · invented approval of the rules" in said
    assert "200 people on the register." in said
    summary = json.loads(run(home, "refresh", *AS_OF, "--json").stdout)
    assert summary["as_of"] == "2026-11-20"
    assert Path(summary["folder"]).is_dir()


def test_without_approval_nothing_is_worked_out_unless_drafts_are_asked_for(home: Path) -> None:
    refused = run(home, "refresh", *AS_OF, demo=False)
    assert "--drafts" in str(refused.exception)
    allowed = run(home, "refresh", "--as-of", "2026-11-19", "--drafts", demo=False)
    assert "rules not approved (draft)" in allowed.output


def test_a_list_is_a_table_csv_or_json_of_the_same_people(home: Path) -> None:
    found = json.loads(run(home, "due", *AS_OF, "--limit", "4", "--json").stdout)
    people = [one["patient_id"] for one in found["people"]]
    assert (len(people), found["invented"]) == (4, True)
    table = run(home, "due", *AS_OF, "--limit", "4").output
    assert [word for word in table.split() if word in people] == people
    assert "invented people" in table
    text = run(home, "due", *AS_OF, "--limit", "4", "--format", "csv").stdout
    assert [row["patient_id"] for row in csv.DictReader(io.StringIO(text))] == people
    assert run(home, "due", *AS_OF, "--format", "pdf").exit_code == 2


def test_a_list_can_be_narrowed_to_a_role(home: Path) -> None:
    found = json.loads(run(home, "due", *AS_OF, "--role", "midwife", "--json").stdout)
    assert {need["role"] for one in found["people"] for need in one["needs"]} == {"midwife"}


def test_a_person_is_explained_in_words_and_for_machines(home: Path) -> None:
    listed = json.loads(run(home, "due", *AS_OF, "--limit", "1", "--json").stdout)
    (person,) = listed["people"]
    text = run(home, "explain", f"Patient/{person['patient_id']}", *AS_OF).output
    assert text.startswith(person["patient_id"])
    assert person["needs"][0]["why"] in text
    assert "What would close it" in text
    found = json.loads(run(home, "explain", person["patient_id"], *AS_OF, "--json").stdout)
    assert {need["what"] for need in person["needs"]} <= {need["what"] for need in found["needs"]}


def test_a_language_nobody_wrote_is_refused(home: Path) -> None:
    refused = run(home, "due", *AS_OF, "--lang", "de")
    assert "choose kk, ru or en" in str(refused.exception)


def test_records_from_elsewhere_need_one_command(tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text('{"resourceType":"Patient","id":"amina","birthDate":"1970-02-03"}\n')
    out = tmp_path / "out"
    answer = run(tmp_path, "run", str(file), *AS_OF, "--out", str(out), "--lang", "ru")
    assert answer.exit_code == 0, answer.exception
    assert "по состоянию на 20 ноября 2026 года" in answer.output
    assert "вымышленные люди" not in answer.output
    as_json = json.loads(
        run(tmp_path, "run", str(file), *AS_OF, "--out", str(out), "--json").stdout
    )
    assert as_json["records"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["due", "--as-of", "1999-01-01"], 3, "no results for 1999-01-01"),
        (["explain", "x", "--as-of", "2026-11-20", "--drafts"], 3, "no warehouse"),
        (["refresh", "--as-of", "1999-01-01"], 3, "the first came into force"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    words: list[str], code: int, said: str, tmp_path: Path
) -> None:
    env = {**os.environ, "QAMQOR_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "qamqor", "population", *words]
    answer = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert answer.returncode == code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
