"""The bar of a load: as long as what is carried, thicker beyond the measure, never past its end."""

from __future__ import annotations

import re

from qamqor.engine.charts.load import MOST, WIDTH, load


def widths(drawn: str) -> dict[str, float]:
    found = re.findall(r"<rect[^>]*?>", drawn)
    return {
        re.search(r'class="([^"]+)"', one)[1]: float(re.search(r'width="([^"]+)"', one)[1])  # type: ignore[index]
        for one in found
    }


def test_half_the_measure_is_half_as_long_as_the_measure() -> None:
    drawn = widths(load(0.5, "half"))

    assert drawn == {"k-load-ground": WIDTH, "k-load": WIDTH / MOST / 2}


def test_what_is_beyond_the_measure_is_drawn_apart_and_stops_at_the_end() -> None:
    assert widths(load(1.0, "just"))["k-load"] == WIDTH / MOST
    assert "k-load-over" not in load(1.0, "just")
    assert widths(load(1.25, "over"))["k-load-over"] == WIDTH / MOST / 4
    assert widths(load(9.0, "far over"))["k-load-over"] == WIDTH - WIDTH / MOST


def test_the_picture_is_told_in_words_that_are_escaped() -> None:
    assert 'role="img" aria-label="1 &lt; 2 times"' in load(0.5, "1 < 2 times")
