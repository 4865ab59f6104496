"""Households: who lives together, who joins and leaves, and whom to talk to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES, EXTENSIONS
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.person import address_key
from qamqor.errors import NotPossible, NotThere
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import day_of
from qamqor.services.fhir.write import Change, apply
from qamqor.store import mentions, node, people
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version

Resource = dict[str, Any]
ROLES: Final = ("head", "spouse", "child", "parent", "other")
MOST_HOMES: Final = 4
_ROLE: Final = f"{EXTENSIONS}/household_role"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a household.

    Attributes:
        is_open: whether the asker may open their record; else only the role is told.
    """

    patient_id: str
    name: FullName
    born_on: str
    role: str
    since: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Home:
    """A household as a desk or a team sees it; ``version`` is that of the Group."""

    group_id: str
    version: int
    members: tuple[Member, ...]


def homes_at(line: str, city: str, *, actor: Actor, at: datetime) -> list[Home]:
    """The households at an address, as far as the asker may find their people.

    Raises:
        NotAllowed: the actor may find nobody.
    """
    sights = rights.need("search", actor=actor, at=at)
    key = address_key({"line": [line], "city": city})
    if not key:
        return []
    found = [one for one in people.candidates([f"place|{key}"]) if not one.replaced_by]
    open_ = rights.visible(found, sights)
    groups: dict[str, Version] = {}
    for person in found:
        if person.key in open_:
            groups.update({one.id: one for one in _groups(person.patient_id)})
    homes = [_home(group, actor, at) for group in list(groups.values())[:MOST_HOMES]]
    shown = {m.patient_id for home in homes for m in home.members if m.is_open}
    rights.keep(sorted(shown), asked="address", actor=actor, at=at)
    return homes


def home_of(patient_id: str, *, actor: Actor, at: datetime) -> Home | None:
    """The household a person lives in now; None where it is not known.

    Whoever calls has shown the person's record already; the others are kept in the audit here.
    """
    for group in _groups(patient_id):
        home = _home(group, actor, at)
        shown = sorted(member.patient_id for member in home.members if member.is_open)
        rights.keep(shown, asked="household", actor=actor, at=at)
        return home
    return None


def join(patient_id: str, group_id: str, role: str, *, actor: Actor, at: datetime, key: str) -> str:
    """Put somebody into a household, or make one for them; they leave the one they were in.

    Args:
        group_id: of the household to join; empty = a new one.
        key: made by the form once; the same key again changes nothing.

    Returns:
        id of the household.
    Raises:
        NotThere, NotAllowed: the person or the household is not the actor's to change.
        NotPossible: there is no such role.
    """
    if role not in ROLES:
        raise NotPossible(f"a role is one of {', '.join(ROLES)}")
    service = rights.acting_on([patient_id], actor=actor, at=at)
    made = str(uuid.uuid5(uuid.UUID(key), "Group"))
    if not group_id and versions.read("Group", made) is not None:
        return made
    day = day_of(at)
    changes = [
        _without(group, patient_id, day) for group in _groups(patient_id) if group.id != group_id
    ]
    stays = next((one for one in _groups(patient_id) if one.id == group_id), None)
    if stays is not None:
        changes.append(_with_role(stays, patient_id, role))
    else:
        changes.append(joining(group_id, patient_id, role, day, made=made))
    node.commit(lambda tx: apply(tx, changes, actor=service, at=at))
    return changes[-1].id


def leave(patient_id: str, *, actor: Actor, at: datetime) -> None:
    """End a person's place in their household; the household stays for the others.

    Raises:
        NotThere, NotAllowed: the person is not the actor's to change, or lives in none.
    """
    service = rights.acting_on([patient_id], actor=actor, at=at)
    changes = [_without(group, patient_id, day_of(at)) for group in _groups(patient_id)]
    if not changes:
        raise NotThere(f"Patient/{patient_id} lives in no household")
    node.commit(lambda tx: apply(tx, changes, actor=service, at=at))


