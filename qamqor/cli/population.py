"""Commands of the population room."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from qamqor import settings
from qamqor.engine.population.person_list import NOW, Wanted
from qamqor.engine.programmes.schema import Pack
from qamqor.services import content, population
from qamqor.services import population_shown as shown
from qamqor.services import report as reports
from qamqor.services.population_run import Job, run_job
from qamqor.services.population_words import PopulationWords
from qamqor.store.warehouse import MANIFEST, Warehouse

app = typer.Typer(no_args_is_help=True)
progress = Console(stderr=True)

DAY = "%Y-%m-%d"
AsOf = Annotated[datetime, typer.Option(formats=[DAY], help="The day to ask about.")]
KnownAt = Annotated[
    datetime | None,
    typer.Option(formats=[DAY], help="Leave out what was recorded after this day."),
]
Drafts = Annotated[bool, typer.Option("--drafts", help="Ask unapproved programmes too.")]
Json = Annotated[bool, typer.Option("--json", help="Print for a machine.")]
Lang = Annotated[str, typer.Option(help="kk, ru or en.")]
Many = Annotated[list[str] | None, typer.Option()]


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def refresh(
    as_of: AsOf,
    known_at: KnownAt = None,
    drafts: Drafts = False,
    as_json: Json = False,
) -> None:
    """Work out what everyone on the register is due, and every measure, as of a day."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    with _bar("Groups of people") as moved:
        results = population.refresh(
            _place(read),
            pack,
            as_of=as_of.date(),
            known_at=_date(known_at),
            choice=_choice(read, pack, as_of.date(), drafts=drafts),
            progress=moved,
        )
    if as_json:
        typer.echo(json.dumps({**results.summary, "folder": str(results.folder)}))
        return
    _say_summary(results.summary, PopulationWords("en"))
    typer.echo(f"Results: {population.named_folder(_place(read), as_of.date(), _date(known_at))}")


