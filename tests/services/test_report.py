"""The report says what the results say, and nothing about one person."""

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from qamqor.engine.programmes.load import load_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import NotPossible, NotThere
from qamqor.services import report
from qamqor.services.report import About
from qamqor.services.report_count import Sources, count
from qamqor.services.report_names import Names
from qamqor.services.report_page import page
from qamqor.services.report_shown import Figures, Split, shown
from qamqor.services.report_words import Words
from tests.services.report_sample import Sample, write_sample

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(CONTENT)


@pytest.fixture(scope="module")
def sample(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"), pack, 6000)


@pytest.fixture(scope="module")
def results(sample: Sample) -> Path:
    return sample.results


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


def test_the_head_says_whose_numbers_these_are(pack: Pack, sample: Sample, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    house = sample.warehouse
    report.write(sample.results, pack, "en", out, warehouse=house)
    html = out.read_text()
    assert "Merke district polyclinic · 6,000 residents · 24 November 2026" in html
    assert "Drafts: these rules are not approved" in html
    assert "Demonstration" not in html
    about = About("pack 1", "invented", is_invented=True, quarantined=3)
    report.write(sample.results, pack, "en", out, warehouse=house, about=about)
    html = out.read_text()
    assert "Demonstration: all people in this report are invented." in html
    assert "Invented approval" in html
    assert "3 records could not be read" in html


def test_without_a_warehouse_only_people_in_programmes_are_known(
    pack: Pack, sample: Sample, tmp_path: Path
) -> None:
    figures = report.write(sample.results, pack, "en", tmp_path / "report.html")
    assert not figures.covers_residents
    assert "people in programmes" in (tmp_path / "report.html").read_text()
    assert (figures.everybody.people or 0) < 6000


def test_the_summary_says_who_approved(pack: Pack, results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "2026-11-24"
    shutil.copytree(results, folder)
    (folder / "summary.json").write_text(json.dumps({"approval": "approved", "invented": True}))
    report.write(folder, pack, "en", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert "Demonstration" in html
    assert "Drafts" not in html


def test_the_newest_results_are_taken_unless_a_day_is_named(tmp_path: Path) -> None:
    for day in ("2026-11-23", "2026-11-24", "2026-11-25-known-2026-11-01", "2026-11-26"):
        (tmp_path / day).mkdir()
        if day != "2026-11-26":
            (tmp_path / day / "summary.json").write_text("{}")
    assert report.newest(tmp_path).name == "2026-11-24"
    assert report.newest(tmp_path, date(2026, 11, 23)).name == "2026-11-23"
    with pytest.raises(NotThere, match="--as-of 2026-11-26"):
        report.newest(tmp_path, date(2026, 11, 26))


def test_a_pack_without_the_programme_shows_its_code(sample: Sample, pack: Pack) -> None:
    bare = replace(pack, programmes=(), folders=())
    names = Names(bare, date(2026, 11, 24), "ru", [], [])
    assert names.programme("p") == "p"
    assert names.action("p", "a") == "a"
    assert names.reason("p", "a", "r") == "r"
    assert names.measure("p.m").title == "m"
    assert names.unit("area", "a") == "a"
    assert names.tile("31") is None
    assert names.top({"a"}) == ""


def test_the_organisation_above_all_areas_names_the_report() -> None:
    row = {"name_kk": "", "name_ru": "Район", "name_en": None}
    tree = [
        {"id": "a", "parent_id": "x"},
        {"id": "b", "parent_id": "y"},
        {"id": "x", "parent_id": "top"},
        {"id": "y", "parent_id": "top"},
        {"id": "top", "parent_id": None},
        {"id": "c", "parent_id": "other"},
        {"id": "other", "parent_id": None},
    ]
    pack = load_pack(CONTENT)
    names = Names(pack, date(2026, 11, 24), "kk", [row | one for one in tree], [])
    assert names.top({"a", "b"}) == "Район"
    assert names.top({"a", "c"}) == ""
    assert names.tile("31") == ("Жамбыл", 4, 3)
    assert names.unit("region", "31") == "Жамбыл облысы"


def test_nobody_due_is_said_in_words(pack: Pack, results: Path) -> None:
    figures = shown_of(results)
    nobody = Split("everybody", 900, 0, 0, 0, 100)
    empty = replace(
        figures, everybody=nobody, roles=(), reasons=(), late=(), measures=(), unit="", units=()
    )
    html = page(empty, Names(pack, empty.as_of, "en", [], []), Words("en"), ABOUT)
    assert "Nobody of 900 people needs anything now." in html
    assert "No pressing reason with 5 people or more." in html
    few = replace(empty, everybody=Split("everybody", 900, None, None, 0, 100, None))
    html = page(few, Names(pack, few.as_of, "en", [], []), Words("en"), ABOUT)
    assert "Fewer than 5 people need somebody now." in html


def test_a_countrys_regions_stand_on_a_map(pack: Pack, results: Path) -> None:
    keys = ("10", "31", "71", "75", "79", None)
    regions = tuple(Split(key, 1000, 100, 50, open_known=150) for key in keys)
    hidden = Split("11", 20, None, None, open_known=None)
    figures = replace(shown_of(results), unit="region", units=(*regions, hidden))
    html = page(figures, Names(pack, figures.as_of, "kk", [], []), Words("kk"), ABOUT)
    assert "Жамбыл" in html
    assert html.count("k-tile-none") == 3  # the style and both drawings


ABOUT = About("pack 1", "approved", is_invented=False)


def shown_of(results: Path) -> Figures:
    with duckdb.connect() as connection:
        return shown(count(Sources(results, {}), connection))
