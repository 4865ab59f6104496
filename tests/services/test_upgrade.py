"""A new version fills the indexes that it adds, so that no list is empty for want of a command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from qamqor.services.upgrade import upgrade

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
    assert upgrade(at=AT) == {}


def test_an_empty_record_needs_no_index() -> None:
    call_command("migrate", "store", "0014", verbosity=0)

    assert upgrade(at=AT) == {}
