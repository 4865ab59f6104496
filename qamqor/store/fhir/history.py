"""What happened to one resource, to a type, or to everything, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from qamqor.store.fhir.versions import Version


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes.

    Attributes:
        type, id: None = of every type, of every resource.
        since: microseconds; only changes at or after it.
        during: only versions that stood at some moment of ``[low, high)``, microseconds.
        before: only changes below this number of the sequence, where a page goes on.
    """

    type: str | None = None
    id: str | None = None
    since: int | None = None
    during: tuple[int, int] | None = None
    before: int | None = None


def find(wanted: Wanted, *, limit: int) -> list[Version]:
    """The newest changes of those wanted, newest first."""
    conditions, values = _conditions(wanted)
    sql = f"""select c.sequence, c.type, c.id, c.version, c.method, c.at, c.content
        from fhir_change c where {conditions} order by c.sequence desc limit %s"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, limit])
        return [Version(*row) for row in cursor.fetchall()]


def count(wanted: Wanted) -> int:
    """How many changes of those wanted there are, whatever the page."""
    conditions, values = _conditions(wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from fhir_change c where {conditions}", values)
        return int(cursor.fetchone()[0])


def brought_back(found: Sequence[Version]) -> frozenset[int]:
    """Those that wrote what was deleted before, by their numbers of the sequence."""
    later = [one.sequence for one in found if one.version > 1 and one.content is not None]
    if not later:
        return frozenset()
    sql = f"""select c.sequence from fhir_change c
        join fhir_change b on b.type = c.type and b.id = c.id and b.version = c.version - 1
        where c.sequence in ({", ".join(["%s"] * len(later))}) and b.content is null"""
    with connection.cursor() as cursor:
        cursor.execute(sql, later)
        return frozenset(row[0] for row in cursor.fetchall())


def _conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    said: list[tuple[str, list[Any]]] = [("1 = 1", [])]
    if wanted.type is not None:
        said.append(("c.type = %s", [wanted.type]))
    if wanted.id is not None:
        said.append(("c.id = %s", [wanted.id]))
    if wanted.since is not None:
        said.append(("c.at >= %s", [wanted.since]))
    if wanted.before is not None:
        said.append(("c.sequence < %s", [wanted.before]))
    if wanted.during is not None:
        low, high = wanted.during
        said.append(("c.at < %s", [high]))
        said.append((_NOT_REPLACED, [low]))
    return " and ".join(sql for sql, _ in said), [value for _, v in said for value in v]


_NOT_REPLACED = """not exists (select 1 from fhir_change n where n.type = c.type and n.id = c.id
    and n.version = c.version + 1 and n.at <= %s)"""
