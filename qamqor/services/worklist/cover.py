"""Lets a worker's whole list go to a colleague while they are away, and come back by itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, NotThere, Unusable, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.accounts import AWAY, COVER, TEAM_KIND, is_cover
from qamqor.services.fhir.write import Change, save
from qamqor.services.referral.lists import names_of
from qamqor.services.worklist.handing import need_lead
from qamqor.services.worklist.team import posts_of
from qamqor.services.worklist.today import areas_of
from qamqor.store import team as store
from qamqor.store.fhir import versions

_SPACE: Final = uuid.UUID("0b7f3f1e-52a4-4a0c-9d0b-6f6f3a1f7a55")
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Worker:
    """A post of somebody's team: id of the PractitionerRole, who holds it, and its areas."""

    id: str
    role: str
    name: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """Who is away, who has their list, from which day to which, both included.

    Attributes:
        version: of the CareTeam that says so.
        away, by: names; away_id: of the PractitionerRole.
        areas: whose people go along.
        is_on: it holds today; else it is still to come.
    """

    id: str
    version: int
    role: str
    away_id: str
    away: str
    by: str
    from_on: date
    until: date
    areas: frozenset[str]
    is_on: bool


def workers(actor: Actor, *, as_of: date) -> list[Worker]:
    """Everybody on the teams of who leads, by role and name."""
    found: dict[tuple[str, str], set[str]] = {}
    for role, by_area in posts_of(areas_of(actor), as_of).items():
        for area, posts in by_area.items():
            for post in posts:
                found.setdefault((role, post), set()).add(area)
    names = names_of(sorted({post for _, post in found}))
    listed = [
        Worker(post.removeprefix("PractitionerRole/"), role, names.get(post) or post, tuple(areas))
        for (role, post), some in found.items()
        if (areas := sorted(some))
    ]
    roles = list(dict.fromkeys(one.role for one in listed))
    return sorted(listed, key=lambda one: (roles.index(one.role), one.name, one.id))


def covers(actor: Actor, *, as_of: date, at: datetime) -> list[Cover]:
    """What holds today or is to come in the areas of who leads, the soonest end first.

    Raises:
        NotAllowed: the actor does not lead.
    """
    need_lead(actor, at)
    kept = [(_decoded(v.content), v.version) for v in store.teams(areas_of(actor))]
    some = [(one, version) for one, version in kept if is_cover(one) and _is_left(one, as_of)]
    names = names_of([m["member"]["reference"] for one, _ in some for m in one["participant"]])
    found = [_cover(one, version, names, as_of) for one, version in some]
    return sorted(found, key=lambda one: (one.until, one.from_on, one.away))


def covered_by(actor: Actor, *, as_of: date) -> list[Cover]:
    """For whom an actor covers today; no statement where it is nobody."""
    return _mine(actor, 0, as_of) if actor.covers else []


def away_of(actor: Actor, *, as_of: date) -> list[Cover]:
    """Who has an actor's own list today; no statement where nobody has."""
    return _mine(actor, 1, as_of) if actor.is_away else []


def _mine(actor: Actor, place: int, as_of: date) -> list[Cover]:
    """What holds today with the actor in one of its places: 0 who covers, 1 who is away."""
    kept = [(_decoded(v.content), v.version) for v in store.teams(sorted(actor.areas))]
    mine = [
        (one, version)
        for one, version in kept
        if is_cover(one)
        and one["participant"][place]["member"]["reference"] == actor.reference
        and _is_left(one, as_of)
    ]
    names = names_of([m["member"]["reference"] for one, _ in mine for m in one["participant"]])
    found = [_cover(one, version, names, as_of) for one, version in mine]
    return [one for one in found if one.is_on]


