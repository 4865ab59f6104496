"""Which resource types feed which tables, and how each row finds its resource again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from qamqor.engine.fhir.envelope import patient_elements
from qamqor.engine.programmes.schema import Table
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.view import View

OWN_KEY: Final = "getResourceKey()"
ADDED_KEY: Final = "from_resource_id"
PROBE: Final = "passes"


@dataclass(frozen=True, slots=True)
class Feed:
    """One view of one table.

    Attributes:
        key: the column that holds the id of the row's resource.
        may_skip: a resource that passes the conditions may still give no row.
        is_only: no other resource type feeds the table.
    """

    table: str
    resource: str
    view: View
    key: str
    known_on: str | None
    has_patient: bool
    may_skip: bool
    is_only: bool

    @property
    def source(self) -> str:
        """The mark of its files: the resource type, where the table has several."""
        return "" if self.is_only else self.resource

    @property
    def order(self) -> tuple[str, ...]:
        """The columns its files are sorted by."""
        first = ("patient_id",) if self.has_patient else ()
        rest = (column for column in (self.known_on, self.key) if column)
        return tuple(dict.fromkeys((*first, *rest)))


@dataclass(frozen=True, slots=True)
class Plan:
    """All feeds by resource type, and what identifies this set of tables.

    Attributes:
        probes: by resource type, views that say of each resource which tables' conditions it
            passes: a truth column for each table whose feed may skip it.
    """

    feeds: Mapping[str, tuple[Feed, ...]]
    probes: Mapping[str, tuple[View, ...]]
    tables: tuple[str, ...]
    shared: tuple[str, ...]
    sha256: str

    @property
    def used(self) -> frozenset[str]:
        """Types that are kept track of: those some table reads, and Patient."""
        return frozenset({*self.feeds, "Patient"})

    @property
    def about_people(self) -> frozenset[str]:
        """Types of which every resource has to name its patient.

        A group without members is nothing wrong, so types that name patients only in a list
        are not among them; nor is a team, which without a person of its own is that of an area.
        """
        return frozenset(
            kind
            for kind, feeds in self.feeds.items()
            if kind != "CareTeam"
            and any(feed.has_patient for feed in feeds)
            and any(name != "member" for name in patient_elements(kind))
        )


def plan_of(tables: Iterable[Table]) -> Plan:
    """Prepare the tables of a pack for loading.

    Raises:
        InvalidView: a view of the pack is not valid.
    """
    listed = sorted(tables, key=lambda table: table.name)
    feeds: dict[str, list[Feed]] = {}
    for table in listed:
        keys = [_own_key(view) for view in table.views]
        for view, key in zip(table.views, keys, strict=True):
            # All files of a table have the same columns, so all get the added key or none.
            feed = _feed(table, view, key if all(keys) else None)
            feeds.setdefault(feed.resource, []).append(feed)
    probes = {kind: tuple(_probes(kind, found)) for kind, found in feeds.items()}
    views = msgspec.json.encode([[table.name, *table.views] for table in listed], order="sorted")
    return Plan(
        feeds={kind: tuple(found) for kind, found in feeds.items()},
        probes=probes,
        tables=tuple(table.name for table in listed),
        shared=tuple(table.name for table in listed if not table.has_patient),
        sha256=hashlib.sha256(views).hexdigest(),
    )


def _feed(table: Table, view: Mapping[str, Any], key: str | None) -> Feed:
    if key is None:
        column = {"name": ADDED_KEY, "path": OWN_KEY, "type": "string"}
        view = {**view, "select": [*view["select"], {"column": [column]}]}
    return Feed(
        table=table.name,
        resource=str(view["resource"]),
        view=read_view(view),
        key=key or ADDED_KEY,
        known_on=table.known_on,
        has_patient=table.has_patient,
        may_skip=_may_skip(view["select"]),
        is_only=len(table.views) == 1,
    )


def _own_key(view: Mapping[str, Any]) -> str | None:
    for select in view.get("select", ()):
        for column in select.get("column", ()):
            if column.get("path") == OWN_KEY and not {"forEach", "forEachOrNull"} & set(select):
                return str(column["name"])
    return None


def _may_skip(selects: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a resource that passes the conditions can still give no row."""
    return any("forEach" in one or "unionAll" in one or "repeat" in one for one in selects) or any(
        _may_skip(one.get("select", ())) for one in selects
    )


def _probes(kind: str, feeds: Iterable[Feed]) -> Iterator[View]:
    """One view for all feeds of a type, or more where they give one constant two values."""
    waiting = [feed for feed in feeds if feed.may_skip]
    while waiting:
        constants: dict[str, Any] = {}
        asked, later = [], []
        for feed in waiting:
            own = {one["name"]: one for one in feed.view.raw.get("constant", ())}
            if all(constants.get(name, one) == one for name, one in own.items()):
                constants |= own
                asked.append(feed)
            else:
                later.append(feed)
        columns = [{"name": ADDED_KEY, "path": OWN_KEY, "type": "string"}, *map(_passes, asked)]
        name = f"{PROBE}{len(later)}"
        select = [{"column": columns}]
        raw = {"name": name, "resource": kind, "constant": [*constants.values()], "select": select}
        yield read_view(raw)
        waiting = later


def _passes(feed: Feed) -> dict[str, str]:
    paths = [f"({one['path']})" for one in feed.view.raw.get("where", ())]
    return {"name": feed.table, "path": " and ".join(paths or ["true"]), "type": "boolean"}
