"""When people met their team over the years: the thread on which most other events hang."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    NEVER,
    Bools,
    Days,
    Floats,
    Ints,
    chances,
    normals,
    on_workday,
)
from qamqor.engine.invented.figures import Figures, Invention, by_age, by_sex, chance
from qamqor.engine.invented.illness import Illness
from qamqor.engine.invented.people import People

BYTE = 256


@dataclass(frozen=True, slots=True)
class Contacts:
    """Meetings in order of person and day: whose, when, of which kind, and what each kind is.

    ``first_visit`` is the day from which visits are on record, not only their readings.
    """

    person: Ints
    day: Days
    kind: Ints
    kinds: Mapping[str, Figures]
    first_visit: int

    def __len__(self) -> int:
        return len(self.person)

    @property
    def on_record(self) -> Bools:
        """Whether the visit itself is on record."""
        result: Bools = self.day >= self.first_visit
        return result


def kind_table(kinds: Mapping[str, Figures]) -> Ints:
    """Which kind a random byte stands for, by sex and age: ``(2, 111, 256)``."""
    shares = np.stack([by_age(kind["share"]) for kind in kinds.values()])
    table = np.empty((2, shares.shape[1], BYTE), np.int8)
    for sex, name in enumerate(("male", "female")):
        allowed = np.array([kind.get("sex", name) == name for kind in kinds.values()])
        edges = np.cumsum(shares * allowed[:, None], axis=0)
        edges = edges / edges[-1]
        points = (np.arange(BYTE) + 0.5) / BYTE
        table[sex] = (points[None, :, None] >= edges.T[:, None, :]).sum(axis=2)
    return table


def make_contacts(
    invention: Invention, people: People, illnesses: Mapping[str, Illness], table: Ints
) -> Contacts:
    """Draw every contact of the block.

    Contacts come at a person's own rate, at random within it. Those that a condition brings
    begin when it is known; some people with a condition stop coming.

    Args:
        invention: the tables of numbers.
        people: of one block.
        illnesses: what they live with.
        table: what ``kind_table`` gave.
    """
    part = invention["contacts"]
    random = people.random("contacts")
    start = np.maximum(people.born, people.as_of - round(chance(part["years"]) * DAYS_A_YEAR))
    base = _own_rate(part, people, random)
    full = base + _brought(invention["conditions"]["conditions"], illnesses)
    span = (people.end - start).clip(0)
    person, day = _moments(random, full * span / DAYS_A_YEAR, start, span)
    kept = _kept(part["lost"], people, illnesses, random, (base / full, person, day))
    person, day = person[kept], day[kept]
    day = np.maximum(on_workday(day), people.born[person])
    byte = random.integers(0, BYTE, len(person), np.uint8)
    kind = table[people.sex[person], people.age[person], byte]
    first = people.as_of - round(chance(part["encounters_years"]) * DAYS_A_YEAR)
    return Contacts(person, day, kind, part["kinds"], first)


def _own_rate(part: Figures, people: People, random: np.random.Generator) -> Floats:
    """Contacts a year that a person would have without any known condition."""
    rate = people.of(by_sex(part["a_year"])) * np.where(people.rural, chance(part["rural"]), 1.0)
    sigma = chance(part["spread"])
    rate = rate * np.exp(normals(random, len(people)) * sigma - sigma**2 / 2)
    return np.where(chances(random, len(people)) < chance(part["uses_no_care"]), 0.02, rate)


def _brought(conditions: Mapping[str, Figures], illnesses: Mapping[str, Illness]) -> Floats:
    """Contacts a year that known conditions bring."""
    more: Floats = np.zeros(1)
    for name, illness in illnesses.items():
        a_year = conditions[name]["contacts_a_year"]
        known, enrolled = illness.on_record, illness.enrolled != NEVER
        more = more + known * float(a_year["known"]) + enrolled * float(a_year.get("enrolled", 0))
        more = more + (known & ~illness.controlled) * float(a_year.get("uncontrolled", 0))
    return more


def _moments(
    random: np.random.Generator, expected: Floats, start: Days, span: Ints
) -> tuple[Ints, Days]:
    """Events at random over each person's span: as many as expected on average, in order."""
    counts = random.poisson(expected)
    gaps = random.standard_exponential(int(counts.sum()) + len(counts), dtype=np.float32)
    ends = np.cumsum(counts + 1)
    so_far = np.cumsum(gaps, dtype=np.float64)
    total = so_far[ends - 1]
    before = np.concatenate([[0.0], total[:-1]])
    scale = span / (total - before)
    person = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    inner = np.delete(so_far, ends - 1)
    day = start[person] + (inner - before[person]) * scale[person]
    return person, day.astype(np.int32)


def _kept(
    lost: Figures,
    people: People,
    illnesses: Mapping[str, Illness],
    random: np.random.Generator,
    drawn: tuple[Floats, Ints, Days],
) -> Bools:
    """Not yet those that a condition brings before it is known, and not after being lost."""
    own_share, person, day = drawn
    since = np.minimum.reduce([illness.known for illness in illnesses.values()])
    gone = (since != NEVER) & (chances(random, len(people)) < float(lost["share"]))
    back = (random.random(len(people)) * float(lost["years"]) * DAYS_A_YEAR).astype(np.int32)
    stop = np.where(gone, people.end - back, NEVER)
    u = chances(random, len(person))
    early = (day < since[person]) & (u >= own_share[person])
    late = (day > stop[person]) & (u < np.float32(0.9))
    kept: Bools = ~(early | late)
    return kept
