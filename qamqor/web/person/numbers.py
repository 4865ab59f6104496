"""The last numbers of a person in words, each with its small line and its table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from markupsafe import Markup

from qamqor.engine.charts.spark import spark
from qamqor.engine.measurements.series import Number, Series, Target, Way
from qamqor.services.person.page import SPARK
from qamqor.web.components import dates

SIGNS: Final[dict[str, str | Promise]] = {"below": "<", "up_to": "≤", "above": ">"}
WORDS: Final[dict[Way, str | Promise]] = {
    Way.up: _("rising"),
    Way.down: _("falling"),
    Way.level: _("stable"),
    Way.first: _("first"),
}
ARROWS: Final = {Way.up: "▲", Way.down: "▼", Way.level: "", Way.first: ""}


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One line of the last numbers.

    Attributes:
        state: ``done`` for better, ``overdue`` for worse, empty where it is neither.
        values: the table behind the line: day and value, newest first.
    """

    id: str
    label: str
    value: str
    unit: str
    picture: Markup
    trend: str
    state: str
    target: str
    is_own_target: bool
    off_target: bool
    on: str
    is_old: bool
    values: tuple[tuple[str, str], ...]


def rows(
    found: Iterable[Series], patient: str, today: date, language: str
) -> tuple[NumberRow, ...]:
    """The lines in the order of content."""
    return tuple(_row(one, today, language) for one in found)


def _row(one: Series, today: date, language: str) -> NumberRow:
    number, last = one.number, one.points[-1] if one.points else None
    label = number.label.get(language) or number.label["en"]
    shown = one.points[-SPARK:]
    said = [_value(number, point.values) for point in shown]
    picture = ""
    if len(shown) > 1:
        line = [(float(point.on.toordinal()), point.values[0]) for point in shown]
        limit = one.target.values[0] if one.target else None
        picture = spark(line, f"{label}: {', '.join(said)}", target=limit)
    trend, state = _trend(one)
    return NumberRow(
        id=number.id,
        label=label,
        value=said[-1] if said else "",
        unit=number.unit.get(language) or number.unit.get("en", ""),
        picture=Markup(picture),  # noqa: S704 (drawn and escaped by our own chart)
        trend=trend,
        state=state,
        target=_target(number, one.target),
        is_own_target=bool(one.target and one.target.is_own),
        off_target=one.is_at_target is False,
        on=_day(last.on, today) if last else "",
        is_old=one.is_old,
        values=tuple(
            (dates.short(point.on), _value(number, point.values)) for point in reversed(shown)
        ),
    )


def _value(number: Number, values: Iterable[float]) -> str:
    return "/".join(dates.number(value, number.decimals) for value in values)


def _target(number: Number, target: Target | None) -> str:
    if target is None:
        return ""
    return f"{SIGNS[target.compare]}\N{NO-BREAK SPACE}{_value(number, target.values)}"


def _trend(one: Series) -> tuple[str, str]:
    if not one.points:
        return "", ""
    word = str(WORDS[one.way])
    if one.is_good is True:
        word = gettext("better")
    elif one.is_good is False:
        word = gettext("worse")
    state = {True: "done", False: "overdue", None: ""}[one.is_good]
    return f"{ARROWS[one.way]} {word}".strip(), state


def _day(day: date, today: date) -> str:
    return dates.without_year(day) if day.year == today.year else dates.short(day)
