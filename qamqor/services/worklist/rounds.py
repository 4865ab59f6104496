"""Plans a worker's round of home visits for the day, and keeps what came of each door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.place_names import name_in
from qamqor.engine.rounds import plan
from qamqor.engine.rounds.plan import Pace
from qamqor.engine.rounds.way import Door, Position, order
from qamqor.engine.worklist import Row, Tab
from qamqor.services import audit, installed
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, zone
from qamqor.services.worklist import today
from qamqor.services.worklist.evidence import masked, readable
from qamqor.services.worklist.settings import newest, points
from qamqor.services.worklist.today import Filters, Line
from qamqor.store import access, derived
from qamqor.store import worklist as store
from qamqor.store.fhir import versions

GEOLOCATION: Final = "http://hl7.org/fhir/StructureDefinition/geolocation"
FACE: Final = "FACE"
LOOKED_AT: Final = 60


@dataclass(frozen=True, slots=True)
class Stop:
    """One door: everybody behind it who needs something, when, and what came of it.

    Attributes:
        state: outcome of today's visit, empty before it.
        position: None where the record does not know it.
    """

    number: int
    lines: tuple[Line, ...]
    at: datetime
    km: float | None
    position: Position | None
    is_urgent: bool
    state: str
    is_next: bool


@dataclass(frozen=True, slots=True)
class Round:
    """A day's round.

    Attributes:
        people: ids in the order to go, one list a door: what makes the same round again.
        start: name and position of the settlement's middle, where the round begins.
        settlements: names and positions of the towns and villages it goes through.
        filled: doors that were added because few people wait for a visit.
    """

    stops: tuple[Stop, ...]
    people: tuple[tuple[str, ...], ...]
    start: tuple[str, Position] | None
    settlements: tuple[tuple[str, Position], ...]
    back_at: datetime
    km: float
    bag: tuple[tuple[str, int], ...]
    filled: int


def pace() -> Pace:
    """How a day goes here: the site's own settings, or the shipped ones."""
    return _pace(installed.folders())


@cache
def _pace(folders: tuple[Path, ...]) -> Pace:
    file = newest(folders, "worklist/round.yaml")
    if file is None:
        return Pace()
    return plan.read_pace(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)


def choose(actor: Actor, *, as_of: date, booked: Sequence[str] = ()) -> tuple[list[list[str]], int]:
    """Who to go to today, a list for each door, and how many doors were filled up.

    First who is booked for a visit today, and everybody who is to be visited; then, up to the
    number of doors of a day, the most pressing of the rest in the same settlements, homes with
    several people before others: a visit serves all of them.

    Args:
        booked: ids of people who expect the actor at home today.

    Raises:
        NotAllowed: they have no list.
    """
    chosen, heavy = today.chosen_by(actor, Filters()), today.weights(as_of, points())
    most = pace().doors
    doors: dict[str, list[str]] = {}
    places: Counter[str | None] = Counter()
    known = today.rows_of(booked, role=chosen.role, as_of=as_of, is_asked_for=True)
    for who, row in known.items():
        doors.setdefault(row.household or who, []).append(who)
    for one in store.page(chosen, heavy, Tab.to_visit, limit=LOOKED_AT):
        door = doors.setdefault(one.household or one.patient_id, [])
        door += [] if one.patient_id in door else [one.patient_id]
        places[one.place_id] += 1
    waited_for = len(doors)
    rest = [
        one
        for tab in (Tab.to_see, Tab.to_call)
        for one in store.page(chosen, heavy, tab, limit=LOOKED_AT)
        if (one.household or one.patient_id) not in doors
    ]
    # Added doors lie where one goes anyway, else where most of the pressing people live.
    there = places or Counter(dict(Counter(one.place_id for one in rest).most_common(1)))
    rest = [one for one in rest if one.place_id in there]
    homes = Counter(one.household or one.patient_id for one in rest)
    for one in sorted(
        rest, key=lambda one: (homes[one.household or one.patient_id] < 2, -one.score)
    ):
        home = one.household or one.patient_id
        if home in doors or len(doors) < most:
            doors.setdefault(home, []).append(one.patient_id)
    members = store.members(chosen, list(doors))
    for home, own in doors.items():
        own += [who for who in members.get(home, ()) if who not in own]
    return list(doors.values()), len(doors) - waited_for


