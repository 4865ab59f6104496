"""What was given and is to come in a life: age runs right, each name has a line, so has today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qamqor.engine.charts.svg import (
    Caption,
    Frame,
    circle,
    element,
    escaped,
    line,
    lines_of_text,
    number,
    path,
    picture,
    rectangle,
    text,
    width_of,
    wrap,
)

LIFE: Final = Frame(946, 12, "life")
LABELS: Final = 168.0
TOP: Final = 26.0
ROW: Final = 38.0
KINDS: Final = ("done", "odd", "due", "overdue", "soon")


@dataclass(frozen=True, slots=True)
class Mark:
    """One dose.

    Attributes:
        day: days after birth.
        kind: one of ``KINDS``; ``odd`` was given and does not count.
        words: short, inside a mark still to come.
        said: the whole, for who points at it or hears it.
    """

    day: float
    kind: str
    words: str
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture; ``open``: from when to when the next dose is in time, in days."""

    name: str
    marks: tuple[Mark, ...]
    open: tuple[float, float] | None = None


def life(
    caption: Caption,
    ages: Sequence[tuple[float, str]],
    rows: Sequence[Row],
    today: tuple[float, str],
) -> str:
    """A picture in which a stretch between two ages is as wide as any other.

    So a life is wide where the ages named stand close together.

    Args:
        ages: days after birth and their names, rising, at least two.
        today: days after birth, and the word for it.

    Returns:
        an ``svg`` element.
    """
    place = _Places([day for day, _ in ages])
    height = TOP + ROW * len(rows) + 18
    parts = list(_heads(ages, place, height))
    for n, row in enumerate(rows):
        parts.append(_names(row.name, TOP + ROW * n))
        if n:
            parts.append(line(0, TOP + ROW * n, LIFE.width, TOP + ROW * n, "k-life-rule"))
    parts.append(_today(place.at(today[0]), today[1], height))
    for n, row in enumerate(rows):
        middle = TOP + ROW * (n + 0.5)
        parts.append(_open(row, place, middle))
        parts += [_mark(mark, place.at(mark.day), middle) for mark in row.marks]
    return picture(caption, LIFE, height, *parts)


class _Places:
    """Where a day stands; before the first age and behind the last the nearest end."""

    def __init__(self, ages: Sequence[float]) -> None:
        self.ages = ages
        self.start, self.end = LABELS + 14, LIFE.width - 22
        self.step = (self.end - self.start) / max(1, len(ages) - 1)

    def at(self, day: float) -> float:
        for n, (left, right) in enumerate(zip(self.ages, self.ages[1:], strict=False)):
            if day <= right:
                part = max(0.0, (day - left) / (right - left))
                return self.start + self.step * (n + part)
        return self.end + 10


def _heads(ages: Sequence[tuple[float, str]], place: _Places, height: float) -> list[str]:
    parts, free = [], 0.0
    for day, words in ages:
        x = place.at(day)
        parts.append(line(x, TOP, x, height - 18, "k-grid"))
        half = width_of(words, LIFE.size) / 2
        x = min(x, LIFE.width - half)
        if x - half >= free:
            parts.append(text(x, 14, words, "k-axis", anchor="middle"))
            free = x + half + 4
    return parts


def _names(name: str, top: float) -> str:
    lines = wrap(name, LABELS - 10, LIFE.size, is_strong=True)[:2]
    first = top + ROW / 2 + LIFE.size * 0.35 - LIFE.line * (len(lines) - 1) / 2
    return lines_of_text(0, first, lines, LIFE.line, "k-strong")


def _today(x: float, words: str, height: float) -> str:
    half = width_of(words, LIFE.size, is_strong=True) / 2 + 7
    middle = min(max(x, LABELS + half), LIFE.width - half)
    return "".join(
        (
            line(x, TOP, x, height - 18, "k-life-today"),
            rectangle(middle - half, height - 18, half * 2, 18, "k-life-flag", 4),
            text(middle, height - 5, words, "k-life-flag-words", anchor="middle"),
        )
    )


def _open(row: Row, place: _Places, y: float) -> str:
    late = any(mark.kind == "overdue" for mark in row.marks)
    if row.open is None:
        return ""
    begin, end = place.at(row.open[0]), place.at(row.open[1])
    kind = "k-life-late" if late else "k-life-open"
    return rectangle(begin, y - 4, max(6.0, end - begin), 8, kind, 4)


def _mark(mark: Mark, x: float, y: float) -> str:
    draw = {"done": _done, "odd": _odd, "due": _due, "overdue": _overdue, "soon": _soon}
    title = element("title", escaped(mark.said))
    return element("g", title, draw[mark.kind](x, y, mark.words))


def _done(x: float, y: float, words: str) -> str:
    tick = [(x - 5, y + 0.5), (x - 1.4, y + 4.2), (x + 5.2, y - 3.4)]
    return circle(x, y, 11.5, "k-life-done") + path(tick, "k-life-tick")


def _odd(x: float, y: float, words: str) -> str:
    cross = path([(x - 4, y - 4), (x + 4, y + 4)], "k-life-cross")
    return (
        circle(x, y, 11, "k-life-odd")
        + cross
        + path([(x - 4, y + 4), (x + 4, y - 4)], "k-life-cross")
    )


def _due(x: float, y: float, words: str) -> str:
    half = f"M{number(x)} {number(y - 11.5)}a11.5 11.5 0 0 1 0 23z"
    return circle(x, y, 11.5, "k-life-due") + element("path", d=half, class_="k-life-half")


def _overdue(x: float, y: float, words: str) -> str:
    corners = [(x, y - 13), (x + 14, y + 11), (x - 14, y + 11)]
    sign = path([(x, y - 4), (x, y + 3)], "k-life-sign") + path(
        [(x, y + 7), (x, y + 7.2)], "k-life-sign"
    )
    return path(corners, "k-life-overdue", is_closed=True) + sign


def _soon(x: float, y: float, words: str) -> str:
    size = LIFE.size * 0.35
    return circle(x, y, 10.5, "k-life-soon") + text(
        x, y + size, words, "k-life-number", anchor="middle"
    )
