"""Who the residents of one block are: age, sex, death, home and area."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from qamqor.engine.invented.draws import (
    DAYS_A_YEAR,
    NEVER,
    Bools,
    Days,
    Floats,
    Ints,
    chances,
    spread_evenly,
    stream,
)
from qamqor.engine.invented.figures import OLDEST, Invention, by_age
from qamqor.engine.invented.households import Households, make_households
from qamqor.engine.invented.places import Layout

FEMALE = 1


@dataclass(slots=True)
class People:
    """The residents of one block, one position each; day numbers count from 1 January 1970.

    Attributes:
        numbers: from which their ids are made, ascending.
        sex: 0 male, 1 female.
        born, died: days; ``NEVER`` for the living.
        age: completed years on ``as_of``, or at death.
        end: the last day anything can be known of: ``as_of`` or the day of death.
        leaf, area: where the household lives and which GP area serves it.
    """

    seed: int
    block: int
    as_of: int
    numbers: Ints
    sex: Ints
    born: Days
    died: Days
    age: Ints
    end: Days
    homes: Households
    leaf: Ints
    area: Ints
    rural: Bools
    known: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sex)

    def random(self, name: str) -> np.random.Generator:
        """The stream of one purpose in this block."""
        return stream(self.seed, self.block, name)

    def of(self, table: Floats) -> Floats:
        """A ``(2, 111)`` table of numbers by sex and age, for each person."""
        return table[self.sex, self.age]

    def age_on(self, days: Ints, person: Ints) -> Ints:
        """Years of age of some people on some days."""
        return ((days - self.born[person]) / DAYS_A_YEAR).astype(np.int16).clip(0, OLDEST)


def make_people(
    invention: Invention, layout: Layout, *, seed: int, block: int, as_of: int, numbers: Ints
) -> People:
    """Draw the residents of one block.

    Ages and sexes are spread evenly over the pyramid of the block's zone rather than drawn one
    by one, so that even a small district has the shape it should. People who died lately are
    added with the ages at which people die.

    Args:
        invention: the tables of numbers.
        layout: places and areas.
        seed: of the whole population.
        block: which block.
        as_of: the last day known, as a day number.
        numbers: the numbers behind the people's ids, shape ``(n,)``, ascending.
    """
    random = stream(seed, block, "people")
    first, last, pyramid = layout.zones[layout.zone_of_block(block)]
    sex, age, died = _living_and_dead(invention, pyramid, random, len(numbers), as_of)
    end = np.minimum(died, as_of).astype(np.int32)
    born = (end - (age + random.random(len(age))) * DAYS_A_YEAR).astype(np.int32)
    homes = make_households(invention["population"]["households"], sex, born, end, random)
    position = _positions(layout, first, last, homes, random)
    leaf = np.searchsorted(layout.edges, position, side="right").clip(first, last)
    rural = np.array([layout.places[i].is_rural for i in layout.leaves])[leaf]
    area = (position * layout.areas).astype(np.int32)
    return People(seed, block, as_of, numbers, sex, born, died, age, end, homes, leaf, area, rural)


def _living_and_dead(
    invention: Invention, pyramid: Floats, random: np.random.Generator, count: int, as_of: int
) -> tuple[Ints, Ints, Days]:
    years = int(invention["population"]["deaths"]["years"])
    dying = pyramid * invention.deaths
    dead = int(count * dying.sum() * years + random.random())
    living = spread_evenly(random, pyramid.ravel(), count - dead)
    gone = spread_evenly(random, dying.ravel(), dead)
    cell = np.concatenate([living, gone])
    died = np.full(count, NEVER, np.int32)
    died[count - dead :] = as_of - random.integers(1, round(years * DAYS_A_YEAR), dead)
    order = random.permutation(count)
    sex, age = np.divmod(cell[order], OLDEST + 1)
    return sex.astype(np.int8), age.astype(np.int16), died[order]


def _positions(
    layout: Layout, first: int, last: int, homes: Households, random: np.random.Generator
) -> Floats:
    """Where along all leaves each person's household lies, in [0, 1)."""
    start = layout.edges[first - 1] if first else 0.0
    spot = start + random.random(homes.count) * (layout.edges[last] - start)
    position: Floats = spot[homes.household]
    return position


def share_by_age(people: People, entry: dict[str, float]) -> Floats:
    """Shares for children, working age and old people, for each person."""
    table = by_age({0: entry["child"], 18: entry["working"], 63: entry["old"]})
    share: Floats = table[people.age]
    return share


def happens(people: People, name: str, share: Floats | float) -> Bools:
    """Whether something of a given probability holds, for each person."""
    hit: Bools = chances(people.random(name), len(people)) < share
    return hit
