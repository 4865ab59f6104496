"""The report in a real browser: whole, reachable, readable, alone."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from qamqor.engine.programmes.load import load_pack
from qamqor.services import report
from qamqor.services.report import About
from tests.services.report_sample import write_sample
from tools.report_words import sentences

pytestmark = pytest.mark.browser
CONTENT = Path(__file__).parents[2] / "content"
LANGUAGES = ("kk", "ru", "en")
DESK, PHONE, NARROW = (1366, 768), (390, 844), (320, 640)
# The same words in English as in Russian or Kazakh, or parts of names.
SAME = {"{low} to {high}"}

CLIPPED = """() => [...document.querySelectorAll('main *, header *')].filter(e => {
  const style = getComputedStyle(e);
  const hides = style.overflowX !== 'visible' && style.overflowX !== 'auto';
  return !e.closest('.sr, .scroll, svg') && !e.classList.contains('sr') && hides
    && e.scrollWidth > e.clientWidth + 1;
}).map(e => e.className + ': ' + e.textContent.slice(0, 60))"""
OUTSIDE = """() => [...document.querySelectorAll('svg.k-chart')].flatMap(svg => {
  if (!svg.getClientRects().length) return [];
  const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
  return [...svg.querySelectorAll('text')].filter(t => {
    const box = t.getBBox();
    return box.x < -2 || box.y < -2 || box.x + box.width > width + 2
      || box.y + box.height > height + 3;
  }).map(t => svg.querySelector('title').textContent + ': ' + t.textContent);
})"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('svg.k-chart')].flatMap(svg => {
  const drawn = svg.getBoundingClientRect();
  if (!drawn.width) return [];
  const scale = drawn.width / Number(svg.getAttribute('viewBox').split(' ')[2]);
  return [...svg.querySelectorAll('text')].map(t =>
    parseFloat(getComputedStyle(t).fontSize) * scale);
}))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report in three languages over the shipped pack."""
    folder = tmp_path_factory.mktemp("pages")
    pack = load_pack(CONTENT)
    sample = write_sample(folder, pack, 8000)
    about = About("kazakhstan 1", "invented", is_invented=True, quarantined=12)
    for language in LANGUAGES:
        out = folder / f"{language}.html"
        report.write(sample.results, pack, language, out, warehouse=sample.warehouse, about=about)
    return folder


def opened(browser: Browser, file: Path, size: tuple[int, int]) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.set_default_timeout(120_000)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_asks_for_nothing_and_breaks_no_policy(
    language: str, pages: Path, browser: Browser
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((pages / f"{language}.html").as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [page.url]
    assert said == []
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == (
        "rgb(14, 60, 63)"
    )
    page.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_and_nothing_is_cut_with_every_table_open(
    language: str, size: tuple[int, int], pages: Path, browser: Browser
) -> None:
    page = opened(browser, pages / f"{language}.html", size)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert_whole(page, size)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_320_px_nothing_is_cut_and_nothing_runs_over(
    language: str, pages: Path, browser: Browser
) -> None:
    page = opened(browser, pages / f"{language}.html", NARROW)
    assert_whole(page, NARROW)
    page.close()


def assert_whole(page: Page, size: tuple[int, int]) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SMALLEST) >= 9


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_english_sentence_is_left(language: str, pages: Path, browser: Browser) -> None:
    page = opened(browser, pages / f"{language}.html", DESK)
    text = page.evaluate("document.body.textContent")
    english = [
        words
        for message in sentences()
        for words in ([message.id] if isinstance(message.id, str) else message.id)
        if words and "{" not in words and len(words) > 3 and words not in SAME
    ]
    assert [words for words in english if words in text] == []
    page.close()


def test_the_keyboard_reaches_the_report_and_its_tables(pages: Path, browser: Browser) -> None:
    page = opened(browser, pages / "ru.html", DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
    page.close()


def test_paper_has_no_links_to_nowhere_and_no_dark_bar(pages: Path, browser: Browser) -> None:
    page = opened(browser, pages / "kk.html", DESK)
    page.emulate_media(media="print")
    assert not page.locator(".toc").is_visible()
    assert not page.locator(".twin").first.is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).color") == (
        "rgb(27, 42, 44)"
    )
    assert page.evaluate("document.querySelectorAll('.k-phone').length") > 10
    page.close()
