"""What a date or number may mean: the range that its digits leave open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
DAY: Final = 86_400 * SECOND
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = 719_163
# Before and after every date that FHIR can write.
ALWAYS: Final = -(2**62)
FOREVER: Final = 2**62
LEAST: Final = -1.7e308
MOST: Final = 1.7e308


def date_range(text: str, zone: int) -> tuple[int, int] | None:
    """The moments a FHIR date, dateTime or instant may mean.

    Args:
        text: ``2026``, ``2026-11``, ``2026-11-24``, ``2026-11-24T10:30[:00[.000]][+05:00]``.
        zone: microseconds that local time is ahead of UTC, for texts without a zone.
    Returns:
        microseconds since 1970 in UTC, half-open ``[low, high)``; nothing when it is no date.
    """
    size = len(text)
    try:
        if size > 10:
            return _moment_range(text, zone)
        if size == 10 and text[4] == "-" == text[7]:
            low = (date.fromisoformat(text).toordinal() - EPOCH_DAY) * DAY - zone
            return low, low + DAY
        if size in {4, 7} and text[:4].isascii() and text[:4].isdigit():
            return _month_range(text, zone)
    except (ValueError, OverflowError):
        return None
    return None


def _month_range(text: str, zone: int) -> tuple[int, int] | None:
    year = int(text[:4])
    if len(text) == 4:
        first, after = (year, 1), (year + 1, 1)
    else:
        if text[4] != "-" or not text[5:].isascii() or not text[5:].isdigit():
            return None
        month = int(text[5:])
        first, after = (year, month), (year + month // 12, month % 12 + 1)
    low = (date(*first, 1).toordinal() - EPOCH_DAY) * DAY - zone
    end = date.max.toordinal() + 1 if after[0] > 9999 else date(*after, 1).toordinal()
    return low, (end - EPOCH_DAY) * DAY - zone


def _moment_range(text: str, zone: int) -> tuple[int, int] | None:
    if text[10] != "T" or not text.isascii() or text[4] != "-" or text[7] != "-":
        return None
    leap = text[16:19] == ":60"
    there = datetime.fromisoformat(text[:16] + ":59" + text[19:] if leap else text)
    if there.tzinfo is None:
        since = there.replace(tzinfo=UTC) - EPOCH - timedelta(microseconds=zone)
    else:
        since = there - EPOCH
    low = since.days * DAY + since.seconds * SECOND + since.microseconds + leap * SECOND
    return low, low + _width(text)


def _width(text: str) -> int:
    """Microseconds left open by a moment: a minute, a second, or its last decimal."""
    if text[16:17] != ":":
        return MINUTE
    if text[19:20] != ".":
        return SECOND
    digits = 0
    for character in text[20:26]:
        if not character.isdigit():
            break
        digits += 1
    return int(10 ** (6 - digits))


def decimal(text: str) -> Decimal | None:
    """A number as FHIR writes it, within what a database can hold; nothing otherwise."""
    if len(text) > 60 or not text.isascii() or "_" in text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or not -300 < value.adjusted() < 300:
        return None
    return value


def number_range(value: Decimal) -> tuple[float, float]:
    """The numbers that round to ``value`` as written: ``100`` is [99.5, 100.5).

    Source: FHIR R4, search, number: ``1e2`` is [95, 105).
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise AssertionError(value)
    half = Decimal(5).scaleb(exponent - 1 if exponent <= 0 else exponent - 2)
    return float(value - half), float(value + half)
