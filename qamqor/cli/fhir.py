"""Commands of the record: load, export, reindex, refresh."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from qamqor import settings

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day to work out; today without it."),
]


@app.command()
def load(
    paths: Annotated[list[Path], typer.Argument(help="NDJSON, Bundles, or folders of them.")],
    as_json: Json = False,
) -> None:
    """Store a delivery in the record; what cannot be stored is kept apart with its reason."""
    known = _record()
    from qamqor.services.access.actor import PLATFORM
    from qamqor.services.fhir import load as room

    started = time.perf_counter()
    quarantine = known.data / "record_quarantine.ndjson"
    found = room.load(
        paths,
        quarantine=quarantine,
        actor=PLATFORM,
        at=datetime.now(UTC),
        processes=known.threads or len(os.sched_getaffinity(0)),
        progress=lambda done: _progress(f"{done:,} read"),
    )
    seconds = time.perf_counter() - started
    if as_json:
        typer.echo(json.dumps({**dataclasses.asdict(found), "seconds": round(seconds, 1)}))
        return
    _progress("")
    apart = sum(found.apart.values())
    typer.echo(
        f"{found.read:,} read in {seconds:.1f} s: {found.new:,} new, {found.replaced:,} replaced,"
        f" {found.unchanged:,} unchanged, {found.deleted:,} deleted, {apart:,} kept apart."
    )
    typer.echo(f"Due care worked out for {found.people:,} people.")
    if apart:
        typer.echo(f"What was kept apart and why: {quarantine}")
    for code, count in sorted(found.apart.items()):
        typer.echo(f"  {count:>7,}  {code}")


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the record as NDJSON, a file for each type: one moment's picture."""
    _record()
    from qamqor.services.fhir import export as room

    counts = room.export(
        out,
        types=tuple(types or ()),
        progress=lambda type_, count: _progress(f"{type_}: {count:,}"),
    )
    _progress("")
    if as_json:
        typer.echo(json.dumps({"folder": str(out), "types": counts}))
    else:
        typer.echo(f"{sum(counts.values()):,} resources of {len(counts)} types: {out}")


@app.command()
def reindex(as_json: Json = False) -> None:
    """Make every index anew from the resources: search, people, access, due care."""
    _record()
    from qamqor.services.fhir import reindex as room

    counts = room.reindex(
        at=datetime.now(UTC), say=lambda name, count: _progress(f"{name}: {count:,}")
    )
    _progress("")
    words = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    typer.echo(json.dumps(counts) if as_json else f"Indexed: {words}.")


@app.command()
def refresh(as_of: AsOf = None, as_json: Json = False) -> None:
    """Work out everyone in the record for a new day; run it each night, and again if stopped.

    What applications were started with, and assertions they used, goes when its time is over.
    """
    _record()
    from qamqor.services import derived, smart
    from qamqor.store.fhir import versions

    smart.forget(at=datetime.now(UTC))

    day = as_of.date() if as_of is not None else derived.day_of(datetime.now(UTC))
    done = derived.refresh(
        day,
        sequence=versions.last_sequence(),
        progress=lambda people, total: _progress(f"{people:,} of {total:,}"),
    )
    _progress("")
    if as_json:
        typer.echo(json.dumps({"as_of": day.isoformat(), **dataclasses.asdict(done)}))
    else:
        typer.echo(
            f"As of {day}: {done.people:,} of {done.known:,} people worked out,"
            f" {done.failed:,} could not be."
        )


def _record() -> settings.Settings:
    """Open the record, its database brought up to this version."""
    known = settings.read()
    known.data.mkdir(parents=True, exist_ok=True)
    settings.load_django()
    from qamqor.services.upgrade import upgrade

    if upgrade(at=datetime.now(UTC), say=lambda name, count: _progress(f"{name}: {count:,}")):
        _progress("")
    return known


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{words}\033[K", err=True, nl=False)
