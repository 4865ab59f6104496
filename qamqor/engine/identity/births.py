"""How close two birth dates are, as people mistype them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

_DATE: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


def closeness(one: str, other: str) -> str | None:
    """How two birth dates agree; each is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

    Returns:
        ``same``; ``swapped`` (day and month stand in each other's place); ``one_digit`` off;
        ``same_day`` (and month, of another year); ``same_month`` (and year, another day);
        ``vague`` (one is known less exactly, and they do not contradict); ``differs``;
        None where one is missing or is no date.
    """
    if not _DATE.fullmatch(one) or not _DATE.fullmatch(other):
        return None
    if one == other:
        return "same" if len(one) == 10 else "vague"
    if len(one) != 10 or len(other) != 10:
        shared = min(len(one), len(other))
        return "vague" if one[:shared] == other[:shared] else "differs"
    return _of_days(one, other)


def _of_days(one: str, other: str) -> str:
    if one[:4] == other[:4] and one[5:7] == other[8:] and one[8:] == other[5:7]:
        return "swapped"
    if sum(a != b for a, b in zip(one, other, strict=True)) == 1:
        return "one_digit"
    if one[5:] == other[5:]:
        return "same_day"
    return "same_month" if one[:7] == other[:7] else "differs"


def near(born_on: str) -> list[str]:
    """The date, its swap and every date one digit off that exists, the date itself first."""
    if len(born_on) != 10 or not _exists(born_on):
        return [born_on] if born_on else []
    swapped = f"{born_on[:5]}{born_on[8:]}-{born_on[5:7]}"
    found = dict.fromkeys([born_on, swapped, *_one_digit_off(born_on)])
    return [text for text in found if _exists(text)]


def _one_digit_off(born_on: str) -> Iterator[str]:
    for place in (3, 2, 5, 6, 8, 9):
        for digit in "0123456789":
            yield born_on[:place] + digit + born_on[place + 1 :]


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
