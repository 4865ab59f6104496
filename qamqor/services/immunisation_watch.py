"""Who stays under observation after a dose, for how long still, and who may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import search
from qamqor.services.immunisation_session import cvx_of

MOST: Final = 200
LINGER: Final = timedelta(minutes=60)
"""How long somebody whose time is over stays on the list, so that nobody leaves it unseen."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One person under observation.

    Attributes:
        since, until: of the newest dose.
        vaccines: CVX codes of the doses given since ``since`` began to run.
    """

    patient: str
    person: Mapping[str, Any]
    since: datetime
    until: datetime
    vaccines: tuple[int, ...]

    def minutes_left(self, now: datetime) -> int:
        """Whole minutes still to stay, rounded up; nought when the person may go."""
        return max(0, -(-int((self.until - now).total_seconds()) // 60))


def watched(minutes: int, *, actor: Actor, at: datetime) -> list[Watched]:
    """Everybody the actor may see who was given a dose lately, the next to go first.

    Args:
        minutes: how long people stay after a dose.

    Raises:
        NotAllowed: the actor may not search vaccinations.
    """
    stay = timedelta(minutes=minutes)
    since = at - stay - LINGER
    asked = search.Asked(
        ("Immunization",),
        (
            ("_lastUpdated", f"ge{since.isoformat()}"),
            ("status", "completed"),
            ("_include", "Immunization:patient"),
            ("_count", str(MOST)),
        ),
    )
    found = search.find(asked, actor=actor, at=at)
    people = {f"Patient/{one.id}": _read(one.content) for one in found.included}
    newest: dict[str, tuple[datetime, list[int]]] = {}
    for one in map(_read, (version.content for version in found.matches)):
        moment = _recorded(one)
        who = str((one.get("patient") or {}).get("reference", ""))
        if moment is None or not since <= moment <= at or who not in people:
            continue
        before, vaccines = newest.get(who, (moment, []))
        newest[who] = (max(before, moment), [*vaccines, *cvx_of(one)[:1]])
    listed = [
        Watched(who.partition("/")[2], people[who], moment, moment + stay, tuple(sorted(vaccines)))
        for who, (moment, vaccines) in newest.items()
    ]
    return sorted(listed, key=lambda one: (one.until, one.patient))


def _read(content: str | None) -> dict[str, Any]:
    found: dict[str, Any] = json_text.decode((content or "{}").encode())
    return found


def _recorded(immunization: Mapping[str, Any]) -> datetime | None:
    """When a dose was recorded on the spot; one copied from paper is watched by nobody."""
    text = str(immunization.get("recorded") or "")
    if immunization.get("primarySource") is not True or "T" not in text:
        return None
    return datetime.fromisoformat(text)
