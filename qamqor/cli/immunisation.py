"""Commands of the immunisation room."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from qamqor import settings
from qamqor.services import content, immunisation, population
from qamqor.services import immunisation_coverage as covered
from qamqor.services import immunisation_everyone as everyone
from qamqor.services import immunisation_pages as pages
from qamqor.services import immunisation_shown as shown
from qamqor.services import immunisation_sources as sources
from qamqor.services import immunisation_stock as stocked
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population import Place

app = typer.Typer(no_args_is_help=True)

DAY = "%Y-%m-%d"
AsOf = Annotated[datetime, typer.Option(formats=[DAY], help="The day to ask about.")]
Json = Annotated[bool, typer.Option("--json", help="Print for a machine.")]
Lang = Annotated[str, typer.Option(help="kk, ru or en.")]
ScheduleAt = Annotated[
    Path | None,
    typer.Option(help="A schedule in YAML, or a folder of CDSi XML; the country's without it."),
]


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def forecast(  # noqa: PLR0913
    source: Annotated[
        Path, typer.Argument(help="A FHIR R4 Bundle, Patient, NDJSON file, or a folder of them.")
    ],
    as_of: AsOf,
    patient: Annotated[str | None, typer.Option(help="Only this person's id.")] = None,
    schedule: ScheduleAt = None,
    is_why: Annotated[bool, typer.Option("--why", help="Add the reason for each date.")] = False,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Say of each dose whether it counts, and of each vaccination when the next one is due."""
    read = settings.read()
    packs = list(dict.fromkeys([read.content, read.shipped_content]))
    found = immunisation.open_schedule(schedule, packs, as_of.date())
    words = ImmunisationWords(lang, packs, found.schedule, found.folder)
    wanted = patient.removeprefix("Patient/") if patient else None
    people, problems = immunisation.forecast(source, found, as_of=as_of.date(), patient=wanted)
    if as_json:
        about = {
            "as_of": as_of.date().isoformat(),
            "schedule": found.title,
            "status": found.status,
            "people": [shown.forecast_json(person, words, is_why=is_why) for person in people],
            "problems": [str(problem) for problem in problems],
        }
        typer.echo(json.dumps(about, ensure_ascii=False))
        return
    for person in people:
        typer.echo(shown.forecast_text(person, words, as_of.date(), is_why=is_why) + "\n")
    for problem in problems:
        typer.echo(str(problem))
    if found.status == "draft":
        typer.echo(words.say("draft"))


@app.command()
def evaluate_all(
    as_of: AsOf,
    schedule: ScheduleAt = None,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Work out the vaccinations of everyone in the warehouse, and count how people stand."""
    read = settings.read()
    packs = list(dict.fromkeys([read.content, read.shipped_content]))
    found = immunisation.open_schedule(schedule, packs, as_of.date())
    words = ImmunisationWords(lang, packs, found.schedule, found.folder)
    coverage = everyone.evaluate_all(_place(read), found, as_of=as_of.date())
    if as_json:
        about = everyone.summary(coverage, found, as_of.date())
        typer.echo(json.dumps({**about, "folder": str(coverage.folder)}, ensure_ascii=False))
        return
    typer.echo(shown.coverage_text(coverage, words))
    typer.echo(str(coverage.folder))
    if found.status == "draft":
        typer.echo(words.say("draft"))


@app.command("coverage")
def show_coverage(
    as_of: AsOf,
    by: Annotated[
        str | None, typer.Option(help="Divide by place, area, sex or settlement.")
    ] = None,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Show coverage, dropout and children without a dose, from the results kept for a day."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    results, found = covered.coverage(_place(read), pack, as_of=as_of.date(), by=by)
    if as_json:
        about = covered.coverage_json(found, results.summary, lang)
        typer.echo(json.dumps(about, ensure_ascii=False))
        return
    names = covered.group_names(_place(read), by, lang)
    typer.echo("\n".join(covered.coverage_lines(found, lang, names)))


@app.command()
def stock(
    as_of: AsOf,
    months: Annotated[int, typer.Option(help="How many months, this one included.")] = 3,
    drafts: Annotated[
        bool, typer.Option("--drafts", help="Ask unapproved programmes too.")
    ] = False,
    lang: Lang = "en",
    as_json: Json = False,
) -> None:
    """Say how many doses of each vaccine each area will need, month by month."""
    read = settings.read()
    pack = content.open_pack(read.shipped_content, read.content)
    known = content.approvals(pack, read.approvals, is_demo=read.is_demo)
    choice = population.choose(pack, as_of.date(), known, drafts=drafts)
    found = stocked.stock(_place(read), pack, choice, as_of=as_of.date(), months=months)
    packs = list(dict.fromkeys([read.content, read.shipped_content]))
    words = ImmunisationWords(lang, packs, found.opened.schedule, found.opened.folder)
    if as_json:
        typer.echo(json.dumps(stocked.stock_json(found, words, as_of.date()), ensure_ascii=False))
        return
    heads, rows = stocked.stock_rows(found, words, population.area_names(_place(read), lang))
    typer.echo("\n".join(shown.columns([heads, *rows])))
    if found.opened.status == "draft":
        typer.echo(words.say("draft"))


@app.command()
def card(  # noqa: PLR0913
    patient: Annotated[str, typer.Argument(help="The person's id, without Patient/.")],
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    records: Annotated[
        Path | None,
        typer.Option(help="A FHIR R4 file or folder; without it what the warehouse knows."),
    ] = None,
    schedule: ScheduleAt = None,
    lang: Lang = "en",
) -> None:
    """Write one person's vaccination card (063/u): doses given, how each counts, next dates."""
    read = settings.read()
    packs = list(dict.fromkeys([read.content, read.shipped_content]))
    found = immunisation.open_schedule(schedule, packs, as_of.date())
    words = ImmunisationWords(lang, packs, found.schedule, found.folder)
    who = patient.removeprefix("Patient/")
    known = sources.resources_of(who, records, _place(read))
    person = immunisation.forecast_person(who, known, found.schedule, as_of.date())
    out.write_text(pages.card(person, known, found, words, as_of.date()), encoding="utf-8")
    typer.echo(str(out))


@app.command()
def timeline(
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    schedule: ScheduleAt = None,
    lang: Lang = "en",
) -> None:
    """Write the calendar as a picture: each vaccine by age, with the same as a table."""
    read = settings.read()
    packs = list(dict.fromkeys([read.content, read.shipped_content]))
    found = immunisation.open_schedule(schedule, packs, as_of.date())
    words = ImmunisationWords(lang, packs, found.schedule, found.folder)
    out.write_text(pages.timeline(found, words, as_of.date()), encoding="utf-8")
    typer.echo(str(out))


def _place(read: settings.Settings) -> Place:
    workers = read.threads or len(os.sched_getaffinity(0))
    return Place(read.data, workers, read.memory_gb or 8.0)
