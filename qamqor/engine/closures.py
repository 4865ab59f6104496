"""Days on which nobody is booked: public holidays by rule or by year, and days a site is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from qamqor.engine.words import Words, read_words
from qamqor.errors import InvalidPack, Problem

LEAP: Final = 2024
"""A year that has every day there is, to ask whether a day of the year exists."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A holiday on the same day each year; ``since`` and ``until`` are years, both included."""

    month: int
    day: int
    words: Words
    since: int = date.min.year
    until: int = date.max.year

    def is_on(self, day: date) -> bool:
        """Whether a day is one of its days."""
        is_its_year = self.since <= day.year <= self.until
        return is_its_year and (day.month, day.day) == (self.month, self.day)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one to another, both included, on which a site is closed."""

    from_on: date
    until: date
    words: Words


@dataclass(frozen=True, slots=True)
class Closures:
    """Every day without bookings that is no closed weekday.

    Attributes:
        yearly: holidays of fixed days. dated: day → words of those that move. spans: the site's.
    """

    yearly: tuple[Holiday, ...] = ()
    dated: Mapping[date, Words] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()

    def why(self, day: date) -> Words | None:
        """Why nobody is booked on a day; None where nothing is closed."""
        if day in self.dated:
            return self.dated[day]
        yearly = (one.words for one in self.yearly if one.is_on(day))
        spans = (one.words for one in self.spans if one.from_on <= day <= one.until)
        return next(yearly, next(spans, None))


def read_holidays(raw: Any, where: str) -> Closures:
    """Public holidays, from their file.

    Raises:
        InvalidPack: a day there is not, no words in a language, or a year that names another year.
    """
    problems: list[Problem] = []
    yearly: list[Holiday] = []
    dated: dict[date, Words] = {}
    for entry in _entries(raw, where, "yearly", problems):
        at, words = f"{where}: {entry.get('id', '?')}", _words(entry, where, problems)
        years = {name: entry[name] for name in ("since", "until") if name in entry}
        if any(type(year) is not int for year in years.values()):
            problems.append(Problem(at, "since and until are years, as 2022"))
            continue
        days = entry.get("days") or [entry.get("day")]
        for day in days if isinstance(days, list) else [days]:
            if _is_day_of_year(entry.get("month"), day):
                yearly.append(Holiday(int(entry["month"]), int(day), words, **years))
            else:
                month = entry.get("month")
                problems.append(Problem(at, f"there is no day {day!r} of month {month!r}"))
    for entry in _entries(raw, where, "moving", problems):
        at, words = f"{where}: {entry.get('id', '?')}", _words(entry, where, problems)
        days = entry.get("days")
        if not isinstance(days, Mapping):
            problems.append(Problem(at, "days names the day of each year, as {2027: 2027-05-16}"))
            continue
        for year, text in days.items():
            on = _day(text)
            if on is None or on.year != year:
                problems.append(Problem(at, f"{text} is no day of {year!r}"))
            else:
                dated[on] = words
    if problems:
        raise InvalidPack(problems)
    return Closures(tuple(yearly), dated)


def read_closed(raw: Any, where: str) -> Closures:
    """Days a site is closed, from its file.

    Raises:
        InvalidPack: a day there is not, an end before its beginning, no words in a language.
    """
    problems: list[Problem] = []
    spans: list[Span] = []
    for entry in _entries(raw, where, "closed", problems):
        from_on = _day(entry.get("from"))
        until = _day(entry.get("until", entry.get("from")))
        words = _words(entry, where, problems)
        if from_on is None or until is None or until < from_on:
            problems.append(Problem(f"{where}: {entry.get('from')}", "needs from, and until after"))
        else:
            spans.append(Span(from_on, until, words))
    if problems:
        raise InvalidPack(problems)
    return Closures(spans=tuple(spans))


def _entries(raw: Any, where: str, name: str, problems: list[Problem]) -> list[Mapping[str, Any]]:
    listed = raw.get(name) if isinstance(raw, Mapping) else None
    found = [one for one in listed or () if isinstance(one, Mapping)]
    if not isinstance(listed, list) or len(found) < len(listed):
        problems.append(Problem(f"{where}: {name}", "is a list of days with words"))
    return found


def _words(entry: Mapping[str, Any], where: str, problems: list[Problem]) -> Words:
    named = entry.get("id", entry.get("from", "?"))
    return read_words(entry.get("words"), f"{where}: {named}", problems)


def _is_day_of_year(month: Any, day: Any) -> bool:
    try:
        return bool(date(LEAP, month, day))
    except (TypeError, ValueError):
        return False


def _day(value: Any) -> date | None:
    """A day as YAML gives it, or as text."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        return None
