"""Copies the whole record while it is in use, and puts a copy back after checking it.

A copy is a folder: the database, what lies beside it, and a manifest that says how much the copy
holds, so that whoever restores it can see that nothing is missing. Private keys are not in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import connection

from qamqor.errors import NotPossible, NotThere
from qamqor.services import postgresql
from qamqor.services.audit import checkpoints

MANIFEST: Final = "manifest.json"
SQLITE: Final = "record.sqlite3"
POSTGRESQL: Final = "record.pgdump"
PUBLIC_KEY: Final = "audit-public-key.pem"
"""With it the chain of a copy can be verified where the node's private key is not."""
_COUNTS: Final = {
    "changes": "select count(*) from fhir_change",
    "sequence": "select coalesce(max(sequence), 0) from fhir_change",
    "counter": "select value from node_counter where name = 'sequence'",
    "resources": "select count(*) from fhir_resource where is_deleted = 0",
    "audit_entries": "select count(*) from audit_entry",
    "accounts": "select count(*) from store_account",
    "chain_head": "select hash from audit_entry order by number desc limit 1",
}
Ask = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup holds, as its manifest says.

    Attributes:
        counts: rows of the main tables, the last number of the change sequence, the head of the
            audit chain.
        files: name → sha256.
    """

    at: str
    database: str
    counts: dict[str, Any]
    files: dict[str, str]


def backup(out: Path, *, at: datetime) -> Copied:
    """Copy the record into a new folder; others go on reading and saving.

    Raises:
        NotPossible: the folder has something in it, or PostgreSQL's own programs are not here.
    """
    if out.exists() and any(out.iterdir()):
        raise NotPossible(f"{out} is not empty; name a folder that is not there yet")
    aside = out.with_name(f".{out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        counts = _copy_database(aside)
        for file in _beside():
            if file.exists():
                shutil.copy2(file, aside / file.name)
        (aside / PUBLIC_KEY).write_text(checkpoints.public_pem(), encoding="utf-8")
        files = {one.name: _sha256(one) for one in sorted(aside.iterdir())}
        copied = Copied(at.isoformat(timespec="seconds"), connection.vendor, counts, files)
        (aside / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(asdict(copied))))
        for one in aside.iterdir():
            _sync(one)
        if out.exists():
            out.rmdir()
        aside.rename(out)
        _sync(out.parent)
        return copied
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _beside() -> list[Path]:
    """Files outside the database without which a copy would say less."""
    known = settings.QAMQOR
    return [known.approvals, known.data / checkpoints.FILE]


def _copy_database(folder: Path) -> dict[str, Any]:
    if connection.vendor != "sqlite":
        with postgresql.snapshot() as (ask, name):
            counts = _counts(ask)
            postgresql.dump(folder / POSTGRESQL, snapshot=name)
        return counts
    with (
        closing(sqlite3.connect(_database_file())) as source,
        closing(sqlite3.connect(folder / SQLITE)) as copy,
    ):
        # In one step: it reads one moment's picture, and writers need not wait for it.
        source.backup(copy, pages=-1)
        copy.execute("pragma journal_mode=delete")
        return _counts(lambda sql: copy.execute(sql).fetchone())


def _counts(ask: Ask) -> dict[str, Any]:
    return {name: (ask(sql) or (None,))[0] for name, sql in _COUNTS.items()}


def _database_file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def read_manifest(folder: Path) -> Copied:
    """What a backup says of itself.

    Raises:
        NotThere: the folder holds no backup. NotPossible: its manifest cannot be read.
    """
    file = folder / MANIFEST
    if not file.exists():
        raise NotThere(f"{folder} holds no backup: there is no {MANIFEST} in it")
    try:
        return msgspec.json.decode(file.read_bytes(), type=Copied)
    except msgspec.DecodeError as error:
        raise NotPossible(f"{file} cannot be read: {error}") from None


def restore(folder: Path, *, may_replace: bool = False) -> Copied:
    """Put a backup in place of the record, after checking every byte and count of it.

    Stop the server first. What was there before stays beside it, named ``….before-restore``.

    Args:
        may_replace: also where a record is already there.

    Raises:
        NotThere: no backup. NotPossible: it is damaged, of another kind of database, or a
            record is already there.
    """
    copied = read_manifest(folder)
    if copied.database != connection.vendor:
        raise NotPossible(
            f"{folder} was made from {copied.database}, this installation uses"
            f" {connection.vendor}; set QAMQOR_DATABASE, or move resources by qamqor fhir export"
        )
    for name, expected in copied.files.items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise NotPossible(f"{folder / name} is missing or damaged; nothing was changed")
    if connection.vendor == "sqlite":
        _restore_sqlite(folder, copied, may_replace)
    else:
        _restore_postgresql(folder, copied, may_replace)
    for file in _beside():
        if (folder / file.name).exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / file.name, file)
    return copied


def _restore_sqlite(folder: Path, copied: Copied, may_replace: bool) -> None:
    place = _database_file()
    connection.close()
    if place.exists() and _holds_records(place) and not may_replace:
        raise NotPossible(f"there is a record in {place} already; add --yes to replace it")
    aside = place.with_name(f"{place.name}.restoring")
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / SQLITE, aside)
    with closing(sqlite3.connect(aside)) as copy:
        broken = copy.execute("pragma integrity_check").fetchone()[0]
        counts = _counts(lambda sql: copy.execute(sql).fetchone())
    if broken != "ok" or counts != copied.counts:
        aside.unlink()
        raise NotPossible(f"{folder / SQLITE} does not hold what its manifest says")
    if place.exists():
        with closing(sqlite3.connect(place)) as old:
            old.execute("pragma wal_checkpoint(truncate)")
        place.replace(place.with_name(f"{place.name}.before-restore"))
    for ending in ("-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    _sync(aside)
    aside.replace(place)
    _sync(place.parent)


def _holds_records(place: Path) -> bool:
    with closing(sqlite3.connect(place)) as old:
        named = {row[0] for row in old.execute("select name from sqlite_schema")}
        if "fhir_change" not in named:
            return False
        used = "select exists (select 1 from fhir_change) or exists (select 1 from store_account)"
        return bool(old.execute(used).fetchone()[0])


def _restore_postgresql(folder: Path, copied: Copied, may_replace: bool) -> None:
    tables = connection.introspection.table_names()
    if tables and not may_replace:
        raise NotPossible("there are tables in this database already; add --yes to replace them")
    connection.close()
    postgresql.load(folder / POSTGRESQL)
    with connection.cursor() as cursor:

        def ask(sql: str) -> Any:
            cursor.execute(sql)
            return cursor.fetchone()

        counts = _counts(ask)
    if counts != copied.counts:
        raise NotPossible(f"{folder / POSTGRESQL} does not hold what its manifest says")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
