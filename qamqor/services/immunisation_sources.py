"""One person's resources for a forecast: from FHIR files, or written anew from the warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import duckdb

from qamqor.engine.fhir.names import CODES
from qamqor.engine.tables.partition import bucket_of
from qamqor.errors import NotThere
from qamqor.services.immunisation import read_people
from qamqor.services.population import Place
from qamqor.store.warehouse import Warehouse

Resource = dict[str, Any]
_ASKED: Final = {
    "patient": "select born_on, sex, died_on from read_parquet($files) where patient_id = $who",
    "immunisation": """select immunization_id, min(given_on), min(status), min(status_reason),
        min(lot), list([system, code]) from read_parquet($files) where patient_id = $who
        group by immunization_id order by min(given_on), immunization_id""",
    "vaccination_observation": """select source_id, code, observed_on from read_parquet($files)
        where patient_id = $who and until is null order by source_id, code""",
}


def resources_of(who: str, records: Path | None, place: Place) -> list[Resource]:
    """Everything of one person that a schedule can use.

    Args:
        records: a FHIR R4 file or folder; null for what the warehouse knows, which has no names.

    Raises:
        NotThere: nothing is known of the person.
    """
    if records is not None:
        found = read_people(records).people.get(who)
        if not found:
            raise NotThere(f"{records}: nothing about Patient/{who} there")
        return found
    warehouse = Warehouse.open(place.warehouse)
    rows: dict[str, list[Any]] = {}
    with duckdb.connect(config={"threads": 1}) as connection:
        for table, query in _ASKED.items():
            known = table in warehouse.tables
            paths = warehouse.files(table, [bucket_of(who, warehouse.buckets)]) if known else []
            asked = {"files": [str(path) for path in paths], "who": who}
            rows[table] = connection.execute(query, asked).fetchall() if paths else []
    if not rows["patient"]:
        raise NotThere(f"nothing is known of {who} in {place.warehouse}")
    return [
        _patient(who, *rows["patient"][0]),
        *(_immunization(who, *row) for row in rows["immunisation"]),
        *(_observation(who, *row) for row in rows["vaccination_observation"]),
    ]


def _patient(who: str, born_on: Any, sex: Any, died_on: Any) -> Resource:
    found: Resource = {"resourceType": "Patient", "id": who, "gender": sex or "unknown"}
    if born_on is not None:
        found["birthDate"] = born_on.isoformat()
    if died_on is not None:
        found["deceasedDateTime"] = died_on.isoformat()
    return found


def _immunization(  # noqa: PLR0913
    who: str, key: str, given_on: Any, status: str, reason: Any, lot: Any, codes: Any
) -> Resource:
    found: Resource = {
        "resourceType": "Immunization",
        "id": key,
        "status": status,
        "patient": {"reference": f"Patient/{who}"},
        "vaccineCode": {"coding": [{"system": system, "code": code} for system, code in codes]},
    }
    if given_on is not None:
        found["occurrenceDateTime"] = given_on.isoformat()
    if lot:
        found["lotNumber"] = lot
    if reason:
        found["statusReason"] = {"coding": [{"code": reason}]}
    return found


def _observation(who: str, key: str, code: str, observed_on: Any) -> Resource:
    system = f"{CODES}/vaccination-observation"
    found: Resource = {
        "resourceType": "Observation",
        "id": key,
        "status": "final",
        "subject": {"reference": f"Patient/{who}"},
        "code": {"coding": [{"system": system, "code": code}]},
    }
    if observed_on is not None:
        found["effectiveDateTime"] = observed_on.isoformat()
    return found
