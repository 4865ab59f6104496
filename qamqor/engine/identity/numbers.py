"""Numbers that point to a person: the individual identification number and the telephone."""

from __future__ import annotations

import re
from typing import Final

IIN_DIGITS: Final = 12
_FIRST: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND: Final = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
SYNTHETIC_CENTURY: Final = "9"  # never issued, so no invented number is a real person's
_CENTURY_PLACE: Final = 6
PHONE_DIGITS: Final = 10  # behind the country's 7
_FOREIGN_PHONE: Final = range(8, 16)


def iin_digits(text: str) -> str:
    """The digits of a typed number, without the spaces and hyphens people put between them."""
    return re.sub(r"[\s\-\u00a0]", "", text)


def iin_problem(text: str) -> str | None:
    """What is wrong with a number, as a code; nothing where it may be a person's.

    Only length and check digit count. Since 2013 the law no longer ties the number to birth
    date and sex, so it is never compared with them.

    Returns:
        ``iin.not-digits``, ``iin.wrong-length``, ``iin.wrong-check-digit`` or None.
    Source:
        Law 223 of 2007 and its order: weights 1 to 11; where the rest is 10, weights 3 to 11,
        1 and 2; where it is 10 again, no such number is issued.
    """
    digits = iin_digits(text)
    if not re.fullmatch(r"[0-9]*", digits):
        return "iin.not-digits"
    if len(digits) != IIN_DIGITS:
        return "iin.wrong-length"
    return None if check_digit(digits[:-1]) == int(digits[-1]) else "iin.wrong-check-digit"


def check_digit(eleven: str) -> int | None:
    """The last digit for the first eleven; None where no such number is issued."""
    for weights in (_FIRST, _SECOND):
        rest = sum(int(digit) * weight for digit, weight in zip(eleven, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return None


def is_synthetic(iin: str) -> bool:
    """Whether a number belongs to an invented person."""
    return iin[_CENTURY_PLACE : _CENTURY_PLACE + 1] == SYNTHETIC_CENTURY


def phone_number(text: str) -> str | None:
    """A telephone number as ``+77011234567``; None where the text is no number.

    ``8 (701) 123-45-67``, ``7011234567`` and ``+7 701 123 45 67`` are one number. A number of
    another country keeps its plus and its digits.
    """
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+") and not digits.startswith("7"):
        return f"+{digits}" if len(digits) in _FOREIGN_PHONE else None
    if len(digits) == PHONE_DIGITS + 1 and digits[0] in "78":
        digits = digits[1:]
    return f"+7{digits}" if len(digits) == PHONE_DIGITS else None
