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
    """Everything about one condition; only those who have it cost anything."""
    random = people.random(f"illness {name}")
    mine = np.flatnonzero(has)
    count, end, born = len(mine), people.end[mine], people.born[mine]
    onset = _onset(entry, born, end, random)
    told = chances(random, count) < float(entry["known"]) * factors[mine]
    delay = (random.exponential(0.25, count) * DAYS_A_YEAR).astype(np.int32)
    known = np.maximum(np.minimum(onset + delay, end - 1), born + 1)
    known = np.where(told, known, NEVER).astype(np.int32)
    treated = told & (chances(random, count) < float(entry["treated"]))
    under = treated & (chances(random, count) < _control(entry["controlled"], people, mine))
    code = pick(random, np.array(list(entry["codes"].values())), count).astype(np.int16)
    enrolled, left = _enrolment(entry.get("enrolled"), people.died[mine], (end, known), random)
    size = len(people)
    return Illness(
        name,
        has,
        _spread(mine, np.minimum(onset, known), size, NEVER),
        _spread(mine, known, size, NEVER),
        _spread(mine, code, size, 0),
        _spread(mine, treated, size, False),
        _spread(mine, under, size, False),
        _spread(mine, enrolled, size, NEVER),
        _spread(mine, left, size, NEVER),
    )


def _spread(mine: Ints, values: Ints, size: int, otherwise: Any) -> Ints:
    """Values of some people, and something else for all others."""
    whole = np.full(size, otherwise, values.dtype)
    whole[mine] = values
    return whole


def _onset(entry: Figures, born: Days, end: Days, random: np.random.Generator) -> Days:
    """Some years back, not before the youngest age at which it comes nor after the end."""
    back = random.exponential(float(entry["years_with"]), len(born)) * DAYS_A_YEAR
    room = end - born - float(entry["youngest"]) * DAYS_A_YEAR
    back = np.minimum(np.minimum(back, np.maximum(room, 2.0)), end - born)
    onset: Days = (end - back.astype(np.int32)).astype(np.int32)
    return onset


def _control(entry: Mapping[str, Any], people: People, mine: Ints) -> Floats:
    share = np.where(people.sex[mine] == FEMALE, float(entry["female"]), float(entry["male"]))
    return share * np.where(people.rural[mine], float(entry["rural"]), 1.0)


def _enrolment(
    entry: Mapping[str, Any] | None,
    died: Days,
    times: tuple[Days, Days],
    random: np.random.Generator,
) -> tuple[Days, Days]:
    """When people with a known condition joined its programme, and when a few left it."""
    end, known = times
    count = len(end)
    never = np.full(count, NEVER, np.int32)
    if not entry:
        return never, never
    joins = (known != NEVER) & (chances(random, count) < float(entry["share"]))
    after = random.exponential(90.0, count).astype(np.int64)
    first = day_number(entry["since"]) + random.integers(0, round(entry["years"] * 365), count)
    since = np.maximum(known.astype(np.int64) + after, first)
    joins &= since < end
    enrolled = np.where(joins, since, NEVER).astype(np.int32)
    leaves = joins & (chances(random, count) < np.float32(0.03))
    length = ((end - enrolled.astype(np.int64)) * random.random(count)).astype(np.int64)
    left = np.where(leaves, enrolled + length, NEVER)
    return enrolled, np.where(joins, np.minimum(left, died), NEVER).astype(np.int32)
