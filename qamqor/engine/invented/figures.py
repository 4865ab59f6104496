"""Reads the tables of numbers that invented people are drawn from, and lists what is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from qamqor.engine.invented.draws import Floats
from qamqor.errors import ContentError, Problem

SEXES: Final = ("male", "female")
OLDEST: Final = 110
STATUSES: Final = {"confirmed", "derived", "general", "assumption"}
FILES: Final = (
    "population",
    "names",
    "conditions",
    "contacts",
    "readings",
    "events",
    "team",
    "support",
)

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invention:
    """Everything that ``content/invented`` says.

    Attributes:
        parts: the YAML files by name.
        places: rows of places.csv.
        pyramid: people by sex and single year of age, shape ``(2, 111)``.
        deaths: yearly death rates, same shape.
    """

    parts: Mapping[str, Figures]
    places: tuple[Mapping[str, str], ...]
    pyramid: Floats
    deaths: Floats

    def __getitem__(self, part: str) -> Figures:
        return self.parts[part]


def read_invention(folder: Path) -> Invention:
    """Read ``content/invented``.

    Args:
        folder: the folder with its YAML and CSV files.

    Raises:
        ContentError: a file is missing or unreadable, or a number names no known source.
    """
    problems: list[Problem] = []
    parts = {name: _yaml(folder / f"{name}.yaml", problems) for name in (*FILES, "sources")}
    for name in FILES:
        for where, entry in _sourced(parts[name], name):
            problems += _source_problems(where, entry, parts["sources"], parts[name])
    rows = {name: _csv(folder / f"{name}.csv", problems) for name in ("places", "age_sex")}
    if problems:
        raise ContentError(problems)
    pyramid, deaths = _ages(rows["age_sex"])
    return Invention(parts, tuple(rows["places"]), pyramid, deaths)


def _yaml(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        problems.append(Problem(str(path), f"cannot be read: {error}"))
        return {}
    return read if isinstance(read, dict) else {}


def _csv(path: Path, problems: list[Problem]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        problems.append(Problem(str(path), f"cannot be read: {error}"))
        return []


def _sourced(entry: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping that names a source, with the path to it."""
    if not isinstance(entry, dict):
        return
    if "source" in entry:
        yield where, entry
    for key, inner in entry.items():
        yield from _sourced(inner, f"{where}.{key}")


def _source_problems(
    where: str, entry: Figures, sources: Figures, part: Figures
) -> Iterator[Problem]:
    own = part.get("sources", {})
    if entry["source"] not in sources and entry["source"] not in own:
        yield Problem(where, f"cites the unknown source {entry['source']!r}", "see sources.yaml")
    if entry.get("status") not in STATUSES:
        yield Problem(where, f"has the status {entry.get('status')!r}", f"one of {STATUSES}")


def _ages(rows: list[dict[str, str]]) -> tuple[Floats, Floats]:
    """Five-year groups as single years; the open last group falls away towards 105."""
    starts = [int(row["age_from"]) for row in rows]
    pyramid, deaths = np.zeros((2, OLDEST + 1)), np.zeros((2, OLDEST + 1))
    for row, start, end in zip(rows, starts, [*starts[1:], 106], strict=True):
        shape = np.exp(-0.22 * np.arange(end - start)) if end == 106 else np.ones(end - start)
        for sex, name in enumerate(SEXES):
            pyramid[sex, start:end] = float(row[name]) * shape / shape.sum()
            deaths[sex, start:end] = float(row[f"deaths_{name}"])
    return pyramid, deaths


def by_age(entry: Any) -> Floats:
    """A number, or numbers valid "from this age", as one for each single year: ``(111,)``."""
    if not isinstance(entry, dict):
        return np.full(OLDEST + 1, float(entry))
    starts = sorted(entry)
    values = np.array([0.0, *(float(entry[start]) for start in starts)])
    return values[np.searchsorted(starts, np.arange(OLDEST + 1), side="right")]


def along_age(entry: Any) -> Floats:
    """A number, or numbers at ages with straight lines between them: ``(111,)``."""
    if not isinstance(entry, dict):
        return np.full(OLDEST + 1, float(entry))
    ages = sorted(entry)
    return np.interp(np.arange(OLDEST + 1), ages, [float(entry[age]) for age in ages])


def by_sex(entry: Any, read: Any = by_age) -> Floats:
    """``read`` for each sex: ``(2, 111)``; one entry serves both, a sex left out has none."""
    if isinstance(entry, dict) and set(entry) & set(SEXES):
        return np.stack([read(entry.get(sex, 0)) for sex in SEXES])
    return np.stack([read(entry)] * 2)


def chance(entry: Any) -> float:
    """The number of an entry that may carry its source."""
    return float(entry["value"] if isinstance(entry, dict) else entry)
