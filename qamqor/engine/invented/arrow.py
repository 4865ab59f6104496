"""Rows of events to Arrow tables, the same cells that their resources would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qamqor.engine.invented.draws import NEVER, Ints
from qamqor.engine.invented.numbering import PERSON_DIGITS, PERSON_LETTER
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

_KEY: Final = np.dtype([("letters", "u2"), ("person", "u8"), ("number", "u4")])
TYPES: Final = {
    "text": pa.string(),
    "date": pa.date32(),
    "double": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one table from several blocks, with the offset of each block's people."""

    parts: Sequence[tuple[int, Rows]]

    def person(self) -> Ints:
        """Position of each row's person among all people, in the order of the parts."""
        return np.concatenate([rows.person + np.int32(first) for first, rows in self.parts])


def patient_ids(numbers: Ints) -> pa.Array:
    """The ids of people, from the numbers behind them."""
    text = np.empty((len(numbers), 1 + PERSON_DIGITS), np.uint8)
    text[:, 0] = ord(PERSON_LETTER)
    text[:, 1:] = _digits(numbers, PERSON_DIGITS)
    return _texts(text)


def to_table(
    batch: Batch, columns: Mapping[str, str], known_on: str | None, numbers: Ints, ids: pa.Array
) -> pa.Table:
    """One Arrow table, sorted by patient_id, then by its known_on column.

    Args:
        batch: rows of one table.
        columns: name → kind, in the table's order; what the rows lack is null.
        known_on: the dating column.
        numbers: the numbers behind all people's ids, ascending.
        ids: their ids, from ``patient_ids``.
    """
    person = batch.person()
    order = _order(batch, person, known_on)
    arrays = [
        _array(batch, name, TYPES[kind], person, (numbers, ids), order)
        for name, kind in columns.items()
    ]
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    fields = [pa.field(field.name, array.type) for field, array in zip(schema, arrays, strict=True)]
    return pa.table(arrays, schema=pa.schema(fields))


def _order(batch: Batch, person: Ints, known_on: str | None) -> Ints | None:
    """The order of rows, or None when they are in order already."""
    in_turn = all(a[0] < b[0] for a, b in zip(batch.parts, batch.parts[1:], strict=False))
    if in_turn:
        return None
    packed = person.astype(np.int64) << 32
    if known_on:
        packed += _joined(batch, known_on, "days").astype(np.int64)
    return np.argsort(packed, kind="stable")


def _joined(batch: Batch, name: str, part: str) -> Any:
    pieces = [
        getattr(rows.columns[name], part)
        if name in rows.columns
        else np.full(len(rows), NEVER, np.int32)
        for _, rows in batch.parts
    ]
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _sample(batch: Batch, name: str) -> Column | None:
    """The column as the first part that has it has it."""
    found = (rows.columns[name] for _, rows in batch.parts if name in rows.columns)
    return next(found, None)


def _array(
    batch: Batch,
    name: str,
    kind: pa.DataType,
    person: Ints,
    people: tuple[Ints, pa.Array],
    order: Ints | None,
) -> pa.Array:
    if name == "patient_id":
        own = person if order is None else person[order]
        return pa.DictionaryArray.from_arrays(pa.array(own), people[1])
    column = _sample(batch, name)
    if column is None:
        return pa.nulls(len(person), kind)
    made = _MAKERS[type(column)](batch, name, people, order)
    return made.cast(kind) if pa.types.is_integer(kind) else made


def _dates(batch: Batch, name: str, people: Any, order: Ints | None) -> pa.Array:
    days = _sorted(_joined(batch, name, "days"), order)
    never = days == NEVER
    if never.any():
        return pa.array(days, pa.int32(), mask=never).cast(pa.date32())
    whole = pa.py_buffer(np.ascontiguousarray(days, np.int32))
    return pa.Array.from_buffers(pa.date32(), len(days), [None, whole])


