"""Which bucket a person's rows lie in: a stable hash, the same in Python and in SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from qamqor.errors import ShapeError

BUCKETS_BY_PEOPLE: Final = ((250_000, 16), (2_000_000, 64))
MOST_BUCKETS: Final = 512

Buckets = npt.NDArray[np.int64]


def buckets_for(people: int) -> int:
    """How many buckets a warehouse for about ``people`` persons is given, once and for ever."""
    return next((count for limit, count in BUCKETS_BY_PEOPLE if people <= limit), MOST_BUCKETS)


def bucket_of(patient_id: str, buckets: int) -> int:
    """The bucket of one person.

    The hash is ours, not an engine's, so that a warehouse outlives the version of the
    engine that wrote it: the low 64 bits of the MD5 of the id, here used only to spread.

    Args:
        patient_id: the id without ``Patient/``.
        buckets: a power of two.

    Returns:
        A number from 0 to ``buckets - 1``.

    Raises:
        ShapeError: ``buckets`` is not a power of two.
    """
    _check(buckets)
    digest = hashlib.md5(patient_id.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") & (buckets - 1)


def buckets_of(patient_ids: Iterable[str], buckets: int) -> Buckets:
    """``bucket_of`` for many: shape ``(n,)``, ``int64``."""
    _check(buckets)
    low = b"".join(
        hashlib.md5(patient_id.encode(), usedforsecurity=False).digest()[8:]
        for patient_id in patient_ids
    )
    masked: Buckets = (np.frombuffer(low, "<u8") & np.uint64(buckets - 1)).astype(np.int64)
    return masked


def bucket_sql(column: str, buckets: int) -> str:
    """``bucket_of`` as a DuckDB expression over a text column; null where the column is null."""
    _check(buckets)
    return f"cast(md5_number_lower({column}) & {buckets - 1} as integer)"


def _check(buckets: int) -> None:
    if buckets < 1 or buckets & (buckets - 1):
        raise ShapeError(f"{buckets} buckets: the number must be a power of two")
