"""Which resources speak of which person, so that a merge or a move finds them all.

Search values know only the elements that have a search parameter; a merge must find a reference
wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from django.db import connection

from qamqor.engine.fhir.references import mentioned
from qamqor.store import many
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

PEOPLE: Final = frozenset({"Patient"})
WATCHED: Final[Mapping[str, frozenset[str]]] = {
    "CareTeam": PEOPLE | {"Organization", "PractitionerRole"}
}
"""The types of which mentions are kept, by type of the resource that makes them."""
_TABLE: Final = many.table("mention", "target:text")


class Change(NamedTuple):
    """One saved change: the key of the resource, its content before and now; None = none."""

    key: int
    type: str
    before: str | None
    now: str | None


def refresh(tx: Transaction, changes: Iterable[Change]) -> None:
    """Bring the mentions up to some changed resources; several changes of one add up."""
    whole: dict[int, Change] = {}
    for change in changes:
        first = whole.get(change.key, change)
        whole[change.key] = change._replace(before=first.before)
    gone: list[tuple[str, int]] = []
    new: list[tuple[str, int]] = []
    for change in whole.values():
        old_ones = _of(change.type, change.before)
        new_ones = _of(change.type, change.now)
        gone += [(target, change.key) for target in sorted(old_ones - new_ones)]
        new += [(target, change.key) for target in sorted(new_ones - old_ones)]
    tx.executemany("delete from mention where target = %s and key = %s", gone)
    tx.executemany("insert into mention (target, key) values (%s, %s) on conflict do nothing", new)


def add(tx: Transaction, rows: list[tuple[str, int]], *, first: int) -> None:
    """Keep the mentions that resources new to the record make: target, key less ``first``."""
    many.insert(tx, _TABLE, rows, first=first)


def made_by(type_: str, content: str) -> set[str]:
    """What a resource of a type mentions that is watched."""
    return mentioned(content, WATCHED.get(type_, PEOPLE))


def _of(type_: str, content: str | None) -> set[str]:
    return set() if content is None else made_by(type_, content)


def rebuild(tx: Transaction) -> int:
    """Make all mentions again in one transaction; returns of how many resources."""
    clear(tx)
    last = count = 0
    while step := rebuild_some(tx, last):
        last, done = step
        count += done
    return count


def clear(tx: Transaction) -> None:
    """Forget all mentions, before they are made again in steps."""
    tx.execute("delete from mention")


def rebuild_some(tx: Transaction, after: int, *, limit: int = 5000) -> tuple[int, int] | None:
    """Read the next resources by their keys; the last key and how many, None at the end."""
    rows = tx.rows(
        """select r.key, r.type, c.content from fhir_resource r
        join fhir_change c on c.sequence = r.sequence
        where r.key > %s and r.is_deleted = 0 order by r.key limit %s""",
        [after, limit],
    )
    refresh(tx, [Change(key, type_, None, content) for key, type_, content in rows])
    return (rows[-1][0], len(rows)) if rows else None


_READ: Final = """select c.sequence, c.type, c.id, c.version, c.method, c.at, c.content
    from mention m join fhir_resource r on r.key = m.key
    join fhir_change c on c.sequence = r.sequence where m.target = %s and m.key > %s
    order by m.key"""


def of(target: str, tx: Transaction | None = None, *, made_after: int = 0) -> list[Version]:
    """The current version of every resource that speaks of a target, in order of creation.

    Args:
        target: ``Patient/id``; for CareTeams also ``Organization/id`` and
            ``PractitionerRole/id``.
        tx: a transaction that is about to change them.
        made_after: only resources whose first version came after this number of the sequence.
    """
    values: list[str | int] = [target, made_after]
    if tx is not None:
        return [Version(*row) for row in tx.rows(_READ, values)]
    with connection.cursor() as cursor:
        cursor.execute(_READ, values)
        return [Version(*row) for row in cursor.fetchall()]
