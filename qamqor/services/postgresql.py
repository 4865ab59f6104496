"""Calls PostgreSQL's own programs to copy a database and put it back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from qamqor.errors import NotPossible

DEBIAN: Final = Path("/usr/lib/postgresql")


def program(name: str) -> str:
    """A program of PostgreSQL: from PATH, else the newest where Debian puts it.

    Raises:
        NotPossible: it is in neither.
    """
    found = shutil.which(name)
    if found:
        return found
    kept = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not kept:
        raise NotPossible(f"{name} is not here; install PostgreSQL's client programs")
    return str(kept[-1])


@contextmanager
def snapshot() -> Iterator[tuple[Callable[[str], Any], str]]:
    """One moment's picture: a way to ask it, and the name under which others see the same."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        cursor.execute("select pg_export_snapshot()")
        name = str(cursor.fetchone()[0])

        def ask(sql: str) -> Any:
            cursor.execute(sql)
            return cursor.fetchone()

        yield ask, name


def dump(file: Path, *, snapshot: str) -> None:
    """Write the whole database as a snapshot sees it."""
    _run(program("pg_dump"), "--format=custom", f"--snapshot={snapshot}", f"--file={file}")


def load(file: Path) -> None:
    """Put a dump in place of what is there, whole or not at all."""
    _run(
        program("pg_restore"),
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={connection.settings_dict['NAME']}",
        str(file),
    )


def _run(*words: str) -> None:
    """Run a program on this database; its password goes by the environment."""
    said = connection.settings_dict
    names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGHOST": "HOST", "PGPORT": "PORT"}
    there = {name: str(said[key]) for name, key in {**names, "PGPASSWORD": "PASSWORD"}.items()}
    environment = {"PATH": os.defpath} | {name: value for name, value in there.items() if value}
    done = subprocess.run(words, env=environment, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        words_said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NotPossible(f"{Path(words[0]).name}: {words_said[-1] if words_said else 'failed'}")
