"""Marks in a grid: what happens in which line at which step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qamqor.engine.charts.svg import (
    Caption,
    Frame,
    element,
    escaped,
    line,
    lines_of_text,
    picture,
    rectangle,
    text,
    wrap,
)

WIDE: Final = Frame(1040, 12.5, "wide")
LABELS: Final = 190.0
PADDING: Final = 6.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands in one cell.

    Attributes:
        words: short, inside the mark.
        said: the whole, for who points at it or hears it.
        is_partial: drawn apart: it is not for everybody.
    """

    words: str
    said: str
    is_partial: bool = False


def grid(
    caption: Caption,
    lines: Sequence[str],
    steps: Sequence[str],
    marks: Mapping[tuple[int, int], Mark],
) -> str:
    """A picture with a line for each name and a column for each step.

    Args:
        marks: line and column → what stands there.

    Returns:
        an ``svg`` element.
    """
    frame = WIDE
    column = (frame.width - LABELS) / max(1, len(steps))
    heads = [wrap(step, column - 4, frame.size) for step in steps]
    top = frame.line * max(map(len, heads), default=1) + 2 * PADDING
    names = [wrap(name, LABELS - 12, frame.size) for name in lines]
    heights = [max(34.0, frame.line * len(name) + 2 * PADDING) for name in names]
    tops = [top + sum(heights[:n]) for n in range(len(lines))]
    height = top + sum(heights) + PADDING
    parts = [_head(head, LABELS + column * (n + 0.5), frame) for n, head in enumerate(heads)]
    for n, name in enumerate(names):
        parts.append(line(0, tops[n], frame.width, tops[n], "k-grid"))
        middle = tops[n] + heights[n] / 2
        first = middle - frame.line * (len(name) - 1) / 2 + frame.size * 0.35
        parts.append(lines_of_text(0, first, name, frame.line, "k-text"))
    for (row, step), mark in sorted(marks.items()):
        centre = LABELS + column * (step + 0.5), tops[row] + heights[row] / 2
        parts.append(_mark(mark, centre, column, frame))
    return picture(caption, frame, height, *parts)


def _head(words: Sequence[str], x: float, frame: Frame) -> str:
    return "".join(
        text(x, PADDING + frame.size + frame.line * n, word, "k-text", anchor="middle")
        for n, word in enumerate(words)
    )


def _mark(mark: Mark, centre: tuple[float, float], column: float, frame: Frame) -> str:
    x, y = centre
    width = min(column - 6, 58)
    kind = "k-mark k-partial" if mark.is_partial else "k-mark"
    box = rectangle(x - width / 2, y - 12, width, 24, kind, 6)
    words = text(x, y + frame.size * 0.35, mark.words, "k-on-mark", anchor="middle")
    return element("g", element("title", escaped(mark.said)), box, words)
