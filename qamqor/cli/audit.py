"""Verifies the audit chain and signs it."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from qamqor import settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(
    published: Annotated[
        Path | None, typer.Option(help="Checkpoints kept elsewhere; else this node's own file.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="PEM of the key to trust; else this node's own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read the whole audit chain; exit code 1 and the entry's number when something was changed."""
    settings.load_django()
    from qamqor.services.audit import verify as chain

    verdict = chain.verify(published=published, public_key=public_key)
    if as_json:
        typer.echo(json.dumps({"is_intact": verdict.is_intact, **dataclasses.asdict(verdict)}))
    else:
        for finding in verdict.findings:
            typer.echo(f"{finding.kind}: {finding.text}")
        state = "intact" if verdict.is_intact else "NOT intact"
        typer.echo(
            f"{verdict.entries} entries, {verdict.checkpoints} signed checkpoints agree: {state}"
        )
    raise typer.Exit(0 if verdict.is_intact else 1)


@app.command()
def checkpoint(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sign the chain as it stands and append the signature to the published file."""
    settings.load_django()
    from qamqor.services.audit import checkpoints

    made = checkpoints.sign_now(at=round(datetime.now(UTC).timestamp() * 1_000_000))
    if as_json:
        typer.echo(json.dumps(None if made is None else made._asdict()))
    elif made is None:
        typer.echo("nothing has been kept yet")
    else:
        typer.echo(f"entry {made.number} signed by {made.key}: {checkpoints.published_file()}")


@app.command()
def key(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the public key, for whoever keeps the checkpoints."""
    settings.load_django()
    from qamqor.services.audit import checkpoints

    text = checkpoints.public_pem()
    typer.echo(json.dumps({"public_key": text}) if as_json else text, nl=as_json)
