"""The order of doors: the urgent first, then the shortest way, from the clinic and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import pairwise, permutations
from typing import Final, NamedTuple

EARTH_KM: Final = 6371.0


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
    cost = _cost_of(places, start, end)
    ways = (_shortened(_nearest_next(places, first), cost) for first in range(len(places)))
    return min(ways, key=cost, default=[])


def exactly(
    places: Sequence[Position], start: Position | None = None, end: Position | None = None
) -> list[int]:
    """The shortest way of all, by trying every order: for few places, to hold ``shortest`` to."""
    cost = _cost_of(places, start, end)
    return min((list(one) for one in permutations(range(len(places)))), key=cost)


def _cost_of(
    places: Sequence[Position], start: Position | None, end: Position | None
) -> Callable[[Sequence[int]], float]:
    """How long a way is, from distances measured once."""
    apart = [[kilometres(one, other) for other in places] for one in places]
    first = [0.0 if start is None else kilometres(start, one) for one in places]
    last = [0.0 if end is None else kilometres(one, end) for one in places]

    def cost(way: Sequence[int]) -> float:
        if not way:
            return 0.0
        return first[way[0]] + sum(apart[a][b] for a, b in pairwise(way)) + last[way[-1]]

    return cost


def _nearest_next(places: Sequence[Position], first: int) -> list[int]:
    left, way = set(range(len(places))) - {first}, [first]
    while left:
        way.append(_nearest(places, way[-1], left))
        left.remove(way[-1])
    return way


def _shortened(way: list[int], cost: Callable[[Sequence[int]], float]) -> list[int]:
    while True:
        better = min(_neighbours(way), key=cost, default=way)
        if cost(better) >= cost(way) - 1e-9:
            return way
        way = better


def _nearest(places: Sequence[Position], here: int, left: set[int]) -> int:
    return min(left, key=lambda n: (kilometres(places[here], places[n]), n))


def _neighbours(way: Sequence[int]) -> list[list[int]]:
    """Every way that differs by one stretch turned round, or by one place moved."""
    found, n = [], len(way)
    for i in range(n):
        for j in range(i + 1, n):
            found.append([*way[:i], *reversed(way[i : j + 1]), *way[j + 1 :]])
        rest = [*way[:i], *way[i + 1 :]]
        found += [[*rest[:j], way[i], *rest[j:]] for j in range(n) if j != i]
    return found


def by_address(door: Door) -> tuple[str, str, int, str]:
    """Where nobody knows the position: settlement, street, house as a number."""
    street, _, house = door.address.partition(",")
    digits = re.search(r"\d+", house)
    return door.settlement, street.casefold(), int(digits[0]) if digits else 0, door.key
