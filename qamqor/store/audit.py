"""Who did what to which record. Rows are only ever added, each chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection

from qamqor.store import quick
from qamqor.store.node import Transaction

FIRST_HASH: Final = "0" * 64
"""What the first entry of a node is chained to."""


class Row(NamedTuple):
    """One entry: ``at`` in microseconds since 1970 UTC, ``entry`` JSON, ``hash`` hexadecimal."""

    number: int
    at: int
    action: str
    outcome: str
    agent: str
    entry: str
    hash: str


class Checkpoint(NamedTuple):
    """The chain as it was at a number, signed by a key (its SHA-256, shortened)."""

    number: int
    at: int
    hash: str
    key: str
    signature: str


def chained(before: str, row: tuple[int, int, str, str, str, str]) -> str:
    """The hash of an entry: over the hash before it and everything it says."""
    number, at, action, outcome, agent, entry = row
    said = f"{before}\x1f{number}\x1f{at}\x1f{action}\x1f{outcome}\x1f{agent}\x1f{entry}"
    return hashlib.sha256(said.encode()).hexdigest()


def head(tx: Transaction) -> tuple[int, str]:
    """Number and hash of the newest entry, inside the transaction that will add to it."""
    rows = tx.rows("select number, hash from audit_entry order by number desc limit 1")
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, FIRST_HASH)


def add(
    tx: Transaction, entries: Sequence[tuple[int, str, str, str, str, Collection[str]]]
) -> tuple[int, str]:
    """Add entries to the chain; returns number and hash of the last.

    Args:
        entries: moment, action, outcome, agent, JSON and the ids of the people concerned.
    """
    number, hash_ = head(tx)
    rows: list[tuple[Any, ...]] = []
    people = 0
    for at, action, outcome, agent, entry, patients in entries:
        number += 1
        hash_ = chained(hash_, (number, at, action, outcome, agent, entry))
        rows.append((number, at, action, outcome, agent, entry, hash_))
        people += len(patients)
    _insert(tx, rows)
    tx.execute("update node_counter set value = %s where name = 'audit'", [number])
    _WAITING.entries += len(rows)
    _WAITING.people += people
    if _WAITING.entries >= LIMITS.entries or _WAITING.people >= LIMITS.people:
        index_people(tx)
    return number, hash_


@dataclass(slots=True)
class Limits:
    """How many entries, about how many people, may wait until they are in the index by person."""

    entries: int = 500
    people: int = 5_000


LIMITS: Final = Limits()


class _Waiting:
    """What this process added since it last brought the index by person up to date.

    Its first commit does so, since what another process left behind is not known. Too much counted,
    where a commit failed, is no harm.
    """

    entries = LIMITS.entries
    people = 0


_WAITING: Final = _Waiting()


def index_people(tx: Transaction) -> None:
    """Bring the index by person up to date: rows of many entries at once, in its own order.

    Entry by entry, each would change a page of the index for every person it names. Who is not yet
    in the index is found in the entries themselves.
    """
    last = indexed_to()
    rows: list[tuple[str, int]] = []
    for number, entry in tx.rows(
        "select number, entry from audit_entry where number > %s order by number", [last]
    ):
        rows += [(person, number) for person in people_of(entry)]
        last = number
    if rows:
        rows.sort()
        _insert_people(tx, rows)
    tx.execute("update node_counter set value = %s where name = 'audit_people'", [last])
    _WAITING.entries = _WAITING.people = 0


def _insert_people(tx: Transaction, rows: list[tuple[str, int]]) -> None:
    if quick.is_sqlite():
        _in_steps(tx, rows, _inserting_people)
        return
    people, numbers = zip(*rows, strict=True)
    tx.execute(
        """insert into audit_patient (patient, number)
        select * from unnest(%s::text[], %s::bigint[]) on conflict do nothing""",
        [list(people), list(numbers)],
    )


class _Named(msgspec.Struct, gc=False):
    """The part of an entry that the index by person repeats."""

    people: tuple[str, ...] = ()


named: Final = msgspec.json.Decoder(_Named).decode


LONGEST_LISTED: Final = 200
"""Characters of an id that is indexed: FHIR allows 64, an index of PostgreSQL some 2,700 bytes."""


def listed(people: tuple[str, ...]) -> tuple[str, ...]:
    """Those that every database can index: what is no id, and was only asked for, is left out.

    The index follows the chain inside the commits of everybody who reads, and must never fail.
    """
    return tuple(one for one in people if len(one) <= LONGEST_LISTED and "\0" not in one)


def people_of(entry: str) -> tuple[str, ...]:
    """Ids of those whom the JSON of an entry names; nobody where it was made unreadable."""
    try:
        return listed(named(entry).people)
    except msgspec.DecodeError:
        return ()


def indexed_to() -> int:
    """The number of the last entry whose people are in the index."""
    return int(_rows("select value from node_counter where name = 'audit_people'", [])[0][0])


_COLUMNS: Final = "number, at, action, outcome, agent, entry, hash"
_TYPES: Final = ("bigint", "bigint", "text", "text", "text", "text", "text")
TOGETHER: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows of one statement to SQLite: while a statement runs, others wait for the interpreter once,
not for each row; few sizes, so that each is prepared once."""


