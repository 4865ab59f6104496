"""FHIR JSON to plain Python and back, keeping each decimal as it was written."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import msgspec

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class NotJson(ValueError):
    """The text is not JSON, or not one JSON object; says where."""


def decode(text: bytes | str) -> Any:
    """Read JSON; a number with a point or exponent becomes a Decimal, so ``1.00`` stays ``1.00``.

    Raises:
        NotJson: broken JSON, wrong encoding, a number beyond any use, or nesting too deep.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise NotJson(str(error)) from None


def decode_once(text: bytes) -> Any:
    """As ``decode``, where no object may give a name twice: one of the two would be lost.

    Raises:
        NotJson: as for ``decode``, or a name is given twice; says which.
    """
    value = decode(text)
    try:
        is_whole = len(msgspec.json.format(text, indent=-1)) == len(encode(value))
    except (msgspec.DecodeError, RecursionError, OverflowError, ValueError):
        is_whole = False
    if not is_whole:
        _look_for_twins(text)
    return value


def must_say_once(text: bytes) -> None:
    """Refuse an object that gives one of its own names twice; its values are not looked into.

    Raises:
        NotJson: a name is given twice; says which.
    """
    try:
        short = msgspec.json.format(text, indent=-1)
        is_whole = len(short) == len(encode(_PARTS.decode(short)))
    except (msgspec.DecodeError, RecursionError):
        is_whole = False
    if not is_whole:
        _look_for_twins(text)


def _look_for_twins(text: bytes) -> None:
    """Read it again, slowly: characters written as numbers also make a text longer than needed."""
    try:
        json.loads(text, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise NotJson(str(error)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"{twice[:100]!r} is given twice in one object; give it once")
    return found


def encode(value: Any) -> bytes:
    """Write JSON, without spaces, in UTF-8."""
    return _ENCODER.encode(value)
