"""Walks a journey in a real browser and counts what it costs the person who walks it.

A test takes a page to the moment the task begins, then does everything through a ``Journey``:

    with walked("call_outcome", page) as journey:
        journey.decide("who is first")
        journey.press("j", "Enter")
        journey.press("2")
        expect(page.get_by_role("status")).to_contain_text("Saved")

When the block ends the counts are held against ``budgets.yaml``: more keys, clicks, screens or
seconds than written there fail the test, and so do fewer, so that the table in the docs stays true.
Seconds are those of an expert by the keystroke-level model (Card, Moran and Newell 1980), without
the machine's own time: a key 0.28, a pointing 1.1, a hand moved between keys and pointer 0.4, a
decision 1.35.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml
from playwright.sync_api import Frame, Locator, Page

BUDGETS: Final = Path(__file__).parent / "budgets.yaml"
KEY, POINT, HAND, DECIDE = 0.28, 1.1, 0.4, 1.35
# A page gives its first field the focus a moment after it is loaded; keys before that go elsewhere.
BEGINS: Final = """() => document.activeElement !== document.body
  || ![...document.querySelectorAll('[autofocus]')].some(e => e.checkVisibility())"""


@dataclass
class Journey:
    """One walk: every key and click goes through here. The hands begin on the keys.

    Attributes:
        screens: pages seen, the one it began on included; a swapped part is no new page.
    """

    page: Page
    keys: int = 0
    clicks: int = 0
    screens: int = 1
    seconds: float = 0.0
    decisions: list[str] = field(default_factory=list)
    _on_keys: bool = True

    def decide(self, what: str) -> None:
        """The person thinks before they go on; say about what."""
        self.decisions.append(what)
        self.seconds += DECIDE

    def press(self, *keys: str) -> None:
        """Single keys, in Playwright's names; a chord such as ``Shift+Tab`` counts two."""
        for key in keys:
            self._hands(on_keys=True)
            self._count_keys(key.count("+") + 1 if len(key) > 1 else 1)
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Text into whatever has the focus, key by key, as a person would."""
        self._hands(on_keys=True)
        self._count_keys(len(text))
        self.page.keyboard.type(text)

    def click(self, target: Locator) -> None:
        """One click; the pointer has to get there first."""
        self._hands(on_keys=False)
        self.clicks += 1
        self.seconds += POINT + KEY
        target.click()

    def _count_keys(self, number: int) -> None:
        self.keys += number
        self.seconds += KEY * number

    def _hands(self, *, on_keys: bool) -> None:
        if self._on_keys is not on_keys:
            self.seconds += HAND
            self._on_keys = on_keys

    def counted(self) -> dict[str, Any]:
        """What it cost, as ``budgets.yaml`` writes it."""
        return {
            "keys": self.keys,
            "clicks": self.clicks,
            "screens": self.screens,
            "seconds": round(self.seconds, 1),
        }


def _hears_where_it_is(page: Page) -> None:
    """An address that a page changed itself is told a moment later than what it shows."""
    here = page.evaluate("location.href")
    page.wait_for_url(lambda url: url == here, wait_until="commit")


@contextmanager
def walked(name: str, page: Page) -> Iterator[Journey]:
    """A journey whose counts must be those of ``budgets.yaml`` when the block ends."""
    journey = Journey(page)

    def turned(frame: Frame) -> None:
        journey.screens += frame == page.main_frame

    page.wait_for_function(BEGINS)
    page.on("framenavigated", turned)
    yield journey
    _hears_where_it_is(page)
    page.remove_listener("framenavigated", turned)
    budgets = yaml.safe_load(BUDGETS.read_text())
    assert name in budgets, f"write what {name} may cost into budgets.yaml: {journey.counted()}"
    allowed = {key: budgets[name][key] for key in journey.counted()}
    assert journey.counted() == allowed, (
        f"{name} costs {journey.counted()}, not {allowed}: "
        "make it cheaper, or change budgets.yaml and the table (python -m tests.journeys.table)"
    )
