"""A change is taken back out exactly, and what came after it stays."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qamqor.engine.fhir.undo import undone

JSON = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON)


@given(OBJECTS, OBJECTS)
def test_without_a_later_change_the_state_before_comes_back(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    done = undone(before, after, after)
    assert done.resource == before
    assert done.kept == []


@given(OBJECTS, OBJECTS)
def test_a_change_that_did_nothing_takes_nothing_back(
    state: dict[str, Any], now: dict[str, Any]
) -> None:
    assert undone(state, state, now).resource == now


@given(OBJECTS, OBJECTS, JSON)
def test_a_member_added_since_stays(
    before: dict[str, Any], after: dict[str, Any], value: Any
) -> None:
    done = undone(before, after, {**after, "since": value})
    assert done.resource == {**before, "since": value}
    assert done.kept == []


@pytest.mark.parametrize(
    ("before", "after", "now", "result", "kept"),
    [
        pytest.param({"s": "a"}, {"s": "b"}, {"s": "c"}, {"s": "c"}, ["s"], id="both changed it"),
        pytest.param({"s": "a"}, {"s": "b"}, {"s": "a"}, {"s": "a"}, [], id="put back already"),
        pytest.param({"l": []}, {"l": [1]}, {"l": [1, 2]}, {"l": [2]}, [], id="link added since"),
        pytest.param(
            {"p": [{"who": "a", "is": "x"}]},
            {"p": [{"who": "b", "is": "x"}]},
            {"p": [{"who": "b", "is": "y"}]},
            {"p": [{"who": "a", "is": "y"}]},
            [],
            id="the other member of an item changed since",
        ),
        pytest.param(
            {"l": ["a", "c"]}, {"l": ["b", "c"]}, {"l": ["b", "c", "d"]},
            {"l": ["a", "c", "d"]}, [], id="an item rewritten, another added since",
        ),
        pytest.param(
            {"l": ["a"]}, {"l": ["a", "b"]}, {"l": ["a", "x", "y"]},
            {"l": ["a", "x", "y"]}, ["l"], id="the added item changed since",
        ),
        pytest.param(
            {"l": ["a", "b"]}, {"l": ["a"]}, {"l": ["a", "c", "d"]},
            {"l": ["a", "c", "d", "b"]}, [], id="a removed item comes back",
        ),
        pytest.param({"x": 1}, {}, {"y": 2}, {"x": 1, "y": 2}, [], id="a removed member returns"),
        pytest.param({}, {"x": 1}, {"x": 2}, {"x": 2}, ["x"], id="an added member changed since"),
        pytest.param({"x": 1}, {"x": 2}, {}, {}, ["x"], id="the changed member is gone"),
    ],
)  # fmt: skip
def test_what_came_after_stays(
    before: Any, after: Any, now: Any, result: Any, kept: list[str]
) -> None:
    done = undone(before, after, now)
    assert (done.resource, done.kept) == (result, kept)
