"""A backup is one moment's whole record, and is put back only when nothing of it is missing."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from qamqor.errors import NotPossible, NotThere
from qamqor.services import backup as room
from qamqor.services.access.actor import PLATFORM
from qamqor.services.audit import verify
from qamqor.services.fhir.write import Change, save
from qamqor.store import node
from qamqor.store.fhir import versions

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def put(number: int, gender: str = "unknown") -> None:
    person = {"resourceType": "Patient", "id": f"p{number}", "gender": gender}
    save([Change("PUT", "Patient", f"p{number}", person)], actor=PLATFORM, at=AT)


@pytest.fixture
def own_database(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Restoring replaces the file that tests share, so it is put back afterwards."""
    settings.QAMQOR = replace(django_settings.QAMQOR, data=tmp_path / "data")
    (tmp_path / "data").mkdir()
    node.stop()
    connection.close()
    if connection.vendor != "sqlite":
        yield
        return
    name = Path(str(connection.settings_dict["NAME"]))
    assert name.is_file(), "the settings of tests name a file"
    kept = tmp_path / "kept.sqlite3"
    shutil.copy2(name, kept)
    yield
    node.stop()
    connection.close()
    for ending in ("-wal", "-shm", ".before-restore", ".restoring"):
        name.with_name(name.name + ending).unlink(missing_ok=True)
    shutil.copy2(kept, name)


def test_a_backup_under_write_load_is_whole_and_comes_back(
    tmp_path: Path, own_database: None
) -> None:
    for number in range(20):
        put(number)
    stopped = threading.Event()

    def write() -> None:
        number = 100
        while not stopped.is_set():
            put(number)
            number += 1
        connection.close()

    writers = [threading.Thread(target=write)]
    for one in writers:
        one.start()
    copied = room.backup(tmp_path / "copy", at=AT)
    stopped.set()
    for one in writers:
        one.join()
    put(5, "male")
    node.stop()
    restored = room.restore(tmp_path / "copy", may_replace=True)

    assert restored == copied
    assert copied.counts["changes"] == copied.counts["sequence"] == copied.counts["counter"] >= 20
    assert versions.last_sequence() == copied.counts["sequence"]
    now = versions.read("Patient", "p5")
    assert now is not None
    assert now.version == 1
    assert verify.verify(public_key=tmp_path / "copy" / room.PUBLIC_KEY).is_intact
    put(1000)
    assert versions.last_sequence() == copied.counts["sequence"] + 1


def test_a_damaged_backup_changes_nothing(tmp_path: Path, own_database: None) -> None:
    put(1)
    room.backup(tmp_path / "copy", at=AT)
    file = next(one for one in (tmp_path / "copy").iterdir() if one.name.startswith("record"))
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(64))
    with pytest.raises(NotPossible, match="damaged"):
        room.restore(tmp_path / "copy", may_replace=True)

    assert versions.last_sequence() == 1


def test_a_record_in_use_is_not_replaced_by_mistake(tmp_path: Path, own_database: None) -> None:
    put(1)
    room.backup(tmp_path / "copy", at=AT)
    put(2)
    node.stop()
    with pytest.raises(NotPossible, match="add --yes"):
        room.restore(tmp_path / "copy")

    assert versions.last_sequence() == 2


def test_a_folder_without_a_backup_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="holds no backup"):
        room.restore(tmp_path)
    (tmp_path / room.MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(NotPossible, match="cannot be read"):
        room.restore(tmp_path)


def test_a_backup_is_not_written_over_another(tmp_path: Path) -> None:
    room.backup(tmp_path / "copy", at=AT)
    with pytest.raises(NotPossible, match="not empty"):
        room.backup(tmp_path / "copy", at=AT)


def test_a_backup_of_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    room.backup(tmp_path / "copy", at=AT)
    manifest = tmp_path / "copy" / room.MANIFEST
    text = manifest.read_text(encoding="utf-8").replace(connection.vendor, "another")
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(NotPossible, match="made from another"):
        room.restore(tmp_path / "copy")
