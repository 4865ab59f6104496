"""Commands of the demo room."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import typer

from qamqor import settings
from qamqor.services import demo

app = typer.Typer(no_args_is_help=True)

AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day known.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def population(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    people: Annotated[int, typer.Option(min=100, max=60_000_000, help="Residents.")] = 17_000,
    place: Annotated[str, typer.Option(help="A place of content/invented/places.csv.")] = "merke",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")] = 1,
    tables: Annotated[bool, typer.Option(help="Straight to warehouse tables, no FHIR.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Invent residents of a place: FHIR R4 NDJSON, or with --tables a warehouse."""
    known = settings.read()
    wish = demo.Wish(known.content, people, place, seed, _day(as_of))
    invent = demo.invent_tables if tables else demo.invent_resources
    made = invent(wish, out, processes=_processes(known), progress=_progress)
    summary = {"people": made.people, "rows": made.rows, "folder": str(made.folder), "seed": seed}
    summary |= {"place": place, "as_of": wish.as_of.isoformat(), "invented": True}
    words = (
        f"{made.people:,} invented people, {made.rows:,} rows, as of {wish.as_of}: {made.folder}"
    )
    typer.echo(json.dumps(summary) if as_json else words)


def _day(as_of: datetime | None) -> date:
    """The day asked for, else today where the people live (UTC+5)."""
    return (as_of or datetime.now(timezone(timedelta(hours=5)))).date()


def _processes(known: settings.Settings) -> int:
    return known.threads or len(os.sched_getaffinity(0))


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{words}\033[K", err=True, nl=False)
