"""Commands of the population room."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from qamqor import settings
from qamqor.services import content
from qamqor.services import report as reports
from qamqor.store.warehouse import MANIFEST, Warehouse

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    lang: Annotated[str, typer.Option(help="kk, ru or en.")] = "en",
    as_of: Annotated[str | None, typer.Option(help="A day; the newest without it.")] = None,
    results: Annotated[
        Path | None, typer.Option(help="The folder of one day's results.", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures too.")] = False,
) -> None:
    """Write who needs care now, and whether care works, as one HTML page without names."""
    read = settings.read()
    day = date.fromisoformat(as_of) if as_of else None
    folder = results or reports.newest(read.data / "results", day)
    home = read.data / "warehouse"
    figures = reports.write(
        folder,
        content.open_pack(read.shipped_content, read.content),
        lang,
        out,
        warehouse=Warehouse.open(home) if (home / MANIFEST).exists() else None,
    )
    typer.echo(json.dumps(reports.plain(figures), ensure_ascii=False) if as_json else str(out))
