"""The report's sentences, numbers and dates in the reader's language."""

from __future__ import annotations

import gettext
import io
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup

from qamqor.engine.population.intervals import Interval

TEMPLATES: Final = Path(__file__).parent / "templates"
LANGUAGES: Final = ("kk", "ru", "en")
LOCALES: Final = {"kk": "kk", "ru": "ru", "en": "en_GB"}
LONG_DATES: Final = {"kk": "y 'жылғы' d MMMM", "ru": "d MMMM y 'года'", "en": "d MMMM y"}
MONTHS: Final = {"kk": "y 'жылғы' MMMM", "ru": "LLLL y", "en": "MMMM y"}
MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"


@cache
def _translations(language: str) -> gettext.NullTranslations:
    """The sentences of one language; English is what the code says."""
    if language == "en":
        return gettext.NullTranslations()
    with (TEMPLATES / "words" / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Words:
    """Says things in one language: whole sentences only, values by name."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = Locale.parse(LOCALES[language])
        self._found = _translations(language)

    def say(self, sentence: str, **values: object) -> str:
        """One sentence; numbers among the values are written as the language writes them."""
        return self._found.gettext(sentence).format(**self._written(values))

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The sentence for ``n``; ``{n}`` is the number as the language writes it."""
        sentence = self._found.ngettext(one, many, n)
        return sentence.format(**self._written({"n": n, **values}))

    def rich(self, sentence: str, **values: object) -> Markup:
        """`say` for sentences with ``<b>``; values are escaped."""
        return Markup(self._found.gettext(sentence)).format(**self._written(values))  # noqa: S704

    def rich_count(self, one: str, many: str, n: int, **values: object) -> Markup:
        """`count` for sentences with ``<b>``; values are escaped."""
        sentence = self._found.ngettext(one, many, n)
        return Markup(sentence).format(**self._written({"n": n, **values}))  # noqa: S704

    def _written(self, values: dict[str, object]) -> dict[str, object]:
        return {
            name: self.number(value) if type(value) in {int, float} else value  # type: ignore[arg-type]
            for name, value in values.items()
        }

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with this language's separators and a real minus."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        written = str(format_decimal(value, format=pattern, locale=self.locale))
        return written.replace("-", MINUS).replace("\N{NARROW NO-BREAK SPACE}", NO_BREAK)

    def tick(self, value: float) -> str:
        """A number of an axis, with no more decimals than it has."""
        return self.number(value, 0 if value == round(value) else 1)

    def tick_percent(self, value: float) -> str:
        """A percentage of an axis."""
        return f"{self.tick(value)}%"

    def percent(self, share: float, decimals: int = 1) -> str:
        """A share as per cent, without a space before the sign in all three languages."""
        return f"{self.number(share * 100, decimals)}%"

    def points(self, share: float) -> str:
        """A share as per cent without the sign, for axes and ends of intervals."""
        return self.number(share * 100, 1)

    def between(self, interval: Interval) -> str:
        """Both ends of an interval, in per cent."""
        low, high = self.points(interval.low), self.points(interval.high)
        if self.language == "en" or interval.low < 0:
            return self.say("{low} to {high}", low=low, high=high)
        return f"{low}–{high}"

    def day(self, day: date) -> str:
        """A date in running text."""
        return str(format_date(day, LONG_DATES[self.language], locale=self.locale))

    def short_day(self, day: date) -> str:
        """A date in a table."""
        return f"{day:%d.%m.%Y}"

    def month(self, day: date) -> str:
        """A month and its year."""
        return str(format_date(day, MONTHS[self.language], locale=self.locale))

    def lateness(self, days: int) -> str:
        """A number of days in the unit people would use: days, weeks, months or years."""
        if days < 14:
            return self.count("{n} day", "{n} days", days)
        if days < 61:
            return self.count("{n} week", "{n} weeks", round(days / 7))
        if days < 730:
            return self.count("{n} month", "{n} months", round(days / 30.44))
        return self.count("{n} year", "{n} years", round(days / 365.25))
