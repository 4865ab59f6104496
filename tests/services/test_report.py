"""The report says what the results say, and nothing about one person."""

import json
import re
from pathlib import Path

import pytest

from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import NotPossible, NotThere
from qamqor.services import report
from tests.services.report_sample import write_sample

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(CONTENT)


@pytest.fixture(scope="module")
def results(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"), pack, 6000).results


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_stands_alone(language: str, pack: Pack, results: Path, tmp_path: Path) -> None:
    out = tmp_path / "folder" / "report.html"
    report.write(results, pack, language, out)
    html = out.read_text()
    assert f'<html lang="{language}">' in html
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:)", html)
    assert "<script" not in html
    assert list(out.parent.iterdir()) == [out]


def test_an_unknown_language_is_refused(pack: Pack, results: Path, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="kk, ru or en"):
        report.write(results, pack, "de", tmp_path / "report.html")


def test_a_folder_without_results_says_what_to_run(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="qamqor population refresh"):
        report.write(tmp_path, pack, "en", tmp_path / "report.html")


def test_figures_are_plain_json(results: Path) -> None:
    figures = report.figures_of(results)
    assert json.loads(json.dumps(figures)) == figures
    assert figures["as_of"] == "2026-11-24"
