"""A new version fills the indexes that it adds, so that no list is empty for want of a command."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection

from qamqor.services.upgrade import upgrade
from qamqor.store import derived
from tests.services.worklist.test_today import resident

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def rows() -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("select patient_id, role, urgency from worklist")
        return set(cursor.fetchall())


def test_an_index_that_a_version_adds_is_filled_from_the_record(village: None) -> None:
    upgrade(at=AT)
    call_command("migrate", "store", "0014", verbosity=0)

    made = upgrade(at=AT)

    assert made["due care"] == 3
    assert {patient for patient, _, _ in rows()} == {"amina", "bolat", "dana"}


def test_nothing_is_made_again_when_nothing_is_new(village: None) -> None:
    upgrade(at=AT)

    assert upgrade(at=AT) == {}


def test_a_record_that_begins_empty_is_never_made_again() -> None:
    upgrade(at=AT)
    resident("amina")

    assert upgrade(at=AT) == {}


def test_other_tables_make_the_rows_of_people_again(
    village: None, settings: Any, tmp_path: Path
) -> None:
    upgrade(at=AT)
    assert "blood_pressure" in derived.rows_of(["amina"])["amina"]
    told: list[tuple[str, int]] = []

    other = _without_pressures(tmp_path)
    settings.QAMQOR = replace(settings.QAMQOR, shipped_content=other, content=other)
    made = upgrade(at=AT, say=lambda room, count: told.append((room, count)))

    assert made == {"due care": 3}
    assert {"patient", "enrolment"} <= derived.rows_of(["amina"])["amina"].keys()
    assert "blood_pressure" not in derived.rows_of(["amina"])["amina"]
    assert len(told) > 1
    assert told == sorted(told)
    assert upgrade(at=AT) == {}


def _without_pressures(folder: Path) -> Path:
    """The shipped content, but no resource is a row of its table of blood pressures."""
    content = folder / "content"
    shutil.copytree(django_settings.QAMQOR.shipped_content, content)
    table = content / "tables" / "blood_pressure.json"
    view = json.loads(table.read_text(encoding="utf-8"))
    view["where"].append({"path": "status = 'draft'"})
    table.write_text(json.dumps(view), encoding="utf-8")
    return content


def test_a_rebuild_that_was_stopped_is_begun_again(
    village: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(at=AT)
    call_command("migrate", "store", "0017", verbosity=0)
    with monkeypatch.context() as patched:
        patched.setattr("qamqor.services.derived.keys_after", _stop)
        with pytest.raises(KeyboardInterrupt):
            upgrade(at=AT)

    assert upgrade(at=AT) == {"due care": 3}
    assert {patient for patient, _, _ in rows()} == {"amina", "bolat", "dana"}


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_empty_record_needs_no_index() -> None:
    call_command("migrate", "store", "0014", verbosity=0)

    assert upgrade(at=AT) == {}
