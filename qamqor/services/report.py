"""Writes the report: one page for people, the same figures for machines."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from qamqor.engine.programmes.schema import Pack
from qamqor.errors import NotPossible, NotThere
from qamqor.services.report_count import Counts, Sources, count
from qamqor.services.report_names import Names
from qamqor.services.report_page import About, page
from qamqor.services.report_shown import Figures, shown
from qamqor.services.report_words import LANGUAGES, Words
from qamqor.store.warehouse import Warehouse

SUMMARY = "summary.json"
RESIDENT_TABLES = ("patient", "attachment", "organisation", "territory")


def write(
    results: Path,
    pack: Pack,
    language: str,
    out: Path,
    *,
    warehouse: Warehouse | None = None,
    about: About | None = None,
) -> Figures:
    """Write the report of one day's results as one HTML file; whole or not at all.

    Args:
        results: the folder of one day's results: ``due``, ``measures``, ``summary.json``.
        pack: names and words.
        language: ``kk``, ``ru`` or ``en``.
        out: the file to write.
        warehouse: who lives here, and names of areas; without it only people with due rows count.
        about: what the head of the page says of the numbers; read from the summary if not given.
    Returns:
        the figures on the page.
    Raises:
        NotPossible: the language is not one of the three.
        NotThere: there are no results.
    """
    if language not in LANGUAGES:
        raise NotPossible(f"no report in {language!r}: choose kk, ru or en")
    counts = _counts(results, warehouse)
    figures = shown(counts)
    names = Names(pack, counts.as_of, language, counts.organisations, counts.places)
    text = page(figures, names, Words(language), about or _about(results, pack, warehouse))
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f".{out.name}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(out)
    return figures


def newest(results: Path, as_of: date | None = None) -> Path:
    """The folder of the results of a day, else of the newest day there is.

    Raises:
        NotThere: nobody has worked them out yet.
    """
    found = [path for path in results.glob("????-??-??") if (path / SUMMARY).exists()]
    if as_of is not None:
        found = [path for path in found if path.name == as_of.isoformat()]
    if not found:
        day = as_of or "DATE"
        raise NotThere(f"no results in {results}; run: qamqor population refresh --as-of {day}")
    return max(found, key=lambda path: path.name).resolve()


def figures_of(results: Path, *, warehouse: Warehouse | None = None) -> dict[str, Any]:
    """The figures of the report for machines; null is a hidden number, dates are ISO text."""
    return plain(shown(_counts(results, warehouse)))


def plain(figures: Figures) -> dict[str, Any]:
    """Figures as JSON has them."""
    found = asdict(figures)
    for one, shares in zip(found["measures"], figures.measures, strict=True):
        interval = shares.now.interval
        one["interval_95"] = [interval.low, interval.high] if interval else None
    text = json.dumps(found, default=lambda value: value.isoformat())
    return json.loads(text)  # type: ignore[no-any-return]


def _counts(results: Path, warehouse: Warehouse | None) -> Counts:
    tables = {}
    if warehouse is not None:
        held = set(warehouse.tables) & set(RESIDENT_TABLES)
        tables = {name: warehouse.files(name) for name in RESIDENT_TABLES if name in held}
    with duckdb.connect() as connection:
        return count(Sources(results, {k: v for k, v in tables.items() if v}), connection)


def _about(results: Path, pack: Pack, warehouse: Warehouse | None) -> About:
    """What the summary beside the results says; a summary that says nothing means drafts."""
    file = results / SUMMARY
    summary = json.loads(file.read_text()) if file.exists() else {}
    kept = warehouse.manifest.quarantine if warehouse else None
    return About(
        f"{pack.id} {pack.version}",
        str(summary.get("approval", "draft")),
        bool(summary.get("invented", False)),
        quarantined=kept.rows if kept else None,
    )


__all__ = ["About", "figures_of", "newest", "plain", "write"]
