"""A sheet of measurements as typed at one visit: what to say of it, and the readings it holds.

A field is named after its part; the second reading of a measurement has the same name and ``_2``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from qamqor.engine.measurements.definition import Measurement
from qamqor.engine.measurements.typed import Remark, read_number, remarks, wants_second

SECOND: Final = "_2"
Reading = Mapping[str, Decimal]


class Sheet(NamedTuple):
    """What a sheet says.

    Attributes:
        remarks: each by the name of its field; some of them stop saving.
        readings: id of each measurement that was taken → one or two readings.
        wants_second: ids of measurements whose first reading asks for a second.
    """

    remarks: tuple[Remark, ...]
    readings: Mapping[str, tuple[Reading, ...]]
    wants_second: frozenset[str]

    @property
    def stops(self) -> bool:
        return any(one.stops for one in self.remarks)


def fields(measurement: Measurement) -> Iterable[str]:
    """The names of the fields of a measurement."""
    for suffix in ("", SECOND) if measurement.again_when_high else ("",):
        for part in measurement.parts:
            yield part.id + suffix


def read_sheet(
    measurements: Iterable[Measurement], typed: Mapping[str, str], last: Mapping[str, Decimal]
) -> Sheet:
    """Everything to say of a sheet, and what it holds.

    Args:
        typed: name of the field → text.
        last: id of the part → the person's last value before this visit.
    """
    found: list[Remark] = []
    readings: dict[str, tuple[Reading, ...]] = {}
    again = set()
    for one in measurements:
        first = {part.id: typed.get(part.id, "") for part in one.parts}
        second = {part.id: typed.get(part.id + SECOND, "") for part in one.parts}
        has_second = one.again_when_high and any(text.strip() for text in second.values())
        said = remarks(one, first, last)
        if has_second and not any(text.strip() for text in first.values()):
            said = tuple(Remark(part.id, "missing") for part in one.parts)
        found += said
        if has_second:
            found += [
                replace(remark, measure=remark.measure + SECOND)
                for remark in remarks(one, second, {})
            ]
        if wants_second(one, first):
            again.add(one.id)
        taken = tuple(
            reading for texts in (first, second) if (reading := _reading(one, texts)) is not None
        )
        if taken:
            readings[one.id] = taken
    return Sheet(tuple(found), readings, frozenset(again))


def _reading(measurement: Measurement, texts: Mapping[str, str]) -> Reading | None:
    values = {part.id: read_number(texts[part.id], part) for part in measurement.parts}
    whole = {id_: value for id_, value in values.items() if value is not None}
    return whole if len(whole) == len(measurement.parts) else None
