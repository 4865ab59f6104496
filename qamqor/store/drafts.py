"""Unfinished forms: what somebody has typed about a person and not yet put into the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.db import connection

from qamqor.store.node import Transaction


class Draft(NamedTuple):
    """One unfinished form.

    Attributes:
        id: the key of the form, which also names what will be saved from it.
        kind: which form, such as ``visit``.
        agent: FHIR reference of who types.
        content: the fields as JSON.
        version: counts from 1; another one than somebody saw means that it went on elsewhere.
        began_at, saved_at: microseconds since 1970 UTC.
    """

    id: str
    kind: str
    account: int
    agent: str
    patient: str
    version: int
    content: str
    began_at: int
    saved_at: int


_COLUMNS: Final = ", ".join(Draft._fields)


def put(tx: Transaction, draft: Draft, *, seen: int) -> Draft | None:
    """Keep a draft over the version its writer saw (0 = a first one); None where it went on."""
    kept = draft._replace(version=seen + 1)
    if seen == 0:
        marks = ", ".join("%s" for _ in kept)
        tx.execute(
            f"insert into draft ({_COLUMNS}) values ({marks}) on conflict (id) do nothing", kept
        )
    else:
        tx.execute(
            """update draft set version = %s, content = %s, saved_at = %s
            where id = %s and account = %s and version = %s""",
            [kept.version, kept.content, kept.saved_at, kept.id, kept.account, seen],
        )
    return kept if tx.changed() == 1 else None


def read(id_: str) -> Draft | None:
    """One draft by its id."""
    found = _rows("id = %s", [id_])
    return found[0] if found else None


def of_person(kind: str, patient: str) -> list[Draft]:
    """Everybody's drafts about one person, the newest first."""
    return _rows("kind = %s and patient = %s order by saved_at desc, id", [kind, patient])


def delete(tx: Transaction, id_: str) -> None:
    """Forget a draft: it was signed, or nobody wants it."""
    tx.execute("delete from draft where id = %s", [id_])


def _rows(where: str, values: Sequence[Any]) -> list[Draft]:
    with connection.cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from draft where {where}", values)
        return [Draft(*row) for row in cursor.fetchall()]
