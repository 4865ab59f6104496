"""What a list needs of people beside their due rows: tries to reach them, promises, households."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.db import connection

from qamqor.store.derived import DUE_COLUMNS, SLICE, sliced

Rows = dict[str, list[dict[str, Any]]]
_DECODE: Final = msgspec.json.Decoder(Rows).decode
_BEGINNINGS: Final = "('{\"cont', '{\"hous', '{\"refe', '{\"task')"


def needs_of(
    areas: Sequence[str], roles: Sequence[str], statuses: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Every due row of some areas and roles, people together; columns as ``DUE_COLUMNS``."""
    marks = [", ".join(["%s"] * len(one)) for one in (areas, roles, statuses)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""select {", ".join(DUE_COLUMNS)} from due where area_id in ({marks[0]})
            and role in ({marks[1]}) and status in ({marks[2]}) order by patient_id""",
            [*areas, *roles, *statuses],
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def work_of(patient_ids: Sequence[str]) -> dict[str, Rows]:
    """Calls, tasks, referrals and households of some people; others have none."""
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
