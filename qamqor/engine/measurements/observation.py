"""A measurement as an Observation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qamqor.engine.fhir.names import CODES, EXTENSIONS, LOINC, UCUM
from qamqor.engine.measurements.definition import Measure, Measurement


def mean(measurement: Measurement, readings: Sequence[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """What several readings of one visit come to: each part's mean, to the decimals it has."""
    found = {}
    for part in measurement.parts:
        total = sum((reading[part.id] for reading in readings), Decimal(0))
        step = Decimal(1).scaleb(-part.decimals)
        found[part.id] = (total / len(readings)).quantize(step, rounding=ROUND_HALF_UP)
    return found


def observation(
    measurement: Measurement,
    readings: Sequence[Mapping[str, Decimal]],
    *,
    patient: str,
    performer: str,
    encounter: str | None,
    setting: str,
    at: datetime,
) -> dict[str, Any]:
    """One Observation of a finished measurement.

    Several readings of one visit are one event: their mean is the value that counts, and each
    reading stands beside it as a component of our own code.

    Args:
        readings: one or more; id of the part → number, as typed; every part has one.
        patient, performer, encounter: FHIR references.
        setting: ``clinic``, ``home``, ``phone``, ``mobile`` or ``remote``.
    """
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "extension": [{"url": f"{EXTENSIONS}/setting", "valueCode": setting}],
        "status": "final",
        "category": [{"coding": [{"system": system, "code": "vital-signs"}]}],
        "code": _code(measurement.code, measurement.label["en"]),
        "subject": {"reference": patient},
        "effectiveDateTime": at.isoformat(),
        "issued": at.isoformat(timespec="milliseconds"),
        "performer": [{"reference": performer}],
    }
    if encounter:
        resource["encounter"] = {"reference": encounter}
    values = mean(measurement, readings) if len(readings) > 1 else readings[0]
    each = _each(measurement, readings) if len(readings) > 1 else []
    if not measurement.is_panel:
        part = measurement.parts[0]
        resource["valueQuantity"] = _quantity(part, values[part.id])
        return {**resource, "component": each} if each else resource
    components = [
        {
            "code": _code(part.code, part.label["en"]),
            "valueQuantity": _quantity(part, values[part.id]),
        }
        for part in measurement.parts
    ]
    return {**resource, "component": [*components, *each]}


def _each(
    measurement: Measurement, readings: Sequence[Mapping[str, Decimal]]
) -> list[dict[str, Any]]:
    """The single readings, in codes that no table of rules takes for the value."""
    return [
        {
            "code": {
                "coding": [{"system": f"{CODES}/reading", "code": f"{part.id}_{number}"}],
                "text": f"{part.label['en']}, reading {number}",
            },
            "valueQuantity": _quantity(part, reading[part.id]),
        }
        for number, reading in enumerate(readings, 1)
        for part in measurement.parts
    ]


def _code(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}], "text": text}


def _quantity(part: Measure, value: Decimal) -> dict[str, Any]:
    exact: int | Decimal = int(value) if part.decimals == 0 else value
    return {"value": exact, "unit": part.shown_unit["en"], "system": UCUM, "code": part.unit}
