"""How many children a vaccination reached, by place, area, sex or settlement, from kept results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np

from qamqor.engine.population.disclosure import hide
from qamqor.engine.programmes import words
from qamqor.engine.programmes.schema import Pack, Programme
from qamqor.errors import NotPossible
from qamqor.services.population import Place, area_names
from qamqor.services.population_words import PopulationWords
from qamqor.services.report_words import Words
from qamqor.store.results import Results

BY: Final = {"place": "place_id", "area": "area_id", "sex": "sex", "settlement": "is_rural"}
HIDDEN: Final = None


@dataclass(frozen=True, slots=True)
class Share:
    """One number of a table; what would name somebody is null.

    Attributes:
        group: the id of the place or area, a sex, or whether rural; null for everybody.
    """

    group: Any
    numerator: int | None
    denominator: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """One measure: everybody, then each group."""

    programme: Programme
    measure: str
    period: tuple[date, date]
    everybody: Share
    groups: tuple[Share, ...]


def coverage(
    place: Place, pack: Pack, *, as_of: date, by: str | None = None
) -> tuple[Results, list[Counted]]:
    """The measures of the programmes that ask a schedule, from the results kept for a day.

    Counts of one to four people are hidden, and enough others that none can be worked out.

    Raises:
        NotThere: nobody has worked out that day.
        NotPossible: no such way to divide people.
    """
    if by is not None and by not in BY:
        raise NotPossible(f"cannot divide by {by!r}: choose from {', '.join(BY)}")
    results = Results.open(place.results, as_of, None)
    asking = [one for one in pack.in_force(as_of) if one.doses_table is not None]
    found = []
    with duckdb.connect(config={"threads": place.workers}) as connection:
        files = [str(file) for file in results.files("measures")]
        for programme in asking:
            for measure in programme.measures:
                counted = _counted(connection, files, programme, measure, by)
                if counted is not None:
                    found.append(counted)
    return results, found


def _counted(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[str],
    programme: Programme,
    measure: str,
    by: str | None,
) -> Counted | None:
    column = BY[by] if by else "null"
    rows = connection.execute(
        f"select {column}, sum(numerator)::bigint, sum(denominator)::bigint,"
        " min(period_start), max(period_end) from read_parquet($files)"
        " where programme = $programme and measure = $measure group by all order by 1 nulls last",
        {"files": files, "programme": programme.id, "measure": measure},
    ).fetchall()
    if not rows:
        return None
    cells = np.array([[done, of - done] for _, done, of, *_ in rows], np.int64)
    hidden = hide(cells, row_totals=True, column_totals=True)
    groups = [
        Share(
            group,
            HIDDEN if hidden.cells[i].any() else int(cells[i, 0]),
            HIDDEN if hidden.row_totals[i] else int(cells[i].sum()),
        )
        for i, (group, *_) in enumerate(rows)
    ]
    done, whole = int(cells[:, 0].sum()), int(cells.sum())
    is_hidden = bool(hidden.column_totals.any())
    total = Share(None, HIDDEN if is_hidden else done, HIDDEN if hidden.total else whole)
    period = min(row[3] for row in rows), max(row[4] for row in rows)
    return Counted(programme, measure, period, total, tuple(groups) if by else ())


def coverage_json(found: Sequence[Counted], summary: Mapping[str, Any], language: str) -> Any:
    """The table for machines; a hidden number is null."""
    return {
        **{key: summary.get(key) for key in ("as_of", "pack", "invented", "approval")},
        "measures": [
            {
                "programme": one.programme.id,
                "version": one.programme.version,
                "measure": one.measure,
                "title": words.measure_title(one.programme, one.measure, language),
                "period_start": one.period[0].isoformat(),
                "period_end": one.period[1].isoformat(),
                "numerator": one.everybody.numerator,
                "denominator": one.everybody.denominator,
                "groups": [
                    {"group": g.group, "numerator": g.numerator, "denominator": g.denominator}
                    for g in one.groups
                ],
            }
            for one in found
        ],
    }


def coverage_lines(found: Sequence[Counted], language: str, names: Mapping[Any, str]) -> list[str]:
    """The table to read: counts and the share; ``·`` stands for a hidden number."""
    lines, written = [], Words(language)
    for one in found:
        title = words.measure_title(one.programme, one.measure, language)
        lines.append(f"{title}: {_said(one.everybody, written)}")
        for group in one.groups:
            lines.append(f"  {names.get(group.group, group.group or '–')}: {_said(group, written)}")
    return lines


def group_names(place: Place, by: str | None, language: str) -> dict[Any, str]:
    """What the groups of a table are called, where they have names."""
    if by == "area":
        return dict(area_names(place, language))
    said = PopulationWords(language)
    if by == "settlement":
        return {True: said.tell("rural"), False: said.tell("urban")}
    return {sex: said.tell(f"sex.{sex}") for sex in ("female", "male")}


def _said(share: Share, written: Words) -> str:
    if share.numerator is None or share.denominator is None:
        hidden = "·" if share.denominator is None else written.number(share.denominator)
        return f"· / {hidden}"
    counts = f"{written.number(share.numerator)} / {written.number(share.denominator)}"
    if not share.denominator:
        return counts
    return f"{counts} ({written.percent(share.numerator / share.denominator)})"
