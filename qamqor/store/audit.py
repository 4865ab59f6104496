"""Who did what to which record. Rows are only ever added, each chained to the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from django.db import connection

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
    tx: Transaction, entries: Sequence[tuple[int, str, str, str, str, Iterable[str]]]
) -> tuple[int, str]:
    """Add entries to the chain; returns number and hash of the last.

    Args:
        entries: moment, action, outcome, agent, JSON and the ids of the people concerned.
    """
    number, hash_ = head(tx)
    rows: list[tuple[Any, ...]] = []
    people: list[tuple[str, int]] = []
    for at, action, outcome, agent, entry, patients in entries:
        number += 1
        hash_ = chained(hash_, (number, at, action, outcome, agent, entry))
        rows.append((number, at, action, outcome, agent, entry, hash_))
        people += [(patient, number) for patient in patients]
    _insert(tx, "audit_entry (number, at, action, outcome, agent, entry, hash)", rows)
    _insert(tx, "audit_patient (patient, number)", people)
    tx.execute("update node_counter set value = %s where name = 'audit'", [number])
    return number, hash_


TOGETHER: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows of one statement: while a statement runs, others wait for the interpreter once, not for
each row; few sizes, so that each is prepared once."""


def _insert(tx: Transaction, table: str, rows: Sequence[Sequence[Any]]) -> None:
    start = 0
    while start < len(rows):
        size = next(size for size in TOGETHER if size <= len(rows) - start)
        some = rows[start : start + size]
        tx.execute(_inserting(table, size, len(some[0])), [v for row in some for v in row])
        start += size


@cache
def _inserting(table: str, rows: int, columns: int) -> str:
    row = f"({', '.join(['%s'] * columns)})"
    return f"insert into {table} values {', '.join([row] * rows)}"


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
    """How many entries the node says it has given, and how many people's lines there are."""
    given = _rows("select value from node_counter where name = 'audit'", [])[0][0]
    return int(given), int(_rows("select count(*) from audit_patient", [])[0][0])


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
    joined = "join audit_patient p on p.number = e.number" if wanted.patient is not None else ""
    rows = _rows(
        f"""select e.number, e.at, e.action, e.outcome, e.agent, e.entry, e.hash
        from audit_entry e {joined} where {where} order by e.number desc limit %s""",
        [*values, limit],
    )
    return [Row(*row) for row in rows]


def count(wanted: Wanted) -> int:
    """How many entries answer."""
    where, values = _where(wanted._replace(before=None))
    joined = "join audit_patient p on p.number = e.number" if wanted.patient is not None else ""
    return int(_rows(f"select count(*) from audit_entry e {joined} where {where}", values)[0][0])


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