def joining(group_id: str, patient_id: str, role: str, since: date, *, made: str = "") -> Change:
    """The change that puts somebody into a household, or makes one where ``group_id`` is empty.

    A new head takes the place of the one before, who stays as another member.

    Raises:
        NotThere: there is no such household.
    """
    member = {
        "extension": [{"url": _ROLE, "valueCode": role}],
        "entity": {"reference": f"Patient/{patient_id}"},
        "period": {"start": since.isoformat()},
    }
    if not group_id:
        id_ = made or str(uuid.uuid4())
        group: Resource = {
            "resourceType": "Group",
            "id": id_,
            "active": True,
            "type": "person",
            "actual": True,
            "code": {"coding": [{"system": f"{CODES}/group_kind", "code": "household"}]},
            "quantity": 1,
            "member": [member],
        }
        return Change("PUT", "Group", id_, group)
    found = versions.read("Group", group_id)
    if found is None or found.content is None:
        raise NotThere(f"Group/{group_id} is not here")
    group = json_text.decode(found.content)
    members = [*_stepped_down(group.get("member", []), role), member]
    return _saved(found, group, members)


def _with_role(version: Version, patient_id: str, role: str) -> Change:
    group: Resource = json_text.decode(version.content or "{}")
    members = []
    for member in _stepped_down(group.get("member", []), role):
        if _who(member) == patient_id and _is_there(member):
            kept = [one for one in member.get("extension", []) if one.get("url") != _ROLE]
            member = {**member, "extension": [*kept, {"url": _ROLE, "valueCode": role}]}
        members.append(member)
    return _saved(version, group, members)


def _stepped_down(members: Sequence[Resource], role: str) -> list[Resource]:
    """The members as they are once somebody else is head."""
    if role != "head":
        return list(members)
    return [
        {**member, "extension": [
            {"url": _ROLE, "valueCode": "other"} if one.get("url") == _ROLE
            and one.get("valueCode") == "head" else one
            for one in member.get("extension", [])
        ]} if member.get("extension") else member
        for member in members
    ]  # fmt: skip


def _without(version: Version, patient_id: str, day: date) -> Change:
    group: Resource = json_text.decode(version.content or "{}")
    members = [
        {**member, "inactive": True,
         "period": {**member.get("period", {}), "end": day.isoformat()}}
        if _who(member) == patient_id and _is_there(member) else member
        for member in group.get("member", [])
    ]  # fmt: skip
    return _saved(version, group, members)


def _saved(version: Version, group: Resource, members: list[Resource]) -> Change:
    group = {**group, "member": members, "quantity": sum(map(_is_there, members))}
    return Change("PUT", "Group", version.id, group, if_version=version.version)


def _groups(patient_id: str) -> list[Version]:
    """The households a person is in now."""
    found = []
    for version in mentions.of(f"Patient/{patient_id}"):
        if version.type != "Group" or not version.content:
            continue
        group = json_text.decode(version.content)
        codes = {one.get("code") for one in (group.get("code") or {}).get("coding", [])}
        is_there = any(_who(m) == patient_id and _is_there(m) for m in group.get("member", []))
        if "household" in codes and group.get("active") is not False and is_there:
            found.append(version)
    return found


def _home(version: Version, actor: Actor, at: datetime) -> Home:
    group = json_text.decode(version.content or "{}")
    there = [member for member in group.get("member", []) if _is_there(member)]
    filed = {one.patient_id: one for one in map(people.by_id, map(_who, there)) if one}
    open_ = rights.visible(list(filed.values()), rights.need("search", actor=actor, at=at))
    members = []
    for member in there:
        person = filed.get(_who(member))
        is_open = person is not None and person.key in open_
        names = person.identity.names if person and is_open else ()
        members.append(
            Member(
                patient_id=_who(member),
                name=names[0] if names else FullName(),
                born_on=person.identity.born_on if person and is_open else "",
                role=_role(member),
                since=str(member.get("period", {}).get("start", "")),
                is_open=is_open,
            )
        )
    members.sort(key=lambda one: (one.role != "head", one.born_on))
    return Home(version.id, version.version, tuple(members))


def _who(member: Resource) -> str:
    return str(member.get("entity", {}).get("reference", "")).removeprefix("Patient/")


def _is_there(member: Resource) -> bool:
    return not member.get("inactive") and "end" not in member.get("period", {})


def _role(member: Resource) -> str:
    said = [one.get("valueCode") for one in member.get("extension", []) if one.get("url") == _ROLE]
    return str(said[0]) if said and said[0] in ROLES else "other"
