"""Every version of every resource, and where each stands now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from qamqor.store import quick
from qamqor.store.node import Transaction

Key = tuple[str, str]
T = TypeVar("T")


class Standing(NamedTuple):
    """Where a resource stands: ``key`` is what search tables point to, for ever the same."""

    key: int
    version: int
    sequence: int
    at: int
    is_deleted: bool


class Version(NamedTuple):
    """One version: ``at`` in microseconds since 1970 UTC, ``content`` JSON, None when deleted."""

    sequence: int
    type: str
    id: str
    version: int
    method: str
    at: int
    content: str | None


class Seen(NamedTuple):
    """A current version, and the people it is about."""

    version: Version
    people: frozenset[str]


COLUMNS = "c.sequence, c.type, c.id, c.version, c.method, c.at, c.content"
_READ = f"""select {COLUMNS} from fhir_resource r join fhir_change c on c.sequence = r.sequence
    where r.type = %s and r.id = %s"""


def read(type_: str, id_: str) -> Version | None:
    """The current version, which may say that the resource is deleted; None: never known here."""
    return _one(_READ, [type_, id_])


def read_version(type_: str, id_: str, version: int) -> Version | None:
    """One version by its number."""
    return _one(
        f"select {COLUMNS} from fhir_change c where c.type = %s and c.id = %s and c.version = %s",
        [type_, id_, version],
    )


def read_by_keys(keys: Sequence[int]) -> dict[int, Version]:
    """The current versions behind search results."""
    found: dict[int, Version] = {}
    for some in _slices(keys):
        marks = ",".join(["%s"] * len(some))
        found |= {
            row[0]: Version(*row[1:])
            for row in _all(
                f"""select r.key, {COLUMNS} from fhir_resource r
                join fhir_change c on c.sequence = r.sequence where r.key in ({marks})""",
                some,
            )
        }
    return found


def current_of_type(type_: str, *, since: int = 0, slice_size: int = 2000) -> Iterator[Version]:
    """Every current version of a type that is not deleted, in the order of their keys.

    Args:
        since: only what changed at or after this moment, in microseconds.
        slice_size: how many are read at a time; memory stays small however many there are.
    """
    last = -1
    while True:
        rows = _all(
            f"""select r.key, {COLUMNS} from fhir_resource r
            join fhir_change c on c.sequence = r.sequence
            where r.type = %s and r.is_deleted = 0 and r.key > %s and r.at >= %s
            order by r.key limit %s""",
            [type_, last, since, slice_size],
        )
        yield from (Version(*row[1:]) for row in rows)
        if len(rows) < slice_size:
            return
        last = rows[-1][0]


def type_as_of(
    type_: str, sequence: int, *, since: int = 0, slice_size: int = 2000
) -> Iterator[Version]:
    """Every resource of a type as it stood after a number of the sequence, deletions included.

    However long the reading takes and whatever changes meanwhile, it is one moment's picture.

    Args:
        since: only what changed at or after this moment, in microseconds.
    """
    last = -1
    while True:
        rows = _all(
            f"""with standing as (
                select r.key, case when r.sequence <= %s then r.sequence else (
                    select max(c.sequence) from fhir_change c
                    where c.type = r.type and c.id = r.id and c.sequence <= %s) end as sequence
                from fhir_resource r where r.type = %s and r.key > %s and r.key <= %s
                order by r.key limit %s)
            select s.key, {COLUMNS} from standing s join fhir_change c on c.sequence = s.sequence
            order by s.key""",
            [sequence, sequence, type_, last, sequence, slice_size],
        )
        yield from (Version(*row[1:]) for row in rows if row[6] >= since)
        if len(rows) < slice_size:
            return
        last = rows[-1][0]


def count(type_: str, *, most: int) -> int:
    """How many resources of a type there are, counted no further than ``most``."""
    rows = _all(
        """select count(*) from (select 1 from fhir_resource where type = %s
        and is_deleted = 0 limit %s) as counted""",
        [type_, most],
    )
    return int(rows[0][0])


def types() -> list[str]:
    """Every resource type that is or was stored here."""
    return [row[0] for row in _all("select distinct type from fhir_resource order by type", [])]


def keys_after(key: int, *, limit: int) -> list[int]:
    """The keys of the next resources that are not deleted, in order."""
    rows = _all(
        """select key from fhir_resource where key > %s and is_deleted = 0
        order by key limit %s""",
        [key, limit],
    )
    return [row[0] for row in rows]


def changes_after(sequence: int, *, limit: int = 1000) -> list[Version]:
    """What changed after a number of the sequence, in order: the whole history, replayable."""
    return [
        Version(*row)
        for row in _all(
            f"""select {COLUMNS} from fhir_change c where c.sequence > %s
            order by c.sequence limit %s""",
            [sequence, limit],
        )
    ]


def last_sequence() -> int:
    """The number of the newest change."""
    return int(_all("select coalesce(max(sequence), 0) from fhir_change", [])[0][0])


def standing(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Standing]:
    """Where the named resources stand, inside a transaction that is about to change them."""
    ids: dict[str, list[str]] = {}
    for type_, id_ in keys:
        ids.setdefault(type_, []).append(id_)
    found: dict[Key, Standing] = {}
    for type_, listed in ids.items():
        for some in _slices(listed):
            marks = ",".join(["%s"] * len(some))
            for row in tx.rows(
                f"""select id, key, version, sequence, at, is_deleted from fhir_resource
                where type = %s and id in ({marks})""",
                [type_, *some],
            ):
                found[type_, row[0]] = Standing(row[1], row[2], row[3], row[4], bool(row[5]))
    return found


def write(tx: Transaction, versions: Sequence[tuple[int, Version]]) -> None:
    """Add versions and move where their resources stand.

    Args:
        versions: the key of the resource and the new version; a first version's key is its own
            sequence number.
    """
    tx.executemany(
        """insert into fhir_change (sequence, type, id, version, method, at, content)
        values (%s, %s, %s, %s, %s, %s, %s)""",
        [version for _, version in versions],
    )
    tx.executemany(
        """insert into fhir_resource (key, type, id, version, sequence, at, is_deleted)
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (type, id) do update set version = excluded.version,
            sequence = excluded.sequence, at = excluded.at, is_deleted = excluded.is_deleted""",
        [
            (key, v.type, v.id, v.version, v.sequence, v.at, int(v.content is None))
            for key, v in versions
        ],
    )


def _slices(keys: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _one(sql: str, values: Sequence[Any]) -> Version | None:
    found = quick.rows(sql, values)
    return Version(*found[0]) if found else None


def _all(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    return quick.rows(sql, values)