def _numbers(batch: Batch, name: str, people: Any, order: Ints | None) -> pa.Array:
    column = _sample(batch, name)
    assert isinstance(column, Numbers)  # noqa: S101
    whole = _sorted(_joined(batch, name, "scaled"), order)
    return pa.array(whole / float(10**column.decimals))


def _truths(batch: Batch, name: str, people: Any, order: Ints | None) -> pa.Array:
    return pa.array(_sorted(_joined(batch, name, "values"), order))


def _words(batch: Batch, name: str, people: Any, order: Ints | None) -> pa.Array:
    columns = [rows.columns.get(name) or _no_words(len(rows)) for _, rows in batch.parts]
    words, pieces = _one_list([column for column in columns if isinstance(column, Words)])
    index = _sorted(np.concatenate(pieces), order)
    mask = index < 0
    at = pa.array(index, mask=mask if mask.any() else None)
    return pa.DictionaryArray.from_arrays(at, pa.array(words, pa.string()))


def _no_words(count: int) -> Words:
    return Words(np.full(count, -1, np.int8), ())


def _one_list(columns: Sequence[Words]) -> tuple[Sequence[str], list[Ints]]:
    """The words of several columns as one list, and every index into it."""
    if len({column.words for column in columns}) == 1:
        return columns[0].words, [column.index for column in columns]
    words: list[str] = []
    pieces = []
    for column in columns:
        place = np.array([_place(words, word) for word in column.words] + [-1], np.int32)
        pieces.append(place[column.index])
    return words, pieces


def _place(words: list[str], word: str) -> int:
    if word not in words:
        words.append(word)
    return words.index(word)


def _persons(batch: Batch, name: str, people: Any, order: Ints | None) -> pa.Array:
    pieces = []
    for first, rows in batch.parts:
        column = rows.columns[name]
        assert isinstance(column, Persons)  # noqa: S101
        pieces.append(np.where(column.person < 0, -1, column.person + first))
    index = _sorted(np.concatenate(pieces), order).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int32(), mask=index < 0), people[1])


def _keys(batch: Batch, name: str, people: tuple[Ints, pa.Array], order: Ints | None) -> pa.Array:
    digits = _digits(people[0], PERSON_DIGITS).view("u8").ravel()
    within = _within_table()
    text = np.empty(sum(len(rows) for _, rows in batch.parts), _KEY)
    start = 0
    for first, rows in batch.parts:
        column = rows.columns[name]
        assert isinstance(column, Keys)  # noqa: S101
        part = text[start : start + len(rows)]
        part["letters"] = np.frombuffer(column.letters.encode(), "u2")[0]
        part["person"] = digits[first:][column.person]
        part["number"] = within[column.number]
        start += len(rows)
    return _texts(text if order is None else text[order])


@lru_cache(maxsize=1)
def _within_table() -> Ints:
    """Every number within a person as four digits packed into one integer."""
    return _digits(np.arange(10**NUMBER_DIGITS), NUMBER_DIGITS).view("u4").ravel()


_MAKERS: Final[dict[type[Column], Any]] = {
    Dates: _dates,
    Numbers: _numbers,
    Truths: _truths,
    Words: _words,
    Persons: _persons,
    Keys: _keys,
}


def _sorted(values: Any, order: Ints | None) -> Any:
    return values if order is None else values[order]


def _digits(numbers: Ints, count: int) -> Ints:
    """Each number as ``count`` ASCII digits: ``(n, count)``, ``uint8``."""
    rest = numbers.astype(np.int64)
    digits = np.empty((len(rest), count), np.uint8)
    for place in range(count - 1, -1, -1):
        rest, last = np.divmod(rest, 10)
        digits[:, place] = last + ord("0")
    return digits


def _texts(text: npt.NDArray[Any]) -> pa.Array:
    """Equally long ASCII texts as an Arrow array, without making Python strings."""
    count, width = len(text), text.dtype.itemsize * (text.shape[1] if text.ndim > 1 else 1)
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    data = pa.py_buffer(np.ascontiguousarray(text))
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), data)
