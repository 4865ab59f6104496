"""A number over time as a small line beside it, with its target; the table twin says the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qamqor.engine.charts import svg
from qamqor.engine.charts.scale import Scale

WIDTH: Final = 104
HEIGHT: Final = 26
_EDGE: Final = 5


def spark(points: Sequence[tuple[float, float]], label: str, *, target: float | None = None) -> str:
    """The line, a dot on the last value and the target dashed.

    Args:
        points: moment (in days, any origin) and value, oldest first; at least one.
        label: what is seen, in words, for those who hear it.

    Returns:
        an ``svg`` element of 104 by 26.
    """
    values = [value for _, value in points]
    ends = [*values, *([] if target is None else [target])]
    low, high = min(ends), max(ends)
    first, last = points[0][0], points[-1][0]
    across = Scale(first, last if last > first else first + 1, _EDGE, WIDTH - _EDGE)
    up = Scale(low, high if high > low else low + 1, HEIGHT - _EDGE, _EDGE)
    line = [(across.at(moment), up.at(value)) for moment, value in points]
    parts = []
    if target is not None:
        y = up.at(target)
        parts.append(svg.line(0, y, WIDTH, y, "k-target"))
    if len(line) > 1:
        parts.append(svg.path(line, "k-trend"))
    parts.append(svg.circle(*line[-1], 2.9, "k-dot"))
    return svg.element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        class_="q-spark",
        role="img",
        aria_label=label,
    )
