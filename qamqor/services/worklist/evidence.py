"""Reads the records that due care rests on, as far as the reader of a list may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.worklist import Need, Row
from qamqor.services.access import policy
from qamqor.services.access.closed import closed_to, is_closed
from qamqor.services.access.sights import Sights, stored_facts
from qamqor.store import access, person
from qamqor.store.access import Facts

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Records in sight.

    Attributes:
        records: by reference, ``Type/id``.
        shown: the version of each, as the audit names it.
    """

    records: Mapping[str, Resource] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    def of(self, needs: Iterable[Need]) -> dict[str, Resource]:
        """Those that some needs rest on, in the order of the needs."""
        asked = (one for need in needs for one in references(need))
        return {one: self.records[one] for one in asked if one in self.records}


def masked(rows: Mapping[str, Row], *, sights: Sights) -> dict[str, Row]:
    """Rows of some people in which no need says what a record closed to the reader keeps.

    Only needs of other roles are looked at, so a worker's own list asks the record nothing.
    """
    role = sights.actor.role
    others = [who for who, row in rows.items() if any(need.role != role for need in row.needs)]
    closed = closed_to(sights, others)
    if not closed:
        return dict(rows)
    return {who: replace(row, needs=_masked(row, closed, role)) for who, row in rows.items()}


def _masked(row: Row, closed: frozenset[str], role: str) -> tuple[Need, ...]:
    return tuple(n.masked() if is_closed(n, closed, role) else n for n in row.needs)


def references(need: Need) -> list[str]:
    """The records a need rests on, ``Type/id`` each."""
    return (need.evidence or "").split()


def readable(needs: Iterable[Need], *, sights: Sights) -> Evidence:
    """What some needs rest on, in three looks at the record however many types there are.

    The caller keeps in the audit what was ``shown`` before it is given.
    """
    names = {tuple(one.split("/", 1)) for need in needs for one in references(need) if "/" in one}
    found = person.named((type_, id_) for type_, id_ in names)
    keys = {key: name for name, (key, _) in found.items()}
    about = stored_facts(keys)
    open_ = _open({key: (name[0], about[key]) for key, name in keys.items()}, sights)
    versions = [version for key, version in found.values() if key in open_ and version.content]
    return Evidence(
        {f"{v.type}/{v.id}": json_text.decode((v.content or "").encode()) for v in versions},
        tuple(sorted(f"{v.type}/{v.id}/_history/{v.version}" for v in versions)),
    )


def _open(asked: Mapping[int, tuple[str, Facts]], sights: Sights) -> set[int]:
    """Keys of those open to the reader, whose relations to all people are asked once."""
    views = {type_: sights.of("read", type_) for type_, _ in asked.values()}
    wanted = {link for view in views.values() if view is not None for link in policy.wanted(view)}
    people = {one for _, about in asked.values() for one in about.people}
    held = access.relations(people, wanted, day=sights.day) if people else {}
    found: dict[str, list[int]] = {}
    for key, (type_, about) in asked.items():
        view = views[type_]
        if view is not None and policy.decide(view, about, held) is not None:
            found.setdefault(type_, []).append(key)
    return {
        key
        for type_, keys in found.items()
        if (view := views[type_]) is not None
        for key in sights.answering(type_, view, keys)
    }
