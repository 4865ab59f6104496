"""Finds the twins in a whole file or register at once: blocks first, then comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qamqor.engine.identity.compare import Likeness, compare
from qamqor.engine.identity.keys import blocks, hashed
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.weights import LIKELY

MOST_IN_A_BLOCK: Final = 100  # a key that more people share tells nobody apart

Ints = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two positions in the file, the smaller first, and how alike they are."""

    one: int
    other: int
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Twins:
    """What a review of a file found.

    Attributes:
        pairs: the likeliest first.
        compared: how many pairs were looked at.
        passed_over: how many keys were shared by too many people to be looked into.
    """

    pairs: list[Pair]
    compared: int
    passed_over: int


def find_twins(
    people: Sequence[Identity],
    *,
    known: int = 0,
    least: float = LIKELY,
    most_in_a_block: int = MOST_IN_A_BLOCK,
    keys_of: Callable[[Identity], set[str]] = blocks,
) -> Twins:
    """Every pair of people who may be one person.

    Only pairs that share a key are compared, so the work grows with the file and not with its
    square.

    Args:
        people: the file; the order decides ties.
        known: how many at the beginning are already on the register; pairs among them are not
            looked at.
        least: the score from which a pair is reported.
        most_in_a_block: keys shared by more people than this are passed over and counted.
        keys_of: the keys of one person.
    """
    one, other, passed_over = pairs_sharing_a_key(
        *_keys(people, keys_of), known=known, most_in_a_block=most_in_a_block
    )
    found = [
        Pair(a, b, likeness)
        for a, b in zip(one.tolist(), other.tolist(), strict=True)
        if (likeness := compare(people[a], people[b])).score >= least
    ]
    found.sort(key=lambda pair: (-pair.likeness.score, pair.one, pair.other))
    return Twins(found, len(one), passed_over)


def _keys(people: Sequence[Identity], keys_of: Callable[[Identity], set[str]]) -> tuple[Ints, Ints]:
    def each() -> Iterator[tuple[int, int]]:
        for position, identity in enumerate(people):
            for key in keys_of(identity):
                yield hashed(key), position

    rows = np.fromiter(each(), np.dtype([("key", np.int64), ("person", np.int32)]))
    return rows["key"], rows["person"]


def pairs_sharing_a_key(
    keys: Ints, people: Ints, *, known: int = 0, most_in_a_block: int = MOST_IN_A_BLOCK
) -> tuple[Ints, Ints, int]:
    """Each pair of people that has a key in common, once.

    Args:
        keys: int64, shape ``(n,)``.
        people: position of the person of each key, int32, shape ``(n,)``.
        known: pairs of positions below this are left out.
        most_in_a_block: larger blocks are left out.

    Returns:
        The smaller positions, the larger positions, both in order, and how many blocks were
        left out.
    """
    order = np.lexsort((people, keys))
    keys, people = keys[order], people[order].astype(np.int64)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.array([], int)
    sizes = np.diff(np.r_[starts, len(keys)])
    kept = np.repeat(sizes <= most_in_a_block, sizes)
    keys, people = keys[kept], people[kept]
    codes: list[Ints] = [np.array([], np.int64)]
    for step in range(1, most_in_a_block):
        same = np.flatnonzero(keys[step:] == keys[:-step])
        if not len(same):
            break
        one, other = people[same], people[same + step]
        new = other >= known
        codes.append((one[new] << 32) | other[new])
    pairs = np.unique(np.concatenate(codes))
    return pairs >> 32, pairs & 0xFFFFFFFF, int((sizes > most_in_a_block).sum())
