"""The order of doors: the urgent first, then the shortest way, from the clinic and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise, permutations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

EARTH_KM: Final = 6371.0
LEAST_KM: Final = 1e-9
Kilometres = npt.NDArray[np.float64]


class Position(NamedTuple):
    """Where a door is, in degrees of WGS 84."""

    latitude: float
    longitude: float


class Door(NamedTuple):
    """One door of a round.

    Attributes:
        key: what it is known by; settles what is equal.
        address: as written, for doors whose position nobody knows.
    """

    key: str
    position: Position | None
    is_urgent: bool = False
    settlement: str = ""
    address: str = ""


def kilometres(one: Position, other: Position) -> float:
    """How far two doors are apart as the crow flies."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    half = math.sin((south - north) / 2) ** 2
    east = math.radians(other.longitude - one.longitude)
    half += math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def length(places: Sequence[Position]) -> float:
    """Kilometres of a way through some places in their order."""
    return sum(kilometres(one, other) for one, other in pairwise(places))


def order(doors: Sequence[Door], start: Position | None) -> list[Door]:
    """Doors in the order to go: urgent ones first, each part by the shortest way found.

    Doors without a position come last in their part, by settlement, street and house.

    Args:
        start: the clinic, where the round begins and ends; None: where the first door is.
    """
    urgent, others = ([d for d in doors if d.is_urgent is said] for said in (True, False))
    first, here = _part(urgent, start, start if not others else None)
    then, _ = _part(others, here, start)
    return first + then


def _part(
    doors: Sequence[Door], start: Position | None, end: Position | None
) -> tuple[list[Door], Position | None]:
    """Some doors in order, and where one then is."""
    known = sorted((d for d in doors if d.position is not None), key=lambda one: one.key)
    lost = sorted((d for d in doors if d.position is None), key=by_address)
    places = [door.position for door in known if door.position is not None]
    found = [known[n] for n in shortest(places, start, end)]
    return found + lost, found[-1].position if found else start


def shortest(
    places: Sequence[Position], start: Position | None = None, end: Position | None = None
) -> list[int]:
    """A short way through every place.

    From each place as the first: nearest next, then every crossing untied (2-opt) and every place
    tried elsewhere, until nothing gets shorter; the shortest of these ways.

    Returns:
        positions of the places in ``places``, in the order to go.
    """
    if not places:
        return []
    apart = _apart(places, start, end)
    ways = [_shortened(_nearest_next(apart, first), apart) for first in range(len(places))]
    return min(ways, key=_cost_of(apart))


def exactly(
    places: Sequence[Position], start: Position | None = None, end: Position | None = None
) -> list[int]:
    """The shortest way of all, by trying every order: for few places, to hold ``shortest`` to."""
    cost = _cost_of(_apart(places, start, end))
    return min((list(one) for one in permutations(range(len(places)))), key=cost)


def _apart(places: Sequence[Position], start: Position | None, end: Position | None) -> Kilometres:
    """How far everything is apart, shape ``(n + 2, n + 2)``: the places, the start, the end.

    Where nobody knows where a way begins or ends, that costs nothing.
    """
    known = [*places, start, end]
    return np.array(
        [[0.0 if a is None or b is None else kilometres(a, b) for b in known] for a in known]
    )


def _cost_of(apart: Kilometres) -> Callable[[Sequence[int]], float]:
    """How long a way is."""
    rows, count = apart.tolist(), len(apart) - 2

    def cost(way: Sequence[int]) -> float:
        return float(sum(rows[a][b] for a, b in pairwise([count, *way, count + 1])))

    return cost


def _nearest_next(apart: Kilometres, first: int) -> list[int]:
    rows = apart.tolist()
    left, way = set(range(len(rows) - 2)) - {first}, [first]
    while left:
        here = rows[way[-1]]
        way.append(min(left, key=lambda n: (here[n], n)))
        left.remove(way[-1])
    return way


def _shortened(way: list[int], apart: Kilometres) -> list[int]:
    """The way changed by the best of all small changes, as long as one makes it shorter."""
    count = len(way)
    while count > 1:
        gains = _gains(way, apart)
        i, what = divmod(int(np.argmin(gains)), 2 * count)
        if gains[i, what] >= -LEAST_KM:
            break
        if what < count:
            way = [*way[:i], *reversed(way[i : what + 1]), *way[what + 1 :]]
        else:
            rest, j = [*way[:i], *way[i + 1 :]], what - count
            way = [*rest[:j], way[i], *rest[j:]]
    return way


def _gains(way: Sequence[int], apart: Kilometres) -> Kilometres:
    """How much longer a way gets by each small change; less than nothing is shorter.

    Returns:
        kilometres, shape ``(n, 2 n)``: in row ``i`` first for turning round the stretch from ``i``
        to ``j``, then for moving place ``i`` to stand at ``j``; infinite where that is no change.
    """
    count = len(way)
    steps = np.array([count, *way, count + 1])
    a = apart[np.ix_(steps, steps)]
    at = np.arange(1, count + 1)
    before, here = at[:, None] - 1, at[:, None]
    to = at[None, :]
    ahead = a[at - 1, at]
    behind = a[at, at + 1]
    turned = a[before, to] + a[here, to + 1] - ahead[:, None] - behind[None, :]
    turned[to <= here] = np.inf
    out = ahead + behind - a[at - 1, at + 1]
    left = np.where(to < here, to - 1, to)
    moved = a[left, here] + a[here, left + 1] - a[left, left + 1] - out[:, None]
    moved[to == here] = np.inf
    return np.round(np.concatenate([turned, moved], axis=1), 9)


def by_address(door: Door) -> tuple[str, str, int, str]:
    """Where nobody knows the position: settlement, street, house as a number."""
    street, _, house = door.address.partition(",")
    digits = re.search(r"\d+", house)
    return door.settlement, street.casefold(), int(digits[0]) if digits else 0, door.key
