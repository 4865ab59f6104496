"""The numbers that may be shown: small ones hidden, rates with their intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from qamqor.engine.population.disclosure import hide, hide_overlapping
from qamqor.services.report_count import LATENESS_DAYS, STATES, Counts, Rows
from qamqor.services.report_measured import (
    GroupOf,
    Shares,
    Shown,
    is_small,
    measures,
    sorted_keys,
    unless,
)

AGE_BANDS: Final = ("0", "1-4", "5-17", "18-39", "40-59", "60-74", "75+")
# Wider bands are shown where narrow ones would have to be hidden.
WIDER_BANDS: Final[tuple[dict[str, str], ...]] = (
    {},
    dict.fromkeys(("0", "1-4", "5-17"), "0-17"),
    dict.fromkeys(("0", "1-4", "5-17"), "0-17") | dict.fromkeys(("60-74", "75+"), "60+"),
    dict.fromkeys(AGE_BANDS[:4], "0-39") | dict.fromkeys(AGE_BANDS[4:], "40+"),
)
# More groups than this are not read one by one: the next larger unit is shown instead.
MOST_GROUPS: Final = 60
# From so many regions on the numbers are a country's.
FEWEST_REGIONS: Final = 5
OVERDUE, DUE = STATES.index("overdue"), STATES.index("due")


@dataclass(frozen=True, slots=True)
class Split:
    """People by state; null = hidden.

    Attributes:
        key: the programme, role, area … they belong to.
        people: all of the group.
        overdue, due: who needs somebody now.
        unknown, not_due: the others of a programme; nought where not asked.
    """

    key: Any
    people: Shown
    overdue: Shown
    due: Shown
    unknown: Shown = 0
    not_due: Shown = 0
    urgent: Shown = 0
    open_known: Shown = None

    @property
    def open(self) -> Shown:
        """Who needs somebody now; known also where only its two parts are hidden."""
        if self.open_known is not None:
            return self.open_known
        if self.overdue is not None and self.due is not None:
            return self.overdue + self.due
        return None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why people need somebody now."""

    programme: str
    action: str
    reason: str
    role: str
    urgency: int
    people: Shown


