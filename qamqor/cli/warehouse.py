"""Commands of the warehouse room: load records, take them out, say what is there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from qamqor import settings
from qamqor.engine.fhir.envelope import microseconds
from qamqor.engine.programmes.load import read_pack
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import InvalidPack
from qamqor.services.warehouse import removal
from qamqor.services.warehouse.close import Strict
from qamqor.services.warehouse.contents import Contents, show
from qamqor.services.warehouse.delivery import Limits
from qamqor.services.warehouse.load import delete, load
from qamqor.services.warehouse.quarantine import Entry
from qamqor.services.warehouse.summary import Summary

app = typer.Typer(no_args_is_help=True)

MOST_LISTED: Final = 20
Into = Annotated[
    Path | None,
    typer.Option("--into", help="Data folder, in place of QAMQOR_DATA.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.callback()
def group() -> None:
    """Keep verbs named commands."""


@app.command("load")
def load_command(
    sources: Annotated[
        list[Path],
        typer.Argument(help="FHIR R4 NDJSON, Bundles, or folders of them; .gz and .zst too."),
    ],
    into: Into = None,
    is_strict: Annotated[
        bool, typer.Option("--strict", help="Change nothing if anything is wrong (exit 5).")
    ] = False,
    people: Annotated[
        int,
        typer.Option(help="How many people it will hold, if the first load brings only some."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Load records: new ones come in, newer ones replace, deleted ones go."""
    now, pack = settings.read(), _pack()
    try:
        with _progress() as progress:
            summary = load(
                sources,
                into or now.data,
                tables=pack.tables.values(),
                at=datetime.now(UTC),
                pack=f"{pack.id} {pack.version}".strip(),
                is_strict=is_strict,
                limits=Limits(threads=now.threads, memory_gb=now.memory_gb, people=people),
                progress=progress,
            )
    except Strict as refused:
        _answer(refused.summary, as_json)
        for entry in refused.entries:
            typer.echo(_line(entry), err=True)
        raise
    _answer(summary, as_json)


