"""Which numbers lie behind the ids of which block, so that a block falls into one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from qamqor.engine.invented.draws import Ints
from qamqor.engine.tables.partition import bucket_sql, buckets_for

PERSON_LETTER: Final = "p"
PERSON_DIGITS: Final = 8
BLOCK_SIZES: Final[Mapping[int, int]] = {16: 1024, 64: 8192, 512: 8192}


def block_size(people: int) -> int:
    """How many people a block of a population of this size has."""
    return BLOCK_SIZES[buckets_for(people)]


def blocks_of(people: int) -> list[tuple[int, int]]:
    """Each block and how many people it has; only the last may be smaller."""
    size = block_size(people)
    return [(start // size, min(size, people - start)) for start in range(0, people, size)]


def numbers_by_block(connection: Any, people: int) -> dict[int, Ints]:
    """The numbers behind the ids of each block's people.

    A warehouse spreads people over buckets by a hash of their id, while the members of a
    household belong in one block. So ids are dealt out by bucket: block b takes the next
    numbers whose ids hash into bucket b modulo the number of buckets. Everybody in a block,
    and so every household, then lies in one bucket, and a block's rows need no sorting out.

    Args:
        connection: a DuckDB connection, for the hash.
        people: how many there are altogether.
    """
    buckets = buckets_for(people)
    wanted = np.zeros(buckets, np.int64)
    blocks = blocks_of(people)
    for block, size in blocks:
        wanted[block % buckets] += size
    lists = _numbers_by_bucket(connection, wanted)
    taken = np.zeros(buckets, np.int64)
    numbers: dict[int, Ints] = {}
    for block, size in blocks:
        bucket = block % buckets
        numbers[block] = lists[bucket][taken[bucket] : taken[bucket] + size]
        taken[bucket] += size
    return numbers


def _numbers_by_bucket(connection: Any, wanted: Ints) -> list[Ints]:
    """The smallest numbers that fill every bucket as far as wanted."""
    buckets = len(wanted)
    count = int(wanted.max() * buckets)
    while True:
        count = count + 8 * int(count**0.5 * buckets**0.5) + 64
        bucket = _bucket_of_each(connection, count, buckets)
        order = np.argsort(bucket, kind="stable")
        ends = np.cumsum(np.bincount(bucket, minlength=buckets))
        lists = np.split(order, ends[:-1])
        if all(len(own) >= need for own, need in zip(lists, wanted, strict=True)):
            return lists


def _bucket_of_each(connection: Any, count: int, buckets: int) -> Ints:
    text = f"printf('{PERSON_LETTER}%0{PERSON_DIGITS}d', n)"
    query = f"select {bucket_sql(text, buckets)} as bucket from range({count}) t(n) order by n"  # noqa: S608
    bucket: Ints = connection.execute(query).fetchnumpy()["bucket"].astype(np.int16)
    return bucket
