"""Measures that may be shown: numerators and denominators, small ones hidden, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qamqor.engine.population.disclosure import SMALLEST_SHOWN, hide
from qamqor.engine.population.intervals import Interval, gap, share
from qamqor.services.report_count import Rows

# A number, or null where it is hidden.
Shown = int | None
GroupOf = Callable[[dict[str, Any]], Hashable]


def is_small(people: int) -> bool:
    """Whether so few people may not be shown."""
    return 0 < people < SMALLEST_SHOWN


def unless(is_hidden: bool, people: int) -> Shown:
    """The number, unless it is hidden."""
    return None if is_hidden else int(people)


def sorted_keys(keys: Iterable[Hashable]) -> list[Any]:
    """Keys in the order of their text, the missing one last."""
    return sorted(keys, key=lambda key: (key is None, str(key)))


@dataclass(frozen=True, slots=True)
class Proportion:
    """A numerator of a denominator; null = hidden."""

    key: Any
    numerator: Shown
    denominator: Shown

    @property
    def interval(self) -> Interval | None:
        """The share with its 95 % interval, where both numbers are shown and there is anybody."""
        if self.numerator is None or not self.denominator:
            return None
        return share(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class Shares:
    """One measure: newest period, its breakdowns, and earlier periods.

    Attributes:
        now: key is the (start, end) of the period.
        history: all periods with numbers that may be shown, oldest first, the newest included.
        groups: ``sex``, ``settlement``, ``units`` → proportions.
        excluded: people left out with a reason.
    """

    measure: str
    now: Proportion
    history: tuple[Proportion, ...]
    groups: dict[str, tuple[Proportion, ...]]
    excluded: Shown

    def gap(self, by: str, first: Any, second: Any) -> Interval | None:
        """The share of the first group less that of the second."""
        found = {one.key: one for one in self.groups.get(by, ())}
        pair = (found.get(first), found.get(second))
        if not all(one is not None and one.interval for one in pair):
            return None
        (a, b) = ((one.numerator, one.denominator) for one in pair if one)
        return gap(a, b)  # type: ignore[arg-type]


def measures(rows: Rows, unit: str, unit_of: GroupOf) -> tuple[Shares, ...]:
    """Every measure with its breakdowns and earlier periods.

    Args:
        rows: sums by measure, period and one breakdown at a time.
        unit: what ``unit_of`` gives: ``area``, ``organisation``, ``place``; empty = no units.
        unit_of: the unit a row belongs to.
    """
    by_measure: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_measure[row["measure"]].append(row)
    return tuple(_measure(name, group, unit, unit_of) for name, group in sorted(by_measure.items()))


def _measure(name: str, rows: Rows, unit: str, unit_of: GroupOf) -> Shares:
    newest = max((row["period_start"], row["period_end"]) for row in rows)
    history = [_whole(row) for row in rows if row["breakdown"] == "all"]
    history.sort(key=lambda one: one.key)
    latest = [row for row in rows if (row["period_start"], row["period_end"]) == newest]
    whole = next(row for row in latest if row["breakdown"] == "all")
    groups = {
        "sex": _proportions(latest, "sex", lambda row: row["sex"]),
        "settlement": _proportions(latest, "settlement", lambda row: row["is_rural"]),
    }
    if unit:
        by = "place" if unit in {"place", "region"} else "area"
        groups["units"] = _proportions(latest, by, unit_of)
    excluded = whole["excluded"]
    return Shares(
        name,
        _whole(whole),
        tuple(one for one in history if one.numerator is not None),
        groups,
        unless(is_small(excluded), excluded),
    )


def _whole(row: dict[str, Any]) -> Proportion:
    key = (row["period_start"], row["period_end"])
    done, of = row["numerator"], row["denominator"]
    hidden = hide(np.array([[done, of - done]]), column_totals=False, total=False)
    is_hidden = bool(hidden.cells.any())
    return Proportion(key, unless(is_hidden, done), unless(bool(hidden.row_totals[0]), of))


def _proportions(
    rows: Rows, breakdown: str, key_of: Callable[[dict[str, Any]], Hashable]
) -> tuple[Proportion, ...]:
    """Numerators and denominators by group, where both sums over the groups are shown too."""
    found: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["breakdown"] == breakdown:
            found[key_of(row)][0] += row["numerator"]
            found[key_of(row)][1] += row["denominator"] - row["numerator"]
    keys = sorted_keys(found)
    counts = np.array([found[key] for key in keys], dtype=np.int64).reshape(-1, 2)
    hidden = hide(counts, keep_column_totals=True)
    return tuple(
        Proportion(
            key,
            unless(bool(hidden.cells[i].any()), counts[i, 0]),
            unless(bool(hidden.row_totals[i]), counts[i].sum()),
        )
        for i, key in enumerate(keys)
    )
