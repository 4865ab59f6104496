"""What to say of numbers as they are typed: refused, doubted, or taken; and once more when high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from qamqor.engine.measurements.definition import Measure, Measurement

LONGEST: Final = 8


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say of a number.

    Attributes:
        code: ``not_a_number``, ``too_low``, ``too_high``, ``not_below``, ``missing`` stop saving;
            ``unusually_low``, ``unusually_high``, ``changed_much`` only ask.
        limit: the number the remark speaks of.
    """

    measure: str
    code: str
    limit: Decimal | None = None

    @property
    def stops(self) -> bool:
        return self.code in _STOPPING


_STOPPING: Final = {"not_a_number", "too_low", "too_high", "not_below", "missing"}


def read_number(text: str, measure: Measure) -> Decimal | None:
    """A number as people type it, with a point or a comma; None where it is none.

    More decimals than the measure has are refused, not rounded: rounding hides a slip.
    """
    plain = text.strip().replace(",", ".")
    if not plain.isascii() or len(plain) > LONGEST or not plain.replace(".", "", 1).isdigit():
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and -exponent <= measure.decimals else None


def remarks(
    measurement: Measurement, typed: Mapping[str, str], last: Mapping[str, Decimal]
) -> tuple[Remark, ...]:
    """What to say of one measurement.

    Args:
        typed: id of the part → text; a measurement with nothing typed is not taken at all.
        last: id of the part → the person's last value.
    """
    given = {
        part.id: text for part in measurement.parts if (text := typed.get(part.id, "").strip())
    }
    if not given:
        return ()
    values = {
        part.id: read_number(given[part.id], part) for part in measurement.parts if part.id in given
    }
    found: list[Remark] = []
    for part in measurement.parts:
        value = values.get(part.id)
        if part.id not in given:
            found.append(Remark(part.id, "missing"))
        elif value is None:
            found.append(Remark(part.id, "not_a_number"))
        else:
            found += _of(part, value, values.get(part.below), last.get(part.id))
    return tuple(found)


def _of(
    part: Measure, value: Decimal, larger: Decimal | None, last: Decimal | None
) -> list[Remark]:
    if value < part.hard[0]:
        return [Remark(part.id, "too_low", part.hard[0])]
    if value > part.hard[1]:
        return [Remark(part.id, "too_high", part.hard[1])]
    if larger is not None and value >= larger:
        return [Remark(part.id, "not_below", larger)]
    found = []
    if value < part.soft[0]:
        found.append(Remark(part.id, "unusually_low", part.soft[0]))
    if value > part.soft[1]:
        found.append(Remark(part.id, "unusually_high", part.soft[1]))
    if last is not None and part.change is not None and abs(value - last) >= part.change:
        found.append(Remark(part.id, "changed_much", last))
    return found


def wants_second(measurement: Measurement, typed: Mapping[str, str]) -> bool:
    """Whether a first reading is so high that a second one is taken before anything is decided."""
    if not measurement.again_when_high:
        return False
    for part in measurement.parts:
        value = read_number(typed.get(part.id, ""), part)
        if value is not None and part.high is not None and value >= part.high:
            return True
    return False
