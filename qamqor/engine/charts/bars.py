"""Counts as bars that start at nought: people by state, waits, columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Say
from qamqor.engine.charts.scale import Scale, ticks
from qamqor.engine.charts.svg import Caption, Frame

BAR = 13.0
BELOW = 15.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its words.

    Attributes:
        label: what it counts.
        said: the numbers in words, set at the right.
        parts: (kind, people) from left to right; kinds are those of `KINDS`.
    """

    label: str
    said: str
    parts: tuple[tuple[str, int], ...]


# From the most to the least pressing; darkness falls with it, so that grey keeps the order.
KINDS = ("overdue", "due", "open", "unknown", "not_due", "rest")


def hatching(key: str) -> str:
    """The stripes that set *due* apart where there is no colour."""
    stripe = svg.line(0, 0, 0, 6, "k-stripe")
    ground = svg.rectangle(0, 0, 6, 6, "k-stripe-ground")
    pattern = svg.element(
        "pattern",
        ground,
        stripe,
        id=key,
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    return svg.element("defs", pattern)


def _part(x: float, y: float, width: float, kind: str, hatch: str) -> str:
    if kind != "due":
        return svg.rectangle(x, y, width, BAR, f"k-part-{kind}")
    return svg.element(
        "rect", x=x, y=y, width=width, height=BAR, fill=f"url(#{hatch})", class_="k-part-due"
    )


def _segments(bar: Bar, y: float, scale: Scale, hatch: str) -> str:
    parts, x = [], scale.start
    for kind, people in bar.parts:
        width = scale.at(people) - scale.start
        if people:
            parts.append(_part(x, y, max(width - 1, 1), kind, hatch))
        x += width
    return "".join(parts)


def _heading(bar: Bar, y: float, frame: Frame) -> tuple[str, float]:
    """The words over a bar, and how far down they reach."""
    beside = frame.width - svg.width_of(bar.said, frame.size) - 14
    fits = svg.width_of(bar.label, frame.size, is_strong=True) <= beside or beside > frame.width / 2
    room = beside if fits else frame.width
    lines = svg.wrap(bar.label, room, frame.size, is_strong=True)
    label = svg.lines_of_text(0, y + frame.size, lines, frame.line, "k-strong")
    end = y + frame.line * len(lines)
    if fits:
        return label + svg.text(frame.width, y + frame.size, bar.said, anchor="end"), end
    return label + svg.text(0, end + frame.size, bar.said), end + frame.line


def state_bars(bars: Sequence[Bar], caption: Caption, frame: Frame) -> str:
    """People by state, one bar for each programme or role, all on one scale from nought."""
    longest = max((sum(people for _, people in bar.parts) for bar in bars), default=0) or 1
    scale = Scale(0, longest, 0, frame.width)
    hatch = f"{caption.key}-{frame.name}-h"
    parts, y = [hatching(hatch)], 0.0
    for bar in bars:
        words, end = _heading(bar, y, frame)
        parts += [words, svg.line(0, end + 5 + BAR, frame.width, end + 5 + BAR, "k-grid")]
        parts.append(_segments(bar, end + 5, scale, hatch))
        y = end + 5 + BAR + BELOW
    return svg.picture(caption, frame, max(y - BELOW + 2, 1), *parts)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a group is late: the middle person, and where the last tenth begins.

    Attributes:
        middle, most: in the unit of the axis.
    """

    label: str
    said: str
    middle: float
    most: float


def waits(rows: Sequence[Wait], caption: Caption, frame: Frame, say: Say, unit: str) -> str:
    """A line from the due date to the last tenth, with a dot at the middle person."""
    longest = max((row.most for row in rows), default=0) or 1
    scale = Scale(0, longest * 1.02, 0, frame.width - 8)
    marks = [mark for mark in ticks(0, longest, 5) if mark == round(mark)]
    parts, y = [], 0.0
    for row in rows:
        words, end = _heading(Bar(row.label, row.said, ()), y, frame)
        middle, far = scale.at(row.middle), scale.at(row.most)
        parts += [words, svg.line(0, end + 9, frame.width, end + 9, "k-grid")]
        parts += [
            svg.line(middle, end + 9, far, end + 9, "k-range"),
            svg.line(far, end + 5, far, end + 13, "k-range"),
            svg.circle(middle, end + 9, 4.5, "k-dot"),
        ]
        y = end + 24
    foot = y + frame.size - 2
    below = [_tick(scale.at(mark), y - 6, foot, say(mark), frame) for mark in marks]
    name = svg.text(frame.width, foot + frame.line, unit, "k-axis", anchor="end")
    return svg.picture(caption, frame, foot + frame.line + 5, *parts, *below, name)


def _tick(x: float, top: float, foot: float, words: str, frame: Frame) -> str:
    anchor = "start" if x < 10 else "end" if x > frame.width - 20 else "middle"
    return svg.line(x, top, x, top + 4, "k-tick") + svg.text(
        x, foot, words, "k-axis", anchor=anchor
    )


def columns(values: Sequence[tuple[str, int | None, str]], caption: Caption, frame: Frame) -> str:
    """Upright bars with the number on top and the name below.

    Args:
        values: (name, people or null when hidden, the number in words).
    """
    top, height, count = frame.size + 8, frame.width * 0.32, max(len(values), 1)
    slot = frame.width / count
    scale = Scale(0, max((people or 0 for _, people, _ in values), default=0) or 1, 0, height)
    foot = top + height
    parts = [svg.line(0, foot, frame.width, foot, "k-base")]
    deepest = 1
    for index, (name, people, said) in enumerate(values):
        middle, tall = slot * (index + 0.5), scale.at(people or 0)
        kind = "k-column" if people is not None else "k-hidden"
        tall = tall if people is not None else 8
        parts.append(svg.rectangle(middle - slot * 0.32, foot - tall, slot * 0.64, tall, kind))
        parts.append(svg.text(middle, foot - tall - 6, said, "k-strong", anchor="middle"))
        lines = svg.wrap(name, slot - 4, frame.size)
        deepest = max(deepest, len(lines))
        parts += [
            svg.text(middle, foot + 4 + frame.line * (row + 1), words, anchor="middle")
            for row, words in enumerate(lines)
        ]
    return svg.picture(caption, frame, foot + frame.line * deepest + 10, *parts)


def swatch(kind: str) -> str:
    """The small box of a legend, drawn like the part it stands for."""
    hatch = f"swatch-{kind}"
    body = (
        hatching(hatch)
        + svg.element(
            "rect", x=0.5, y=0.5, width=17, height=11, fill=f"url(#{hatch})", class_="k-part-due"
        )
        if kind == "due"
        else svg.rectangle(0.5, 0.5, 17, 11, f"k-part-{kind}")
    )
    return svg.element(
        "svg", body, viewBox="0 0 18 12", width=18, height=12, aria_hidden="true", class_="k-swatch"
    )
