"""Attaches people to an organisation and its GP area, and moves them with their open work."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import AttachedAlready, NotInUse, NotThere
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.accounts import is_cover
from qamqor.services.empanelment_work import Handover, handed_over
from qamqor.services.fhir.write import Change, apply
from qamqor.store import mentions, node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

Resource = dict[str, Any]
_ATTACHMENT: Final = {"coding": [{"system": f"{CODES}/episode", "code": "attachment"}]}


@dataclass(frozen=True, slots=True)
class Team:
    """Who looks after an area.

    Attributes:
        area_id: Organization of the GP area.
        organization_id: the organisation it is part of; the area itself where it is part of none.
        care_team: ``CareTeam/id``, or empty.
        posts: ``PractitionerRole/id`` by role, in the order of the team.
    """

    area_id: str
    organization_id: str
    care_team: str = ""
    posts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attached:
    """What an attachment or a move did.

    Attributes:
        episode_id: the EpisodeOfCare that is open now.
        left: id of the area left, or empty.
        moved: references of open work that the new team has taken over.
        to_confirm: bookings among them, whose time the new team must confirm.
    """

    patient_id: str
    episode_id: str
    left: str = ""
    moved: tuple[str, ...] = ()
    to_confirm: tuple[str, ...] = ()


def attach(
    patient_id: str, area_id: str, *, actor: Actor, at: datetime, since: date | None = None
) -> Attached:
    """Attach somebody who is attached to no area.

    Args:
        patient_id: of the Patient.
        area_id: Organization of the GP area.
        actor: who does it.
        at: when.
        since: the first day; the day of ``at`` where not given.
    Raises:
        NotThere: no such person or area. AttachedAlready: attached somewhere.
        NotInUse: the record is out of use or the person has died.
        NotAllowed: the actor may not change this person's record.
    """
    service = rights.acting_on([patient_id], actor=actor, at=at)
    return node.commit(
        lambda tx: attach_within(tx, patient_id, area_id, actor=service, at=at, since=since)
    )


def attach_within(
    tx: Transaction,
    patient_id: str,
    area_id: str,
    *,
    actor: Actor,
    at: datetime,
    since: date | None = None,
) -> Attached:
    """``attach`` inside a transaction that does more."""
    patient = _patient(tx, patient_id)
    team = team_of(area_id)
    for episode in open_attachments(tx, patient_id):
        raise AttachedAlready(f"Patient/{patient_id} has EpisodeOfCare/{episode['id']} open")
    episode_id = str(uuid.uuid4())
    start = (since or day_of(at)).isoformat()
    changes = [
        Change("PUT", "EpisodeOfCare", episode_id, _episode(patient_id, team, start)),
        Change("PUT", "Patient", patient_id, attached_to(patient, team)),
    ]
    apply(tx, changes, actor=actor, at=at)
    return Attached(patient_id, episode_id)


def move(
    patient_id: str, area_id: str, *, actor: Actor, at: datetime, since: date | None = None
) -> Attached:
    """Move somebody to another area: the history is kept, open work goes along.

    The open attachment ends on the day the new one starts. Open tasks, referrals, enrolments and
    bookings to come that lie with the old team go to the same role of the new one; a booking has
    then to be confirmed by it, because its calendar is another.

    Raises:
        NotThere: no such person or area, or attached to none. AttachedAlready: to this one.
        NotInUse: the record is out of use or the person has died.
        NotAllowed: the actor may not change this person's record.
    """
    service = rights.acting_on([patient_id], actor=actor, at=at)
    return node.commit(lambda tx: _moved(tx, patient_id, area_id, service, at, since))


def _moved(
    tx: Transaction, patient_id: str, area_id: str, actor: Actor, at: datetime, since: date | None
) -> Attached:
    patient = _patient(tx, patient_id)
    new = team_of(area_id)
    leaving = open_attachments(tx, patient_id)
    if not leaving:
        raise NotThere(f"Patient/{patient_id} is attached to no area")
    left = _area_of(leaving[-1])
    if left == area_id:
        raise AttachedAlready(f"Patient/{patient_id} is attached to Organization/{area_id}")
    day = (since or day_of(at)).isoformat()
    episode_id = str(uuid.uuid4())
    work = handed_over(_work(tx, patient_id), _handover(left, new), at=at)
    changes = [
        *(_put(closed(episode, day)) for episode in leaving),
        Change("PUT", "EpisodeOfCare", episode_id, _episode(patient_id, new, day)),
        Change("PUT", "Patient", patient_id, attached_to(patient, new)),
        *(_put(resource) for resource in work),
    ]
    apply(tx, changes, actor=actor, at=at)
    moved = tuple(f"{one['resourceType']}/{one['id']}" for one in work)
    bookings = tuple(name for name in moved if name.startswith("Appointment/"))
    return Attached(patient_id, episode_id, left, moved, bookings)


def team_of(area_id: str) -> Team:
    """The organisation and the team of an area.

    Raises:
        NotThere: there is no such area.
    """
    area = _current("Organization", area_id)
    parent = str(area.get("partOf", {}).get("reference", "")).removeprefix("Organization/")
    for version in mentions.of(f"Organization/{area_id}"):
        if version.type == "CareTeam" and version.content:
            team = json_text.decode(version.content)
            if team.get("status", "active") == "active" and not is_cover(team):
                posts = _posts(team)
                return Team(area_id, parent or area_id, f"CareTeam/{team['id']}", posts)
    return Team(area_id, parent or area_id)


def _posts(team: Resource) -> dict[str, tuple[str, ...]]:
    posts: dict[str, tuple[str, ...]] = {}
    for member in team.get("participant", []):
        reference = str(member.get("member", {}).get("reference", ""))
        for role in member.get("role", []):
            for coding in role.get("coding", []):
                if coding.get("system") == f"{CODES}/role" and reference:
                    code = str(coding.get("code"))
                    posts[code] = (*posts.get(code, ()), reference)
    return posts


def _handover(left: str, new: Team) -> Handover:
    """Who takes over from whom: the same role where there is one, else the team."""
    old = _current("Organization", left, missing=None) and team_of(left)
    takes: dict[str, str] = {}
    if not old or not new.care_team:
        return Handover(takes)
    stay = {post for posts in new.posts.values() for post in posts}
    for role, posts in old.posts.items():
        theirs = new.posts.get(role, ())
        for place, post in enumerate(posts):
            if post not in stay:
                takes[post] = theirs[place % len(theirs)] if theirs else new.care_team
    if old.care_team:
        takes[old.care_team] = new.care_team
    return Handover(takes)


def open_attachments(tx: Transaction, patient_id: str) -> list[Resource]:
    """The person's open attachments, the oldest first; one, unless an import brought more."""
    found = [
        resource
        for resource in _about(tx, patient_id, {"EpisodeOfCare"})
        if resource.get("status") in ("planned", "waitlist", "active", "onhold")
        and is_attachment(resource)
        and resource.get("patient", {}).get("reference") == f"Patient/{patient_id}"
        and "end" not in resource.get("period", {})
    ]
    return sorted(found, key=lambda one: str(one.get("period", {}).get("start", "")))