def _insert(tx: Transaction, rows: Sequence[Sequence[Any]]) -> None:
    if not quick.is_sqlite():
        tx.execute(_UNNESTED, [list(column) for column in zip(*rows, strict=True)])
        return
    _in_steps(tx, rows, _inserting)


def _in_steps(tx: Transaction, rows: Sequence[Sequence[Any]], text: Callable[[int], str]) -> None:
    start = 0
    while start < len(rows):
        size = next(size for size in TOGETHER if size <= len(rows) - start)
        some = rows[start : start + size]
        tx.execute(text(size), [v for row in some for v in row])
        start += size


_UNNESTED: Final = (
    f"insert into audit_entry ({_COLUMNS}) select * from unnest("
    + ", ".join(f"%s::{kind}[]" for kind in _TYPES)
    + ")"
)


@cache
def _inserting(rows: int) -> str:
    row = f"({', '.join(['%s'] * len(_TYPES))})"
    return f"insert into audit_entry ({_COLUMNS}) values {', '.join([row] * rows)}"


@cache
def _inserting_people(rows: int) -> str:
    marks = ", ".join(["(%s, %s)"] * rows)
    return f"insert into audit_patient (patient, number) values {marks} on conflict do nothing"


def add_checkpoint(tx: Transaction, checkpoint: Checkpoint) -> None:
    """Keep a signed checkpoint; one for a number is enough."""
    tx.execute(
        """insert into audit_checkpoint (number, at, hash, key, signature)
        values (%s, %s, %s, %s, %s) on conflict do nothing""",
        checkpoint,
    )


def checkpoints(*, after: int = 0) -> list[Checkpoint]:
    """Checkpoints beyond a number, in order."""
    rows = _rows(
        """select number, at, hash, key, signature from audit_checkpoint
        where number > %s order by number""",
        [after],
    )
    return [Checkpoint(*row) for row in rows]


def last_checkpoint() -> Checkpoint | None:
    """The newest checkpoint."""
    rows = _rows(
        """select number, at, hash, key, signature from audit_checkpoint
        order by number desc limit 1""",
        [],
    )
    return Checkpoint(*rows[0]) if rows else None


def counted() -> tuple[int, int]:
    """How many entries the node says it has given, and how often these name people: so many as are
    in the index, and as the entries say that are not yet in it.
    """
    given, last, listed = _rows(
        """select a.value, p.value, (select count(*) from audit_patient)
        from node_counter a cross join node_counter p
        where a.name = 'audit' and p.name = 'audit_people'""",
        [],
    )[0]
    behind = _rows(
        "select entry from audit_entry where number > %s and number <= %s", [last, given]
    )
    return int(given), int(listed) + sum(len(people_of(entry)) for (entry,) in behind)


def stream(*, after: int = 0, together: int = 5000) -> Iterator[list[tuple[Any, ...]]]:
    """The columns of every entry in order, some thousand rows at a time."""
    while True:
        rows = _rows(
            """select number, at, action, outcome, agent, entry, hash from audit_entry
            where number > %s order by number limit %s""",
            [after, together],
        )
        if not rows:
            return
        yield rows
        after = int(rows[-1][0])


class Wanted(NamedTuple):
    """Which entries are looked for; ``before`` is the number to page on from."""

    patient: str | None = None
    agent: str | None = None
    actions: tuple[str, ...] = ()
    outcome: str | None = None
    number: int | None = None
    from_at: int | None = None
    until_at: int | None = None
    before: int | None = None


