"""A small clinic of two areas for tests: organisations, posts and teams."""

from __future__ import annotations

from typing import Any

from qamqor.engine.fhir.names import CODES
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from tests.services.registration.desk import AT


def put(resource: dict[str, Any]) -> None:
    """Save any resource."""
    save([Change("PUT", resource["resourceType"], resource["id"], resource)],
         actor=PLATFORM, at=AT)  # fmt: skip


def area(area_id: str, *, roles: dict[str, str], site: str = "site-1") -> None:
    """An area with a team; ``roles`` gives the post of each role."""
    put({
        "resourceType": "Organization", "id": area_id,
        "type": [{"coding": [{"system": f"{CODES}/organisation_kind", "code": "gp_area"}]}],
        **({"partOf": {"reference": f"Organization/{site}"}} if site else {}),
    })  # fmt: skip
    if roles:
        put({
            "resourceType": "CareTeam", "id": f"team-{area_id}", "status": "active",
            "managingOrganization": [{"reference": f"Organization/{area_id}"}],
            "participant": [
                {"role": [{"coding": [{"system": f"{CODES}/role", "code": role}]}],
                 "member": {"reference": f"PractitionerRole/{post}"}}
                for role, post in roles.items()
            ],
        })  # fmt: skip


def clinic() -> None:
    """Two areas that share a midwife; the second has no psychologist."""
    area("area-1", roles={"gp": "gp-1", "practice_nurse": "nurse-1", "midwife": "midwife",
                          "psychologist": "psychologist-1"})  # fmt: skip
    area("area-2", roles={"gp": "gp-2", "practice_nurse": "nurse-2", "midwife": "midwife"})
