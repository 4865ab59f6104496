"""Rates as dots with their intervals: groups beside each other, pairs and the gap between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.scale import Scale, fitted, ticks
from qamqor.engine.charts.svg import Caption, Frame

Say = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Rate:
    """A percentage with its interval, and how it is drawn.

    Attributes:
        value, low, high: per cent.
        shape: ``filled``, ``hollow``, ``square`` (an outlier) or ``diamond`` (ourselves).
    """

    value: float
    low: float
    high: float
    shape: str = "filled"


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its name, its numbers in words, and one rate or several under each other.

    Attributes:
        rates: empty where the numbers are hidden; ``said`` then says so.
    """

    label: str
    said: str
    rates: tuple[Rate, ...]


def mark(x: float, y: float, shape: str) -> str:
    """The shape of a point; two shapes never differ by colour alone."""
    if shape == "square":
        return svg.rectangle(x - 4.5, y - 4.5, 9, 9, "k-alarm")
    if shape == "diamond":
        return svg.diamond(x, y, 6.5, "k-us")
    return svg.circle(x, y, 4.5, "k-hollow" if shape == "hollow" else "k-dot")


def drawn_rate(rate: Rate, y: float, scale: Scale) -> str:
    """A dot on its interval."""
    low, high = scale.clipped(rate.low), scale.clipped(rate.high)
    return svg.line(low, y, high, y, "k-range") + mark(scale.clipped(rate.value), y, rate.shape)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where names, dots and numbers stand; on a narrow frame names and numbers stand above."""

    left: float
    right: float
    is_stacked: bool


def place_columns(rows: Sequence[Row], frame: Frame) -> Columns:
    """Names left, numbers right, as wide as their words; a narrow frame stacks them."""
    if frame.width < 400:
        return Columns(8, frame.width - 8, True)
    names = max((svg.width_of(row.label, frame.size) for row in rows), default=0)
    said = max((svg.width_of(row.said, frame.size) for row in rows if row.rates), default=0)
    return Columns(min(names, frame.width * 0.3) + 16, frame.width - min(said, 190) - 14, False)


def rates(
    rows: Sequence[Row],
    caption: Caption,
    frame: Frame,
    say: Say,
    *,
    overall: tuple[float, str] | None = None,
) -> str:
    """Groups under each other, each a dot on its interval, with everybody as a dotted line.

    Args:
        say: writes a percentage for the axis.
        overall: the percentage of everybody, and its words.
    """
    at = place_columns(rows, frame)
    ends = [end for row in rows for rate in row.rates for end in (rate.low, rate.high)]
    ends += [overall[0]] if overall else []
    low, high = fitted(ends or [0, 100], floor_at=0, ceiling_at=100)
    scale = Scale(low, high, at.left, at.right)
    top = frame.line + 4 if overall else 2
    body, y = [], top
    for row in rows:
        drawn, y = row_of(row, y, at, scale, frame)
        body.append(drawn)
    ground = [_grid(mark_, top, y, scale, say, frame) for mark_ in ticks(low, high)]
    centre = [_overall(*overall, top, y, scale, frame)] if overall else []
    return svg.picture(caption, frame, y + frame.line + 3, *ground, *centre, *body)


def row_of(row: Row, y: float, at: Columns, scale: Scale, frame: Frame) -> tuple[str, float]:
    """One group drawn, and how far down it reaches."""
    tall = max(9.0 * len(row.rates) + 9, 20)
    room = frame.width - svg.width_of(row.said, frame.size) - 12 if at.is_stacked else at.left - 12
    lines = svg.wrap(row.label, room, frame.size)
    if at.is_stacked:
        label = svg.lines_of_text(0, y + frame.size, lines, frame.line, "k-text k-ground")
        first = y + frame.line * len(lines)
        said = svg.text(frame.width, y + frame.size, row.said, "k-quiet k-ground", anchor="end")
    else:
        tall = max(tall, frame.line * len(lines) + 5)
        first = y
        start = y + tall / 2 + frame.size * 0.35 - frame.line * (len(lines) - 1) / 2
        label = svg.lines_of_text(0, start, lines, frame.line, "k-text")
        where = (frame.width, "end") if row.rates else (at.left, "start")
        said = svg.text(
            where[0], y + tall / 2 + frame.size * 0.35, row.said, "k-quiet", anchor=where[1]
        )
    middle = first + tall / 2 - 4.5 * (len(row.rates) - 1)
    dots = [drawn_rate(rate, middle + 9 * index, scale) for index, rate in enumerate(row.rates)]
    return label + said + "".join(dots), first + tall + (6 if at.is_stacked else 0)


def _grid(value: float, top: float, foot: float, scale: Scale, say: Say, frame: Frame) -> str:
    x = scale.at(value)
    anchor = "start" if x < 14 else "end" if x > frame.width - 14 else "middle"
    return svg.line(x, top, x, foot, "k-grid") + svg.text(
        x, foot + frame.size + 2, say(value), "k-axis", anchor=anchor
    )


def _overall(value: float, words: str, top: float, foot: float, scale: Scale, frame: Frame) -> str:
    x = scale.at(value)
    half = svg.width_of(words, frame.size) / 2
    inside = min(max(x, half), frame.width - half)
    return svg.line(x, top, x, foot, "k-centre") + svg.text(
        inside, frame.size, words, "k-quiet", anchor="middle"
    )


def swatch(shape: str) -> str:
    """The mark of a legend."""
    return svg.element(
        "svg",
        mark(7, 7, shape),
        viewBox="0 0 14 14",
        width=14,
        height=14,
        aria_hidden="true",
        class_="k-swatch",
    )


def single(rate: Rate, caption: Caption, frame: Frame, say: Say) -> str:
    """One rate on its interval, on a scale from 0 to 100."""
    scale = Scale(0, 100, 2, frame.width - 2)
    y = 12.0
    parts = [svg.line(2, y, frame.width - 2, y, "k-base")]
    for value, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        x = scale.at(value)
        parts.append(svg.line(x, y - 4, x, y + 4, "k-tick"))
        parts.append(svg.text(x, y + frame.size + 8, say(value), "k-axis", anchor=anchor))
    low, high = scale.at(rate.low), scale.at(rate.high)
    parts.append(svg.rectangle(low, y - 5, max(high - low, 2), 10, "k-band-box", 2))
    parts.append(mark(scale.at(rate.value), y, rate.shape))
    return svg.picture(caption, frame, y + frame.size + 12, *parts)
