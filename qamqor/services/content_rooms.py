"""Checks the content that pages read: how lists are ordered, visits, bookings, forms, words."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from qamqor.engine import booking, closures, team
from qamqor.engine.diagnoses.words import read_endings, read_words
from qamqor.engine.forms.read import read_form
from qamqor.engine.measurements.definition import read_measurements
from qamqor.engine.measurements.series import read_numbers
from qamqor.engine.referral import read_referrals
from qamqor.engine.rounds import plan
from qamqor.engine.visit import read_offer
from qamqor.engine.worklist import read_points
from qamqor.errors import ContentError, Problem
from qamqor.services.access import labels


class _Loader(yaml.SafeLoader):
    """Says on which line a day stands that there is not."""


def _day(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as wrong:
        said = f"there is no day {node.value}: {wrong}"
        raise yaml.constructor.ConstructorError(None, None, said, node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def _yaml(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a safe loader


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


READERS: Final[Sequence[tuple[str, Callable[[Path], Any], Callable[[Any, str], Any]]]] = (
    ("access/labels.yaml", lambda file: file, lambda file, _: labels.read(file)),
    ("booking/booking.yaml", _yaml, booking.read_settings),
    ("booking/closed.yaml", _yaml, closures.read_closed),
    ("booking/holidays.yaml", _yaml, closures.read_holidays),
    ("diagnoses/endings.csv", _rows, lambda rows, _: read_endings(rows)),
    ("diagnoses/words*.csv", _rows, read_words),
    ("forms/*.yaml", _yaml, read_form),
    ("measurements/measurements.yaml", _yaml, read_measurements),
    ("person/numbers.yaml", _yaml, read_numbers),
    ("referrals/referrals.yaml", _yaml, read_referrals),
    ("visit/diagnoses.csv", _rows, read_words),
    ("visit/visit.yaml", _yaml, read_offer),
    ("worklist/points.yaml", _yaml, read_points),
    ("worklist/round.yaml", _yaml, plan.read_pace),
    ("worklist/team.yaml", _yaml, team.read_measures),
)
"""Which files of a pack, how their text is taken, and the reader of the room they belong to."""


def problems(*folders: Path) -> list[Problem]:
    """What stops a room from reading its content, each with its file.

    Args:
        folders: the shipped content, and the installation's own.
    """
    return [
        problem
        for folder in dict.fromkeys(folders)
        for pattern, load, read in READERS
        for file in sorted(folder.glob(pattern))
        for problem in _of_file(file, str(file.relative_to(folder)), load, read)
    ]


def _of_file(
    file: Path, name: str, load: Callable[[Path], Any], read: Callable[[Any, str], Any]
) -> list[Problem]:
    try:
        read(load(file), name)
    except ContentError as wrong:
        return list(wrong.problems)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else None
        is_day = isinstance(wrong, yaml.constructor.ConstructorError)
        said = f"{'' if is_day else 'is no YAML: '}{wrong.problem or wrong.context}"
        return [Problem(name, said, line=line)]
    except UnicodeDecodeError:
        return [Problem(name, "is no text in UTF-8", "save it again as UTF-8")]
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        said = f"cannot be read: {type(wrong).__name__}: {wrong}"
        return [Problem(name, said, "compare it with the shipped file")]
    return []
