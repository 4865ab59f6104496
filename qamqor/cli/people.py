"""Commands of the people room."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from qamqor import settings
from qamqor.errors import BadInput

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def twins(
    file: Annotated[
        Path | None,
        typer.Option(help="Patients as NDJSON, not loaded yet: who of them is here already?"),
    ] = None,
    least: Annotated[float | None, typer.Option(help="Score from which to show a pair.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the records that may be one person, the likeliest first, with the reasons.

    Names are not printed; open the two records to judge.
    """
    settings.read().data.mkdir(parents=True, exist_ok=True)
    settings.load_django()
    from qamqor.engine.identity.weights import LIKELY
    from qamqor.services.access.actor import PLATFORM
    from qamqor.services.registration.review import review
    from qamqor.services.upgrade import upgrade

    upgrade(at=datetime.now(UTC))
    found = review(
        actor=PLATFORM,
        at=datetime.now(UTC),
        file=None if file is None else patients(file),
        least=LIKELY if least is None else least,
    )
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found)))
        return
    for pair in found.pairs:
        reasons = " ".join(pair.reasons)
        typer.echo(f"{pair.score:5.1f}  {pair.verdict:8}  {pair.one}  {pair.other}  {reasons}")
    typer.echo(
        f"{len(found.pairs)} pairs among {found.people:,} people; {found.compared:,} compared."
    )
    if found.passed_over:
        typer.echo(f"{found.passed_over} keys were shared by too many people to be looked into.")


def patients(file: Path) -> Iterator[dict[str, Any]]:
    """The Patients of an NDJSON file.

    Raises:
        BadInput: a line is no Patient; says which.
    """
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                resource = json.loads(line)
            except ValueError:
                resource = None
            if not isinstance(resource, dict) or resource.get("resourceType") != "Patient":
                raise BadInput(f"{file}:{number} is not a Patient as JSON; nothing was compared")
            yield resource
