"""Serves this installation: the one verb without a room."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from qamqor import settings
from qamqor.errors import NotPossible

THREADS: Final = 32
"""Requests at work in one process: they wait together for the disk, so one wait serves many."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; one is best for SQLite.")] = 1,
) -> None:
    """Serve pages and the FHIR API until stopped; sets the database up first."""
    said = settings.read()
    if not said.secret_key and not said.is_demo:
        raise NotPossible("set QAMQOR_SECRET_KEY to at least 50 random characters")
    (said.data / "static").mkdir(parents=True, exist_ok=True)
    _set_up()
    _run(host, port, workers)


def _set_up() -> None:
    settings.load_django()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _run(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "qamqor.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=4 * THREADS,
        respawn_failed_workers=True,
    ).serve()
