"""Serves this installation, copies it and puts a copy back: the verbs without a room."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from qamqor import settings
from qamqor.errors import NotPossible

THREADS: Final = 32
"""Requests at work in one process: they wait together for the disk, so one wait serves many."""
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; one is best for SQLite.")] = 1,
) -> None:
    """Serve pages and the FHIR API until stopped; sets the database up first."""
    said = settings.read()
    if not said.secret_key and not said.is_demo:
        raise NotPossible("set QAMQOR_SECRET_KEY to at least 50 random characters")
    settings.share_a_new_key()
    if workers > 1:
        settings.share_numbers(said.data / "metrics")
    (said.data / "static").mkdir(parents=True, exist_ok=True)
    _set_up()
    if said.is_demo:
        _show_demo_accounts()
    run_server(host, port, workers)


def backup(
    out: Annotated[Path, typer.Argument(help="A new folder for the copy.")], as_json: Json = False
) -> None:
    """Copy the whole record while it is in use, with a manifest of what the copy holds."""
    settings.load_django()
    from qamqor.services import backup as room

    copied = room.backup(out, at=datetime.now(UTC))
    counts = copied.counts
    words = (
        f"{counts['resources']:,} resources, {counts['changes']:,} changes up to number"
        f" {counts['sequence']:,}, {counts['audit_entries']:,} audit entries: {out}"
    )
    typer.echo(json.dumps(dataclasses.asdict(copied)) if as_json else words)


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    yes: Annotated[bool, typer.Option("--yes", help="Replace a record that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in place of the record, checked by its counts and by the audit chain."""
    settings.load_django()
    from qamqor.services import backup as room
    from qamqor.services.audit import verify

    copied = room.restore(folder, may_replace=yes)
    verdict = verify.verify(public_key=folder / room.PUBLIC_KEY)
    if as_json:
        said = {**dataclasses.asdict(copied), "chain_is_intact": verdict.is_intact}
        typer.echo(json.dumps(said))
    else:
        state = "intact" if verdict.is_intact else "NOT intact; see qamqor audit verify"
        typer.echo(
            f"{copied.counts['resources']:,} resources as of {copied.at},"
            f" {verdict.entries:,} audit entries, chain {state}."
        )
    if not verdict.is_intact:
        raise typer.Exit(1)


def _set_up() -> None:
    settings.load_django()
    from django.db import connections

    from qamqor.services.upgrade import upgrade

    made = upgrade(at=datetime.now(UTC), say=_progress)
    if made:
        _clear()
        typer.echo("New in this version, made from the record: " + ", ".join(made))
    if settings.read().is_demo:
        from qamqor.services import demo_accounts

        demo_accounts.ensure()
    connections.close_all()


def _progress(room: str, count: int) -> None:
    """Say how far an index is, over and over in one line, where somebody is watching."""
    if sys.stderr.isatty():
        typer.echo(f"\r{room}: {count:,}\033[K", err=True, nl=False)


def _clear() -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)


def _show_demo_accounts() -> None:
    """One account a role, held by somebody of the record, with bookings; in the demo only."""
    from django.db import connections

    from qamqor.services import demo_accounts, demo_bookings

    demo_accounts.ensure()
    demo_bookings.ensure(datetime.now(UTC))
    connections.close_all()
    typer.echo(f"Demo accounts: demo-gp, demo-practice-nurse …; password {demo_accounts.PASSWORD}")


def _is_news(line: logging.LogRecord) -> bool:
    """All but the warning about many threads: ours mostly wait, together, for one commit."""
    return "Python threads" not in str(line.msg)


def run_server(host: str, port: int, workers: int) -> None:
    """Answer requests until told to stop; what has begun is finished first."""
    from granian import Granian
    from granian.constants import Interfaces

    from qamqor.services import warm

    # Loaded here once, the application is there at once in every process that is forked off.
    with warm.in_children(partial(datetime.now, UTC)):
        import_module("qamqor.wsgi")
    logging.getLogger("_granian").addFilter(_is_news)
    Granian(
        "qamqor.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=4 * THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_access=False,
    ).serve()
