"""Broken glasses: whose record somebody opened in need, until when, and what the review said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from qamqor.store.node import Transaction


class Glass(NamedTuple):
    """One glass broken; moments in microseconds since 1970 UTC."""

    id: str
    account: int
    agent: str
    role: str
    organization: str
    patient: str
    reason: str
    opened_at: int
    until_at: int
    review_by: int
    reviewed_at: int | None = None
    reviewed_by: str | None = None
    verdict: str | None = None


_COLUMNS = ", ".join(Glass._fields)


def add(tx: Transaction, glass: Glass) -> None:
    """Keep that a glass was broken."""
    marks = ", ".join("%s" for _ in glass)
    tx.execute(f"insert into access_glass ({_COLUMNS}) values ({marks})", glass)


def open_now(account: int, *, at: int) -> frozenset[str]:
    """Whose glasses an account has open at a moment."""
    rows = _rows(
        """select distinct patient from access_glass
        where account = %s and until_at > %s and opened_at <= %s""",
        [account, at, at],
    )
    return frozenset(row[0] for row in rows)


def read(id_: str) -> Glass | None:
    """One glass by its id."""
    rows = _rows(f"select {_COLUMNS} from access_glass where id = %s", [id_])
    return Glass(*rows[0]) if rows else None


def unreviewed(organization: str | None) -> list[Glass]:
    """Those nobody has reviewed, of one organisation or of all, the most pressing first."""
    where, values = ("", []) if organization is None else ("and organization = %s", [organization])
    rows = _rows(
        f"""select {_COLUMNS} from access_glass where reviewed_at is null {where}
        order by review_by, id""",
        values,
    )
    return [Glass(*row) for row in rows]


def review(tx: Transaction, id_: str, *, at: int, by: str, verdict: str) -> bool:
    """Keep what the review said; False where there was one already."""
    tx.execute(
        """update access_glass set reviewed_at = %s, reviewed_by = %s, verdict = %s
        where id = %s and reviewed_at is null""",
        [at, by, verdict, id_],
    )
    return bool(tx.rows("select 1 from access_glass where id = %s and reviewed_by = %s", [id_, by]))


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
