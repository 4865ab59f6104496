"""Random numbers that any block of people can draw again alone."""

from __future__ import annotations

import hashlib
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# What an array holds; its exact width is chosen for speed where it is made.
Ints = npt.NDArray[Any]
Floats = npt.NDArray[Any]
Bools = npt.NDArray[Any]
Days = npt.NDArray[Any]

NEVER: Final = np.int32(2**31 - 1)
DAYS_A_YEAR: Final = 365.2425
_NORMAL: Final = NormalDist()


def stream(seed: int, block: int, name: str) -> np.random.Generator:
    """The random numbers of one purpose in one block, whatever else is drawn.

    A purpose has a stream of its own, so that a new kind of event changes no other; and
    nothing depends on how many blocks there are or in which order they are drawn.
    """
    text = f"{seed}/{block}/{name}".encode()
    key = int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def chances(random: np.random.Generator, count: int) -> Floats:
    """``count`` numbers in [0, 1), ``float32``."""
    return random.random(count, dtype=np.float32)


def normals(random: np.random.Generator, count: int) -> Floats:
    """``count`` standard normal numbers, ``float32``."""
    return random.standard_normal(count, dtype=np.float32)


def pick(random: np.random.Generator, shares: Floats, count: int) -> Ints:
    """``count`` positions in ``shares``, each as often as its share of their sum."""
    edges = np.cumsum(shares, dtype=np.float64)
    return np.searchsorted(edges / edges[-1], random.random(count), side="right").clip(
        0, len(shares) - 1
    )


def spread_evenly(random: np.random.Generator, shares: Floats, count: int) -> Ints:
    """``count`` positions whose numbers differ from ``shares`` by less than one each, shuffled."""
    edges = np.cumsum(shares, dtype=np.float64)
    points = (np.arange(count) + random.random()) / count
    chosen = np.searchsorted(edges / edges[-1], points, side="right").clip(0, len(shares) - 1)
    return random.permutation(chosen)


def thresholds(share: Floats) -> Floats:
    """The value that a standard normal number stays below with probability ``share``."""
    flat = [_quantile(float(value)) for value in share.ravel()]
    return np.array(flat, dtype=np.float32).reshape(share.shape)


def _quantile(share: float) -> float:
    if share <= 0:
        return -np.inf
    return np.inf if share >= 1 else _NORMAL.inv_cdf(share)


def number_within(person: Ints, people: int | None = None) -> Ints:
    """For events sorted by person: the number of each within its person, from 0.

    With the number of people, the first event of each is looked up; that is faster when there
    are many events a person.
    """
    count = len(person)
    place = np.arange(count, dtype=np.int32)
    if people is not None and count > 2 * people:
        first = np.searchsorted(person, np.arange(people, dtype=person.dtype)).astype(np.int32)
        return place - first[person]
    first = np.zeros(count, np.int32)
    if count:
        new = np.flatnonzero(np.diff(person)) + 1
        first[new] = new
    return place - np.maximum.accumulate(first)


def day_number(day: Any) -> int:
    """A date, ISO text or day number as days since 1 January 1970."""
    return day if isinstance(day, int) else int(np.datetime64(str(day), "D").astype(np.int64))


def calendar_year(days: Ints) -> Ints:
    """The calendar year of each day number."""
    years: Ints = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def on_workday(days: Days) -> Days:
    """Saturdays and Sundays moved to the Friday before; order is kept."""
    weekday = (days + 3) % 7
    moved: Days = (days - np.maximum(weekday - 4, 0)).astype(np.int32)
    return moved
