"""The short way of a load writes, row by row, what saving each resource by itself writes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from qamqor.engine.fhir import json_text
from qamqor.services.access.actor import PLATFORM
from qamqor.services.demo import Wish, invent_resources
from qamqor.services.fhir import fresh, load
from qamqor.services.fhir.write import Change, save
from tests.services.fhir.written import written

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
OTHERS = {"trail"}
"""A load keeps one line for each of its commits."""
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

    short, plain = written(quickly), written(plainly)
    for table in plain.keys() - OTHERS:
        assert short[table] == plain[table], table
    assert sum(map(len, plain.values())) > 5000


@pytest.mark.parametrize(
    ("resource", "near"),
    [(REFERRAL, True), (TASK, False), ({"resourceType": "Patient", "id": "somebody"}, False)],
)
def test_what_more_follows_from_is_left_to_the_plain_way(
    resource: dict[str, Any], *, near: bool
) -> None:
    assert fresh.is_near(resource["resourceType"], resource) is near
