"""What some way of saving leaves in the tables, to be compared with what another leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

TABLES = (
    *(f"search_{kind}" for kind in ("token", "label", "string", "date", "quantity")),
    *(f"search_{kind}" for kind in ("reference", "uri", "composite", "shape")),
    *(f"access_{kind}" for kind in ("subject", "label", "relation")),
    *("person_rows", "mention", "person_key", "directory_entry"),
)


def written(write: Callable[[], None]) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the tables after some writing, keys as ``Type/id``; then all is undone."""
    with transaction.atomic():
        write()
        named = {
            key: f"{type_}/{id_}"
            for key, type_, id_ in _rows("select key, type, id from fhir_resource")
        }
        found = {table: _of(table, named) for table in TABLES}
        found["versions"] = _rows("select type, id, version, method, at, content from fhir_change")
        found["standing"] = _rows("select type, id, version, at, is_deleted from fhir_resource")
        found["texts"] = _rows("select label, text from search_label_text")
        found["referrals"] = _rows("select * from referral_way")
        found["people"] = _rows("select patient_id from due_state")
        found["due"] = _rows("select patient_id, programme, action, item, status from due")
        found["places"] = _rows("select patient_id, role, programmes, due_on from worklist")
        found["trail"] = _rows("select at, action, outcome, agent, entry from audit_entry")
        transaction.set_rollback(True)
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


def _of(table: str, named: dict[int, str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from {table}")
        place = [column[0] for column in cursor.description].index("key")
        rows = cursor.fetchall()
    return [(*row[:place], named[row[place]], *row[place + 1 :]) for row in rows]


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]
