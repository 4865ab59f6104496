"""Which people a household belongs to, how its members are called, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qamqor.engine.invented.draws import Bools, Ints, pick
from qamqor.engine.invented.figures import Figures
from qamqor.engine.invented.people import People
from qamqor.engine.invented.places import Layout


@dataclass(frozen=True, slots=True)
class Origins:
    """For each person: position in ``peoples`` and whether they speak Kazakh with the clinic."""

    peoples: tuple[str, ...]
    of: Ints
    speaks_kazakh: Bools


def make_origins(names: Figures, layout: Layout, people: People) -> Origins:
    """Draw a people for each household by the mix of its place, and a language with it."""
    random = people.random("origins")
    peoples = tuple(names["peoples"])
    leaf = np.zeros(people.homes.count, np.int64)
    leaf[people.homes.household] = people.leaf
    household = np.zeros(people.homes.count, np.int8)
    for place in np.unique(leaf):
        mix: Mapping[str, Any] = names["mixes"][layout.leaf(place).mix]
        shares = np.array([float(mix.get(name, 0)) for name in peoples])
        mine = np.flatnonzero(leaf == place)
        household[mine] = pick(random, shares, len(mine))
    settled = ("urban", "rural")
    share = np.array([[names["speaks_kazakh"][name][s] for s in settled] for name in peoples])
    rural = np.zeros(people.homes.count, np.int8)
    rural[people.homes.household] = people.rural
    speaks = random.random(people.homes.count) < share[household, rural]
    return Origins(peoples, household[people.homes.household], speaks[people.homes.household])
