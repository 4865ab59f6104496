"""Dates, moments and times of day as FHIR writes them: compared, and stretched to their ends."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

ZONE: Final = r"(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
CLOCK: Final = r"(?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?"
MOMENT: Final = re.compile(
    rf"(?P<date>(?P<year>\d{{4}})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)"
    rf"(?:T(?P<clock>{CLOCK})(?P<zone>{ZONE})?)?",
    re.ASCII,
)
TIME: Final = re.compile(CLOCK, re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or moment taken apart.

    Attributes:
        date: 4, 7 or 10 characters.
        clock: the time of day, seconds always in microseconds, so that equal times are equal texts.
        zone: ``Z``, an offset or nothing.
        clock_as_written: the time of day with as many digits as there were.
    """

    date: str
    clock: str
    zone: str
    clock_as_written: str


def padded(clock: str) -> str:
    """A time of day with seconds in microseconds, so that ``:00`` and ``:00.0`` are the same."""
    if len(clock) < 8:
        return clock
    return f"{clock[:8]}.{clock[9:15]:0<6}"


def moment(text: str) -> Moment | None:
    """The parts of a FHIR date, dateTime or instant; nothing when it is not one."""
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    clock = match["clock"] or ""
    return Moment(match["date"], padded(clock), match["zone"] or "", clock)


def offset(zone: str) -> timedelta:
    """How far a zone is from UTC."""
    if zone in {"Z", ""}:
        return timedelta()
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return ahead if zone[0] == "+" else -ahead


def in_utc(value: Moment) -> str | None:
    """The moment in UTC, as exact as it was written; nothing when there is no such day."""
    filled = f"{value.date}T{value.clock}"
    whole = filled + "0000-01-01T00:00:00.000000"[len(filled) :]
    try:
        there = datetime.fromisoformat(whole) - offset(value.zone)
    except (ValueError, OverflowError):
        return None
    return there.isoformat(timespec="microseconds")[: len(filled)]


def compared(left: str, right: str, kind: str) -> int | None:
    """-1, 0 or 1 as the first is before, at or after the second; nothing when nobody can say.

    Parts are compared from the year down; where one value ends earlier and all before was equal,
    the order is unknown. Two moments of which only one has a zone cannot be compared.
    """
    keys = _time_keys(left, right) if kind == "time" else _moment_keys(left, right)
    if keys is None:
        return None
    first, second = keys
    shared = min(len(first), len(second))
    if first[:shared] != second[:shared]:
        return -1 if first[:shared] < second[:shared] else 1
    return 0 if len(first) == len(second) else None


def _time_keys(left: str, right: str) -> tuple[str, str] | None:
    if TIME.fullmatch(left) is None or TIME.fullmatch(right) is None:
        return None
    return padded(left), padded(right)


def _moment_keys(left: str, right: str) -> tuple[str, str] | None:
    first, second = moment(left), moment(right)
    if first is None or second is None:
        return None
    if first.clock and second.clock:
        if bool(first.zone) != bool(second.zone):
            return None
        keys = in_utc(first), in_utc(second)
        return None if keys[0] is None or keys[1] is None else (keys[0], keys[1])
    return _written(first), _written(second)


def _written(value: Moment) -> str:
    return value.date + (f"T{value.clock}" if value.clock else "")


def boundary(text: str, kind: str, *, high: bool) -> str | None:
    """The first or last moment a date, dateTime or time may mean, to the millisecond."""
    if kind == "time":
        return _clock_boundary(text, high=high) if TIME.fullmatch(text) else None
    value = moment(text)
    if value is None:
        return None
    day = _day_boundary(value.date, high=high)
    if day is None or kind == "date":
        return day
    clock = _clock_boundary(value.clock_as_written, high=high)
    zone = value.zone if value.zone else ("-12:00" if high else "+14:00")
    return f"{day}T{clock}{zone}"


def _day_boundary(date: str, *, high: bool) -> str | None:
    if len(date) == 10:
        return date
    year = int(date[:4])
    if year == 0:
        return None
    month = int(date[5:7]) if len(date) == 7 else 12 if high else 1
    day = calendar.monthrange(year, month)[1] if high else 1
    return f"{year:04}-{month:02}-{day:02}"


def _clock_boundary(clock: str, *, high: bool) -> str:
    end = "23:59:59.999" if high else "00:00:00.000"
    return clock[:12] + end[len(clock[:12]) :]


def decimal_boundary(value: Decimal, *, high: bool) -> Decimal | None:
    """Half a unit of the last written digit up or down; nothing for more digits than 19 and 17."""
    digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -17 or len(digits) + exponent > 19:
        return None
    half = Decimal(5).scaleb(min(exponent, 0) - 1)
    return value + half if high else value - half
