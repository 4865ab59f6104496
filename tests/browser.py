"""A real browser for tests of pages, and what it finds wrong with one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

LANGUAGES = ("kk", "ru", "en")
PATIENCE_MS = 40_000
"""How long what must come may take: a busy machine is no fault of a page."""
expect.set_options(timeout=PATIENCE_MS)
SIZES = {"desk": (1366, 768), "phone": (390, 844), "narrow": (320, 640)}

CUT_OFF = """() => [...document.querySelectorAll('main *, header *')].filter(e => {
  const style = getComputedStyle(e);
  return ['hidden', 'clip'].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1
    && !e.closest('svg, .nhsuk-u-visually-hidden, select');
}).map(e => e.className + ': ' + e.textContent.trim().slice(0, 60))"""
CUT_HINT = """() => [...document.querySelectorAll('input[placeholder]')].filter(e => {
  const style = getComputedStyle(e), pen = document.createElement('canvas').getContext('2d');
  pen.font = style.font;
  const room = e.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return e.clientWidth && pen.measureText(e.placeholder).width > room + 1;
}).map(e => e.placeholder)"""
TAG_CUT = """() => [...document.querySelectorAll('.q-tag')].filter(e =>
  e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
# A link inside a sentence may be as small as its words (WCAG 2.5.8).
TOO_SMALL = """() => [...document.querySelectorAll(
  'button, input, select, textarea, a, summary')].filter(e => {
  const box = e.getBoundingClientRect();
  const inSentence = e.matches('a') && getComputedStyle(e).display === 'inline';
  const labelled = e.closest('label');
  return box.width && !inSentence && !labelled && (box.width < 24 || box.height < 24)
    && !e.closest('.nhsuk-u-visually-hidden') && !e.matches('.nhsuk-skip-link, [type=hidden]');
}).map(e => e.outerHTML.slice(0, 90))"""
# Below this width the places scroll; on a desk they all show.
HIDDEN_PLACES = """() => innerWidth < 1280 ? [] : [...document.querySelectorAll('header nav')]
  .filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => `${e.scrollWidth - e.clientWidth} px of ${e.innerText.replaceAll('\\n', ', ')}`)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium from PATH, the one Debian ships."""
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    assert path, "make system installs Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def new_context(browser: Browser, language: str = "en", size: str = "desk") -> BrowserContext:
    """A browser nobody has used yet, of somebody who reads this language."""
    width, height = SIZES[size]
    context = browser.new_context(locale=language, viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    return context


def faults(page: Page) -> list[str]:
    """What is wrong with a page as it stands: axe's findings, width, cut text, small targets.

    A form on its way is waited for: a page that is left while it is looked at never answers.
    """
    page.wait_for_function("() => !document.querySelector('form[data-sent]')")
    found = [
        f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in Axe().run(page).response["violations"]
    ]
    if (over := page.evaluate(TOO_WIDE)) > 0:
        found.append(f"the page is {over} px wider than the screen")
    found += [f"cut off: {text}" for text in page.evaluate(CUT_OFF)]
    found += [f"outside its tag: {text}" for text in page.evaluate(TAG_CUT)]
    found += [f"hint cut off: {text}" for text in page.evaluate(CUT_HINT)]
    found += [f"places hidden: {text}" for text in page.evaluate(HIDDEN_PLACES)]
    found += [f"under 24 px: {text}" for text in page.evaluate(TOO_SMALL)]
    return found
