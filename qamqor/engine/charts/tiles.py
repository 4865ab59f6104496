"""Regions as tiles of equal size: a small region is seen as well as a large one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Say
from qamqor.engine.charts.scale import ticks
from qamqor.engine.charts.svg import Caption, Frame

STEPS: Final = 5
GAP: Final = 4.0
# Narrower tiles carry three letters.
LEAST_FOR_NAMES: Final = 50


@dataclass(frozen=True, slots=True)
class Tile:
    """One region.

    Attributes:
        name: short enough for its tile.
        column, row: its place among the tiles.
        value: per cent; null where hidden or nobody is counted.
        said: the value in words.
    """

    name: str
    column: int
    row: int
    value: float | None
    said: str


def tile_map(tiles: Sequence[Tile], caption: Caption, frame: Frame, say: Say) -> str:
    """Tiles in five steps of one colour, each with its name and number, and the steps below."""
    columns = max(tile.column for tile in tiles) + 1
    rows = max(tile.row for tile in tiles) + 1
    side = (frame.width - GAP * (columns - 1)) / columns
    bounds = steps_of([tile.value for tile in tiles if tile.value is not None])
    body = [_tile(tile, side, bounds, frame) for tile in tiles]
    foot = rows * (side + GAP) + 10
    legend = [_step(index, bounds, foot, frame, say) for index in range(len(bounds) + 1)]
    return svg.picture(caption, frame, foot + frame.size + 26, *body, *legend)


def steps_of(values: Sequence[float]) -> list[float]:
    """Four round bounds between the lowest and the highest value, fewer where they lie close."""
    if not values or min(values) == max(values):
        return []
    found = [tick for tick in ticks(min(values), max(values), STEPS) if tick > min(values)]
    return found[: STEPS - 1]


def _tile(tile: Tile, side: float, bounds: Sequence[float], frame: Frame) -> str:
    x, y = tile.column * (side + GAP), tile.row * (side + GAP)
    middle = x + side / 2
    if tile.value is None:
        kind, words = "k-tile-none", "k-tile-dark"
    else:
        step = sum(tile.value >= bound for bound in bounds) + 1
        kind, words = f"k-tile-{step}", "k-tile-light" if step > 3 else "k-tile-dark"
    name_here = tile.name if side > LEAST_FOR_NAMES else tile.name[:3]
    small = min(frame.size * 0.86, frame.size * (side - 4) / svg.width_of(name_here, frame.size))
    name = svg.element(
        "text",
        svg.escaped(name_here),
        x=middle,
        y=y + side * 0.42,
        class_=words,
        text_anchor="middle",
        font_size=small,
    )
    value = svg.text(middle, y + side * 0.78, tile.said, f"{words} k-tile-value", anchor="middle")
    return svg.rectangle(x, y, side, side, kind, 5) + name + value


def _step(index: int, bounds: Sequence[float], top: float, frame: Frame, say: Say) -> str:
    """One step of the colour with the value it begins at."""
    wide = frame.width / STEPS
    x = index * wide
    words = svg.text(x, top + frame.size + 14, say(bounds[index - 1]), "k-axis") if index else ""
    return svg.rectangle(x, top, wide - 2, 10, f"k-tile-{index + 1}") + words
