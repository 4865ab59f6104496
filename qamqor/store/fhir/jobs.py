"""Long work that a client asked for and comes back to: what it is, how far it is, who does it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.envelope import ID
from qamqor.store.node import Transaction


class Job(NamedTuple):
    """One job.

    Attributes:
        client: who asked; nobody else may see it.
        state: ``unconfirmed``, ``refused``, ``waiting``, ``running``, ``done``, ``failed`` or
            ``cancelled``.
        asked: what was asked for, plain JSON.
        so_far: what is finished, plain JSON; work that died goes on from here.
        seen_at: when its worker was last alive, in microseconds.
    """

    id: str
    client: str
    state: str
    asked: dict[str, Any]
    so_far: dict[str, Any]
    created_at: int
    seen_at: int


_COLUMNS = "id, client, state, asked, so_far, created_at, seen_at"


def add(tx: Transaction, job: Job) -> None:
    """Keep a new job."""
    tx.execute(
        f"insert into fhir_job ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, %s)",
        [
            job.id,
            job.client,
            job.state,
            json_text.encode(job.asked).decode(),
            json_text.encode(job.so_far).decode(),
            job.created_at,
            job.seen_at,
        ],
    )


def find(id_: str) -> Job | None:
    """A job by its id."""
    if ID.fullmatch(id_) is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from fhir_job where id = %s", [id_])
        row = cursor.fetchone()
    if row is None:
        return None
    asked, so_far = json_text.decode(row[3]), json_text.decode(row[4])
    return Job(row[0], row[1], row[2], asked, so_far, row[5], row[6])


def done_before(at: int, *, holding: str) -> list[str]:
    """Ids of jobs that were done before a moment, whose question holds a text."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select id from fhir_job where state = 'done' and seen_at < %s
            and cast(asked as text) like %s""",
            [at, f"%{holding}%"],
        )
        return [row[0] for row in cursor.fetchall()]


def unconfirmed(*, since: int) -> list[Job]:
    """Jobs asked for since a moment that wait for a second person, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select {_COLUMNS} from fhir_job where state = 'unconfirmed' and created_at >= %s
            order by created_at, id""",
            [since],
        )
        rows = cursor.fetchall()
    return [
        Job(row[0], row[1], row[2], json_text.decode(row[3]), json_text.decode(row[4]), *row[5:])
        for row in rows
    ]


def decide(tx: Transaction, id_: str, *, state: str, since: int) -> bool:
    """Let an unconfirmed job begin (``waiting``) or end (``refused``); false when it is none."""
    tx.execute(
        """update fhir_job set state = %s where id = %s and state = 'unconfirmed'
        and created_at >= %s""",
        [state, id_, since],
    )
    return bool(tx.changed())


def claim(tx: Transaction, id_: str, *, at: int, silent_since: int) -> bool:
    """Become the one worker of a job that waits, or whose worker has been silent for too long."""
    tx.execute(
        """update fhir_job set state = 'running', seen_at = %s where id = %s
        and (state = 'waiting' or (state = 'running' and seen_at < %s))""",
        [at, id_, silent_since],
    )
    return bool(tx.changed())


def report(tx: Transaction, id_: str, *, state: str, so_far: dict[str, Any], at: int) -> bool:
    """Say how far a running job is; false when it was cancelled meanwhile."""
    tx.execute(
        "update fhir_job set state = %s, so_far = %s, seen_at = %s where id = %s "
        "and state = 'running'",
        [state, json_text.encode(so_far).decode(), at, id_],
    )
    return bool(tx.changed())


def fail(tx: Transaction, id_: str, *, at: int) -> None:
    """Its worker could not go on; what was reported before stays."""
    tx.execute(
        "update fhir_job set state = 'failed', seen_at = %s where id = %s and state = 'running'",
        [at, id_],
    )


def cancel(tx: Transaction, id_: str) -> None:
    """Nobody goes on with it, and what it made may be removed."""
    tx.execute("update fhir_job set state = 'cancelled' where id = %s", [id_])
