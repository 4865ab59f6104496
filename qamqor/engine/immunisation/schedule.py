"""A vaccination schedule as plain values: antigens, series, doses and the rules between them.

Names follow the CDC's Clinical Decision Support for Immunization (CDSi); no vaccine is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from qamqor.engine.calendar import month_later
from qamqor.errors import ContentError

_TERM: Final = re.compile(r"([+-]?)\s*(\d+)\s*(day|week|month|year)s?", re.IGNORECASE)
_WHOLE: Final = re.compile(
    r"\s*[+-]?\s*\d+\s*(day|week|month|year)s?(\s*[+-]\s*\d+\s*(day|week|month|year)s?)*\s*",
    re.IGNORECASE,
)
_NOT_IN_CODES: Final = re.compile(r"[^a-z0-9]+")
_IN_MONTHS: Final = {"month": 1, "year": 12}
_IN_DAYS: Final = {"day": 1, "week": 7}


class Offset(NamedTuple):
    """Whole months, then days: ``16 years - 4 months`` is (188, 0)."""

    months: int
    days: int

    def after(self, start: date) -> date:
        """The date this long after ``start``; a missing day becomes the first of the next month."""
        moved = month_later(start, self.months) if self.months else start
        return moved + timedelta(days=self.days)


def read_offset(text: str | None) -> Offset | None:
    """``'12 months - 4 days'`` as an offset; empty or ``n/a`` is None.

    Raises:
        ContentError: the text is neither empty nor a sum of days, weeks, months and years.
    """
    words = (text or "").strip()
    if not words or words.lower() == "n/a":
        return None
    if not _WHOLE.fullmatch(words):
        raise ContentError(
            f"not a length of time: {words!r}; write for example '12 months - 4 days'"
        )
    months = days = 0
    for sign, number, unit in _TERM.findall(words):
        amount = -int(number) if sign == "-" else int(number)
        months += amount * _IN_MONTHS.get(unit.lower(), 0)
        days += amount * _IN_DAYS.get(unit.lower(), 0)
    return Offset(months, days)


def item_code(group: str) -> str:
    """The code of a vaccine group in lists and records: its name in small letters and ``_``."""
    return _NOT_IN_CODES.sub("_", group.lower()).strip("_")


def after(start: date, offset: Offset | None) -> date | None:
    """``offset`` after ``start``, or None where the schedule gives no offset."""
    return None if offset is None else offset.after(start)


def is_in_force(effective: date | None, cessation: date | None, anchor: date) -> bool:
    """Whether a rule holds on ``anchor``; both ends belong to the window."""
    return (effective is None or effective <= anchor) and (cessation is None or anchor <= cessation)


def is_within(begin: date | None, end: date | None, day: date) -> bool:
    """Whether ``day`` lies in ``[begin, end)``; an open end has no bound."""
    return (begin is None or begin <= day) and (end is None or day < end)


class SeriesKind(StrEnum):
    """What a series is for."""

    STANDARD = "standard"
    RISK = "risk"
    EVALUATION_ONLY = "evaluation only"


class Anchor(StrEnum):
    """What an interval is counted from."""

    PREVIOUS = "previous"
    TARGET = "target"
    RECENT = "recent"
    OBSERVATION = "observation"


class Test(StrEnum):
    """What a skip condition looks at."""

    __test__ = False

    AGE = "age"
    COMPLETED_SERIES = "completed series"
    INTERVAL = "interval"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class AgeRule:
    absolute_minimum: Offset | None
    minimum: Offset | None
    earliest: Offset | None
    latest: Offset | None
    maximum: Offset | None
    effective: date | None = None
    cessation: date | None = None


@dataclass(frozen=True, slots=True)
class IntervalRule:
    anchor: Anchor
    target: int | None = None
    vaccines: frozenset[int] = frozenset()
    observation: str | None = None
    absolute_minimum: Offset | None = None
    minimum: Offset | None = None
    earliest: Offset | None = None
    latest: Offset | None = None
    is_priority: bool = False
    effective: date | None = None
    cessation: date | None = None


@dataclass(frozen=True, slots=True)
class VaccineRule:
    cvx: int
    begin: Offset | None = None
    end: Offset | None = None
    trade_name: str | None = None
    mvx: str | None = None
    is_forecast: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a skip; ages and dates bound what is counted, both half-open."""

    test: Test
    begin_age: Offset | None = None
    end_age: Offset | None = None
    start_on: date | None = None
    end_on: date | None = None
    interval: Offset | None = None
    count: int = 0
    comparison: str = "greater than"
    is_valid_only: bool = False
    vaccines: frozenset[int] = frozenset()
    series_groups: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SkipSet:
    conditions: tuple[Condition, ...]
    is_every: bool
    effective: date | None = None
    cessation: date | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    sets: tuple[SkipSet, ...]
    is_every: bool
    in_evaluation: bool
    in_forecast: bool


@dataclass(frozen=True, slots=True)
class SeriesDose:
    number: int
    ages: tuple[AgeRule, ...] = ()
    intervals: tuple[IntervalRule, ...] = ()
    allowable_intervals: tuple[IntervalRule, ...] = ()
    preferable: tuple[VaccineRule, ...] = ()
    allowable: tuple[VaccineRule, ...] = ()
    inadvertent: frozenset[int] = frozenset()
    skips: tuple[Skip, ...] = ()
    is_recurring: bool = False
    season_start: date | None = None
    season_end: date | None = None


@dataclass(frozen=True, slots=True)
class Indication:
    observation: str
    begin: Offset | None
    end: Offset | None


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    antigen: str
    vaccine_group: str
    kind: SeriesKind
    doses: tuple[SeriesDose, ...]
    genders: frozenset[str] = frozenset()
    is_default: bool = False
    is_product: bool = False
    series_group: int = 1
    equivalent_groups: frozenset[int] = frozenset()
    priority: str = ""
    preference: int | None = None
    min_age_to_start: Offset | None = None
    max_age_to_start: Offset | None = None
    indications: tuple[Indication, ...] = ()
    source: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class BirthImmunity:
    """Born before the date counts as immune, unless an exclusion is among the observations."""

    born_before: date
    country: str | None
    exclusions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Contraindication:
    """``cvx`` None: the whole antigen; else that vaccine only."""

    observation: str
    begin: Offset | None
    end: Offset | None
    cvx: int | None = None


@dataclass(frozen=True, slots=True)
class Antigen:
    name: str
    series: tuple[Series, ...]
    immunity_observations: frozenset[str] = frozenset()
    birth_immunity: tuple[BirthImmunity, ...] = ()
    contraindications: tuple[Contraindication, ...] = ()


@dataclass(frozen=True, slots=True)
class Association:
    """A product protects against ``antigen`` when given at an age in ``[begin, end)``."""

    antigen: str
    begin: Offset | None = None
    end: Offset | None = None


@dataclass(frozen=True, slots=True)
class VaccineGroup:
    name: str
    antigens: tuple[str, ...]
    is_full: bool | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Live vaccines too close together: from ``begin`` until an end counted from the earlier."""

    begin: Offset
    minimum_end: Offset
    end: Offset


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything an engine needs to know about a country's vaccinations."""

    name: str
    version: str
    antigens: Mapping[str, Antigen]
    groups: Mapping[str, VaccineGroup]
    products: Mapping[int, tuple[Association, ...]]
    conflicts: Mapping[tuple[int, int], Conflict] = field(default_factory=dict)
    product_names: Mapping[int, str] = field(default_factory=dict)
