"""Two groups of one measure on one line, hollow against filled, with the gap in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Rate, Say, drawn_rate
from qamqor.engine.charts.scale import Scale, fitted, ticks
from qamqor.engine.charts.svg import Caption, Frame


@dataclass(frozen=True, slots=True)
class Dumbbell:
    """One measure in two groups.

    Attributes:
        label: the measure.
        first, second: drawn hollow and filled.
        gap: the gap in words, its interval included.
        is_certain: the interval of the gap does not span nought.
    """

    label: str
    first: Rate
    second: Rate
    gap: str
    is_certain: bool


def dumbbells(rows: Sequence[Dumbbell], caption: Caption, frame: Frame, say: Say) -> str:
    """Measures under each other on one axis of per cent, each with both groups and their gap."""
    ends = [
        end for row in rows for rate in (row.first, row.second) for end in (rate.low, rate.high)
    ]
    low, high = fitted(ends, floor_at=0, ceiling_at=100)
    scale = Scale(low, high, 6, frame.width - 6)
    body, y = [], 0.0
    for row in rows:
        drawn, y = _row(row, y, scale, frame)
        body.append(drawn)
    ground = [_grid(value, y, scale, say, frame) for value in ticks(low, high)]
    return svg.picture(caption, frame, y + frame.line + 1, *ground, *body)


def _row(row: Dumbbell, y: float, scale: Scale, frame: Frame) -> tuple[str, float]:
    """Words above, the two dots below."""
    kind = "k-gap-text" if row.is_certain else "k-quiet"
    room = frame.width - svg.width_of(row.gap, frame.size, is_strong=row.is_certain) - 14
    is_beside = room > frame.width * 0.45
    lines = svg.wrap(row.label, room if is_beside else frame.width, frame.size)
    parts = [svg.lines_of_text(0, y + frame.size, lines, frame.line, "k-text k-ground")]
    end = y + frame.line * len(lines)
    if is_beside:
        parts.append(
            svg.text(frame.width, y + frame.size, row.gap, f"{kind} k-ground", anchor="end")
        )
    else:
        parts.append(svg.text(0, end + frame.size, row.gap, f"{kind} k-ground"))
        end += frame.line
    parts += [drawn_rate(row.first, end + 9, scale), drawn_rate(row.second, end + 18, scale)]
    return "".join(parts), end + 34


def _grid(value: float, foot: float, scale: Scale, say: Say, frame: Frame) -> str:
    x = scale.at(value)
    anchor = "start" if x < 14 else "end" if x > frame.width - 14 else "middle"
    words = svg.text(x, foot + frame.size - 2, say(value), "k-axis", anchor=anchor)
    return svg.line(x, 0, x, foot - 6, "k-grid") + words
