"""Fast: finds diagnoses in an index of words and codes; ``plain`` says what it must find."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

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

_LAST: Final = "\U0010ffff"


class Index:
    """The words of all entries in order, each with the places of the entries that have it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        places: dict[str, list[int]] = {}
        for place, entry in enumerate(self._entries):
            for word in dict.fromkeys(w for said in entry.phrases for w in said.split()):
                places.setdefault(word, []).append(place)
        self._words = sorted(places)
        self._places = [tuple(places[word]) for word in self._words]
        self._letters = "".join(sorted({letter for word in self._words for letter in word}))
        by_code = sorted((one.code.replace(".", ""), n) for n, one in enumerate(self._entries))
        self._codes = [code for code, _ in by_code]
        self._by_code = [place for _, place in by_code]

    def find(self, text: str, *, own: frozenset[str] = frozenset(), limit: int = 12) -> Found:
        """The codes a text finds: every word begins a word of it, or its code.

        Args:
            own: codes of the person, which come first. limit: how many at most.
        """
        parts = read(text)
        if not parts:
            return Found((), 0)
        hits = self._all(parts, mistyped=False)
        is_guess = not hits
        if is_guess:
            hits = self._all(parts, mistyped=True)
        typed, whole = typed_of(parts), whole_codes(parts)
        found = [self._entries[place] for place in hits]
        found.sort(key=lambda one: rank(one, typed, whole, own))
        return Found(tuple(one.code for one in found[:limit]), len(found), is_guess and bool(found))

    def _all(self, parts: Sequence[Part], *, mistyped: bool) -> set[int]:
        left: set[int] | None = None
        # The longest word leaves the fewest.
        for part in sorted(parts, key=lambda one: -len(one.word)):
            here = self._of(part)
            if mistyped and may_be_mistyped(part):
                for word in _one_letter_off(part.word, self._letters):
                    here |= self._beginning(word)
            left = here if left is None else left & here
            if not left:
                break
        return left or set()

    def _of(self, part: Part) -> set[int]:
        found = self._beginning(part.word) if part.word else set()
        for code in part.codes:
            first = bisect_left(self._codes, code)
            found.update(self._by_code[first : bisect_left(self._codes, code + _LAST)])
        return found

    def _beginning(self, word: str) -> set[int]:
        found: set[int] = set()
        first = bisect_left(self._words, word)
        if first < len(self._words) and self._words[first].startswith(word):
            found.update(*self._places[first : bisect_left(self._words, word + _LAST)])
        return found


def _one_letter_off(word: str, letters: str) -> Iterator[str]:
    """Every text one letter away: left out, swapped with the next, changed, added."""
    for n in range(len(word)):
        before, after = word[:n], word[n + 1 :]
        yield before + after
        if after:
            yield before + after[0] + word[n] + after[1:]
        for letter in letters:
            yield before + letter + after
            yield before + letter + word[n:]
    for letter in letters:
        yield word + letter
