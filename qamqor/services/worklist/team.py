"""Shows who leads a team what each role of each area has to do, against what it is meant for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine import team as engine
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.engine.team import Late, Measures, Norm, Posts
from qamqor.engine.worklist_facts import day_number
from qamqor.errors import InvalidPack, OtherRole, Problem
from qamqor.services import audit, installed
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.accounts import is_cover
from qamqor.services.worklist import places
from qamqor.services.worklist.settings import newest
from qamqor.services.worklist.today import LEADING, TEAM, areas_of
from qamqor.store import team as store
from qamqor.store.team import Load, Returned

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One role of one area.

    Attributes:
        people, urgent, late: with a need, with one for today, with one late too long.
        late_rule: how long that is, and to whom it goes.
        posts: on the area's team; of ``norm`` those of all its roles.
        people_per_post, residents_per_post: of a post of this area, its other areas counted in.
        people_times: against the average of this role in all areas; None for a single area.
        residents_times: against the norm.
    """

    role: str
    people: int
    urgent: int
    late: int
    late_rule: Late
    posts: int
    people_per_post: float | None
    people_times: float | None
    norm: Norm | None
    residents_per_post: float | None
    residents_times: float | None


@dataclass(frozen=True, slots=True)
class Area:
    """One GP area: its residents, roles, and who came back after a call."""

    id: str
    name: str
    residents: int
    lines: tuple[Line, ...]
    returned: Returned


@dataclass(frozen=True, slots=True)
class Board:
    """All areas of who leads, by name."""

    areas: tuple[Area, ...]
    measures: Measures


def measures() -> Measures:
    """What teams are compared with here: the site's own, or the shipped ones.

    Raises:
        InvalidPack: the file is missing or cannot be read.
    """
    return _measures(installed.folders())


@cache
def _measures(folders: tuple[Path, ...]) -> Measures:
    file = newest(folders, "worklist/team.yaml")
    if file is None:
        raise InvalidPack([Problem("worklist/team.yaml", "is not there")])
    found = engine.read_measures(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    if missing := [role for role in TEAM if role not in found.late]:
        raise InvalidPack([Problem(f"{file.name}: late", f"says nothing of {', '.join(missing)}")])
    if unknown := sorted({one.to for one in found.late.values()} - set(LEADING)):
        said = f"{', '.join(unknown)} is not who leads: {', '.join(LEADING)}"
        raise InvalidPack([Problem(f"{file.name}: late", said)])
    return found


def board(actor: Actor, *, as_of: date, at: datetime, language: str) -> Board:
    """What everybody below the actor's organisation has to do; the look is kept in the audit.

    Nobody is named. The number of queries does not grow with areas or people.

    Raises:
        OtherRole: they do not lead a team.
    """
    if actor.role not in LEADING:
        raise OtherRole(LEADING)
    Sights(actor, at).need("search", "Patient")
    own = measures()
    areas = areas_of(actor)
    since = {role: day_number(as_of - one.days * _DAY) for role, one in own.late.items()}
    loads = {(one.area_id, one.role): one for one in store.loads(areas, since)}
    living = dict.fromkeys(areas, 0) | store.residents(areas)
    posts = posts_of(areas, as_of)
    back = {one.area_id: one for one in _returned(areas, own, as_of)}
    audit.record(actor, "search", at=at, what=[], people=set(), relation="panel", query="team")
    lines: dict[str, list[Line]] = defaultdict(list)
    for role in TEAM:
        for area, line in _lines(role, own, loads, living, posts):
            lines[area].append(line)
    shown = tuple(
        Area(area, name, living[area], tuple(lines[area]), back.get(area, Returned(area, 0, 0, 0)))
        for area, name in places.named("Organization", areas, language)
    )
    return Board(shown, own)


def _lines(
    role: str,
    own: Measures,
    loads: Mapping[tuple[str, str], Load],
    living: Mapping[str, int],
    posts: Mapping[str, Posts],
) -> Iterable[tuple[str, Line]]:
    """The lines of one role, of each area that has such a post or somebody who needs it."""
    norm = own.norm_of(role)
    held = posts.get(role, {})
    found = {area: loads.get((area, role), Load(area, role, 0, 0, 0)) for area in living}
    people = {area: one.people for area, one in found.items()}
    of_people = engine.shares(people, held)
    usual = engine.average(people, held) if len(living) > 1 else None
    together = _together(posts, norm.roles if norm else (role,))
    of_residents = engine.shares(living, together)
    for area, load in found.items():
        if not load.people and not held.get(area):
            continue
        per_post, residents = of_people[area].per_post, of_residents[area].per_post
        yield (
            area,
            Line(
                role=role,
                people=load.people,
                urgent=load.urgent,
                late=load.late,
                late_rule=own.late[role],
                posts=of_people[area].posts,
                people_per_post=per_post,
                people_times=per_post / usual if usual and per_post is not None else None,
                norm=norm,
                residents_per_post=residents,
                residents_times=residents / norm.per_post
                if norm and residents is not None
                else None,
            ),
        )


def _together(posts: Mapping[str, Posts], roles: Sequence[str]) -> Posts:
    found: dict[str, frozenset[str]] = {}
    for role in roles:
        for area, some in posts.get(role, {}).items():
            found[area] = found.get(area, frozenset()) | some
    return found


def posts_of(areas: Sequence[str], as_of: date) -> dict[str, dict[str, frozenset[str]]]:
    """By role and area, the posts that are on the teams of some areas on a day."""
    found: dict[str, dict[str, frozenset[str]]] = {role: {} for role in TEAM}
    wanted = set(areas)
    for version in store.teams(areas):
        care_team: dict[str, Any] = json_text.decode(version.content or "{}")
        if care_team.get("status", "active") != "active" or is_cover(care_team):
            continue
        of = {
            str(one.get("reference", "")).removeprefix("Organization/")
            for one in care_team.get("managingOrganization", [])
        } & wanted
        for member in care_team.get("participant", []):
            post = str(member.get("member", {}).get("reference", ""))
            period = member.get("period", {})
            today = as_of.isoformat()
            if period.get("start", "")[:10] > today or period.get("end", "9999")[:10] < today:
                continue
            codes = {
                coding.get("code")
                for role in member.get("role", [])
                for coding in role.get("coding", [])
                if coding.get("system") == f"{CODES}/role"
            }
            for role in codes & set(TEAM) if post else ():
                for area in of:
                    found[role][area] = found[role].get(area, frozenset()) | {post}
    return found


def _returned(areas: Sequence[str], own: Measures, as_of: date) -> list[Returned]:
    window = own.returned
    return store.returned(
        areas,
        since=_moment(as_of - window.called_from * _DAY),
        before=_moment(as_of - window.called_until * _DAY),
        within=window.within,
        media=window.media,
        seen_as=window.seen_as,
    )


def _moment(day: date) -> int:
    """When a day begins here, in microseconds from 1970."""
    begins = datetime(day.year, day.month, day.day, tzinfo=zone())
    return round(begins.timestamp()) * 1_000_000
