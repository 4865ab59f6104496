import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from qamqor.cli.programmes import app
from tests.engine.programmes.small_pack import PROGRAMME, write_pack


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The version folder of a small pack laid over the shipped one."""
    folder = write_pack(tmp_path / "small")
    monkeypatch.setenv("QAMQOR_CONTENT_DIR", str(tmp_path / "small"))
    monkeypatch.setenv("QAMQOR_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("QAMQOR_DEMO", raising=False)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_every_case_is_one_line_with_its_sentence(version: Path) -> None:
    result = run("test", PROGRAMME)
    assert result.exit_code == 0
    assert f"ok     {PROGRAMME} 2025-01-01 check: Aru was never looked at" in result.output
    assert "4 of 4 cases hold in both engines" in result.output


def test_a_failed_case_shows_the_rows_side_by_side_and_exits_4(version: Path) -> None:
    cases = version / "cases/check.yaml"
    cases.write_text(cases.read_text().replace("reason: never", "reason: routine"))
    result = run("test", PROGRAMME)
    assert result.exit_code == 4
    assert "FAILED foot_care 2025-01-01 check: Aru was never looked at" in result.output
    assert "cases/check.yaml:1" in result.output
    row = next(line for line in result.output.splitlines() if line.count("reason:") == 3)
    assert "routine" in row
    assert row.count("never") == 2


def test_cases_can_be_read_by_a_machine(version: Path) -> None:
    outcomes = json.loads(run("test", PROGRAMME, "--json").output)
    assert [one["ok"] for one in outcomes] == [True] * 4
    assert outcomes[0]["found"]["DuckDB"][0]["due_on"] == "2025-05-01"


def test_a_broken_pack_lists_its_problems_and_exits_4(version: Path) -> None:
    query = version / "check.sql"
    query.write_text(query.read_text().replace("$worry_score", "7.5"))
    result = run("check")
    assert result.exit_code == 4
    assert "check.sql:15: the number 7.5 is typed into the query" in result.output
    problems = json.loads(run("check", "--json").output)
    assert {"where", "what", "fix", "line"} == set(problems[0])


def test_a_version_is_listed_as_draft_then_approved_then_changed(version: Path) -> None:
    def status() -> str:
        return next(line for line in run("list").output.splitlines() if PROGRAMME in line)

    assert "draft     nobody yet" in status()
    result = run("approve", PROGRAMME, "--version", "2025-01-01", "--by", "Dr Aliya")
    assert "foot_care 2025-01-01 is approved by Dr Aliya" in result.output
    assert "approved  Dr Aliya, " in status()
    (version / "check.sql").write_text((version / "check.sql").read_text() + "-- x\n")
    assert "changed   Dr Aliya, " in status()
    listed = json.loads(run("list", "--json").output)
    assert [one["status"] for one in listed if one["programme"] == PROGRAMME] == ["changed"]


def test_a_demonstration_says_its_approvals_are_invented(
    version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QAMQOR_DEMO", "1")
    output = run("list").output
    assert "An invented reviewer" in output
    assert "Invented approvals, for demonstration only." in output


def test_an_approval_can_be_read_by_a_machine(version: Path) -> None:
    given = json.loads(run("approve", PROGRAMME, "--by", "Dr Aliya", "--json").output)
    assert (given["programme"], given["by"], len(given["sha256"])) == (PROGRAMME, "Dr Aliya", 64)


def test_only_the_versions_in_force_on_a_day_are_listed(version: Path) -> None:
    before = json.loads(run("list", "--as-of", "2024-12-31", "--json").output)
    assert PROGRAMME not in {one["programme"] for one in before}
    output = run("list", "--as-of", "2025-01-01").output
    assert ", as of 2025-01-01" in output
    assert PROGRAMME in output


def test_a_pack_is_written_as_fhir(version: Path, tmp_path: Path) -> None:
    count = json.loads(run("export", "--out", str(tmp_path / "fhir"), "--json").output)
    assert count["PlanDefinition"] >= 1
    plan = tmp_path / "fhir/PlanDefinition/foot-care-2025-01-01.json"
    assert json.loads(plan.read_text())["title"] == "Foot care"
    assert "PlanDefinition" in run("export", "--out", str(tmp_path / "fhir")).output


def test_other_formats_are_not_known(version: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", "--out", str(tmp_path), "--format", "cql"])
    assert result.exit_code == 2
