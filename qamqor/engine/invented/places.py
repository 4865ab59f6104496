"""Where people live: the tree of places, their shares, and the GP areas that serve them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qamqor.engine.invented.draws import Floats, Ints
from qamqor.engine.invented.figures import Invention
from qamqor.errors import NotThere

Rows = Mapping[str, Mapping[str, str]]

CHILD_UNTIL, OLD_FROM = 16, 63
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Place:
    """One node of the tree; only leaves have people of their own."""

    place_id: str
    parent_id: str
    kato: str
    is_rural: bool
    kind: str
    organisation: str
    mix: str
    names: tuple[str, str, str]
    people: float
    position: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """An organisation with GP areas: which kind, where, and its number within the place."""

    leaf: int
    number: int
    kind: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A root place with its leaves, and the areas cut along them.

    Attributes:
        places: the root, everything below it and everything above it, parents first.
        leaves: positions in ``places``; zones are runs of leaves with one age pyramid.
        edges: cumulative share of the leaves, shape ``(leaves,)``.
        zones: first and last leaf of each zone, and its age pyramid ``(2, 111)``.
        areas: how many GP areas there are.
        sites: organisations in the order of their areas.
        site_of_area: position in ``sites``, shape ``(areas,)``.
    """

    places: tuple[Place, ...]
    leaves: Ints
    edges: Floats
    zones: tuple[tuple[int, int, Floats], ...]
    areas: int
    sites: tuple[Site, ...]
    site_of_area: Ints

    def leaf(self, position: int) -> Place:
        """The place of a leaf."""
        return self.places[int(self.leaves[position])]

    def zone_of_block(self, block: int) -> int:
        """The zone whose people a block holds; blocks fill the zones evenly in any order."""
        last = self.edges[[zone[1] for zone in self.zones]]
        return int(np.searchsorted(last, ((block + 0.5) * GOLDEN) % 1.0, side="right"))


def lay_out(invention: Invention, root: str, people: int) -> Layout:
    """Find the places under ``root`` and cut them into GP areas of equal size.

    Areas follow the leaves in order, so that one may reach over two small neighbours: a
    post with 137 people has no GP of its own.

    Raises:
        NotThere: no such place.
    """
    rows = {row["place_id"]: row for row in invention.places}
    if root not in rows:
        raise NotThere(f"no place {root!r} in places.csv; try one of {', '.join(list(rows)[:8])}")
    places = _ordered(rows, root)
    leaves = np.array([i for i, place in enumerate(places) if place.people > 0])
    edges = np.cumsum([places[i].people for i in leaves])
    edges = edges / edges[-1]
    residents = float(invention["team"]["residents_an_area"]["value"])
    areas = max(1, round(people / residents))
    most = int(invention["team"]["areas_a_site"]["value"])
    sites, site_of_area = _sites(places, leaves, edges, areas=areas, most=most)
    zones = _zones(invention, rows, places, leaves)
    return Layout(tuple(places), leaves, edges, zones, areas, sites, site_of_area)


def _ordered(table: Rows, root: str) -> list[Place]:
    above: list[str] = []
    at = table[root]["parent_id"]
    while at:
        above.insert(0, at)
        at = table[at]["parent_id"]
    return [_place(table, name, has_people=False) for name in above] + _below(table, root)


def _below(rows: Rows, root: str) -> list[Place]:
    found = [_place(rows, root)]
    for name, row in rows.items():
        if row["parent_id"] == root:
            found += _below(rows, name)
    return found


def _place(rows: Rows, name: str, *, has_people: bool = True) -> Place:
    row = rows[name]
    return Place(
        name,
        row["parent_id"],
        row["kato"],
        row["settlement"] == "rural",
        row["kind"],
        row["organisation"],
        _inherited(rows, name, "mix"),
        (row["name_kk"], row["name_ru"], row["name_en"]),
        float(row["population"] or 0) if has_people else 0.0,
        (float(row["latitude"]), float(row["longitude"])) if row.get("latitude") else None,
    )


def _inherited(rows: Rows, name: str, column: str) -> str:
    while name and not rows[name][column]:
        name = rows[name]["parent_id"]
    return rows[name][column] if name else ""


def _sites(
    places: Sequence[Place], leaves: Ints, edges: Floats, *, areas: int, most: int
) -> tuple[tuple[Site, ...], Ints]:
    """Give each area the organisation of the leaf in which its middle lies."""
    middle = (np.arange(areas) + 0.5) / areas
    leaf = np.searchsorted(edges, middle, side="right")
    sites: list[Site] = []
    site_of_area = np.zeros(areas, dtype=np.int32)
    for own in np.unique(leaf):
        mine = np.flatnonzero(leaf == own)
        for number, chunk in enumerate(np.array_split(mine, -(-len(mine) // most)), start=1):
            site_of_area[chunk] = len(sites)
            kind = places[int(leaves[own])].organisation
            sites.append(Site(int(own), number, kind if kind != "feldsher_post" else "ambulatory"))
    return tuple(sites), site_of_area


def _zones(
    invention: Invention, rows: Rows, places: Sequence[Place], leaves: Ints
) -> tuple[tuple[int, int, Floats], ...]:
    owner = [_owner(rows, places[i].place_id) for i in leaves]
    starts = [i for i, name in enumerate(owner) if i == 0 or name != owner[i - 1]]
    ends = [*(start - 1 for start in starts[1:]), len(owner) - 1]
    return tuple(
        (start, end, _tilted(invention, rows.get(owner[start], {})))
        for start, end in zip(starts, ends, strict=True)
    )


def _owner(rows: Rows, name: str) -> str:
    while name and not rows[name]["young_percent"]:
        name = rows[name]["parent_id"]
    return name


def _tilted(invention: Invention, row: Mapping[str, str]) -> Floats:
    """The country's pyramid with the place's own shares of children and of old people."""
    pyramid: Floats = invention.pyramid / invention.pyramid.sum()
    if not row:
        return pyramid
    young, old = float(row["young_percent"]) / 100, float(row["old_percent"]) / 100
    age = np.arange(pyramid.shape[1])
    groups = (age < CHILD_UNTIL, (age >= CHILD_UNTIL) & (age < OLD_FROM), age >= OLD_FROM)
    for group, share in zip(groups, (young, 1 - young - old, old), strict=True):
        pyramid[:, group] *= share / pyramid[:, group].sum()
    return pyramid
