"""Groups of different size against what chance alone would do: a funnel, never a league table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Say, mark
from qamqor.engine.charts.scale import Scale, fitted, ticks
from qamqor.engine.charts.svg import Caption, Frame

# Share limits of a group of so many people: (lower, upper), per cent.
Limits = Callable[[float], tuple[float, float]]
STEPS = 48


@dataclass(frozen=True, slots=True)
class Point:
    """One group.

    Attributes:
        people: how many it has.
        value: per cent.
        name: written beside it where it stands out, else empty.
        shape: ``hollow`` inside the limits, ``square`` outside.
    """

    people: int
    value: float
    name: str = ""
    shape: str = "hollow"


@dataclass(frozen=True, slots=True)
class Funnel:
    """What a funnel shows.

    Attributes:
        usual, wide: the limits that 95 % and 99.8 % of groups stay within by chance.
        centre: per cent of everybody; ``centre_said`` its words.
        across: what the lower axis counts.
    """

    points: Sequence[Point]
    usual: Limits
    wide: Limits
    centre: float
    centre_said: str
    across: str


def funnel(chart: Funnel, caption: Caption, frame: Frame, say: Say, count: Say) -> str:
    """Dots over the number of people, between the limits of chance, which narrow to the right."""
    top, foot = 11.0, frame.width * 0.57
    most = max(point.people for point in chart.points)
    least = min(point.people for point in chart.points)
    values = [point.value for point in chart.points] + [*chart.usual(least), chart.centre]
    low, high = fitted(values, floor_at=0, ceiling_at=100)
    left = max(svg.width_of(say(value), frame.size) for value in ticks(low, high)) + 8
    across, up = Scale(0, most * 1.08, left, frame.width - 4), Scale(low, high, foot, top)
    clip = f"{caption.key}-{frame.name}-c"
    window = svg.element(
        "clipPath", svg.rectangle(left, top, frame.width - 4 - left, foot - top, ""), id=clip
    )
    parts = [svg.element("defs", window)]
    parts += [_level(value, up, left, frame, say) for value in ticks(low, high)]
    parts.append(svg.element("g", *_limits(chart, across, up), clip_path=f"url(#{clip})"))
    y = up.at(chart.centre)
    parts.append(svg.line(left, y, frame.width - 4, y, "k-middle"))
    parts += [_sized(value, across, foot, frame, count) for value in ticks(0, most, 3)]
    parts.append(
        svg.text(frame.width - 4, foot + frame.size * 2.7, chart.across, "k-axis", anchor="end")
    )
    parts += _points(chart, across, up, frame)
    return svg.picture(caption, frame, foot + frame.size * 3.1, *parts)


def _level(value: float, up: Scale, left: float, frame: Frame, say: Say) -> str:
    y = up.at(value)
    words = svg.text(left - 6, y + frame.size * 0.35, say(value), "k-axis", anchor="end")
    return svg.line(left, y, frame.width - 4, y, "k-grid") + words


def _sized(value: float, across: Scale, foot: float, frame: Frame, count: Say) -> str:
    words = svg.text(
        across.at(value),
        foot + frame.size + 4,
        count(value),
        "k-axis",
        anchor="middle" if value else "start",
    )
    return svg.line(across.at(value), foot, across.at(value), foot + 4, "k-tick") + words


def _limits(chart: Funnel, across: Scale, up: Scale) -> list[str]:
    sizes = [across.high * ((index + 0.5) / STEPS) ** 2 for index in range(STEPS)] + [across.high]
    drawn = []
    for limits, face, edge in (
        (chart.wide, "k-funnel-wide", "k-edge"),
        (chart.usual, "k-funnel", "k-edge-dashed"),
    ):
        lower = [(across.at(size), up.at(limits(size)[0])) for size in sizes]
        upper = [(across.at(size), up.at(limits(size)[1])) for size in sizes]
        drawn.append(svg.path([*lower, *reversed(upper)], face, is_closed=True))
        drawn += [svg.path(lower, edge), svg.path(upper, edge)]
    return drawn


def _points(chart: Funnel, across: Scale, up: Scale, frame: Frame) -> list[str]:
    drawn = []
    for point in chart.points:
        x, y = across.at(point.people), up.clipped(point.value)
        drawn.append(mark(x, y, point.shape))
        if point.name:
            wide = svg.width_of(point.name, frame.size, is_strong=True)
            is_left = x + 9 + wide > frame.width
            where = (max(x - 9, wide), "end") if is_left else (x + 9, "start")
            drawn.append(
                svg.text(where[0], y + frame.size * 0.35, point.name, "k-gap-text", anchor=where[1])
            )
    return drawn