def is_attachment(episode: Mapping[str, Any]) -> bool:
    """Whether an EpisodeOfCare is a person's attachment to an area."""
    return any(
        coding.get("system") == f"{CODES}/episode" and coding.get("code") == "attachment"
        for kind in episode.get("type", [])
        for coding in kind.get("coding", [])
    )


def closed(episode: Resource, day: str) -> Resource:
    """An attachment that ends on a day; on that day it no longer counts."""
    return {**episode, "status": "finished", "period": {**episode.get("period", {}), "end": day}}


def attached_to(patient: Resource, team: Team) -> Resource:
    """The Patient with the two fields that repeat the open attachment."""
    practitioners = [{"reference": gp} for gp in team.posts.get("gp", ())[:1]]
    return {
        **patient,
        "generalPractitioner": [
            *practitioners,
            {"reference": f"Organization/{team.area_id}"},
        ],
        "managingOrganization": {"reference": f"Organization/{team.organization_id}"},
    }


def _episode(patient_id: str, team: Team, start: str) -> Resource:
    gp = team.posts.get("gp", ())[:1]
    return {
        "resourceType": "EpisodeOfCare",
        "status": "active",
        "type": [_ATTACHMENT],
        "patient": {"reference": f"Patient/{patient_id}"},
        "managingOrganization": {"reference": f"Organization/{team.area_id}"},
        "period": {"start": start},
        **({"careManager": {"reference": gp[0]}} if gp else {}),
        **({"team": [{"reference": team.care_team}]} if team.care_team else {}),
    }


def _area_of(episode: Resource) -> str:
    reference = str(episode.get("managingOrganization", {}).get("reference", ""))
    return reference.removeprefix("Organization/")


def _work(tx: Transaction, patient_id: str) -> list[Resource]:
    types = {"Task", "ServiceRequest", "Appointment", "EpisodeOfCare"}
    return [one for one in _about(tx, patient_id, types) if not is_attachment(one)]


def _about(tx: Transaction, patient_id: str, types: Iterable[str]) -> Iterator[Resource]:
    for version in mentions.of(f"Patient/{patient_id}", tx):
        if version.type in types and version.content:
            yield json_text.decode(version.content)


def _patient(tx: Transaction, patient_id: str) -> Resource:
    patient: Resource = _current("Patient", patient_id)
    if patient.get("active") is False or patient.get("deceasedDateTime"):
        raise NotInUse(f"Patient/{patient_id} is out of use or has died")
    if patient.get("deceasedBoolean"):
        raise NotInUse(f"Patient/{patient_id} has died")
    return patient


_REFUSE: Final[Any] = object()


def _current(type_: str, id_: str, *, missing: Any = _REFUSE) -> Any:
    found = versions.read(type_, id_)
    if found is not None and found.content is not None:
        return json_text.decode(found.content)
    if missing is _REFUSE:
        raise NotThere(f"{type_}/{id_} is not here")
    return missing


def _put(resource: Resource) -> Change:
    return Change("PUT", str(resource["resourceType"]), str(resource["id"]), resource)


def day_of(at: datetime) -> date:
    """The business day of a moment, in the zone of the installation."""
    return at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
