"""The way of a round is as short as trying every order, and the urgent come first."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.rounds.sketch import Mark, draw
from qamqor.engine.rounds.way import Door, Position, exactly, kilometres, length, order, shortest

CLINIC = Position(42.87, 73.18)
positions = st.builds(
    Position,
    st.floats(42.80, 42.95).map(lambda one: round(one, 4)),
    st.floats(73.00, 73.40).map(lambda one: round(one, 4)),
)


def test_a_kilometre_is_a_kilometre() -> None:
    north = kilometres(Position(42.0, 73.0), Position(43.0, 73.0))

    assert abs(north - 111.2) < 0.2


@given(st.lists(positions, max_size=6), st.booleans())
def test_the_way_is_hardly_longer_than_the_shortest_of_all(
    places: list[Position],
    returns: bool,  # noqa: FBT001
) -> None:
    end = CLINIC if returns else None
    found, best = shortest(places, CLINIC, end), exactly(places, CLINIC, end)

    def long(way: list[int]) -> float:
        return length([CLINIC, *(places[n] for n in way), *([end] if end else [])])

    assert sorted(found) == list(range(len(places)))
    assert long(best) <= long(found) + 1e-9
    assert long(found) <= 1.1 * long(best) + 1e-9


@given(st.lists(positions, max_size=9), st.booleans(), st.booleans())
def test_no_small_change_makes_the_way_shorter(
    places: list[Position],
    begins: bool,  # noqa: FBT001
    returns: bool,  # noqa: FBT001
) -> None:
    start, end = CLINIC if begins else None, CLINIC if returns else None

    def long(way: list[int]) -> float:
        ends = ([start] if start else [], [end] if end else [])
        return length([*ends[0], *(places[n] for n in way), *ends[1]])

    found = shortest(places, start, end)
    for i in range(len(found)):
        rest = [*found[:i], *found[i + 1 :]]
        for j in range(len(found)):
            turned = [*found[:i], *reversed(found[i : j + 1]), *found[j + 1 :]]
            moved = [*rest[:j], found[i], *rest[j:]]
            assert long(found) <= min(long(moved), long(turned) if j > i else math.inf) + 1e-6


def test_the_urgent_come_first_and_unknown_doors_last_by_address() -> None:
    doors = [
        Door("far", Position(42.95, 73.4)),
        Door("near", Position(42.871, 73.181)),
        Door("urgent", Position(42.95, 73.39), is_urgent=True),
        Door("h10", None, settlement="Ойтал", address="Абай, 10"),
        Door("h9", None, settlement="Ойтал", address="Абай, 9"),
    ]

    assert [one.key for one in order(doors, CLINIC)] == ["urgent", "far", "near", "h9", "h10"]


@given(st.lists(positions, min_size=1, max_size=8))
def test_every_door_is_on_the_sketch_with_its_number(places: list[Position]) -> None:
    marks = [Mark(str(n), f"<{n}>", place) for n, place in enumerate(places, 1)]

    picture = draw(marks, [("Ойтал", places[0])], title="T", km="km")

    assert re.findall(r'font-size="14" fill="#fff">(\d+)<', picture) == [m.text for m in marks]
    assert "<1>" not in picture
    for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="14"', picture):
        assert 0 <= float(x) <= 620
        assert 0 <= float(y) <= 420


def test_the_scale_has_the_comma_of_its_reader() -> None:
    doors = [Mark("1", "", CLINIC), Mark("2", "", Position(42.879, 73.181))]

    said = {point: draw(doors, [], title="T", km="km", point=point) for point in ".,"}

    assert ">0.2 km<" in said["."]
    assert ">0,2 km<" in said[","]