def find(wanted: Wanted, *, limit: int) -> list[Row]:
    """Entries that answer, newest first."""
    where, values = _where(wanted)
    if wanted.patient is None:
        sql = f"select {_OF_ENTRY} from audit_entry e where {where} order by e.number desc limit %s"
        return [Row(*row) for row in _rows(sql, [*values, limit])]
    behind, more = _where(wanted._replace(patient=None))
    rows = _rows(
        f"""select {_OF_ENTRY}, 0 as is_listed from audit_entry e
        where {behind} and e.number > {_INDEXED_TO} union all
        select * from (select {_OF_ENTRY}, 1 from audit_entry e {_BY_PERSON}
            where {where} order by e.number desc limit %s) i order by 1 desc""",
        [*more, *values, limit],
    )
    found = [Row(*row) for *row, is_listed in rows if is_listed or _is_about(wanted, row[5])]
    return found[:limit]


def count(wanted: Wanted) -> int:
    """How many entries answer."""
    wanted = wanted._replace(before=None)
    where, values = _where(wanted)
    if wanted.patient is None:
        return int(_rows(f"select count(*) from audit_entry e where {where}", values)[0][0])
    behind, more = _where(wanted._replace(patient=None))
    rows = _rows(
        f"""select e.entry, 0 from audit_entry e where {behind} and e.number > {_INDEXED_TO}
        union all select '', count(*) from audit_entry e {_BY_PERSON} where {where}""",
        [*more, *values],
    )
    return sum(int(listed) + _is_about(wanted, entry) for entry, listed in rows)


_OF_ENTRY: Final = "e.number, e.at, e.action, e.outcome, e.agent, e.entry, e.hash"
_INDEXED_TO: Final = "(select value from node_counter where name = 'audit_people')"
_BY_PERSON: Final = f"join audit_patient p on p.number = e.number and p.number <= {_INDEXED_TO}"
"""What is not yet in the index is read out of the entries, in the same statement: between two
somebody may have brought the index up to date."""


def _is_about(wanted: Wanted, entry: str) -> bool:
    return wanted.patient in people_of(entry)


def _where(wanted: Wanted) -> tuple[str, list[Any]]:
    asked = [
        ("p.patient = %s", wanted.patient),
        ("e.agent = %s", wanted.agent),
        ("e.outcome = %s", wanted.outcome),
        ("e.number = %s", wanted.number),
        ("e.at >= %s", wanted.from_at),
        ("e.at < %s", wanted.until_at),
        ("p.number < %s" if wanted.patient is not None else "e.number < %s", wanted.before),
    ]
    parts = [part for part, value in asked if value is not None]
    values: list[Any] = [value for _, value in asked if value is not None]
    if wanted.actions:
        parts.append(f"e.action in ({','.join('%s' for _ in wanted.actions)})")
        values += wanted.actions
    return " and ".join(parts) or "1 = 1", values


_SAYS: Final = "audit entries are only ever added"
_SQLITE: Final = [
    f"""create trigger {table}_{verb} before {verb} on {table}
    begin select raise(abort, '{_SAYS}'); end"""
    for table in ("audit_entry", "audit_checkpoint")
    for verb in ("update", "delete")
]
_POSTGRESQL: Final = [
    f"""create or replace function audit_stays() returns trigger language plpgsql as
    $$ begin raise exception '{_SAYS}'; end $$""",
    *(
        f"""create trigger {table}_{verb} before {verb} on {table}
        for each statement execute function audit_stays()"""
        for table in ("audit_entry", "audit_checkpoint")
        for verb in ("update", "delete", "truncate")
    ),
]


def protect() -> None:
    """Let the database itself refuse to change or remove entries.

    Whoever owns the database can take this away again; the chain is what shows it.
    """
    with connection.cursor() as cursor:
        for statement in _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL:
            cursor.execute(statement)


def unprotect() -> None:
    """Take the refusal away, as somebody who owns the database could: for tests and restores."""
    postgresql = connection.vendor != "sqlite"
    with connection.cursor() as cursor:
        for table in ("audit_entry", "audit_checkpoint"):
            for verb in ("update", "delete", *(("truncate",) if postgresql else ())):
                on = f" on {table}" if postgresql else ""
                cursor.execute(f"drop trigger if exists {table}_{verb}{on}")


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
