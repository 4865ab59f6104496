"""FHIR JSON to plain Python and back, keeping each decimal as it was written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


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


def encode(value: Any) -> bytes:
    """Write JSON, without spaces, in UTF-8."""
    return _ENCODER.encode(value)
