"""A rate over time, with its interval as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qamqor.engine.charts import svg
from qamqor.engine.charts.dots import Rate, Say
from qamqor.engine.charts.scale import Scale, fitted
from qamqor.engine.charts.svg import Caption, Frame


@dataclass(frozen=True, slots=True)
class Trend:
    """Rates of periods of equal length.

    Attributes:
        rates: oldest first, at least two.
        first, last: the words below both ends.
        target: per cent and its words, where the programme has one.
    """

    rates: Sequence[Rate]
    first: str
    last: str
    target: tuple[float, str] | None = None


def trend(chart: Trend, caption: Caption, frame: Frame, say: Say) -> str:
    """The line, its band, the two end values of the axis, and a dot on the last period."""
    ends = [end for rate in chart.rates for end in (rate.low, rate.high)]
    ends += [chart.target[0]] if chart.target else []
    low, high = fitted(ends, 2, floor_at=0, ceiling_at=100)
    left = svg.width_of(say(high), frame.size) + 6
    right = frame.width - (svg.width_of(chart.target[1], frame.size) + 6 if chart.target else 7)
    across = Scale(0, len(chart.rates) - 1, left, right)
    up = Scale(low, high, 66, 10)
    xs = [across.at(index) for index in range(len(chart.rates))]
    line = list(zip(xs, (up.at(rate.value) for rate in chart.rates), strict=True))
    lower = list(zip(xs, (up.at(rate.low) for rate in chart.rates), strict=True))
    upper = list(zip(xs, (up.at(rate.high) for rate in chart.rates), strict=True))
    parts = [_end(value, up, left, right, frame, say) for value in (low, high)]
    parts.append(svg.path([*lower, *reversed(upper)], "k-band", is_closed=True))
    if chart.target:
        parts.append(_target(*chart.target, up, left, right, frame))
    parts += [svg.path(line, "k-trend"), svg.circle(*line[-1], 3.5, "k-dot")]
    foot = 66 + frame.line + 2
    parts.append(svg.text(left, foot, chart.first, "k-axis"))
    parts.append(svg.text(right, foot, chart.last, "k-axis", anchor="end"))
    return svg.picture(caption, frame, foot + 5, *parts)


def _end(value: float, up: Scale, left: float, right: float, frame: Frame, say: Say) -> str:
    y = up.at(value)
    words = svg.text(left - 5, y + frame.size * 0.35, say(value), "k-axis", anchor="end")
    return svg.line(left, y, right, y, "k-grid") + words


def _target(value: float, words: str, up: Scale, left: float, right: float, frame: Frame) -> str:
    y = up.at(value)
    said = svg.text(right + 5, y + frame.size * 0.35, words, "k-target-text")
    return svg.line(left, y, right, y, "k-target") + said
