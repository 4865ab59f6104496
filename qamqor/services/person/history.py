"""A person's whole record, page by page, the newest change first, and single records of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.errors import NotThere
from qamqor.services import audit
from qamqor.services.access.actor import Actor
from qamqor.services.person.sight import Seen, see
from qamqor.store import person as store
from qamqor.store.fhir import versions

Resource = dict[str, Any]
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a history: only a type, and what comes after a record.

    Attributes:
        kind: a resource type; empty = all.
        before: moment and key of the last record of the page before; None = from the newest.
    """

    kind: str = ""
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A page of a history.

    Attributes:
        resources: when each was and what it says, the newest first.
        more: where the next page begins, as ``before`` of the address; empty at the end.
        counts: type → how many of it are in sight, of the whole record.
    """

    patient: str
    person: Resource
    resources: tuple[tuple[datetime, Resource], ...]
    more: str
    counts: Mapping[str, int]
    kind: str


@dataclass(frozen=True, slots=True)
class One:
    """One record, with who wrote it where the record says."""

    patient: str
    person: Resource
    resource: Resource
    author: str


def asked(kind: str, before: str) -> Asked:
    """What an address asks for; what cannot be read begins with the newest."""
    found = re.fullmatch(r"(-?\d{1,18})_(\d{1,18})", before)
    place = (int(found[1]), int(found[2])) if found else None
    return Asked(kind if kind.isalpha() and len(kind) < 40 else "", place)


def read(patient: str, wanted: Asked, *, actor: Actor, at: datetime, limit: int = PAGE) -> History:
    """One page, by the day records are about; kept in the audit before it is given.

    Raises:
        NotThere: not a person of the actor's. NotAllowed: their role opens no records.
    """
    seen = see(patient, actor=actor, at=at)
    moments = store.moments(patient)
    places = sorted(
        (
            (moments.get(one.key, 0), one.key)
            for one in seen.entries
            if not wanted.kind or one.type == wanted.kind
        ),
        reverse=True,
    )
    page = [one for one in places if wanted.before is None or one < wanted.before][: limit + 1]
    shown = page[:limit]
    contents = versions.read_by_keys([key for _, key in shown])
    person = _person(seen)
    what = [contents[key] for _, key in shown if key in contents]
    audit.record(
        actor,
        "history",
        at=at,
        what=[f"{v.type}/{v.id}/_history/{v.version}" for v in what],
        people=[patient],
        relation=seen.relation,
        query="person history",
    )
    more = f"{shown[-1][0]}_{shown[-1][1]}" if len(page) > limit else ""
    return History(
        patient=patient,
        person=person,
        resources=tuple(
            (audit.moment(moment), _decoded(contents[key].content))
            for moment, key in shown
            if key in contents
        ),
        more=more,
        counts=Counter(one.type for one in seen.entries),
        kind=wanted.kind,
    )


def one(patient: str, type_: str, id_: str, *, actor: Actor, at: datetime) -> One:
    """One record of a person; kept in the audit before it is given.

    Raises:
        NotThere: it is not here, not of this person, or not open to the actor.
    """
    seen = see(patient, actor=actor, at=at)
    entry = seen.by_name.get((type_, id_))
    if entry is None:
        raise NotThere(f"{type_}/{id_} is not here")
    found = versions.read_by_keys([entry.key])[entry.key]
    resource, person = _decoded(found.content), _person(seen)
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"{type_}/{id_}/_history/{found.version}"],
        people=[patient],
        relation=seen.relation,
    )
    return One(patient, person, resource, _author(resource))


def banner(patient: str, *, actor: Actor, at: datetime) -> Resource:
    """The Patient, for the head of a page about them; kept in the audit.

    Raises:
        NotThere: not a person of the actor's.
    """
    seen = see(patient, actor=actor, at=at)
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"Patient/{patient}"],
        people=[patient],
        relation=seen.relation,
    )
    return _person(seen)


def _person(seen: Seen) -> Resource:
    found = versions.read("Patient", seen.patient)
    if found is None or found.content is None:
        raise NotThere(f"Patient/{seen.patient} is not here")
    return _decoded(found.content)


def _decoded(content: str | None) -> Resource:
    found: Resource = json_text.decode((content or "{}").encode())
    return found


_AUTHORS: Final = (
    "performer",
    "recorder",
    "requester",
    "author",
    "sender",
    "asserter",
    "participant",
)


def _author(resource: Resource) -> str:
    """The name of whoever wrote it: a post leads to the human in it."""
    for name in _AUTHORS:
        for one_ in _listed(resource.get(name)):
            reference = str(
                (one_.get("individual") or one_.get("actor") or one_).get("reference", "")
            )
            type_, _, id_ = reference.partition("/")
            if type_ in ("PractitionerRole", "Practitioner") and id_:
                return _name(type_, id_)
    return ""


def _listed(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [one_ for one_ in found if isinstance(one_, dict)]


def _name(type_: str, id_: str) -> str:
    found = versions.read(type_, id_)
    resource = _decoded(found.content) if found and found.content else {}
    if type_ == "PractitionerRole":
        human = str((resource.get("practitioner") or {}).get("reference", "")).partition("/")
        return _name("Practitioner", human[2]) if human[2] else ""
    names = resource.get("name") or [{}]
    given = (names[0].get("given") or [""])[0]
    return f"{names[0].get('family', '')} {given}".strip() or str(names[0].get("text", ""))
