"""What the demo commands print and where they write."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qamqor.cli.demo import app


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QAMQOR_CONTENT_DIR", "QAMQOR_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QAMQOR_THREADS", "1")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_records_are_written_and_the_summary_says_they_are_invented(tmp_path: Path) -> None:
    result = run(
        *("population", "--out", str(tmp_path), "--people", "300", "--as-of", "2026-11-24"),
        "--json",
    )
    assert result.exit_code == 0
    summary = json.loads(result.output)
    assert summary["invented"] is True
    assert summary["people"] == 300
    assert summary["as_of"] == "2026-11-24"
    lines = (tmp_path / "Patient.ndjson").read_text().splitlines()
    assert len(lines) == 300
    assert json.loads(lines[0])["resourceType"] == "Patient"


def test_tables_go_straight_to_a_warehouse(tmp_path: Path) -> None:
    result = run("population", "--out", str(tmp_path), "--people", "300", "--tables")
    assert "300 invented people" in result.output
    assert (tmp_path / "warehouse" / "manifest.json").exists()
    assert not list(tmp_path.glob("*.ndjson"))


def test_the_demo_ends_with_where_to_look_what_to_try_and_how_to_clean(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    result = run("run", "--out", str(out), "--people", "1100", "--as-of", "2026-11-24")
    assert result.exit_code == 0
    last = result.output.split("Invented people.")[1]
    for words in (
        "As of 2026-11-24",
        "Pack kazakhstan",
        "approvals invented",
        str(out / "report.kk.html"),
        "population explain p",
        "population due --as-of 2026-11-24 --role practice_nurse",
        f"rm -r {out}",
    ):
        assert words in last
    assert [line.split("s ")[0].strip() for line in result.output.splitlines()[:4]]


def test_the_demo_can_be_read_by_a_machine(tmp_path: Path) -> None:
    result = run("run", "--out", str(tmp_path / "demo"), "--people", "1100", "--json")
    summary = json.loads(result.output)
    assert summary["quarantined"] == 0
    assert summary["invented"] is True
    assert set(summary["reports"]) == {"kk", "ru", "en"}
