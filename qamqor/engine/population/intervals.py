"""How sure a share, or a gap between two shares, is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

# Two-sided normal quantiles.
Z95: Final = 1.959963984540054
Z998: Final = 3.090232306167813


@dataclass(frozen=True, slots=True)
class Interval:
    """A value between two ends, all as fractions."""

    value: float
    low: float
    high: float

    def spans(self, point: float) -> bool:
        """Whether a point lies inside."""
        return self.low <= point <= self.high


def share(numerator: int, denominator: int, z: float = Z95) -> Interval:
    """The share with Wilson's interval, which stays between 0 and 1 and is honest for few people.

    Args:
        numerator, denominator: people; the denominator is above nought.
        z: the normal quantile; 95 % unless told.
    Source:
        Wilson 1927, without continuity correction.
    """
    p, n = numerator / denominator, denominator
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def gap(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """The first share less the second, with Newcombe's interval made of the two Wilson ones.

    Args:
        first, second: numerator and denominator, people; denominators above nought.
    Source:
        Newcombe 1998, method 10.
    """
    a, b = share(*first), share(*second)
    difference = a.value - b.value
    below = sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)
    above = sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)
    return Interval(difference, difference - below, difference + above)


def expected(centre: float, denominator: float, z: float = Z95) -> tuple[float, float]:
    """Between which shares chance alone keeps a group of this size, if all share one true value.

    Args:
        centre: the share of all groups together.
        denominator: people of the group, above nought.
        z: the normal quantile, `Z95` or `Z998`.
    Source:
        the score limits of a funnel plot (Spiegelhalter 2005), cut at 0 and 1.
    """
    half = z * sqrt(centre * (1 - centre) / denominator)
    return max(0.0, centre - half), min(1.0, centre + half)
