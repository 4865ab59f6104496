"""People put on the register for tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLERK = Actor(1, "PractitionerRole/clerk", "registrar", organization="site-1")


def put(id_: str, *names: str, born: str = "1987-03-12", iin: str = "", **more: Any) -> None:
    """Save a Patient with a family name, given name and patronymic."""
    family, *given = names
    resource = {
        "resourceType": "Patient",
        "name": [{"use": "official", "family": family, "given": given}],
        "birthDate": born,
        **({"identifier": [{"system": f"{IDENTIFIERS}/iin", "value": iin}]} if iin else {}),
        **more,
    }
    save([Change("PUT", "Patient", id_, resource)], actor=PLATFORM, at=AT)


def area(area_id: str) -> dict[str, Any]:
    """The part of a Patient that says which area the person belongs to."""
    return {"generalPractitioner": [{"reference": f"Organization/{area_id}"}]}
