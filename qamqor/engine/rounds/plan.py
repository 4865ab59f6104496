"""Makes a day's round of doors: who is behind each, when one is there, and what to take along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from qamqor.engine.rounds.way import Door, Position, kilometres
from qamqor.errors import InvalidPack, Problem


@dataclass(frozen=True, slots=True)
class Pace:
    """How a day goes, as a site has set it.

    Attributes:
        doors: how many at most.
        leave_at: hour and minute of leaving the clinic.
        minutes_a_person: at a door; ``minutes_each_other`` for each further person there.
        longer_than_straight: how much longer streets are than the straight line.
        bag: what to take along: words by language, and the actions or items it is for.
        once: English words of what serves everybody, such as scales; of the rest one a person.
    """

    doors: int = 8
    leave_at: tuple[int, int] = (9, 0)
    minutes_a_person: int = 20
    minutes_each_other: int = 10
    km_an_hour: float = 20
    longer_than_straight: float = 1.3
    bag: tuple[tuple[Mapping[str, str], frozenset[str]], ...] = ()
    once: frozenset[str] = frozenset()


class Timed(NamedTuple):
    """When one is at a door, and the kilometres from the one before; None: nobody knows where."""

    door: Door
    at: datetime
    km: float | None


def read_pace(raw: Mapping[str, Any], where: str) -> Pace:
    """A pace as content writes it.

    Raises:
        InvalidPack: a name that does not belong, or a value that is none.
    """
    problems = [
        Problem(f"{where}: {name}", "is no part of a round")
        for name in raw
        if name not in Pace.__slots__ or name == "once"
    ]
    problems += [
        Problem(f"{where}: {name}", f"{value!r} is no number above 0")
        for name, value in raw.items()
        if name not in {"leave_at", "bag"} and not _is_above_0(value)
    ]
    if problems:
        raise InvalidPack(problems)
    said = dict(raw)
    try:
        if "leave_at" in said:
            hour, minute = (int(part) for part in str(said["leave_at"]).split(":"))
            said["leave_at"] = (hour, minute)
        listed = said.get("bag", ())
        said["bag"] = tuple(
            ({k: str(v) for k, v in one.items() if k not in {"for", "once"}}, frozenset(one["for"]))
            for one in listed
        )
        said["once"] = frozenset(str(one["en"]) for one in listed if one.get("once") is True)
    except (ValueError, KeyError, AttributeError) as error:
        raise InvalidPack([Problem(where, f"cannot be read: {error}")]) from error
    return Pace(**said)


def _is_above_0(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def timed(
    doors: Sequence[tuple[Door, int]], start: Position | None, *, pace: Pace, day: datetime
) -> tuple[list[Timed], datetime, float]:
    """When one is at each door, when back, and how many kilometres in all.

    Args:
        doors: in the order to go, with how many people are behind each.
        day: any moment of the day, in the zone of the clinic.
    """
    now = day.replace(hour=pace.leave_at[0], minute=pace.leave_at[1], second=0, microsecond=0)
    here, total, found = start, 0.0, list[Timed]()
    for door, people in doors:
        km = _street_km(here, door.position, pace)
        now += timedelta(hours=(km or 0) / pace.km_an_hour)
        found.append(Timed(door, _to_five(now), km))
        now += timedelta(
            minutes=pace.minutes_a_person + pace.minutes_each_other * max(0, people - 1)
        )
        total += km or 0
        here = door.position or here
    back = _street_km(here, start, pace) or 0
    return found, _to_five(now + timedelta(hours=back / pace.km_an_hour)), total + back


def _street_km(one: Position | None, other: Position | None, pace: Pace) -> float | None:
    if one is None or other is None:
        return None
    return kilometres(one, other) * pace.longer_than_straight


def _to_five(moment: datetime) -> datetime:
    """Up to the next five minutes; nobody plans a door to the minute."""
    over = moment.minute % 5
    return moment + timedelta(minutes=(5 - over) % 5)


def bag(pace: Pace, wanted: Sequence[frozenset[str]], language: str) -> list[tuple[str, int]]:
    """What to take along, and how many: one a person, or one alone of what serves everybody.

    Args:
        wanted: for each person, the actions and items needed.
    """
    counted = ((words, sum(bool(used & own) for own in wanted)) for words, used in pace.bag)
    return [
        (words.get(language) or words["en"], 1 if words["en"] in pace.once else people)
        for words, people in counted
        if people
    ]
