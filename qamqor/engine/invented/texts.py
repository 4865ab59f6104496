"""The columns of a block's rows as lists of texts, ready to stand in resources."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import NEVER, Days, Ints
from qamqor.engine.invented.numbering import PERSON_DIGITS, PERSON_LETTER
from qamqor.engine.invented.people import People
from qamqor.engine.invented.rows import (
    NUMBER_DIGITS,
    Column,
    Dates,
    Keys,
    Numbers,
    Persons,
    Rows,
    Truths,
    Words,
)

FIRST_DAY: Final = "1890-01-01"
LAST_DAY: Final = "2100-01-01"
Texts = list[Any]


@lru_cache(maxsize=1)
def _calendar() -> tuple[int, Any]:
    """Every day of two centuries as ISO text; its last entry, nothing, stands for never."""
    days = np.arange(FIRST_DAY, LAST_DAY, dtype="datetime64[D]")
    texts = [*np.datetime_as_string(days).tolist(), None]
    return int(days[0].astype(np.int64)), np.array(texts, object)


def day_texts(days: Days) -> Texts:
    """ISO dates; None for never."""
    first, texts = _calendar()
    place = np.where(days == NEVER, len(texts) - 1, days.astype(np.int64) - first)
    result: Texts = texts[place].tolist()
    return result


@lru_cache(maxsize=1)
def _within() -> Any:
    return np.array([f"{n:0{NUMBER_DIGITS}d}" for n in range(10**NUMBER_DIGITS)], object)


class BlockTexts:
    """Texts of the columns of one block's rows."""

    def __init__(self, people: People) -> None:
        digits = [f"{number:0{PERSON_DIGITS}d}" for number in people.numbers.tolist()]
        self.digits = np.array(digits, object)
        self.patients = np.array([PERSON_LETTER + text for text in digits], object)

    def all_of(self, rows: Rows) -> dict[str, Texts]:
        """Every column by name, the ids of the patients among them."""
        found = {name: self.of(column) for name, column in rows.columns.items()}
        return {"patient_id": self.patients[rows.person].tolist(), **found}

    def of(self, column: Column) -> Texts:
        """The texts of one column; numbers stay numbers, None is nothing."""
        match column:
            case Words():
                words = np.array([*column.words, None], object)
                found = words[column.index]
            case Dates():
                return day_texts(column.days)
            case Numbers():
                return _decimals(column)
            case Truths():
                found = np.where(column.values, "true", "false")
            case Persons():
                found = self.patients[column.person]
            case Keys():
                return self.keys(column.letters, column.person, column.number)
        result: Texts = found.tolist()
        return result

    def keys(self, letters: str, person: Ints, number: Ints) -> Texts:
        """The ids of resources."""
        result: Texts = (letters + self.digits[person] + _within()[number]).tolist()
        return result


def _decimals(column: Numbers) -> Texts:
    if column.decimals == 0:
        whole: Texts = column.scaled.tolist()
        return whole
    decimals: Texts = (column.scaled / float(10**column.decimals)).tolist()
    return decimals
