"""How much somebody carries against a measure: a bar, and a line where the measure is."""

from __future__ import annotations

from typing import Final

from qamqor.engine.charts import svg

WIDTH: Final = 120
HEIGHT: Final = 14
MOST: Final = 1.5
"""Times the measure at which the bar is full; more is not drawn."""
_TOP: Final = 4
_THICK: Final = 6


def load(times: float, label: str) -> str:
    """The bar, what is beyond the measure thicker, and the measure as a line across.

    Args:
        times: what is carried, in parts of the measure; 1 = just the measure.
        label: what is seen, in words, for those who hear it.

    Returns:
        an ``svg`` element of 120 by 14.
    """
    measure = WIDTH / MOST
    end = WIDTH * min(max(times, 0.0), MOST) / MOST
    parts = [
        svg.rectangle(0, _TOP, WIDTH, _THICK, "k-load-ground"),
        svg.rectangle(0, _TOP, min(end, measure), _THICK, "k-load"),
    ]
    if end > measure:
        # Taller, not only of another colour.
        parts.append(svg.rectangle(measure, _TOP - 2, end - measure, _THICK + 4, "k-load-over"))
    parts.append(svg.line(measure, 0, measure, HEIGHT, "k-load-measure"))
    return svg.element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        class_="q-load",
        role="img",
        aria_label=label,
    )