def put(
    away: str, by: str, *, from_on: date, until: date, actor: Actor, as_of: date, at: datetime
) -> None:
    """Let a colleague have a worker's list for some days; the same again changes nothing.

    Args:
        away, by: ids of PractitionerRoles of one role on teams of who leads.

    Raises:
        NotAllowed: the actor does not lead. Unusable: what stands against it, each issue at the
            argument it is about: who, which days, or ``from_on`` where one is away already.
    """
    need_lead(actor, at)
    known = {one.id: one for one in workers(actor, as_of=as_of)}
    gone, colleague = known.get(away), known.get(by)
    issues = []
    if gone is None:
        issues.append(Issue("value", "choose who is away", "away"))
    if colleague is None or by == away or (gone is not None and colleague.role != gone.role):
        issues.append(Issue("value", "choose a colleague of the same role", "by"))
    if until < max(from_on, as_of):
        issues.append(Issue("value", "the last day is past or before the first", "until"))
    if issues or gone is None:
        raise Unusable(issues, status=422)
    id_ = _id(away, by, from_on)
    if any(
        one.id != id_ and one.from_on <= until and one.until >= from_on
        for one in covers(actor, as_of=as_of, at=at)
        if one.away_id in (away, by)
    ):
        raise Unusable([Issue("value", "one of them is away already", "from_on")], status=422)
    made = _care_team(id_, gone, by, from_on, until)
    old = versions.read("CareTeam", id_)
    before = _decoded(old.content) if old is not None and old.content else None
    if before is not None and {k: v for k, v in before.items() if k != "meta"} == made:
        return
    change = Change("PUT", "CareTeam", id_, made, old.version if old is not None else None)
    save([change], actor=replace(actor, is_service=True), at=at)


def end(id_: str, *, version: int, actor: Actor, at: datetime) -> None:
    """Give the list back now; that it was covered stays in the history.

    Raises:
        NotAllowed: the actor does not lead. NotThere: nothing such in their areas.
        VersionConflict: somebody changed it meanwhile.
    """
    need_lead(actor, at)
    found = versions.read("CareTeam", id_)
    kept = _decoded(found.content) if found is not None and found.content else {}
    held = {str(o.get("reference", "")) for o in kept.get("managingOrganization", [])}
    own = {f"Organization/{one}" for one in areas_of(actor)}
    if found is None or not is_cover(kept) or not held <= own:
        raise NotThere(f"CareTeam/{id_} is not here")
    if found.version != version:
        raise VersionConflict("CareTeam", id_, seen=version)
    if kept["status"] == "active":
        ended = {**{k: v for k, v in kept.items() if k != "meta"}, "status": "inactive"}
        change = Change("PUT", "CareTeam", id_, ended, version)
        save([change], actor=replace(actor, is_service=True), at=at)


def _id(away: str, by: str, from_on: date) -> str:
    """One CareTeam for two workers and a first day, so that the same again is one."""
    return str(uuid.uuid5(_SPACE, f"{away}/{by}/{from_on.isoformat()}"))


def _decoded(content: str | None) -> Resource:
    found: Resource = json_text.decode(content or "{}")
    return found


def _by(one: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one["participant"][0]
    return found


def _is_left(one: Mapping[str, Any], as_of: date) -> bool:
    return bool(one["status"] == "active" and _by(one)["period"]["end"] >= as_of.isoformat())


def _cover(one: Resource, version: int, names: Mapping[str, str], as_of: date) -> Cover:
    colleague, gone = one["participant"]
    period = colleague["period"]
    first, last = date.fromisoformat(period["start"]), date.fromisoformat(period["end"])

    def called(member: Mapping[str, Any]) -> str:
        reference = str(member["member"]["reference"])
        return names.get(reference) or reference

    return Cover(
        id=str(one["id"]),
        version=version,
        role=str(colleague["role"][0]["coding"][0]["code"]),
        away_id=str(gone["member"]["reference"]).removeprefix("PractitionerRole/"),
        away=called(gone),
        by=called(colleague),
        from_on=first,
        until=last,
        areas=frozenset(
            str(held.get("reference", "")).removeprefix("Organization/")
            for held in one.get("managingOrganization", [])
        ),
        is_on=first <= as_of <= last,
    )


def _care_team(id_: str, gone: Worker, by: str, from_on: date, until: date) -> Resource:
    period = {"start": from_on.isoformat(), "end": until.isoformat()}

    def member(system: str, code: str, post: str) -> Resource:
        return {
            "role": [{"coding": [{"system": system, "code": code}]}],
            "member": {"reference": f"PractitionerRole/{post}"},
            "period": period,
        }

    return {
        "resourceType": "CareTeam",
        "id": id_,
        "status": "active",
        "category": [{"coding": [{"system": TEAM_KIND, "code": COVER}]}],
        "participant": [member(f"{CODES}/role", gone.role, by), member(TEAM_KIND, AWAY, gone.id)],
        "managingOrganization": [{"reference": f"Organization/{one}"} for one in gone.areas],
    }
