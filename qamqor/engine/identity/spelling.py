"""How two spellings of one part of a name agree."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from qamqor.engine.identity.names import Part

ONE_EDIT_FROM: Final = 4  # letters: in Али and Ари one letter is a third of the name
TWO_EDITS_FROM: Final = 8
SOUND_FROM: Final = 3  # consonants: fewer are shared by too many names


@lru_cache(maxsize=500_000)
def agreement(one: Part, other: Part) -> str | None:
    """How two parts agree, from best to worst.

    Returns:
        ``same``; ``spelling`` (one name written in another way, script or ending); ``close``
        (a letter or two off); ``sound`` (the same consonants); ``initial`` (one is a beginning
        of the other); ``differs``; None where one is missing.
    """
    if not one.folded or not other.folded:
        return None
    if one.exact == other.exact:
        return "same"
    if one.folded == other.folded or one.root == other.root:
        return "spelling"
    short, long = sorted((one.root, other.root), key=len)
    if len(short) >= ONE_EDIT_FROM and edits(short, long, limit=_allowed(short)) is not None:
        return "close"
    if one.loose == other.loose and len(one.loose) >= SOUND_FROM:
        return "sound"
    return "initial" if len(short) <= 2 and long.startswith(short) else "differs"


def _allowed(short: str) -> int:
    return 2 if len(short) >= TWO_EDITS_FROM else 1


def edits(one: str, other: str, *, limit: int) -> int | None:
    """How many letters must be added, left out, changed or swapped; None beyond the limit."""
    one, other = _without_shared_ends(one, other)
    if abs(len(one) - len(other)) > limit:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1] if row[-1] <= limit else None


def _without_shared_ends(one: str, other: str) -> tuple[str, str]:
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other


def gaps(key: str) -> set[str]:
    """The key and what is left when any one letter is taken out.

    Two keys that are one edit apart share a gap, so a lookup by equality finds them.
    """
    return {key, *(key[:place] + key[place + 1 :] for place in range(len(key)))}
