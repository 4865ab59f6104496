"""What was measured before, read back from Observations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.names import LOINC
from qamqor.engine.measurements.definition import Measure, Measurement

COUNTED: Final = ("final", "amended", "corrected")


class Earlier(NamedTuple):
    """One measurement of an earlier day.

    Attributes:
        moment: as the record has it; a day or a moment.
        values: id of the part → number; parts that were not measured are left out.
        encounter: reference of the visit, or empty.
    """

    on: date
    moment: str
    values: Mapping[str, Decimal]
    observation: str
    encounter: str


def earlier(measurement: Measurement, observations: Iterable[Mapping[str, Any]]) -> list[Earlier]:
    """Every time something was measured, oldest first; other units are left out, not converted."""
    codes = {measurement.code, *measurement.also}
    found = []
    for one in observations:
        moment = str(one.get("effectiveDateTime") or "")
        if one.get("status") not in COUNTED or len(moment) < 10 or not _is(one, codes):
            continue
        values = {
            part.id: value
            for part in measurement.parts
            if (value := _value(measurement, part, one)) is not None
        }
        if values:
            visit = one.get("encounter", {}).get("reference", "")
            day = date.fromisoformat(moment[:10])
            found.append(Earlier(day, moment, values, str(one.get("id", "")), visit))
    return sorted(found, key=lambda one: (one.moment, one.observation))


def _is(observation: Mapping[str, Any], codes: Iterable[str]) -> bool:
    coding = observation.get("code", {}).get("coding") or []
    return any(one.get("system") == LOINC and one.get("code") in codes for one in coding)


def _value(
    measurement: Measurement, part: Measure, observation: Mapping[str, Any]
) -> Decimal | None:
    holders = [observation]
    if measurement.is_panel:
        holders = [c for c in observation.get("component") or [] if _is(c, [part.code])]
    for holder in holders:
        quantity = holder.get("valueQuantity") or {}
        if quantity.get("code") == part.unit and "value" in quantity:
            return Decimal(str(quantity["value"]))
    return None
