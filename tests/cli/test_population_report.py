"""`qamqor population report` writes a page and says where, or what to do first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qamqor.engine.programmes.load import load_pack
from tests.services.report_sample import Sample, write_sample

CONTENT = Path(__file__).parents[2] / "content"


def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qamqor", "population", "report", *words],
        env={**os.environ, "QAMQOR_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("data"), load_pack(CONTENT), 2000)


def test_the_page_is_written_and_the_figures_printed(sample: Sample, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    found = run(
        sample.warehouse.folder.parent,
        *("--results", str(sample.results), "--out", str(out), "--lang", "kk", "--json"),
    )
    assert found.returncode == 0, found.stderr
    figures = json.loads(found.stdout)
    assert figures["covers_residents"]
    assert figures["everybody"]["people"] == 2000
    assert '<html lang="kk">' in out.read_text()


def test_without_results_it_says_what_to_run(tmp_path: Path) -> None:
    found = run(tmp_path, "--out", str(tmp_path / "report.html"))
    assert found.returncode == 3
    assert "qamqor population refresh" in found.stderr
    assert not (tmp_path / "report.html").exists()


def test_a_day_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    found = run(tmp_path, "--as-of", "foo")
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_folder_that_is_not_there_is_named_without_a_traceback(
    sample: Sample, tmp_path: Path
) -> None:
    out = tmp_path / "nowhere" / "file" / "report.html"
    out.parent.parent.write_text("a file where a folder should be")
    found = run(sample.warehouse.folder.parent, "--results", str(sample.results), "--out", str(out))
    assert found.returncode == 3
    assert "Traceback" not in found.stderr
    assert str(out.parent) in found.stderr


def test_a_setting_that_is_no_number_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QAMQOR_THREADS", "many")
    found = run(tmp_path)
    assert found.returncode == 3
    assert "QAMQOR_THREADS is 'many'" in found.stderr
