"""Who is acting: a member of staff, a resident, another system, or the platform itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, as access rules and the audit see them.

    Attributes:
        account: number of the account; None for the platform itself and for other systems.
        reference: FHIR reference of who acted: ``PractitionerRole/x``, ``Patient/x``,
            ``Device/x`` for a system.
        role: one of the roles of the house, ``system`` for another system or the platform.
        organization: id of the organisation they act for.
        areas: ids of the areas whose people are theirs.
        covers: ids of the PractitionerRoles whose lists they have today, while those are away.
        is_away: a colleague has their own list today.
        scopes: SMART scopes granted to the application they act through; None = no application.
        client: id of that application.
        patient: id of the patient who is this actor (a resident).
        context: id of the patient an application was started for (``launch/patient``).
        purpose: v3-ActReason code, such as TREAT.
        is_service: a service has decided that this may be done beyond the rights of the role, such
            as moving everything linked to a person who is merged; the audit names the human.
        glasses: ids of patients whose glass this actor has broken, with a reason, and which are
            still open (``services.access.glass``).
    """

    account: int | None
    reference: str
    role: str
    organization: str | None = None
    areas: frozenset[str] = frozenset()
    covers: frozenset[str] = frozenset()
    is_away: bool = False
    patient: str | None = None
    context: str | None = None
    scopes: frozenset[str] | None = None
    client: str | None = None
    purpose: str = "TREAT"
    glasses: frozenset[str] = frozenset()
    is_service: bool = False

    @property
    def is_platform(self) -> bool:
        """Whether nothing is refused: the platform by itself, or a service that has decided."""
        return self.is_service or (self.role == "system" and self.client is None)


PLATFORM: Final = Actor(account=None, reference="Device/qamqor", role="system", purpose="HOPERAT")
"""The platform acting by itself: imports by command, nightly work."""


@lru_cache(maxsize=1024)
def of_system(application: int, scope: str) -> Actor:
    """Another system, acting by itself through a token of these scopes."""
    name = str(application)
    return Actor(None, f"Device/{name}", "system", scopes=frozenset(scope.split()), client=name)
