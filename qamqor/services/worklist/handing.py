"""Gives a person's due care of one role to a named worker of the area, and takes it back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir.write import Change, save
from qamqor.services.referral.lists import names_of
from qamqor.services.worklist.team import posts_of
from qamqor.services.worklist.today import LEADING, TEAM
from qamqor.store import derived
from qamqor.store.fhir import versions

_SPACE: Final = uuid.UUID("6d1c7a56-5b0e-4d3a-9a41-3f4b7c0d2e11")
_AREA: Final = derived.DUE_COLUMNS.index("area_id")


@dataclass(frozen=True, slots=True)
class Handing:
    """Who has a person for one role, and who else could.

    Attributes:
        version: of the CareTeam that says so, 0 where there never was one.
        holder: name of who was given the person, empty while it is the area's own worker.
        until: last day of it, if there is one.
        workers: PractitionerRole ids and names of the area's posts of the role.
    """

    role: str
    version: int
    holder: str
    until: date | None
    workers: tuple[tuple[str, str], ...]


def may_lead(actor: Actor, at: datetime) -> bool:
    """Whether an actor leads a team and may write who of it looks after whom."""
    try:
        need_lead(actor, at)
    except NotAllowed:
        return False
    return True


def need_lead(actor: Actor, at: datetime) -> Sights:
    """What an actor sees who leads a team and may write who of it looks after whom.

    Raises:
        NotAllowed: the actor does not lead, or may not write a CareTeam.
    """
    if actor.role not in LEADING:
        raise NotAllowed(f"{actor.role} does not lead a team")
    sights = Sights(actor, at)
    sights.need("create", "CareTeam")
    return sights


def handing(actor: Actor, patient: str, role: str, *, as_of: date, at: datetime) -> Handing:
    """Who has a person for one role.

    Raises:
        NotAllowed: the actor gives nobody to anybody. NotThere: not a person of the actor's.
    """
    looks.at_one(need_lead(actor, at), "Patient", patient)
    resource, version = _kept(patient, role)
    member = _member(resource, role, as_of)
    posts = _posts(patient, role, as_of)
    names = names_of([*posts, *([member["member"]["reference"]] if member else [])])
    last = (member or {}).get("period", {}).get("end")
    return Handing(
        role,
        version,
        names.get(member["member"]["reference"], "") if member else "",
        date.fromisoformat(last[:10]) if last else None,
        tuple((one.removeprefix("PractitionerRole/"), names.get(one, one)) for one in posts),
    )


def give(
    patient: str, role: str, worker: str, *, until: date | None, version: int,
    actor: Actor, as_of: date, at: datetime,
) -> None:  # fmt: skip
    """Give a person's due care of a role to a worker from today on; the same again changes nothing.

    Args:
        worker: id of the PractitionerRole; it holds this role on the team of the person's area.
        until: the last day; None until it is taken back.
        version: of ``Handing`` as the giver saw it.

    Raises:
        NotAllowed, NotThere: as ``handing``. VersionConflict: somebody else gave them meanwhile.
        Unusable: no such worker here, or a day that is past.
    """
    looks.at_one(need_lead(actor, at), "Patient", patient)
    issues = []
    if role not in TEAM or f"PractitionerRole/{worker}" not in _posts(patient, role, as_of):
        issues.append(Issue("value", "choose somebody of the person's area", "worker"))
    if until is not None and until < as_of:
        issues.append(Issue("value", "say a day, today or later", "until"))
    if issues:
        raise Unusable(issues, status=422)
    old, kept = _kept(patient, role)
    period = {"start": as_of.isoformat(), **({"end": until.isoformat()} if until else {})}
    made = _care_team(patient, role, f"PractitionerRole/{worker}", period)
    if _said(old) == made:
        return
    _put(made, actor, at, seen=version, kept=kept, is_new=old is None)


def take_back(patient: str, role: str, *, version: int, actor: Actor, at: datetime) -> None:
    """Give a person back to the area's own worker; it stays in the history.

    Raises:
        NotAllowed: as ``handing``. NotThere: also where nobody was given.
        VersionConflict: somebody else gave them to another meanwhile.
    """
    looks.at_one(need_lead(actor, at), "Patient", patient)
    old, kept = _kept(patient, role)
    if old is None:
        raise NotThere("there is nothing to take back")
    if old["status"] == "active":
        made = {**_said(old), "status": "inactive"}
        _put(made, actor, at, seen=version, kept=kept, is_new=False)


def _put(
    resource: dict[str, Any], actor: Actor, at: datetime, *, seen: int, kept: int, is_new: bool
) -> None:
    id_ = str(resource["id"])
    if seen != kept:
        raise VersionConflict("CareTeam", id_, seen=seen)
    save([Change("PUT", "CareTeam", id_, resource, None if is_new else kept)], actor=actor, at=at)


def _said(resource: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (resource or {}).items() if name != "meta"}


def _kept(patient: str, role: str) -> tuple[dict[str, Any] | None, int]:
    found = versions.read("CareTeam", _id(patient, role))
    if found is None or found.content is None:
        return None, 0
    return json_text.decode(found.content), found.version


def _id(patient: str, role: str) -> str:
    """One CareTeam for a person and a role, so that two givers meet in its version."""
    return str(uuid.uuid5(_SPACE, f"{patient}/{role}"))


def _member(resource: dict[str, Any] | None, role: str, as_of: date) -> dict[str, Any] | None:
    if resource is None or resource["status"] != "active":
        return None
    member: dict[str, Any] = resource["participant"][0]
    return member if member["period"].get("end", "9999")[:10] >= as_of.isoformat() else None


def _posts(patient: str, role: str, as_of: date) -> list[str]:
    """References of the posts of a role on the teams of the person's area."""
    rows = dict(derived.due_of([patient])).get(patient, [])
    areas = sorted({str(row[_AREA]) for row in rows if row[_AREA]})
    held = posts_of(areas, as_of).get(role, {})
    return sorted(frozenset().union(*held.values()))


def _care_team(patient: str, role: str, post: str, period: dict[str, str]) -> dict[str, Any]:
    kind = {"system": f"{CODES}/team_kind", "code": "assignment"}
    return {
        "resourceType": "CareTeam",
        "id": _id(patient, role),
        "status": "active",
        "category": [{"coding": [kind]}],
        "subject": {"reference": f"Patient/{patient}"},
        "participant": [
            {
                "role": [{"coding": [{"system": f"{CODES}/role", "code": role}]}],
                "member": {"reference": post},
                "period": period,
            }
        ],
    }
