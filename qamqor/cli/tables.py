"""Commands of the tables room."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from qamqor.engine.tables import definition
from qamqor.engine.tables.formats import Format, write
from qamqor.engine.tables.run import run as run_view
from qamqor.engine.tables.view import View
from qamqor.errors import InvalidView, Problem

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


def read(file: Path) -> View:
    """The view in a file; its problems name the file."""
    try:
        return definition.read_view(json.loads(file.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InvalidView([Problem(str(file), f"cannot be read: {error.strerror}")]) from None
    except ValueError as error:
        raise InvalidView([Problem(str(file), f"is not JSON: {error}")]) from None
    except InvalidView as error:
        named = [Problem(f"{file}: {p.where}", p.what, p.fix) for p in error.problems]
        raise InvalidView(named) from None


@app.command()
def run(
    view: Annotated[Path, typer.Argument(help="A ViewDefinition, as JSON.")],
    resources: Annotated[
        list[Path],
        typer.Option(help="NDJSON, a Bundle, or a folder of them; .gz and .zst too. May repeat."),
    ],
    form: Annotated[
        Format, typer.Option("--format", help="How to write the rows.")
    ] = Format.ndjson,
    out: Annotated[Path | None, typer.Option(help="A file; without it, standard output.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Use the slow, plain engine.")] = False,
) -> None:
    """Print the rows a view makes of some resources.

    NDJSON has every column of the view in its order, null where a value is missing. Lines that
    cannot be used are named on the error stream and left out.
    """
    with duckdb.connect() as connection:
        outcome = run_view(connection, read(view), resources, plain=plain)
    for problem in outcome.kept_apart:
        typer.echo(str(problem), err=True)
    if outcome.kept_apart:
        typer.echo(f"{len(outcome.kept_apart)} line(s) left out.", err=True)
    if out is None:
        write(outcome.table, form, sys.stdout.buffer)
    else:
        with out.open("wb") as stream:
            write(outcome.table, form, stream)


@app.command()
def check(
    views: Annotated[list[Path], typer.Argument(help="ViewDefinitions, as JSON.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print results for a machine.")] = False,
) -> None:
    """Say everything that is wrong with some views, before any data is read."""
    problems: list[Problem] = []
    report: list[dict[str, Any]] = []
    for file in views:
        try:
            view = read(file)
        except InvalidView as error:
            problems += error.problems
            continue
        remarks = [*view.warnings, *view.risks]
        columns = [{"name": c.name, "type": c.sql_type} for c in view.columns]
        report.append({"file": str(file), "name": view.name, "columns": columns,
                       "remarks": [str(remark) for remark in remarks]})  # fmt: skip
        if not as_json:
            typer.echo(f"{file}: {view.name}, {len(view.columns)} columns")
            for remark in remarks:
                typer.echo(f"  {remark}")
    if as_json:
        typer.echo(json.dumps({"views": report, "problems": [str(p) for p in problems]}))
    if problems:
        raise InvalidView(problems)
