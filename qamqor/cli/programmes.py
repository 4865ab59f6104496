"""Commands of the programmes room."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from qamqor import settings
from qamqor.engine.programmes.approval import Standing
from qamqor.engine.programmes.case_run import Outcome
from qamqor.engine.programmes.check import check as find_problems
from qamqor.services import content, content_rooms

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print results for a machine.")]
CONTENT_IS_WRONG = 4


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def check(as_json: AsJson = False) -> None:
    """List every problem of the content pack, each with file and line; exit 4 when there is any."""
    read = settings.read()
    problems = find_problems(read.shipped_content, read.content)
    problems += content_rooms.problems(read.shipped_content, read.content)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            typer.echo(str(problem))
        typer.echo(f"{len(problems)} problem(s) found" if problems else "No problem found.")
    if problems:
        raise typer.Exit(CONTENT_IS_WRONG)


@app.command("test")
def run_cases(
    programme: Annotated[str | None, typer.Argument(help="One programme; all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every case in DuckDB and in SQLite; exit 4 when one fails."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    outcomes = []
    for outcome in content.run_all_cases(pack, programme):
        outcomes.append(outcome)
        if not as_json:
            _print_outcome(outcome)
    failed = sum(not outcome.ok for outcome in outcomes)
    if as_json:
        typer.echo(json.dumps([_as_json(outcome) for outcome in outcomes], default=str))
    else:
        typer.echo(f"{len(outcomes) - failed} of {len(outcomes)} cases hold in both engines")
    if failed:
        raise typer.Exit(CONTENT_IS_WRONG)


@app.command("list")
def show(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Only the versions in force on this day."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the versions: since when each is in force, how it stands and who approved it."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    known = content.approvals(pack, read.approvals, is_demo=read.is_demo)
    day = as_of.date() if as_of is not None else None
    standings = content.standings(pack, known, as_of=day)
    if as_json:
        typer.echo(json.dumps([_standing(one) for one in standings], ensure_ascii=False))
        return
    typer.echo(f"{pack.title}, {pack.id} {pack.version}" + (f", as of {day}" if day else ""))
    for one in standings:
        approval = one.approval
        said = f"{approval.by}, {approval.at:%Y-%m-%d}" if approval else "nobody yet"
        typer.echo(f"{one.programme.id:<28}{one.programme.version:<12}{one.status:<10}{said}")
    if read.is_demo:
        typer.echo("Invented approvals, for demonstration only.")


@app.command()
def approve(
    programme: Annotated[str, typer.Argument(help="The programme's id.")],
    by: Annotated[str, typer.Option("--by", help="Who takes responsibility for this version.")],
    version: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Its day; the newest version without it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve one version of a programme as it is now; a later change ends the approval."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    day = version.date() if version is not None else None
    given = content.approve(
        pack, programme, version=day, by=by, at=datetime.now(UTC), file=read.approvals
    )
    if as_json:
        typer.echo(json.dumps(asdict(given), default=str, ensure_ascii=False))
    else:
        typer.echo(f"{given.programme} {given.version} is approved by {given.by}: {read.approvals}")


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    form: Annotated[str, typer.Option("--format", help="Only `fhir` so far.")] = "fhir",
    as_json: AsJson = False,
) -> None:
    """Write the pack as FHIR R4: PlanDefinition, Measure, Library, ValueSet, ViewDefinition."""
    if form != "fhir":
        raise typer.BadParameter(f"{form} is not known; write fhir")
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    known = content.approvals(pack, read.approvals, is_demo=read.is_demo)
    count = content.export_fhir(pack, out, known)
    if as_json:
        typer.echo(json.dumps(count))
        return
    for kind, number in count.items():
        typer.echo(f"{kind:<16}{number:>5}")


def _standing(one: Standing) -> dict[str, Any]:
    approval = one.approval
    return {
        "programme": one.programme.id,
        "version": one.programme.version,
        "title": one.programme.title,
        "status": one.status,
        "approved_by": approval.by if approval else None,
        "approved_at": approval.at.isoformat() if approval else None,
        "is_invented": bool(approval and approval.is_invented),
        "sha256": one.programme.sha256,
    }


def _print_outcome(outcome: Outcome) -> None:
    query = outcome.case.query
    named = f"{query.programme.id} {query.programme.version} {query.file.removesuffix('.sql')}"
    typer.echo(f"{'ok    ' if outcome.ok else 'FAILED'} {named}: {outcome.case.sentence}")
    if not outcome.ok:
        typer.echo(f"       {outcome.case.where}:{outcome.case.line}")
        for failure in outcome.failures:
            typer.echo(f"       {failure}")
        Console(highlight=False, soft_wrap=False).print(_side_by_side(outcome))


def _side_by_side(outcome: Outcome) -> Table:
    """The expected rows beside those each engine gave; only the columns the case speaks of."""
    table = Table("expected", *outcome.found, show_lines=True)
    spoken = {column for row in outcome.case.expect for column in row} or {"patient_id"}
    sides = [outcome.case.expect, *outcome.found.values()]
    for position in range(max((len(side) for side in sides), default=0)):
        table.add_row(*(_cell(side, position, spoken) for side in sides))
    return table


def _cell(side: Any, position: int, spoken: set[str]) -> str:
    if position >= len(side):
        return ""
    row = side[position]
    return "\n".join(f"{c}: {'–' if row[c] is None else row[c]}" for c in row if c in spoken)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    return {
        "programme": case.query.programme.id,
        "version": case.query.programme.version,
        "query": case.query.file.removesuffix(".sql"),
        "case": case.sentence,
        "where": f"{case.where}:{case.line}",
        "ok": outcome.ok,
        "failures": outcome.failures,
        "expected": case.expect,
        "found": outcome.found,
    }