@dataclass(frozen=True, slots=True)
class Late:
    """How long people wait for an action past its date; null = hidden or too few to say."""

    programme: str
    action: str
    role: str
    overdue: Shown
    middle_days: Shown
    most_days: Shown


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the report says in numbers, in no language yet.

    Attributes:
        unit: what ``units`` are: ``area``, ``organisation``, ``place``, ``region``
            (the first two digits of the territory's code); empty when none.
        ages: key is (age band, sex).
        settlements: key is true for villages, false for towns, null where not recorded.
        lateness: overdue people by how long, in the classes of `LATENESS_DAYS`.
    """

    as_of: date
    covers_residents: bool
    everybody: Split
    roles: tuple[Split, ...]
    programmes: tuple[Split, ...]
    reasons: tuple[Reason, ...]
    late: tuple[Late, ...]
    lateness: tuple[Shown, ...]
    unit: str
    units: tuple[Split, ...]
    ages: tuple[Split, ...]
    settlements: tuple[Split, ...]
    measures: tuple[Shares, ...]
    versions: tuple[tuple[str, str], ...]


def shown(counts: Counts) -> Figures:
    """Everything that may be said of the counts."""
    everybody = _everybody(counts.cells)
    unit, unit_of = _unit(counts)
    return Figures(
        counts.as_of,
        counts.covers_residents,
        everybody,
        _roles(counts.roles, everybody),
        _programmes(counts.programmes),
        _reasons(counts.reasons),
        tuple(_late(row) for row in counts.actions),
        _lateness(counts.lateness),
        unit,
        _splits(counts.cells, lambda row: unit_of(row)) if unit else (),
        _ages(counts.cells),
        _splits(counts.cells, lambda row: row["is_rural"]),
        measures(counts.measures, unit, unit_of),
        tuple((row["programme"], str(row["version"])) for row in counts.versions),
    )


def _everybody(cells: Rows) -> Split:
    """The headline, which every other table adds up to."""
    by_state = [sum(row["people"] for row in cells if row["state"] == s) for s in range(5)]
    urgent = sum(row["urgent"] for row in cells)
    parts = np.array([[by_state[OVERDUE], by_state[DUE], sum(by_state[2:])]])
    hidden = hide(parts, column_totals=False, total=False)
    middle = np.array([by_state[2:]])
    rest = hide(middle, column_totals=False, total=False, keep_row_totals=True)
    return Split(
        "everybody",
        unless(bool(hidden.row_totals[0]), sum(by_state)),
        unless(bool(hidden.cells[0, 0]), by_state[OVERDUE]),
        unless(bool(hidden.cells[0, 1]), by_state[DUE]),
        unless(bool(rest.cells[0, 0]), by_state[2]),
        unless(bool(rest.cells[0, 1]), by_state[3]),
        unless(is_small(urgent), urgent),
    )


def _roles(rows: Rows, everybody: Split) -> tuple[Split, ...]:
    whole = [row["overdue"] + row["due"] for row in rows]
    covered = hide_overlapping(whole, everybody.open or max(whole, default=0))
    alarm = [row["urgent"] for row in rows]
    quiet = hide_overlapping(alarm, everybody.urgent or max(alarm, default=0))
    splits = []
    for row, total, is_hidden, is_quiet in zip(rows, whole, covered, quiet, strict=True):
        overdue, due = _parts(row["overdue"], row["due"])
        splits.append(
            Split(
                row["role"],
                unless(is_hidden, total),
                None if is_hidden else overdue,
                None if is_hidden else due,
                urgent=None if is_quiet or is_hidden else row["urgent"],
                open_known=unless(is_hidden, total),
            )
        )
    return tuple(sorted(splits, key=lambda split: -(split.people or 0)))


def _parts(overdue: int, due: int) -> tuple[Shown, Shown]:
    """The two parts of those who need somebody now, whose sum other tables show."""
    parts = np.array([[overdue, due]])
    hidden = hide(parts, column_totals=False, total=False, keep_row_totals=True).cells[0]
    return unless(bool(hidden[0]), overdue), unless(bool(hidden[1]), due)


def _programmes(rows: Rows) -> tuple[Split, ...]:
    found: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    for row in rows:
        found[row["programme"]][row["state"]] += row["people"]
    splits = [_programme(name, *states) for name, states in found.items()]
    return tuple(sorted(splits, key=lambda split: (-(split.open or 0), str(split.key))))


def _programme(name: str, overdue: int, due: int, unknown: int, not_due: int) -> Split:
    """Overdue and due within those who need somebody now, whose number stays; then the rest."""
    needing = overdue + due
    whole = np.array([[needing, unknown, not_due]])
    kept = np.array([[True, False, False]])
    hidden = hide(whole, column_totals=False, total=False, kept=kept)
    parts = _parts(overdue, due)
    return Split(
        name,
        unless(bool(hidden.row_totals[0]), needing + unknown + not_due),
        *parts,
        unless(bool(hidden.cells[0, 1]), unknown),
        unless(bool(hidden.cells[0, 2]), not_due),
        open_known=unless(bool(hidden.cells[0, 0]), needing),
    )


def _reasons(rows: Rows) -> tuple[Reason, ...]:
    by_action: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        by_action[row["programme"], row["action"]].append(row)
    found = []
    for (programme, action), group in by_action.items():
        people = np.array([[row["people"]] for row in group])
        hidden = hide(people, row_totals=False, total=False, keep_column_totals=True).cells[:, 0]
        for row, is_hidden in zip(group, hidden, strict=True):
            count = unless(bool(is_hidden), row["people"])
            words = (programme, action, row["reason"], row["role"])
            found.append(Reason(*words, row["urgency"], count))
    return tuple(sorted(found, key=lambda one: (one.urgency, -(one.people or 0), one.reason)))


def _late(row: dict[str, Any]) -> Late:
    overdue, _ = _parts(row["overdue"], row["due"])
    days = (row["middle_days"], row["most_days"]) if overdue else (None, None)
    return Late(row["programme"], row["action"], row["role"], overdue, *days)


def _lateness(rows: Rows) -> tuple[Shown, ...]:
    found = np.zeros((len(LATENESS_DAYS) + 1, 1), dtype=np.int64)
    for row in rows:
        found[row["class"], 0] = row["people"]
    hidden = hide(found, row_totals=False, total=False, keep_column_totals=True).cells[:, 0]
    return tuple(unless(bool(h), n) for n, h in zip(found[:, 0], hidden, strict=True))


def _splits(cells: Rows, key_of: GroupOf) -> tuple[Split, ...]:
    """People by group and state, with all sums shown: each group's and everybody's."""
    found: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in cells:
        found[key_of(row)][min(row["state"], 2)] += row["people"]
    keys = sorted_keys(found)
    counts = np.array([found[key] for key in keys], dtype=np.int64).reshape(-1, 3)
    hidden = hide(counts, keep_column_totals=True)
    return tuple(
        Split(
            key,
            unless(bool(hidden.row_totals[i]), counts[i].sum()),
            unless(bool(hidden.cells[i, 0]), counts[i, 0]),
            unless(bool(hidden.cells[i, 1]), counts[i, 1]),
            not_due=unless(bool(hidden.cells[i, 2]), counts[i, 2]),
            open_known=None
            if hidden.row_totals[i] or hidden.cells[i, 2]
            else int(counts[i, 0] + counts[i, 1]),
        )
        for i, key in enumerate(keys)
    )


def _needing(cells: Rows, key_of: GroupOf) -> tuple[Split, ...]:
    """People by group, only whether they need somebody now: fewer small numbers, less to hide."""
    found: dict[Hashable, list[int]] = defaultdict(lambda: [0, 0])
    for row in cells:
        found[key_of(row)][row["state"] > DUE] += row["people"]
    keys = sorted_keys(found)
    counts = np.array([found[key] for key in keys], dtype=np.int64).reshape(-1, 2)
    hidden = hide(counts, keep_column_totals=True)
    return tuple(
        Split(
            key,
            unless(bool(hidden.row_totals[i]), counts[i].sum()),
            None,
            None,
            not_due=unless(bool(hidden.cells[i, 1]), counts[i, 1]),
            open_known=unless(bool(hidden.cells[i, 0]), counts[i, 0]),
        )
        for i, key in enumerate(keys)
    )


def _ages(cells: Rows) -> tuple[Split, ...]:
    """People by age band and sex, in the narrowest bands that hide nothing; else in the widest."""
    for wider in WIDER_BANDS:
        splits = _needing(cells, lambda row: (_band(row["age_band"], wider), row["sex"]))  # noqa: B023
        if all(one.open is not None for one in splits):
            break
    return tuple(sorted(splits, key=lambda one: (_lowest(one.key[0]), str(one.key[1]))))


def _band(band: str | None, wider: dict[str, str]) -> str | None:
    return None if band is None else wider.get(band, band)


def _lowest(band: str | None) -> int:
    """The youngest age of a band; those of unknown age come last."""
    return int(band.rstrip("+").split("-")[0]) if band else 999


def _unit(counts: Counts) -> tuple[str, Callable[[dict[str, Any]], Hashable]]:
    """The finest unit with few enough groups to look at, and the group of a row."""
    parents = {row["id"]: row["parent_id"] for row in counts.organisations}
    above = {row["place_id"]: row["parent_id"] for row in counts.places}
    katos = {row["place_id"]: str(row["kato"] or "") for row in counts.places}
    region: tuple[str, GroupOf] = (
        "region",
        lambda row: katos.get(row["place_id"], "")[:2] or None,
    )
    if len({region[1](row) for row in counts.cells} - {None}) >= FEWEST_REGIONS:
        return region
    candidates: list[tuple[str, Callable[[dict[str, Any]], Hashable]]] = [
        ("area", lambda row: row["area_id"]),
        ("organisation", lambda row: parents.get(row["area_id"])),
        ("place", lambda row: row["place_id"]),
        ("place", lambda row: above.get(row["place_id"])),
        ("place", lambda row: above.get(above.get(row["place_id"]))),
        ("place", lambda row: above.get(above.get(above.get(row["place_id"])))),
    ]
    for name, group_of in candidates:
        groups = {group_of(row) for row in counts.cells} - {None}
        if 2 <= len(groups) <= MOST_GROUPS:
            return name, group_of
    return "", lambda _: None
