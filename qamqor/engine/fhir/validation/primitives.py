"""The formats of FHIR's simple types: a quick test of each, and what each asks for in words."""

from __future__ import annotations

import binascii
import math
import re
from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

LONGEST_TEXT: Final = 1_048_576
LARGEST: Final = 2_147_483_647
_DAY = r"(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01])"
_YEAR = r"(?P<year>(?!0000)\d{4})"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
DATE: Final = re.compile(_YEAR + _DAY + r")?)?", re.ASCII)
DATE_TIME: Final = re.compile(_YEAR + _DAY + rf"(?:T{_CLOCK}{_ZONE})?)?)?", re.ASCII)
INSTANT: Final = re.compile(_YEAR + _DAY + rf"T{_CLOCK}{_ZONE}))", re.ASCII)
TIME: Final = re.compile(_CLOCK, re.ASCII)
ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
CODE: Final = re.compile(r"[^\s]+(?:\s[^\s]+)*", re.ASCII)
SPACE: Final = re.compile(r"[ \t\n\r]+")
OID: Final = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Control characters other than tab and line ends, and halves of surrogate pairs.
FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
WHITE: Final = re.compile(r"[ \t\n\r]")


def is_boolean(value: Any) -> bool:
    return value is True or value is False


def is_text(value: Any) -> bool:
    """A text that is not empty, without control characters, of at most 1 MB."""
    return (
        type(value) is str
        and value != ""
        and (value.isprintable() or FORBIDDEN.search(value) is None)
        and len(value) <= LONGEST_TEXT
    )


def is_address(value: Any) -> bool:
    """A URI, URL or canonical: not empty, no white space."""
    return is_text(value) and " " not in value and (value.isprintable() or not WHITE.search(value))


def is_code(value: Any) -> bool:
    """No white space at either end, and only single white space inside."""
    return is_text(value) and (value.isalnum() or CODE.fullmatch(value) is not None)


def is_id(value: Any) -> bool:
    return type(value) is str and ID.fullmatch(value) is not None


def is_markdown(value: Any) -> bool:
    return is_text(value)


def _exists(match: re.Match[str] | None) -> bool:
    """Whether the day of a date is one that its month has."""
    if match is None:
        return False
    day = match["day"]
    if day is None or day < "29":
        return True
    return int(day) <= monthrange(int(match["year"]), int(match["month"]))[1]


def is_date(value: Any) -> bool:
    return type(value) is str and _exists(DATE.fullmatch(value))


def is_date_time(value: Any) -> bool:
    return type(value) is str and _exists(DATE_TIME.fullmatch(value))


def is_instant(value: Any) -> bool:
    return type(value) is str and _exists(INSTANT.fullmatch(value))


def is_time(value: Any) -> bool:
    return type(value) is str and TIME.fullmatch(value) is not None


def is_decimal(value: Any) -> bool:
    kind = type(value)
    if kind is Decimal:
        return bool(value.is_finite())
    return kind is int or (kind is float and math.isfinite(value))


def is_integer(value: Any) -> bool:
    return type(value) is int and -LARGEST - 1 <= value <= LARGEST


def is_unsigned(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def is_positive(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def is_base64(value: Any) -> bool:
    """Whole groups of four signs, white space between them allowed."""
    if type(value) is not str or not value or not value.isascii():
        return False
    try:
        return len(binascii.a2b_base64(SPACE.sub("", value), strict_mode=True)) > 0
    except binascii.Error:
        return False


def is_oid(value: Any) -> bool:
    return type(value) is str and OID.fullmatch(value) is not None


def is_uuid(value: Any) -> bool:
    return type(value) is str and UUID.fullmatch(value) is not None


TESTS: Final[dict[str, Callable[[Any], bool]]] = {
    "base64Binary": is_base64,
    "boolean": is_boolean,
    "canonical": is_address,
    "code": is_code,
    "date": is_date,
    "dateTime": is_date_time,
    "decimal": is_decimal,
    "id": is_id,
    "instant": is_instant,
    "integer": is_integer,
    "markdown": is_markdown,
    "oid": is_oid,
    "positiveInt": is_positive,
    "string": is_text,
    "time": is_time,
    "unsignedInt": is_unsigned,
    "uri": is_address,
    "url": is_address,
    "uuid": is_uuid,
    "xhtml": is_text,
}
ASKS: Final[dict[str, str]] = {
    "base64Binary": "a text in base64: groups of four signs of A-Z, a-z, 0-9, +, / and =",
    "boolean": "true or false, without quotes",
    "canonical": "a web address, perhaps with |version, without spaces",
    "code": "a text without spaces at its ends and without double spaces",
    "date": "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "a date that exists, or a date with a time and zone: 2026-11-24T09:30:00+05:00",
    "decimal": "a number, without quotes",
    "id": "1 to 64 letters, digits, hyphens and full stops",
    "instant": "a moment to the second with its zone: 2026-11-24T09:30:00+05:00",
    "integer": "a whole number from -2147483648 to 2147483647, without quotes or decimal point",
    "markdown": "a text that is not empty, without control characters, of at most 1 MB",
    "oid": "an OID: urn:oid:1.2.3",
    "positiveInt": "a whole number from 1 to 2147483647, without quotes or decimal point",
    "string": "a text that is not empty, without control characters, of at most 1 MB",
    "time": "a time of day: hh:mm:ss",
    "unsignedInt": "a whole number from 0 to 2147483647, without quotes or decimal point",
    "uri": "a URI without spaces",
    "url": "a web address without spaces",
    "uuid": "a UUID in small letters: urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "xhtml": "a text that is not empty, without control characters, of at most 1 MB",
}
