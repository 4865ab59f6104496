"""The card and the calendar's picture: what they say, and whole in a real browser."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from qamqor.errors import NotThere
from qamqor.services.demo import Wish, invent_tables
from qamqor.services.immunisation import forecast_person, open_schedule
from qamqor.services.immunisation_pages import card, timeline
from qamqor.services.immunisation_sources import resources_of
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population import Place

AS_OF = date(2026, 11, 20)
CONTENT = Path("content")
OPENED = open_schedule(None, [CONTENT], AS_OF)
LANGUAGES = ("kk", "ru", "en")
CVX = "http://hl7.org/fhir/sid/cvx"


def words(language: str) -> ImmunisationWords:
    return ImmunisationWords(language, [CONTENT], OPENED.schedule, OPENED.folder)


def dose(id_: str, code: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": id_,
        "status": "completed",
        "patient": {"reference": "Patient/x"},
        "vaccineCode": {"coding": [{"system": CVX, "code": code}]},
        "occurrenceDateTime": day,
        **more,
    }


REFUSED = {"status": "not-done", "statusReason": {"coding": [{"code": "PATOBJ"}]}}
RECORD = [
    {
        "resourceType": "Patient",
        "id": "x",
        "gender": "female",
        "birthDate": "2020-02-07",
        "name": [{"use": "official", "family": "Серікқызы", "given": ["Айгерім <b>"]}],
    },
    dose("a", "08", "2020-02-07", lotNumber="L-17"),
    dose("b", "146", "2020-02-20"),
    dose("c", "03", "2021-03-01", **REFUSED),
    dose("d", "999", "2021-03-01"),
]


def page(language: str, record: list[dict[str, Any]] = RECORD) -> str:
    person = forecast_person("x", record, OPENED.schedule, AS_OF)
    return card(person, record, OPENED, words(language), AS_OF)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<body>")[2]))


def test_a_card_tells_each_dose_its_lot_how_it_counts_and_what_is_next() -> None:
    said = text(page("ru"))
    assert "07.02.2020 при рождении вакцина против вирусного гепатита B L-17" in said
    assert "не засчитано: введена раньше наименьшего возраста" in said
    assert "01.03.2021 · вакцина ККП · отказ" in said
    assert "999" in said
    assert "просрочено" in said


def test_a_name_is_never_markup() -> None:
    assert "Айгерім &lt;b&gt;" in page("kk")


def test_nothing_runs_and_nothing_is_fetched() -> None:
    for html in (page("en"), timeline(OPENED, words("en"), AS_OF)):
        assert "<script" not in html
        assert "default-src 'none'" in html
        assert not re.findall(r'(?:src|href)="(?!data:)', html)


def test_a_person_of_whom_nothing_can_be_worked_out_gets_a_card_that_says_so() -> None:
    said = text(page("en", [{"resourceType": "Patient", "id": "x"}]))
    assert "birth date unknown" in said
    assert "No dose on record." in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_stands_there_as_picture_and_as_table(language: str) -> None:
    html = timeline(OPENED, words(language), AS_OF)
    assert html.count('class="k-mark') == html.count("<g><title>")
    assert html.count('class="k-mark k-partial"') == 2
    assert "None" not in html


def test_the_warehouse_gives_a_card_without_a_name(tmp_path: Path) -> None:
    invent_tables(Wish(CONTENT, 300, "merke", 3, AS_OF), tmp_path, processes=1)
    place = Place(tmp_path, 1, 1)
    child = next(who for who in (f"p{n:08d}" for n in range(1, 5000)) if _has_doses(who, place))
    known = resources_of(child, None, place)
    person = forecast_person(child, known, OPENED.schedule, AS_OF)
    assert child in text(card(person, known, OPENED, words("kk"), AS_OF))
    with pytest.raises(NotThere, match="nothing is known of nobody"):
        resources_of("nobody", None, place)
    with pytest.raises(NotThere):
        resources_of("nobody", tmp_path / "gone.json", place)


def _has_doses(who: str, place: Place) -> bool:
    try:
        return len(resources_of(who, None, place)) > 5
    except NotThere:
        return False


OUTSIDE = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
  return [...svg.querySelectorAll('text')].filter(t => {
    const box = t.getBBox();
    return box.x < -1 || box.y < -1 || box.x + box.width > width + 1
      || box.y + box.height > height + 1;
  }).map(t => t.textContent);
})"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_in_a_browser(language: str, browser: Browser, tmp_path: Path) -> None:
    pages = {"card": page(language), "calendar": timeline(OPENED, words(language), AS_OF)}
    for name, html in pages.items():
        file = tmp_path / f"{name}.html"
        file.write_text(html, encoding="utf-8")
        for size in ((1366, 768), (390, 844), (320, 640)):
            opened = browser.new_page(viewport={"width": size[0], "height": size[1]})
            opened.goto(file.as_uri())
            assert opened.evaluate(TOO_WIDE) <= 0, (name, size)
            assert opened.evaluate(OUTSIDE) == []
            opened.close()
