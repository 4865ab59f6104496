"""The short way of a load writes, row by row, what saving each resource by itself writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from qamqor.engine.fhir import json_text
from qamqor.services.access.actor import PLATFORM
from qamqor.services.demo import Wish, invent_resources
from qamqor.services.fhir import fresh, load
from qamqor.services.fhir.write import Change, save

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TABLES = (
    *(f"search_{kind}" for kind in ("token", "label", "string", "date", "quantity")),
    *(f"search_{kind}" for kind in ("reference", "uri", "composite")),
    *(f"access_{kind}" for kind in ("subject", "label", "relation")),
    *("person_rows", "mention", "person_key", "directory_entry"),
)
TASK: dict[str, Any] = {
    "resourceType": "Task",
    "id": "close",
    "status": "requested",
    "intent": "order",
    "focus": {"reference": "ServiceRequest/refer"},
}
REFERRAL: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "refer",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/somebody"},
    "performer": [{"reference": "Organization/clinic"}],
    "code": {"text": "Кардиолог"},
    "meta": {"security": [{"system": "http://example.org/label", "code": "x"}]},
}


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    invent_resources(Wish(settings.QAMQOR.content, 30, "merke", 1, date(2026, 3, 2)), folder)
    more = b"\n".join(map(json_text.encode, (REFERRAL, TASK)))
    (folder / "more.ndjson").write_bytes(more)
    return folder


@pytest.mark.django_db
def test_the_short_way_and_the_plain_one_write_the_same_rows(delivery: Path) -> None:
    def quickly() -> None:
        found = load.load([delivery], quarantine=delivery / "apart", actor=PLATFORM, at=AT)
        assert found.new > 500
        assert not found.apart

    def plainly() -> None:
        for file in sorted(delivery.glob("*.ndjson")):
            for line in file.read_bytes().splitlines():
                one = json_text.decode(line)
                save([Change("PUT", one["resourceType"], one["id"], one)], actor=PLATFORM, at=AT)

    short, plain = _written(quickly), _written(plainly)
    for table, rows in plain.items():
        assert short[table] == rows, table
    assert sum(map(len, plain.values())) > 5000


@pytest.mark.parametrize(
    ("resource", "near"),
    [(REFERRAL, True), (TASK, False), ({"resourceType": "Patient", "id": "somebody"}, False)],
)
def test_what_more_follows_from_is_left_to_the_plain_way(
    resource: dict[str, Any], *, near: bool
) -> None:
    assert fresh.is_near(resource["resourceType"], resource) is near


def _written(write: Callable[[], None]) -> dict[str, list[tuple[Any, ...]]]:
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
        transaction.set_rollback(True)
    return {table: sorted(rows) for table, rows in found.items()}


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
