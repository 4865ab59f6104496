"""A measurement as an Observation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from qamqor.engine.fhir.names import EXTENSIONS, LOINC, UCUM
from qamqor.engine.measurements.definition import Measure, Measurement


def observation(
    measurement: Measurement,
    values: Mapping[str, Decimal],
    *,
    patient: str,
    performer: str,
    encounter: str | None,
    setting: str,
    at: datetime,
) -> dict[str, Any]:
    """One Observation of a finished measurement.

    Args:
        values: id of the part → number, as typed; every part has one.
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
    if not measurement.is_panel:
        part = measurement.parts[0]
        return {**resource, "valueQuantity": _quantity(part, values[part.id])}
    components = [
        {
            "code": _code(part.code, part.label["en"]),
            "valueQuantity": _quantity(part, values[part.id]),
        }
        for part in measurement.parts
    ]
    return {**resource, "component": components}


def _code(code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code}], "text": text}


def _quantity(part: Measure, value: Decimal) -> dict[str, Any]:
    exact: int | Decimal = int(value) if part.decimals == 0 else value
    return {"value": exact, "unit": part.shown_unit["en"], "system": UCUM, "code": part.unit}
