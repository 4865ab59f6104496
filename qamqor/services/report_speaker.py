"""What the report's charts are built with: words for groups, a picture and its table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from qamqor.engine.charts import bars
from qamqor.engine.charts.svg import FRAMES, Frame
from qamqor.services.report_measured import Shown
from qamqor.services.report_names import Names
from qamqor.services.report_shown import Figures
from qamqor.services.report_words import Words

# Between two names: no line begins with it.
DOT: Final = "\N{NO-BREAK SPACE}· "
# Names are sorted as Kazakh sorts them in every language, so that a list never jumps.
ALPHABET: Final = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"


@dataclass(frozen=True, slots=True)
class Table:
    """The twin of a chart: the same numbers as text."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart drawn for each frame, with its table."""

    drawings: list[Markup]
    table: Table
    legend: list[tuple[Markup, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Speaker:
    """What the builders of charts speak with."""

    words: Words
    names: Names

    def amount(self, value: Shown) -> str:
        """A number, or the word for a hidden one."""
        say = self.words.say
        return say("hidden") if value is None else self.words.number(value)

    def role(self, role: str) -> str:
        """A role in words; one the platform does not know is shown as written."""
        say = self.words.say
        known = {
            "gp": say("General practitioner"),
            "practice_nurse": say("Practice nurse"),
            "district_nurse": say("District nurse"),
            "midwife": say("Midwife"),
            "psychologist": say("Psychologist"),
            "social_worker": say("Social worker"),
        }
        return known.get(role, role)

    def sex(self, sex: str | None) -> str:
        """Women, men or not recorded."""
        say = self.words.say
        return {"female": say("women"), "male": say("men")}.get(sex or "", say("not recorded"))

    def settlement(self, is_rural: bool | None) -> str:
        """Villages, towns or not recorded."""
        say = self.words.say
        known = {True: say("villages"), False: say("towns")}
        return say("not recorded") if is_rural is None else known[is_rural]

    def age(self, band: str | None) -> str:
        """An age band in words."""
        if band is None:
            return self.words.say("age not known")
        if band == "0":
            return self.words.say("under 1")
        if band.endswith("+"):
            return self.words.say("{age} and over", age=band[:-1])
        return band.replace("-", "–")

    def unit(self, figures: Figures, key: Any) -> str:
        """An area, an organisation or a place; those attached to none have a word of their own."""
        if key is None:
            return self.words.say("not attached or place not known")
        return self.names.unit(figures.unit, key)

    def need(self, programme: str, action: str) -> str:
        """What people need and for which programme; a line never begins with the dot between."""
        return self.names.action(programme, action) + DOT + self.names.programme(programme)

    def state(self, state: str) -> str:
        """A state in words."""
        say = self.words.say
        return {
            "overdue": say("overdue"),
            "due": say("due"),
            "unknown": say("not known"),
            "not_due": say("not due yet"),
            "open": say("due or overdue"),
        }[state]


def as_markup(drawing: str) -> Markup:
    """A chart is markup already: charts escape their own words."""
    return Markup(drawing)  # noqa: S704


def drawings(draw: Callable[[Frame], str]) -> list[Markup]:
    """The same chart in every frame."""
    return [as_markup(draw(frame)) for frame in FRAMES]


def legend(speaker: Speaker, kinds: Sequence[str]) -> list[tuple[Markup, str]]:
    """Swatches with their words."""
    return [(as_markup(bars.swatch(kind)), speaker.state(kind)) for kind in kinds]


def name_order(name: str) -> list[tuple[int, int, str]]:
    """Area 2 stands before area 10; letters stand in the order of the Kazakh alphabet."""
    pieces: list[str] = [""]
    for letter in name.lower():
        if pieces[-1] and letter.isdigit() != pieces[-1][-1].isdigit():
            pieces.append("")
        pieces[-1] += letter
    return [(0, int(p), "") if p.isdecimal() else (1, 0, _sortable(p)) for p in pieces]


def _sortable(word: str) -> str:
    places = {letter: chr(0x3000 + place) for place, letter in enumerate(ALPHABET)}
    return "".join(places.get(letter, letter) for letter in word)
