"""What a list needs of people beside their due rows: tries to reach them, promises, households."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.db import connection

from qamqor.store.derived import SLICE, sliced

Rows = dict[str, list[dict[str, Any]]]
_DECODE: Final = msgspec.json.Decoder(Rows).decode
_BEGINNINGS: Final = "('{\"book', '{\"cont', '{\"hous', '{\"refe', '{\"task')"


def areas_below(organisations: Sequence[str]) -> set[str]:
    """Ids of the organisations that stand directly below some."""
    marks = ", ".join(["%s"] * len(organisations))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select code from directory_entry
            where kind = 'organisation' and value in ({marks})""",
            list(organisations),
        )
        return {row[0] for row in cursor.fetchall()}


def work_of(patient_ids: Sequence[str]) -> dict[str, Rows]:
    """Bookings, calls, tasks, referrals and households of some people; others have none."""
    found: dict[str, Rows] = {}
    for some in sliced(patient_ids, SLICE):
        marks = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(
                f"""select patient_id, content from person_rows
                where substr(content, 1, 6) in {_BEGINNINGS} and patient_id in ({marks})
                order by patient_id, key""",
                some,
            )
            for patient_id, content in cursor.fetchall():
                person = found.setdefault(patient_id, {})
                for table, rows in _DECODE(content).items():
                    person.setdefault(table, []).extend(rows)
    return found
