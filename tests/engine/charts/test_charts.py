"""Charts are whole SVG, say what they show, and keep their words inside."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qamqor.engine.charts import bars, dots, funnel, gaps, tiles
from qamqor.engine.charts.scale import Scale, fitted, ticks
from qamqor.engine.charts.svg import DESK, FRAMES, PHONE, Caption, Frame, width_of, wrap
from qamqor.engine.charts.trend import Trend, trend

SVG = "{http://www.w3.org/2000/svg}"
CAPTION = Caption("test", "Title & more", "A < B.")
NAME = "Жүрек жеткіліксіздігі кезіндегі көмек"
RATE = dots.Rate(54.2, 50.1, 58.3)


def say(value: float) -> str:
    return f"{value:g}%"


def point(people: int, value: float, shape: str = "hollow") -> funnel.Point:
    return funnel.Point(people, value, NAME if shape == "square" else "", shape)


FUNNEL = funnel.Funnel(
    [point(20, 40), point(400, 55), point(390, 20, "square")],
    lambda people: (50 - 200 / people**0.5, 50 + 200 / people**0.5),
    lambda people: (50 - 300 / people**0.5, 50 + 300 / people**0.5),
    50,
    "all: 50%",
    "people counted",
)
DRAWN: dict[str, Callable[[Frame], str]] = {
    "state_bars": lambda frame: bars.state_bars(
        [bars.Bar(NAME, "5 of 7", (("overdue", 3), ("due", 2), ("not_due", 2), ("unknown", 0)))],
        CAPTION,
        frame,
    ),
    "no_bars": lambda frame: bars.state_bars([], CAPTION, frame),
    "waits": lambda frame: bars.waits(
        [bars.Wait(NAME * 3, "5 months", 5, 13.5)], CAPTION, frame, say, "months"
    ),
    "columns": lambda frame: bars.columns(
        [("up to 1 month", 30, "30"), ("over 2 years", None, "hidden")], CAPTION, frame
    ),
    "rates": lambda frame: dots.rates(
        [dots.Row(NAME, "5 of 9", (RATE,)), dots.Row("b", "hidden", ())],
        CAPTION,
        frame,
        say,
        overall=(52, "all: 52%"),
    ),
    "single": lambda frame: dots.single(RATE, CAPTION, frame, say),
    "dumbbells": lambda frame: gaps.dumbbells(
        [
            gaps.Dumbbell(NAME, RATE, dots.Rate(70, 65, 75), "a behind by 15.8", True),
            gaps.Dumbbell(NAME * 2, RATE, RATE, "may be chance, nobody can tell", False),
        ],
        CAPTION,
        frame,
        say,
    ),
    "funnel": lambda frame: funnel.funnel(FUNNEL, CAPTION, frame, say, say),
    "tile_map": lambda frame: tiles.tile_map(
        [
            tiles.Tile("Атырау", 0, 0, 30, "30"),
            tiles.Tile("Алматы о.", 7, 2, 61.5, "62"),
            tiles.Tile("Абай", 4, 1, None, "hidden"),
        ],
        CAPTION,
        frame,
        say,
    ),
    "trend": lambda frame: trend(
        Trend([RATE, RATE, dots.Rate(60, 55, 66)], "2024", "2026", (80, "80")), CAPTION, frame, say
    ),
    "short_trend": lambda frame: trend(Trend([RATE, RATE], "2025", "2026"), CAPTION, frame, say),
}


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
@pytest.mark.parametrize("name", DRAWN)
def test_every_chart_is_named_described_and_inside_its_frame(name: str, frame: Frame) -> None:
    drawn = DRAWN[name](frame).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert [root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")] == ["Title & more", "A < B."]
    known = {element.get("id") for element in root.iter()}
    assert set((root.get("aria-labelledby") or "").split()) <= known
    assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= known
    _, _, width, height = (float(part) for part in (root.get("viewBox") or "").split())
    assert width == frame.width
    for words in root.iter(f"{SVG}text"):
        x, y = float(words.get("x") or 0), float(words.get("y") or 0)
        size = float(words.get("font-size") or frame.size)
        size *= 0.92 if words.get("class") == "k-axis" else 1
        wide = width_of(words.text or "", size)
        start = x - {"end": wide, "middle": wide / 2}.get(words.get("text-anchor") or "", 0)
        assert start >= -1
        assert start + wide <= width + 1 or " " not in (words.text or "")
        assert 0 < y <= height


def test_no_number_of_a_chart_is_unbounded() -> None:
    for draw in DRAWN.values():
        assert not re.search(r"\bnan|\binf\b|\de[+-]\d", draw(DESK))


def test_hidden_columns_are_drawn_as_a_dashed_box() -> None:
    drawn = DRAWN["columns"](DESK)
    assert drawn.count("k-hidden") == 1
    assert drawn.count("k-column") == 1


def test_bars_start_at_nought_and_share_one_scale() -> None:
    drawn = bars.state_bars(
        [bars.Bar("a", "1", (("overdue", 100),)), bars.Bar("b", "2", (("overdue", 50),))],
        CAPTION,
        DESK,
    )
    boxes = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*k-part-overdue', drawn)
    assert [float(x) for x, _ in boxes] == [0, 0]
    long, short = (float(width) + 1 for _, width in boxes)
    assert long == pytest.approx(2 * short, abs=0.2)


def test_an_outlier_is_a_named_square_and_others_are_hollow() -> None:
    drawn = DRAWN["funnel"](PHONE)
    assert drawn.count("k-alarm") == 1
    assert drawn.count("k-hollow") == 2
    assert drawn.count(NAME) == 1


def test_a_gap_that_may_be_chance_is_not_set_in_the_colour_of_alarm() -> None:
    drawn = DRAWN["dumbbells"](DESK)
    assert re.search(r"k-gap-text[^>]*>a behind by 15.8", drawn)
    assert re.search(r"k-quiet[^>]*>may be chance", drawn)


@pytest.mark.parametrize("shape", ["filled", "hollow", "square", "diamond"])
def test_each_mark_has_its_own_shape(shape: str) -> None:
    assert dots.swatch(shape).count("k-") == 2
    others = {dots.mark(5, 5, other) for other in ("filled", "hollow", "square", "diamond")}
    assert len(others) == 4


@pytest.mark.parametrize("kind", ["overdue", "due", "not_due"])
def test_a_legend_shows_the_part_it_names(kind: str) -> None:
    assert f"k-part-{kind}" in bars.swatch(kind)


@given(st.text(alphabet="аәб вгқщі ", max_size=120), st.floats(40, 400))
def test_wrapped_words_lose_nothing(words: str, width: float) -> None:
    lines = wrap(words, width, 12)
    assert " ".join(lines) == words
    assert all(width_of(line, 12) <= width or " " not in line.strip() for line in lines)


@settings(deadline=None)
@given(st.floats(0, 1000), st.floats(0.01, 1000), st.integers(2, 6))
def test_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    found = ticks(low, low + span, most)
    assert len(found) <= most + 1
    assert all(low - 1e-6 <= tick <= low + span + 1e-6 for tick in found)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=9))
def test_an_axis_holds_its_values_and_no_share_beyond_a_hundred(values: list[float]) -> None:
    low, high = fitted(values, floor_at=0, ceiling_at=100)
    assert 0 <= low < high <= 100
    assert low <= min(values) + 1e-6
    assert max(values) - 1e-6 <= high


def test_a_scale_keeps_what_lies_beyond_at_its_end() -> None:
    scale = Scale(10, 20, 0, 100)
    assert [scale.at(15), scale.clipped(25), scale.clipped(0)] == [50, 100, 0]


def test_a_lighter_tile_is_a_smaller_share_and_a_hidden_one_has_no_step() -> None:
    drawn = DRAWN["tile_map"](DESK)
    kinds = re.findall(r'height="66.5" class="(k-tile-\w+)"', drawn)
    assert kinds == ["k-tile-1", "k-tile-4", "k-tile-none"]
    assert tiles.steps_of([30, 30]) == []
