"""Gaps between two groups: a pair of dots with the gap below, and all gaps around nought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Rate, Row, Say, drawn_rate, place_columns, row_of
from qamqor.engine.charts.scale import Scale, step_for
from qamqor.engine.charts.svg import Caption, Frame


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups of one measure, the first hollow and the second filled.

    Attributes:
        first, second: name, value in words, rate; a null rate is hidden.
        gap: the gap in words, its interval included.
        is_certain: the interval of the gap does not span nought.
    """

    first: tuple[str, str, Rate | None]
    second: tuple[str, str, Rate | None]
    gap: str
    is_certain: bool


def pair(pair_: Pair, caption: Caption, frame: Frame, reach: tuple[float, float]) -> str:
    """Two dots on their intervals and, where both are known, the gap drawn below and said.

    Args:
        reach: both ends of the axis, the same for all pairs of one measure.
    """
    groups = (pair_.first, pair_.second)
    names = max(svg.width_of(name, frame.size) for name, _, _ in groups)
    left = min(names, frame.width * 0.34) + 14
    scale = Scale(*reach, left + 18, frame.width - 22)
    parts, y = [], 0.0
    for name, said, rate in groups:
        middle = y + frame.size + 9
        parts += [
            svg.text(0, middle + frame.size * 0.35, name),
            svg.line(left, middle, frame.width, middle, "k-grid"),
        ]
        x = scale.clipped(rate.value) if rate else left + 4
        anchor = "middle" if rate else "start"
        parts.append(svg.text(x, middle - 8, said, "k-strong", anchor=anchor))
        parts += [drawn_rate(rate, middle, scale)] if rate else []
        y = middle + 7
    return svg.picture(caption, frame, *_gap(pair_, y, scale, frame, parts))


def _gap(
    pair_: Pair, y: float, scale: Scale, frame: Frame, parts: list[str]
) -> tuple[float, *tuple[str, ...]]:
    """The bracket between the two dots, with its words below."""
    kind, words = ("k-gap", "k-gap-text") if pair_.is_certain else ("k-gap-open", "k-quiet")
    first, second = pair_.first[2], pair_.second[2]
    if first and second:
        a, b = sorted((scale.clipped(first.value), scale.clipped(second.value)))
        parts += [svg.line(a, y + 9, b, y + 9, kind)]
        parts += [svg.line(end, y + 5, end, y + 13, kind) for end in (a, b)]
        y += 16
    lines = svg.wrap(pair_.gap, frame.width, frame.size, is_strong=pair_.is_certain)
    parts.append(svg.lines_of_text(0, y + frame.size + 1, lines, frame.line, words))
    return (y + frame.line * len(lines) + 4, *parts)


@dataclass(frozen=True, slots=True)
class Forest:
    """Gaps of many measures around the line of no gap.

    Attributes:
        rows: one rate each, in percentage points; ``square`` = beyond chance, ``hollow`` = not.
        worse_left, worse_right: what lies left and right of nought, in words.
    """

    rows: Sequence[Row]
    worse_left: str
    worse_right: str
    none: str


def forest(chart: Forest, caption: Caption, frame: Frame, say: Say) -> str:
    """Every gap on its interval; the axis reaches as far to both sides of nought."""
    at = place_columns(chart.rows, frame)
    ends = [max(abs(rate.low), abs(rate.high)) for row in chart.rows for rate in row.rates]
    reach = max(ends, default=1)
    step = step_for(reach, 2)
    reach = step * -(-reach // step)
    scale = Scale(-reach, reach, at.left, at.right)
    top = frame.line * (3 if at.is_stacked else 2) + 2
    body, y = [], top
    for row in chart.rows:
        drawn, y = row_of(row, y, at, scale, frame)
        body.append(drawn)
    values = [step * index for index in range(-round(reach / step), round(reach / step) + 1)]
    ground = [_level(value, top, y, scale, say, frame) for value in values]
    heads = _sides(chart, scale, frame, is_stacked=at.is_stacked)
    return svg.picture(caption, frame, y + frame.line + 3, *ground, heads, *body)


def _level(value: float, top: float, foot: float, scale: Scale, say: Say, frame: Frame) -> str:
    x = scale.at(value)
    kind = "k-grid" if value else "k-zero"
    anchor = "start" if x < 14 else "end" if x > frame.width - 14 else "middle"
    words = svg.text(x, foot + frame.size + 2, say(value), "k-axis", anchor=anchor)
    return svg.line(x, top - 4, x, foot, kind) + words


def _sides(chart: Forest, scale: Scale, frame: Frame, *, is_stacked: bool) -> str:
    """What each side of nought means, and nought itself."""
    middle, y = scale.at(0), frame.size
    centre = svg.text(middle, y + frame.line, chart.none, "k-quiet", anchor="middle")
    if is_stacked:
        centre = svg.text(middle, y + 2 * frame.line, chart.none, "k-quiet", anchor="middle")
        left = svg.text(0, y, f"\N{LEFTWARDS ARROW} {chart.worse_left}", "k-text")
        right = svg.text(
            frame.width, y + frame.line, f"{chart.worse_right} \N{RIGHTWARDS ARROW}", anchor="end"
        )
        return left + right + centre
    left = svg.text(middle - 10, y, f"\N{LEFTWARDS ARROW} {chart.worse_left}", anchor="end")
    right = svg.text(middle + 10, y, f"{chart.worse_right} \N{RIGHTWARDS ARROW}")
    return left + right + centre