@app.command()
def due(  # noqa: PLR0913
    as_of: AsOf,
    role: Annotated[list[str] | None, typer.Option(help="Whose work, such as gp.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="People who live here or below.")] = None,
    programme: Annotated[list[str] | None, typer.Option(help="A programme's id.")] = None,
    organisation: Annotated[list[str] | None, typer.Option(help="Attached to it.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="Attached to this GP area.")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="overdue, due, unknown, not_due; the first two.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many people.")] = None,
    known_at: KnownAt = None,
    lang: Lang = "en",
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
    as_json: Json = False,
) -> None:
    """List who is due: one row a person with all their needs, the longest waiting first."""
    read = settings.read()
    words = PopulationWords(lang)
    wanted = Wanted(
        roles=role or (),
        places=place or (),
        programmes=programme or (),
        organisations=organisation or (),
        areas=area or (),
        statuses=status or NOW,
        limit=limit,
    )
    results, found = population.list_due(
        _place(read), as_of=as_of.date(), known_at=_date(known_at), wanted=wanted
    )
    pack = content.open_pack(read.shipped_content, read.content)
    said = shown.Said(pack, as_of.date(), lang)
    if as_json or form == "json":
        typer.echo(_json(shown.list_json(found, results.summary, said)))
    elif form == "csv":
        typer.echo(shown.list_csv(found, results.summary, said), nl=False)
    elif form == "table":
        areas = population.area_names(_place(read), lang)
        _print_table(shown.list_rows(found, said, words, areas))
        typer.echo(shown.header(results.summary, words))
        typer.echo(words.tell("shown_of", n=len(found.people), all=found.all_people))
    else:
        raise typer.BadParameter("choose table, csv or json", param_hint="--format")


@app.command()
def explain(
    patient: Annotated[str, typer.Argument(help="The person's id, without Patient/.")],
    as_of: AsOf,
    known_at: KnownAt = None,
    drafts: Drafts = False,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Say of one person what is due, not yet due, unknown or not needed, and on what evidence."""
    read = settings.read()
    words = PopulationWords(lang)
    pack = content.open_pack(read.shipped_content, read.content)
    found = population.explain_person(
        _place(read),
        pack,
        patient.removeprefix("Patient/"),
        as_of=as_of.date(),
        known_at=_date(known_at),
        choice=_choice(read, pack, as_of.date(), drafts=drafts),
    )
    if as_json:
        typer.echo(_json(shown.explanation_json(found.explanation, found.about, pack, words)))
    else:
        typer.echo(shown.explanation_text(found.explanation, found.about, pack, words))


@app.command("run")
def run_command(  # noqa: PLR0913
    sources: Annotated[
        list[Path], typer.Argument(help="FHIR R4 NDJSON, Bundles, or folders of them.")
    ],
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    known_at: KnownAt = None,
    drafts: Drafts = False,
    is_strict: Annotated[
        bool, typer.Option("--strict", help="Change nothing if any record is wrong (exit 5).")
    ] = False,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Load records from elsewhere, work out who is due, and write results and a report."""
    read = settings.read()
    words = PopulationWords(lang)
    pack = content.open_pack(read.shipped_content, read.content)
    choice = _choice(read, pack, as_of.date(), drafts=drafts)
    job = Job(
        sources, out, as_of.date(), _date(known_at), datetime.now(UTC), lang, is_strict=is_strict
    )
    summary = run_job(_place(read), pack, choice, job, say=_say)
    if as_json:
        typer.echo(_json(summary))
        return
    _say_summary(summary, words)
    records = summary["records"]
    quarantined = records["in_quarantine_now"]
    typer.echo(f"{records['read']:,} records read, {quarantined:,} entries in quarantine.")
    names = "due.parquet, measures.parquet, report.html, quarantine.ndjson, summary.json"
    typer.echo(f"In {out}: {names}")


@app.command()
def report(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("report.html"),
    lang: Annotated[str, typer.Option(help="kk, ru or en.")] = "en",
    as_of: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="A day; the newest without it.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="The folder of one day's results.", exists=True)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures too.")] = False,
) -> None:
    """Write who needs care now, and whether care works, as one HTML page without names."""
    read = settings.read()
    folder = results or reports.newest(read.data / "results", _date(as_of))
    home = read.data / "warehouse"
    figures = reports.write(
        folder,
        content.open_pack(read.shipped_content, read.content),
        lang,
        out,
        warehouse=Warehouse.open(home) if (home / MANIFEST).exists() else None,
    )
    typer.echo(json.dumps(reports.plain(figures), ensure_ascii=False) if as_json else str(out))


def _say(words: str) -> None:
    if progress.is_terminal:
        progress.print(words)


def _place(read: settings.Settings) -> population.Place:
    memory = read.memory_gb or 8.0
    return population.Place(read.data, read.threads or len(os.sched_getaffinity(0)), memory)


def _choice(read: settings.Settings, pack: Pack, as_of: date, *, drafts: bool) -> population.Choice:
    """The programmes that may be asked; those left out are named on the error stream."""
    known = content.approvals(pack, read.approvals, is_demo=read.is_demo)
    choice = population.choose(pack, as_of, known, drafts=drafts)
    for one in choice.not_approved:
        progress.print(f"not approved, left out: {one.id} {one.version}", highlight=False)
    return choice


def _say_summary(summary: Any, words: PopulationWords) -> None:
    typer.echo(shown.header(summary, words))
    heads = ("people", "overdue", "due", "not_due", "unknown")
    typer.echo(f"{'':<28}" + "".join(f"{head.replace('_', ' '):>12}" for head in heads))
    for one in summary["programmes"]:
        numbers = "".join(f"{one[head]:>12,}" for head in heads)
        typer.echo(f"{one['programme']:<28}{numbers}")
    typer.echo(f"{summary['people_on_register']:,} people on the register.")


def _print_table(table: tuple[list[str], list[list[str]]]) -> None:
    heads, rows = table
    drawn = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = 140
    console.print(drawn, highlight=False, markup=False)


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on the error stream, drawn only when somebody is watching."""
    with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
        task = bar.add_task(words)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, default=lambda value: value.isoformat())
