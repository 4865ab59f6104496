"""A PostgreSQL cluster of its own for a run of tests, in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder with ``initdb`` and ``pg_ctl``: from PATH, else where Debian puts it."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return kept[-1] if kept else None


@contextmanager
def cluster() -> Iterator[str]:
    """Start a cluster that listens on a socket only; gives its URL."""
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError("PostgreSQL is not here; `make system` installs it")
    folder = Path(tempfile.mkdtemp(prefix="qamqor-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"

    def run(name: str, *words: str) -> None:
        subprocess.run(
            [*as_user, str(bin_folder / name), *words],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
        )

    run("initdb", "-D", str(data), "-U", "qamqor", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    run("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        run("createdb", "-h", str(folder), "-U", "qamqor", "qamqor")
        yield f"postgresql://qamqor@{str(folder).replace('/', '%2F')}/qamqor"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
