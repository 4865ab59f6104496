"""What people live with: since when, whether it is known, treated and under control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    NEVER,
    Bools,
    Days,
    Floats,
    Ints,
    chances,
    day_number,
    normals,
    pick,
    thresholds,
)
from qamqor.engine.invented.figures import Figures, Invention, by_sex, chance
from qamqor.engine.invented.people import FEMALE, People


@dataclass(frozen=True, slots=True)
class Illness:
    """One condition among the people of a block; every array has one value a person.

    Attributes:
        has: lives with it, known or not.
        onset, known: days; ``NEVER`` where it does not apply. Known = on the record since.
        code: position in the condition's list of codes.
        treated, controlled: true only where known.
        enrolled, left: days of enrolment in the programme for it.
    """

    name: str
    has: Bools
    onset: Days
    known: Days
    code: Ints
    treated: Bools
    controlled: Bools
    enrolled: Days
    left: Days

    @property
    def on_record(self) -> Bools:
        """Whether the record says so."""
        result: Bools = self.known != NEVER
        return result


class Liability:
    """How prone each person is to each condition, with one part common to all of them.

    A shared part makes conditions come together in the same people without changing how
    many have each one.
    """

    def __init__(self, people: People, shared: float) -> None:
        self.people = people
        self.shared = shared
        self.common = normals(people.random("liability"), len(people)) * np.float32(shared**0.5)

    def of(self, name: str) -> Floats:
        """Standard normal numbers, shape ``(n,)``."""
        own = normals(self.people.random(f"liability {name}"), len(self.people))
        return self.common + own * np.float32((1 - self.shared) ** 0.5)


def prevalence_limits(conditions: Mapping[str, Figures]) -> dict[str, Floats]:
    """Below which liability somebody has each condition, by sex and age; worked out once."""
    return {
        name: thresholds(by_sex(entry["prevalence"]) / 100) for name, entry in conditions.items()
    }


def make_illnesses(
    invention: Invention, people: People, limits: Mapping[str, Floats]
) -> dict[str, Illness]:
    """Draw every condition of conditions.yaml.

    Args:
        invention: the tables of numbers.
        people: of one block.
        limits: what ``prevalence_limits`` gave.
    """
    part = invention["conditions"]
    liability = Liability(people, chance(part["shared_cause"]))
    factors = np.where(people.sex == FEMALE, 1.0, chance(part["men_known"]))
    factors *= np.where(people.rural, chance(part["rural_known"]), 1.0)
    return {
        name: _illness(name, entry, people, liability.of(name) < people.of(limits[name]), factors)
        for name, entry in part["conditions"].items()
    }


def _illness(name: str, entry: Figures, people: People, has: Bools, factors: Floats) -> Illness:
    random = people.random(f"illness {name}")
    count = len(people)
    onset = _onset(entry, people, has, random)
    told = has & (chances(random, count) < float(entry["known"]) * factors)
    delay = random.exponential(0.25, count) * DAYS_A_YEAR
    known = np.where(told, np.minimum(onset + delay, people.end - 1), NEVER)
    known = np.where(told, np.maximum(known, people.born + 1), NEVER).astype(np.int32)
    treated = told & (chances(random, count) < float(entry["treated"]))
    controlled = treated & (chances(random, count) < _control(entry["controlled"], people))
    code = pick(random, np.array(list(entry["codes"].values())), count).astype(np.int16)
    enrolled, left = _enrolment(entry.get("enrolled"), people, known, random)
    onset = np.where(has, np.minimum(onset, known), NEVER).astype(np.int32)
    return Illness(name, has, onset, known, code, treated, controlled, enrolled, left)


def _onset(entry: Figures, people: People, has: Bools, random: np.random.Generator) -> Days:
    """Some years back, not before the youngest age at which it comes nor after the end."""
    years = random.exponential(float(entry["years_with"]), len(people))
    room = people.end - people.born - float(entry["youngest"]) * DAYS_A_YEAR
    back = np.minimum(years * DAYS_A_YEAR, np.maximum(room, 2.0)).astype(np.int32)
    back = np.minimum(back, people.end - people.born)
    return np.where(has, people.end - back, NEVER).astype(np.int32)


def _control(entry: Mapping[str, Any], people: People) -> Floats:
    share = np.where(people.sex == FEMALE, float(entry["female"]), float(entry["male"]))
    return share * np.where(people.rural, float(entry["rural"]), 1.0)


def _enrolment(
    entry: Mapping[str, Any] | None, people: People, known: Days, random: np.random.Generator
) -> tuple[Days, Days]:
    """When people with a known condition joined its programme, and when a few left it."""
    never = np.full(len(people), NEVER, np.int32)
    if not entry:
        return never, never.copy()
    joins = (known != NEVER) & (chances(random, len(people)) < float(entry["share"]))
    after = random.exponential(90.0, len(people)).astype(np.int64)
    since = np.maximum(known.astype(np.int64) + after, day_number(entry["since"]))
    joins &= since < people.end
    enrolled = np.where(joins, since, NEVER).astype(np.int32)
    leaves = joins & (chances(random, len(people)) < np.float32(0.03))
    length = (people.end - enrolled.astype(np.int64)) * random.random(len(people))
    left = np.where(leaves, enrolled + length.astype(np.int64), NEVER).astype(np.int32)
    return enrolled, np.where(people.died != NEVER, np.minimum(left, people.died), left).astype(
        np.int32
    )
