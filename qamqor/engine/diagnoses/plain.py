"""Slow and plain: looks at every code, one after the other; the quick index must agree."""

from __future__ import annotations

from collections.abc import Sequence

from qamqor.engine.diagnoses.query import (
    Entry,
    Found,
    Part,
    may_be_mistyped,
    rank,
    read,
    typed_of,
    whole_codes,
)


def find(
    entries: Sequence[Entry], text: str, *, own: frozenset[str] = frozenset(), limit: int = 12
) -> Found:
    """The codes a text finds: every word begins a word of it, or its code."""
    parts = read(text)
    if not parts:
        return Found((), 0)
    hits = [one for one in entries if all(_holds(one, part, mistyped=False) for part in parts)]
    is_guess = not hits
    if is_guess:
        hits = [one for one in entries if all(_holds(one, part, mistyped=True) for part in parts)]
    hits.sort(key=lambda one: rank(one, typed_of(parts), whole_codes(parts), own))
    return Found(tuple(one.code for one in hits[:limit]), len(hits), is_guess and bool(hits))


def _holds(entry: Entry, part: Part, *, mistyped: bool) -> bool:
    if any(entry.code.replace(".", "").startswith(code) for code in part.codes):
        return True
    if not part.word:
        return False
    words = [word for said in entry.phrases for word in said.split()]
    if any(word.startswith(part.word) for word in words):
        return True
    if not (mistyped and may_be_mistyped(part)):
        return False
    return any(begins_nearly(word, part.word) for word in words)


def begins_nearly(word: str, typed: str) -> bool:
    """Whether a beginning of a word differs by one letter: left out, added, wrong, or swapped."""
    lengths = (len(typed) - 1, len(typed), len(typed) + 1)
    return any(_distance(word[:length], typed) <= 1 for length in lengths)


def _distance(one: str, other: str) -> int:
    """How many letters to leave out, add, change or swap with the next to make one the other."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
