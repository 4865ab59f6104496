"""Who works where: places, organisations, areas and posts, as rows of the shared tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from qamqor.engine.invented.arrow import TYPES
from qamqor.engine.invented.draws import day_number, stream
from qamqor.engine.invented.figures import Figures, Invention, chance
from qamqor.engine.invented.places import Layout
from qamqor.engine.invented.register import HOSPITAL, area_id, site_id
from qamqor.engine.programmes.schema import Table

BEFORE_ANY_BLOCK = 2**31
FUND = "fund"


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of any kind, an area included."""

    id: str
    parent_id: str | None
    kind: str
    names: tuple[str, str, str]
    place_id: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post in a team: who holds it is a matter of the resource, not of the table."""

    id: str
    role: str
    organization_id: str
    areas: tuple[int, ...]
    from_on: int
    left_on: int | None


def organisations(invention: Invention, layout: Layout) -> list[Organisation]:
    """Authorities by place, their organisations, and the areas of each."""
    texts = invention["team"]["sites"]
    # The fund and the hospital stand where the first people live, which is the centre.
    centre = layout.leaf(0)
    found = [
        Organisation(own, None, kind, _called(texts[kind], centre.names, 0), "")
        for own, kind in ((FUND, "fund"), (HOSPITAL, "hospital"))
    ]
    above: dict[str, str] = {}
    for place in layout.places:
        if place.people == 0:
            own = f"authority-{place.place_id}"
            names = _called(texts["authority"], place.names, 0)
            parent = above.get(place.parent_id)
            found.append(Organisation(own, parent, "authority", names, place.place_id))
            above[place.place_id] = own
    found += _sites(texts, layout, above)
    return found


def _sites(texts: Figures, layout: Layout, above: Mapping[str, str]) -> Iterator[Organisation]:
    for number, site in enumerate(layout.sites):
        place = layout.leaf(site.leaf)
        parent = above.get(place.parent_id)
        names = _called(texts[site.kind], place.names, site.number)
        yield Organisation(site_id(number), parent, site.kind, names, place.place_id)
    for area in range(layout.areas):
        own = int(layout.site_of_area[area])
        place = layout.leaf(layout.sites[own].leaf)
        names = _called(texts["gp_area"], place.names, area + 1)
        yield Organisation(area_id(area), site_id(own), "gp_area", names, place.place_id)


def _called(text: Figures, places: tuple[str, str, str], number: int) -> tuple[str, str, str]:
    kk, ru, en = (
        str(text[language]).format(place=place, number=number)
        for language, place in zip(("kk", "ru", "en"), places, strict=True)
    )
    return kk, ru, en


def post_id(roles: Figures, role: str, area: int, holder: int = 0) -> str:
    """The id of the post that serves an area in a role; some posts serve several areas."""
    first = area - area % int(roles[role].get("areas_shared", 1))
    return f"{role.replace('_', '-')}-{first + 1:05d}-{holder + 1}"


def posts(invention: Invention, layout: Layout, as_of: int) -> list[Post]:
    """Every post of every team; some had an earlier holder whose post has ended."""
    part = invention["team"]
    random = stream(0, BEFORE_ANY_BLOCK, "posts")
    first = day_number(part["since"]["value"])
    found = []
    for role, entry in part["roles"].items():
        for area in range(layout.areas):
            shared = int(entry.get("areas_shared", 1))
            if area % shared:
                continue
            served = tuple(range(area, min(area + shared, layout.areas)))
            for holder in range(int(entry.get("an_area", 1))):
                own = post_id(part["roles"], role, area, holder)
                start = first
                if random.random() < chance(part["staff_turnover"]):
                    start = int(random.integers(first + 400, as_of - 100))
                    found.append(Post(f"{own}-before", role, area_id(area), served, first, start))
                found.append(Post(own, role, area_id(area), served, start, None))
    return found


def shared_tables(
    invention: Invention, layout: Layout, as_of: int, tables: Mapping[str, Table]
) -> dict[str, pa.Table]:
    """The tables without patients, in the columns of the pack's views."""
    rows: dict[str, list[dict[str, Any]]] = {
        "organisation": [
            {
                "id": own.id,
                "parent_id": own.parent_id,
                "kind": own.kind,
                **dict(zip(("name_kk", "name_ru", "name_en"), own.names, strict=True)),
            }
            for own in organisations(invention, layout)
        ],
        "staff_role": [
            {
                "id": post.id,
                "role": post.role,
                "organization_id": post.organization_id,
                "from_on": _date(post.from_on),
                "left_on": _date(post.left_on),
            }
            for post in posts(invention, layout, as_of)
        ],
        "territory": [
            {
                "place_id": place.place_id,
                "parent_id": place.parent_id or None,
                "kato": place.kato,
                "is_rural": place.is_rural if place.people else None,
            }
            for place in layout.places
        ],
    }
    return {name: _table(rows[name], tables[name]) for name in rows if name in tables}


def _date(day: int | None) -> Any:
    return None if day is None else np.datetime64(day, "D").astype(object)


def _table(rows: list[dict[str, Any]], table: Table) -> pa.Table:
    schema = pa.schema([(name, TYPES[kind]) for name, kind in table.columns.items()])
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in table.columns} for row in rows], schema=schema
    )
