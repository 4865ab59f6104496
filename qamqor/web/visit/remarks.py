"""What a number is told as it is typed, in words."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext

from qamqor.engine.measurements.definition import Measure
from qamqor.engine.measurements.typed import Remark
from qamqor.web.components import dates


def said(remark: Remark) -> str:
    """One remark, a sentence."""
    return words(remark.code, "" if remark.limit is None else number(remark.limit))


def words(code: str, limit: str = "") -> str:
    """The sentence of a remark's code."""
    sentences = {
        "not_a_number": gettext("Write a number, such as 120 or 36.6."),
        "too_low": gettext("Below %(limit)s nothing is stored. Check the number."),
        "too_high": gettext("Above %(limit)s nothing is stored. Check the number."),
        "not_below": gettext("The lower pressure must be below the upper. Check both."),
        "missing": gettext("The other number of the pair is missing."),
        "unusually_low": gettext("Unusually low. Right? It can be saved."),
        "unusually_high": gettext("Unusually high. Right? It can be saved."),
        "changed_much": gettext("It was %(limit)s last time. Measure again?"),
    }
    return sentences[code] % {"limit": limit}


def number(value: Decimal) -> str:
    """A number with as many decimals as it has."""
    exponent = value.as_tuple().exponent
    return dates.number(
        float(value), -exponent if isinstance(exponent, int) and exponent < 0 else 0
    )


def for_script(part: Measure, last: Decimal | None) -> dict[str, str]:
    """Every sentence the script may need for one field."""
    low, high = part.hard
    return {
        "not_a_number": words("not_a_number"),
        "too_low": words("too_low", number(low)),
        "too_high": words("too_high", number(high)),
        "not_below": words("not_below"),
        "unusually_low": words("unusually_low"),
        "unusually_high": words("unusually_high"),
        **({"changed_much": words("changed_much", number(last))} if last is not None else {}),
    }