@app.command("follow")
def follow_command(
    into: Into = None,
    every: Annotated[
        int, typer.Option("--every", help="Follow again after so many seconds, until stopped.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Take what changed in the record since the last time; the first time, all of it."""
    now, pack = settings.read(), _pack()
    settings.load_django()
    from qamqor.services.warehouse import follow

    while True:
        found = follow.follow(
            into or now.data,
            tables=pack.tables.values(),
            at=datetime.now(UTC),
            pack=_named(pack),
            limits=Limits(threads=now.threads, memory_gb=now.memory_gb),
        )
        if as_json:
            _print_json(msgspec.to_builtins(found))
        else:
            typer.echo(
                f"The warehouse is where the record was at change {found.sequence:,}:"
                f" {found.changes:,} changes, {found.resources:,} resources taken,"
                f" {found.deleted:,} deleted, {found.quarantined:,} kept apart."
            )
        if every <= 0:
            return
        time.sleep(every)


@app.command("delete")
def delete_command(
    names: Annotated[list[str], typer.Argument(help="Type/id, one or more.", metavar="TYPE/ID…")],
    into: Into = None,
    with_records: Annotated[
        bool, typer.Option("--with-records", help="Also delete all that is about these patients.")
    ] = False,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take records out; older copies that come later stay out."""
    folder, pack, at = into or settings.read().data, _pack(), datetime.now(UTC)
    named = removal.deletions(names, microseconds(at) or 0)
    ahead = removal.look_ahead(named, folder)
    if with_records and ahead.referring:
        named = removal.deletions([*names, *ahead.referring], microseconds(at) or 0)
    _say_ahead(ahead, with_records)
    if not is_sure:
        typer.confirm("Delete?", abort=True, err=True)
    _answer(delete(named, folder, tables=pack.tables.values(), at=at, pack=_named(pack)), as_json)


@app.command("show")
def show_command(into: Into = None, as_json: AsJson = False) -> None:
    """Say what is in the warehouse."""
    contents = show(into or settings.read().data)
    if as_json:
        _print_json(contents)
    else:
        _print_contents(contents)


def _pack() -> Pack:
    """The content pack; its programmes need not be right for records to be loaded."""
    now = settings.read()
    pack, problems = read_pack(now.shipped_content, now.content)
    of_tables = [problem for problem in problems if "/programmes/" not in problem.where]
    if of_tables:
        raise InvalidPack(of_tables)
    return pack


def _named(pack: Pack) -> str:
    return f"{pack.id} {pack.version}".strip()


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar on the error stream while a person is watching."""
    columns = (
        TextColumn("reading"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_json(answer: Any) -> None:
    text = msgspec.json.format(msgspec.json.encode(answer), indent=2)
    typer.echo(text.decode())


def _answer(summary: Summary, as_json: bool) -> None:
    if as_json:
        sums = {"loaded": summary.loaded, "accounted": summary.accounted}
        _print_json(msgspec.to_builtins(summary) | sums)
        return
    for label, count, more in _accounts(summary):
        typer.echo(f"  {label:<12}{count:>12,}{'   ' + more if more else ''}")
    typer.echo(f"  {'accounted':<12}{summary.accounted:>12,}   of {summary.read:,} read")
    _print_state(summary)


def _accounts(summary: Summary) -> Iterator[tuple[str, int, str]]:
    yield "read", summary.read, f"in {summary.files:,} file(s)"
    yield "loaded", summary.loaded, f"{summary.new:,} new, {summary.replaced:,} replaced"
    yield "unchanged", summary.unchanged, ""
    yield "older", summary.older, "newer or deleted here already" if summary.older else ""
    yield "removed", summary.removed, "deleted or entered in error" if summary.removed else ""
    yield "not used", sum(summary.not_used.values()), _listed(summary.not_used)
    yield "quarantined", sum(summary.quarantined.values()), _listed(summary.quarantined)


def _print_state(summary: Summary) -> None:
    if summary.notes:
        typer.echo(f"Also noted in quarantine: {_listed(summary.notes)}.")
    if summary.ended:
        typer.echo(f"{summary.ended:,} earlier quarantine entries are over.")
    if summary.referring:
        typer.echo(f"About deleted patients: {', '.join(summary.referring[:MOST_LISTED])}")
    if summary.refused_because:
        typer.echo(summary.refused_because)
        return
    if not summary.is_changed:
        typer.echo("Nothing new: the warehouse is as it was.")
    rows = {table: count for table, count in summary.rows.items() if count}
    typer.echo(f"Warehouse {summary.folder}: {summary.people:,} people.")
    typer.echo(f"Rows: {_listed(rows)}.")
    if summary.kept:
        typer.echo(f"Quarantine: {summary.kept:,} entries in {summary.folder}/quarantine.ndjson")


def _print_contents(contents: Contents) -> None:
    typer.echo(f"Warehouse {contents.folder}, state {contents.generation}")
    typer.echo(f"  loaded at    {contents.loaded_at or 'not said'}")
    typer.echo(f"  pack         {contents.pack or 'not said'}")
    typer.echo(f"  people       {contents.people:,} in {contents.buckets} buckets")
    typer.echo(f"  size         {contents.bytes / 1e6:,.1f} MB")
    typer.echo(f"  quarantine   {_listed(contents.quarantine) or 'empty'}")
    for table, count in contents.rows.items():
        held = contents.held.get(table)
        typer.echo(f"  {table:<24}{count:>12,}" + (f"   {held:,} held" if held else ""))


def _say_ahead(ahead: removal.Removal, with_records: bool) -> None:
    for name in ahead.here:
        typer.echo(f"{name}: its rows will be removed.", err=True)
    for name in ahead.absent:
        typer.echo(f"{name}: not here; it will be kept out.", err=True)
    if ahead.referring:
        fate = "deleted too" if with_records else "held until the patient comes back"
        listed = ", ".join(ahead.referring[:MOST_LISTED])
        typer.echo(f"{len(ahead.referring):,} records are about them; {fate}: {listed}", err=True)


def _line(entry: Entry) -> str:
    place = f"{entry.source}:{entry.line}" + (f" entry {entry.entry}" if entry.entry else "")
    named = f"{entry.resource}: " if entry.resource else ""
    return f"{place}: {named}{entry.reason} [{entry.code}]"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