def planned(
    actor: Actor, people: Sequence[Sequence[str]], *, as_of: date, at: datetime, language: str,
    filled: int = 0,
) -> Round:  # fmt: skip
    """The round through some doors; who is shown is kept in the audit before it is given.

    Args:
        people: ids, one list a door, in any order: those urgent first, then the shortest way.
        filled: how many of the doors were added; a door of which nothing is shown is not counted.

    Raises:
        NotAllowed: they have no list.
    """
    chosen = today.chosen_by(actor, Filters())
    ids = [who for door in people for who in door]
    sights = Sights(actor, at)
    ids = _theirs(sights, ids)
    rows = _told(today.rows_of(ids, role=chosen.role, as_of=as_of, is_asked_for=True), sights)
    ids = [one for one in ids if one in rows]
    known = readable(today.firsts(rows), sights=sights)
    audit.record(
        actor, "search", at=at, what=[*(f"Patient/{one}" for one in ids), *known.shown],
        people=set(ids), relation="panel", query="round",
    )  # fmt: skip
    persons = today.people_of(ids)
    behind = {
        f"{number:03}": [
            Line(rows[who], persons[who], known.of(rows[who].needs[:1]))
            for who in door
            if who in rows and who in persons
        ]
        for number, door in enumerate(people)
    }
    behind = {key: lines for key, lines in behind.items() if lines}
    settlements = _settlements(ids, language)
    start = settlements[0] if settlements else None
    doors = [_door(key, lines) for key, lines in behind.items()]
    way = order(doors, start[1] if start else None)
    counted = [(door, len(behind[door.key])) for door in way]
    day = datetime(as_of.year, as_of.month, as_of.day, tzinfo=zone())
    times, back_at, km = plan.timed(counted, start[1] if start else None, pace=pace(), day=day)
    states = [_state(behind[one.door.key], as_of) for one in times]
    following = next((n for n, state in enumerate(states) if not state), -1)
    stops = tuple(
        Stop(
            n + 1, tuple(behind[one.door.key]), one.at, one.km, one.door.position,
            one.door.is_urgent, states[n], n == following,
        )
        for n, one in enumerate(times)
    )  # fmt: skip
    wanted = [
        frozenset({name for need in line.row.needs for name in (need.action, need.item) if name})
        for stop in stops
        for line in stop.lines
    ]
    kept = tuple(tuple(line.row.patient_id for line in stop.lines) for stop in stops)
    settled = tuple(settlements)
    bag = tuple(plan.bag(pace(), wanted, language))
    gone = len(people) - len(kept)
    return Round(stops, kept, start, settled, back_at, km, bag, max(filled - gone, 0))


def _told(rows: Mapping[str, Row], sights: Sights) -> dict[str, Row]:
    """Rows as the actor is told of them, without people of whom they are told nothing to do."""
    return {
        who: row
        for who, row in masked(rows, sights=sights).items()
        if not row.needs or not all(need.is_masked for need in row.needs)
    }


def _theirs(sights: Sights, ids: Sequence[str]) -> list[str]:
    """Those people whose record is open to the actor now: a kept round may be older than that."""
    sights.need("search", "Patient")
    keys = access.keys_of([("Patient", one) for one in ids])
    facts = access.facts(list(keys.values()))
    listed = [(one, keys["Patient", one]) for one in ids if ("Patient", one) in keys]
    answers = sights.each("search", "Patient", [facts[key] for _, key in listed])
    return [one for (one, _), by in zip(listed, answers, strict=True) if by is not None]


def look(actor: Actor, patient: str, at: datetime) -> None:
    """Refuse who may not see this person.

    Raises:
        NotThere, NotAllowed: kept in the audit.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)


def _door(key: str, lines: Sequence[Line]) -> Door:
    address = (lines[0].person.get("address") or [{}])[0]
    return Door(
        key,
        position_of(address),
        is_urgent=any(need.urgency == 1 for line in lines for need in line.row.needs)
        and lines[0].row.tab is Tab.to_visit,
        settlement=str(address.get("city", "")),
        address=", ".join(address.get("line") or []),
    )


def position_of(address: Mapping[str, Any]) -> Position | None:
    """Where an address is, if the record says it (extension geolocation)."""
    for one in address.get("extension") or []:
        if one.get("url") == GEOLOCATION:
            said = {part["url"]: part.get("valueDecimal") for part in one.get("extension", [])}
            if said.get("latitude") is not None and said.get("longitude") is not None:
                return Position(float(said["latitude"]), float(said["longitude"]))
    return None


def _state(lines: Iterable[Line], as_of: date) -> str:
    """What came of today's visit: the door is done when everybody's outcome is known."""
    said = []
    for line in lines:
        last = line.row.last_attempt
        if last is None or last.on != as_of or last.medium != FACE:
            return ""
        said.append(last.outcome)
    return said[0] if said else ""


def _settlements(ids: Sequence[str], language: str) -> list[tuple[str, Position]]:
    """Towns and villages where some people live, with their middles, the most people first."""
    live = [rows[0][PLACE] for _, rows in derived.due_of(ids) if rows]
    often = sorted({one for one in live if one}, key=lambda one: (-live.count(one), one))
    keys = access.keys_of([("Location", one) for one in often])
    found = {
        v.id: json_text.decode(v.content)
        for v in versions.read_by_keys(list(keys.values())).values()
        if v.content
    }
    return [
        (name_in(found[one], language), Position(float(at["latitude"]), float(at["longitude"])))
        for one in often
        if one in found and (at := found[one].get("position"))
    ]


PLACE: Final = derived.DUE_COLUMNS.index("place_id")
