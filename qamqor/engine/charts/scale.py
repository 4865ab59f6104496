"""From values to places on the page, with ticks a reader can count in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale: ``low`` lies at ``start``, ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def clipped(self, value: float) -> float:
        """Where a value lies, or the end it lies beyond."""
        return self.at(min(max(value, self.low), self.high))


def step_for(span: float, most: int) -> float:
    """The smallest round step that needs no more than ``most`` steps for a span above nought."""
    power = 10.0 ** floor(log10(span / most))
    return next(power * step for step in STEPS if power * step * most >= span * (1 - 1e-9))


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round values from ``low`` to ``high``, both ends inside."""
    step = step_for(high - low, most)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [round(step * index, 10) for index in range(first, last + 1)]


def fitted(
    values: Iterable[float],
    most: int = 4,
    *,
    floor_at: float | None = None,
    ceiling_at: float | None = None,
) -> tuple[float, float]:
    """Round ends around where the values lie, for rates whose axis starts where the data live."""
    found = list(values)
    low, high = min(found), max(found)
    step = step_for(max(high - low, 1e-6), most)
    low, high = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    if low == high:
        low, high = low - step, high + step
    return (
        low if floor_at is None else max(low, floor_at),
        high if ceiling_at is None else min(high, ceiling_at),
    )
