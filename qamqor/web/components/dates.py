"""Dates and numbers as people read them, in Kazakh, Russian and English."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from qamqor.web.components import reader

NARROW = "\N{NO-BREAK SPACE}"
SAME_YEAR = 183
"""Days around today of which a month says by itself in which year it is."""


def short(day: date | None) -> str:
    """A date in a table or form: 05.03.2026, in every language."""
    return f"{day:%d.%m.%Y}" if day else ""


def long(day: date | None) -> str:
    """A date in a sentence: 5 March 2026."""
    if day is None:
        return ""
    if reader.language() == "kk":
        return f"{day.year} жылғы {day.day}{NARROW}{_month(day)}"
    if reader.language() == "ru":
        return f"{day.day}{NARROW}{_month(day)} {day.year} года"
    return f"{day.day}{NARROW}{_month(day)} {day.year}"


def without_year(day: date) -> str:
    """5 March."""
    return f"{day.day}{NARROW}{_month(day)}"


def with_weekday(day: date, today: date | None = None) -> str:
    """Thursday 5 March, in the order of the language; with its year where another is meant."""
    weekday = format_date(day, "EEEE", locale=reader.language()).lower()
    away = abs((day - (today or timezone.localdate())).days)
    said = without_year(day) if away <= SAME_YEAR else long(day)
    if reader.language() == "kk":
        return f"{said}, {weekday}"
    if reader.language() == "ru":
        return f"{weekday}, {said}"
    return f"{weekday.capitalize()} {said}"


def clock(moment: datetime, *, seconds: bool = False) -> str:
    """The time on the clock of this installation: 14:05, with seconds where they matter."""
    return f"{timezone.localtime(moment):{'%H:%M:%S' if seconds else '%H:%M'}}"


def moment(at: datetime) -> str:
    """A date and time in a sentence."""
    here = timezone.localtime(at)
    return f"{long(here.date())}, {here:%H:%M}"


def day_of(at: datetime) -> date:
    """The day on which a moment falls here, which begins hours before the one in Greenwich."""
    return timezone.localtime(at).date()


def from_here(day: date, today: date) -> str:
    """A day said from today: yesterday, 3 weeks ago, in 5 days."""
    away = (day - today).days
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    return near.get(away) or (_ahead(away) if away > 0 else _ago(-away))


def _ago(days: int) -> str:
    if days < 14:
        return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days}
    if days < 60:
        weeks = days // 7
        return ngettext("%(n)s week ago", "%(n)s weeks ago", weeks) % {"n": weeks}
    months = days * 12 // 365
    if months < 24:
        return ngettext("%(n)s month ago", "%(n)s months ago", months) % {"n": months}
    years = days // 365
    return ngettext("%(n)s year ago", "%(n)s years ago", years) % {"n": years}


def _ahead(days: int) -> str:
    if days < 14:
        return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}
    if days < 60:
        weeks = days // 7
        return ngettext("in %(n)s week", "in %(n)s weeks", weeks) % {"n": weeks}
    months = days * 12 // 365
    if months < 24:
        return ngettext("in %(n)s month", "in %(n)s months", months) % {"n": months}
    years = days // 365
    return ngettext("in %(n)s year", "in %(n)s years", years) % {"n": years}


def age(born: date, today: date) -> str:
    """An age: days for the newborn, months under two years, then years."""
    days = (today - born).days
    if days <= 28:
        return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    months = (today.year - born.year) * 12 + today.month - born.month - (today.day < born.day)
    if months < 24:
        return ngettext("%(n)s month old", "%(n)s months old", months) % {"n": months}
    return ngettext("%(n)s year old", "%(n)s years old", months // 12) % {"n": months // 12}


def number(value: float, digits: int = 0) -> str:
    """A number with its thousands apart; a comma before decimals in Kazakh and Russian."""
    said = f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
    if reader.language() == "en":
        return said
    return said.replace(",", NARROW).replace(".", ",")


def _month(day: date) -> str:
    name = format_date(day, "d MMMM", locale=reader.language()).split(" ", 1)[1]
    return name if reader.language() == "en" else name.lower()
