"""Rows of events as columns of numbers: what is drawn, before it becomes a table or a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import Bools, Days, Floats, Ints

NUMBER_DIGITS: Final = 4
NO_RESOURCE: Final = ""  # rows whose resource is made from other rows


@dataclass(frozen=True, slots=True)
class Words:
    """A text column: a position in ``words`` for each row, -1 for none."""

    index: Ints
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """A date column as day numbers; ``NEVER`` for none."""

    days: Days


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of decimals: whole numbers of the last decimal kept, and how many decimals."""

    scaled: Ints
    decimals: int


@dataclass(frozen=True, slots=True)
class Truths:
    """A column of true and false."""

    values: Bools


@dataclass(frozen=True, slots=True)
class Keys:
    """An id made of letters, the number of a person of the block, and a number within it."""

    letters: str
    person: Ints
    number: Ints


@dataclass(frozen=True, slots=True)
class Persons:
    """A column of patient ids: a position in the block for each row, -1 for none."""

    person: Ints


Column = Words | Dates | Numbers | Truths | Keys | Persons


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table from one kind of event, ascending by person and date.

    ``columns`` are those of the table; ``more`` is what only the resource says. ``kind`` tells
    the writer of resources what shape they have.
    """

    table: str
    kind: str
    person: Ints
    columns: Mapping[str, Column]
    more: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.person)


def keys(letters: str, person: Ints, number: Ints) -> Keys:
    """The id column of events whose numbers within their person are known."""
    return Keys(letters, person, number)


def one_word(word: str, count: int) -> Words:
    """The same text in every row."""
    return Words(np.zeros(count, np.int8), (word,))


def scaled(values: Floats, decimals: int) -> Ints:
    """Decimals as whole numbers of their last place, rounded half to even."""
    whole: Ints = np.rint(values * np.float32(10**decimals)).astype(np.int32)
    return whole


def taken(rows: Rows, kept: Ints) -> Rows:
    """Some of the rows, in the order of ``kept``."""
    columns = {name: _taken(column, kept) for name, column in rows.columns.items()}
    more = {name: _taken(column, kept) for name, column in rows.more.items()}
    return replace(rows, person=rows.person[kept], columns=columns, more=more)


def _taken(column: Column, kept: Ints) -> Column:
    arrays: dict[str, Any] = {
        name: value[kept]
        for name in column.__slots__
        if isinstance(value := getattr(column, name), np.ndarray)
    }
    return replace(column, **arrays)
