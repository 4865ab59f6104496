"""Commands of the demo room."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from qamqor import settings
from qamqor.errors import NotPossible
from qamqor.services import content, demo, demo_record, demo_run
from qamqor.services.report_words import LANGUAGES

app = typer.Typer(no_args_is_help=True)

HERE: Final = timezone(timedelta(hours=5))
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day known; today without it."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
People = Annotated[int, typer.Option(min=100, max=60_000_000, help="How many residents.")]
Place = Annotated[str, typer.Option(help="A place of content/invented/places.csv.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")]


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command()
def population(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    people: People = 17_000,
    place: Place = "merke",
    seed: Seed = 1,
    tables: Annotated[bool, typer.Option("--tables", help="Warehouse tables, no FHIR.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Invent residents of a place: FHIR R4 NDJSON, or with --tables a warehouse."""
    known = settings.read()
    wish = _wish(known, people, place, seed, as_of)
    invent = demo.invent_tables if tables else demo.invent_resources
    made = invent(wish, out, processes=_workers(known), progress=_progress)
    summary = {**demo.facts_of(wish), "rows": made.rows, "folder": str(made.folder)}
    kind = "rows" if tables else "resources"
    words = f"{made.people:,} invented people, {made.rows:,} {kind}, as of {wish.as_of}"
    typer.echo(json.dumps(summary) if as_json else f"{words}: {made.folder}")


@app.command()
def run(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("var/demo"),
    people: People = 17_000,
    place: Place = "merke",
    seed: Seed = 1,
    as_of: AsOf = None,
    areas: Annotated[int, typer.Option(min=0, help="GP areas to put into the record.")] = 0,
    serve: Annotated[bool, typer.Option("--serve", help="Then serve until stopped.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
    as_json: Json = False,
) -> None:
    """Invent a district, load it, work out who is due, and write the report in three languages."""
    known, started = settings.read(), time.perf_counter()
    wish = _wish(known, people, place, seed, as_of)
    pack = content.open_pack(known.shipped_content, known.content)

    def say(words: str) -> None:
        if not as_json:
            typer.echo(f"{time.perf_counter() - started:5.1f} s  {words} …")

    finished = demo_run.run_demo(
        wish,
        out,
        pack,
        at=datetime.now(UTC),
        languages=LANGUAGES,
        workers=_workers(known),
        memory_gb=known.memory_gb or 8.0,
        say=say,
    )
    loaded = _into_record(out, areas, say) if areas else None
    seconds = time.perf_counter() - started
    if as_json:
        typer.echo(json.dumps({**_summary(wish, out, finished, seconds), "record": loaded}))
    else:
        typer.echo(_last_words(wish, out, finished, f"{pack.id} {pack.version}", seconds))
    if serve:
        _serve(out, port, loaded)


def _into_record(out: Path, areas: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Load some areas into a new record, in a command of its own; gives what that command says."""
    people = demo_record.pick_areas(out / demo_run.RECORDS, out / "record-areas", areas=areas)
    say(f"Loading {people:,} people of {areas} GP areas into the record")
    for old in out.glob("qamqor.sqlite3*"):
        old.unlink()
    command = [sys.executable, "-m", "qamqor", "fhir", "load", str(out / "record-areas"), "--json"]
    done = subprocess.run(  # noqa: S603
        command, env=settings.as_demo(out), stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise NotPossible("the record could not be loaded; what stands above says why")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _serve(out: Path, port: int, loaded: dict[str, Any] | None) -> None:
    """Become the server of the demo; it goes on until somebody stops it."""
    people = f" with {loaded['people']:,} people in the record" if loaded else ""
    typer.echo(f"Serving http://localhost:{port}{people} until you press Ctrl-C.")
    sys.stdout.flush()
    command = [sys.executable, "-m", "qamqor", "serve", "--port", str(port)]
    os.execve(sys.executable, command, settings.as_demo(out))  # noqa: S606


def _wish(
    known: settings.Settings, people: int, place: str, seed: int, as_of: datetime | None
) -> demo.Wish:
    """What was asked for; a pack without figures of its own uses the shipped ones."""
    own = known.content if (known.content / "invented").is_dir() else known.shipped_content
    day: date = (as_of or datetime.now(HERE)).date()
    return demo.Wish(own, people, place, seed, day)


def _summary(
    wish: demo.Wish, out: Path, finished: demo_run.Finished, seconds: float
) -> dict[str, object]:
    return {
        **demo.facts_of(wish),
        "folder": str(out),
        "resources": finished.resources,
        "quarantined": finished.quarantined,
        "due_rows": finished.due_rows,
        "reports": {language: str(path) for language, path in finished.reports.items()},
        "patient_id": finished.patient_id,
        "area_id": finished.area_id,
        "seconds": round(seconds, 1),
    }


def _last_words(
    wish: demo.Wish, out: Path, finished: demo_run.Finished, pack: str, seconds: float
) -> str:
    """Where to look, what to try next, and how to clean up."""
    qamqor = f"QAMQOR_DEMO=1 QAMQOR_DATA={out} .venv/bin/qamqor"
    as_of = f"--as-of {wish.as_of}"
    again = f"QAMQOR_DEMO=1 .venv/bin/qamqor demo run --out {out}"
    counts = (
        f"{finished.people:,} residents, {finished.resources:,} records"
        f" ({finished.quarantined:,} kept apart), {finished.due_rows:,} answers to what is due,"
        f" in {seconds:.0f} s."
    )
    reports = "\n".join(f"  {language}  {path}" for language, path in finished.reports.items())
    return f"""
Invented people. As of {wish.as_of}. Pack {pack}, approvals invented. Seed {wish.seed}.
{counts}

Look at the report:
{reports}
Try next:
  why one person is due       {qamqor} population explain {finished.patient_id} {as_of}
  a practice nurse's list     {qamqor} population due {as_of} --role practice_nurse \
--area {finished.area_id} --status overdue
  everyone in one village     {qamqor} population due {as_of} --place oytal
  other people                {again} --seed {wish.seed + 1}
To clean up: rm -r {out}"""


def _workers(known: settings.Settings) -> int:
    return known.threads or len(os.sched_getaffinity(0))


def _progress(words: str) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{words}\033[K", err=True, nl=False)
