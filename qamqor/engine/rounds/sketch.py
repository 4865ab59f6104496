"""Draws the way of a round: numbered doors, arrows between them, a scale. A sketch, not a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from qamqor.engine.rounds.way import Position, kilometres

WIDTH, HEIGHT, EDGE = 620.0, 420.0, 46.0
PINE, URGENT, DONE, PAPER = "#0f5f61", "#9a1b2f", "#458a5c", "#f1ece2"
SCALES: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


class Mark(NamedTuple):
    """One place on the sketch: what is written in it, and beside it.

    Attributes:
        kind: ``next``, ``urgent``, ``done`` or empty for a door; ``clinic`` for the start.
    """

    text: str
    label: str
    position: Position
    kind: str = ""


def draw(
    marks: Sequence[Mark],
    settlements: Sequence[tuple[str, Position]],
    *,
    title: str,
    km: str,
    point: str = ".",
) -> str:
    """The sketch as SVG; marks in the order to go, the clinic first and last where it is known.

    Args:
        title: what the picture shows, for those who hear it.
        km: the word for kilometres.
        point: what stands before the tenths in the reader's language.
    """
    scale = _Scale([mark.position for mark in marks] + [place for _, place in settlements])
    drawn = [*_names(settlements, scale), *_way(marks, scale), *_doors(marks, scale)]
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{escape(title)}" '
        f'font-size="13">'
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="{PAPER}"/>'
        f"{''.join(drawn)}{scale.bar(km, point)}</svg>"
    )


class _Scale:
    """From degrees to the picture; one kilometre is the same in every direction."""

    def __init__(self, places: Sequence[Position]) -> None:
        self.south = min(one.latitude for one in places)
        self.west = min(one.longitude for one in places)
        north = max(one.latitude for one in places)
        east = max(one.longitude for one in places)
        corner = Position(self.south, self.west)
        self.high = kilometres(corner, Position(north, self.west))
        self.wide = kilometres(corner, Position(self.south, east))
        room = (WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE - 24)
        self.unit = min(room[0] / max(self.wide, 0.4), room[1] / max(self.high, 0.4))

    def at(self, one: Position) -> tuple[float, float]:
        corner = Position(self.south, self.west)
        x = kilometres(corner, Position(self.south, one.longitude)) * self.unit
        y = kilometres(corner, Position(one.latitude, self.west)) * self.unit
        left = (WIDTH - self.wide * self.unit) / 2
        top = (HEIGHT - 24 - self.high * self.unit) / 2
        return round(left + x, 1), round(top + self.high * self.unit - y, 1)

    def bar(self, km: str, point: str) -> str:
        """How long a kilometre is."""
        long = max((one for one in SCALES if one * self.unit <= 130), default=SCALES[0])
        x, y, width = 18.0, HEIGHT - 18, long * self.unit
        said = f"{long:g}".replace(".", point)
        return (
            f'<path d="M{x:g} {y - 6:g}v6h{width:.1f}v-6" fill="none" stroke="#5d6b6d"/>'
            f'<text x="{x + width + 8:.1f}" y="{y:g}" fill="#46575a">{said} {escape(km)}</text>'
        )


def _names(settlements: Sequence[tuple[str, Position]], scale: _Scale) -> list[str]:
    found = []
    for name, place in settlements:
        x, y = scale.at(place)
        found.append(
            f'<circle cx="{x}" cy="{y}" r="34" fill="#e3ebdf"/><text x="{x}" y="{y - 38:g}" '
            f'text-anchor="middle" font-weight="600" font-size="15" fill="#46575a">'
            f"{escape(name)}</text>"
        )
    return found


def _way(marks: Sequence[Mark], scale: _Scale) -> list[str]:
    """A line from each mark to the next, with an arrow at its middle where there is room."""
    found = []
    for one, other in pairwise(marks):
        (x1, y1), (x2, y2) = scale.at(one.position), scale.at(other.position)
        found.append(
            f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{PINE}" stroke-width="4" fill="none"/>'
        )
        if math.hypot(x2 - x1, y2 - y1) > 60:
            turn = math.degrees(math.atan2(y2 - y1, x2 - x1))
            found.append(
                f'<path d="M-5-5 5 0-5 5z" fill="#fff" stroke="{PINE}" transform="translate('
                f'{(x1 + x2) / 2:.1f} {(y1 + y2) / 2:.1f}) rotate({turn:.0f})"/>'
            )
    return found


def _doors(marks: Sequence[Mark], scale: _Scale) -> list[str]:
    """The doors, moved apart where they would lie on each other; the number is never hidden."""
    found: list[str] = []
    taken: list[tuple[float, float]] = []
    labels: list[tuple[float, float, str, str]] = []
    for mark in {(one.text, one.position): one for one in marks}.values():
        x, y = _free(scale.at(mark.position), taken)
        taken.append((x, y))
        fill = {"urgent": URGENT, "done": DONE, "clinic": "#0e3c3f"}.get(mark.kind, PINE)
        if mark.kind == "urgent":
            shape = f'<path d="M{x} {y - 19:g}L{x + 19:g} {y}L{x} {y + 19:g}L{x - 19:g} {y}z"'
        elif mark.kind == "clinic":
            shape = f'<rect x="{x - 13:g}" y="{y - 13:g}" width="26" height="26" rx="5"'
        else:
            shape = f'<circle cx="{x}" cy="{y}" r="14"'
        found.append(
            f'{shape} fill="{fill}" stroke="#fff" stroke-width="2"/><text x="{x}" y="{y + 5:g}" '
            f'text-anchor="middle" font-weight="600" font-size="14" fill="#fff">'
            f"{escape(mark.text)}</text>"
        )
        if mark.label:
            anchor = "start" if x < WIDTH - 130 else "end"
            labels.append((x + 20 if anchor == "start" else x - 20, y, anchor, mark.label))
    return found + _labels(labels, taken)


def _labels(
    labels: Sequence[tuple[float, float, str, str]], doors: Sequence[tuple[float, float]]
) -> list[str]:
    """Names beside their doors, left out where they would lie on a number or on another name."""
    found: list[str] = []
    boxes = [(x - 16, y - 16, x + 16, y + 16) for x, y in doors]
    for x, y, anchor, text in labels:
        long = 8.2 * len(text)
        box = (x, y - 7, x + long, y + 7) if anchor == "start" else (x - long, y - 7, x, y + 7)
        if any(_meet(box, other) for other in boxes):
            continue
        boxes.append(box)
        found.append(
            f'<text x="{x:g}" y="{y + 5:g}" text-anchor="{anchor}" font-weight="600" '
            f'fill="#1b2a2c" stroke="{PAPER}" stroke-width="4" paint-order="stroke">'
            f"{escape(text)}</text>"
        )
    return found


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _free(at: tuple[float, float], taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The nearest spot around a place where a mark hides no other."""
    for ring in range(8):
        for turn in range(1 if ring == 0 else 8):
            x = at[0] + ring * 18 * math.cos(turn * math.pi / 4)
            y = at[1] + ring * 18 * math.sin(turn * math.pi / 4)
            x, y = min(max(x, 20), WIDTH - 20), min(max(y, 20), HEIGHT - 44)
            if all(math.hypot(x - a, y - b) >= 30 for a, b in taken):
                return round(x, 1), round(y, 1)
    return at
