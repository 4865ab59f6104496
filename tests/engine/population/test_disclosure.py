"""No hidden number can be worked out from the numbers shown."""

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from qamqor.engine.population.disclosure import SMALLEST_SHOWN, Hidden, hide, hide_overlapping

tables = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 8))
)
shown_sums = st.fixed_dictionaries(
    {name: st.booleans() for name in ("row_totals", "column_totals", "total")}
)


def answers(counts: np.ndarray, hidden: Hidden, sums: dict[str, bool]) -> list[list[int]]:
    """Every table near the true one that a reader of the shown numbers could believe in.

    Each row: the cells, then row totals, column totals and the total.
    """
    choices = [
        [value + step for step in (-1, 0, 1) if value + step >= 1] if is_hidden else [value]
        for value, is_hidden in zip(counts.ravel(), hidden.cells.ravel(), strict=True)
    ]
    possible = np.array(list(product(*choices)), dtype=np.int64).reshape(-1, *counts.shape)
    margins = [possible.sum(axis=2), possible.sum(axis=1), possible.sum(axis=(1, 2))[:, None]]
    truth = [counts.sum(axis=1), counts.sum(axis=0), np.array([counts.sum()])]
    masks = [hidden.row_totals, hidden.column_totals, np.array([hidden.total])]
    fits = np.ones(len(possible), dtype=bool)
    names = ("row_totals", "column_totals", "total")
    for margin, true, mask, name in zip(margins, truth, masks, names, strict=True):
        if sums[name]:
            fits &= ((margin == true) | mask).all(axis=1) & (~mask | (margin >= 1)).all(axis=1)
    every = np.concatenate([possible.reshape(len(possible), -1), *margins], axis=1)
    return every[fits].tolist()


@settings(deadline=None, max_examples=400)
@given(counts=tables, sums=shown_sums)
@example(np.array([[3], [20], [30]]), {"row_totals": False, "column_totals": True, "total": False})
@example(np.array([[1], [1], [9]]), {"row_totals": False, "column_totals": True, "total": True})
@example(np.array([[4, 4, 8], [0, 0, 7]]), {"row_totals": True, "column_totals": True, "total": 1})
def test_every_hidden_number_could_be_another(counts: np.ndarray, sums: dict[str, bool]) -> None:
    hidden = hide(counts, **sums)
    mask = [
        *hidden.cells.ravel(),
        *hidden.row_totals,
        *hidden.column_totals,
        hidden.total,
    ]
    possible = answers(counts, hidden, sums)
    for index, is_hidden in enumerate(mask):
        if is_hidden:
            assert len({answer[index] for answer in possible}) > 1, (counts, hidden, index)


@settings(deadline=None)
@given(counts=tables, sums=shown_sums)
def test_nothing_between_one_and_four_is_shown(counts: np.ndarray, sums: dict[str, bool]) -> None:
    hidden = hide(counts, **sums)
    small = (counts > 0) & (counts < SMALLEST_SHOWN)
    assert (hidden.cells | ~small).all()
    assert hidden.total or not sums["total"] or not 0 < counts.sum() < SMALLEST_SHOWN


@settings(deadline=None)
@given(counts=arrays(np.int64, (4, 3), elements=st.integers(5, 10**6) | st.just(0)))
def test_a_table_without_small_numbers_is_shown_whole(counts: np.ndarray) -> None:
    assert not hide(counts).any()


@settings(deadline=None)
@given(counts=tables)
def test_noughts_stay_visible(counts: np.ndarray) -> None:
    assert not hide(counts).cells[counts == 0].any()


def test_one_small_number_takes_the_smallest_neighbour_with_it() -> None:
    hidden = hide(np.array([[3], [40], [12]]), row_totals=False, total=False)
    assert hidden.cells.ravel().tolist() == [True, False, True]
    assert not hidden.column_totals.any()


def test_a_number_kept_elsewhere_is_not_used_as_cover() -> None:
    kept = np.array([[False, True, False]])
    hidden = hide(np.array([[3, 6, 50]]), column_totals=False, total=False, kept=kept)
    assert hidden.cells.tolist() == [[True, False, True]]


def test_a_total_is_hidden_when_nothing_else_helps() -> None:
    hidden = hide(
        np.array([[3, 60]]), column_totals=False, total=False, kept=np.array([[0, 1]]) > 0
    )
    assert hidden.cells.tolist() == [[True, False]]
    assert hidden.row_totals.tolist() == [True]


@pytest.mark.parametrize("counts", [np.zeros((0, 2), np.int64), np.zeros((3, 2), np.int64)])
def test_an_empty_table_hides_nothing(counts: np.ndarray) -> None:
    assert not hide(counts).any()


def test_totals_shown_elsewhere_are_kept() -> None:
    hidden = hide(np.array([[3, 10], [50, 0]]), keep_column_totals=True)
    assert not hidden.column_totals.any()
    assert not hidden.total
    assert hidden.row_totals.tolist() == [True, True]


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), max_size=6), st.data())
def test_no_group_of_an_overlapping_list_is_left_without_choice(
    counts: list[int], data: st.DataObject
) -> None:
    everybody = data.draw(st.integers(max(counts, default=0), max(sum(counts), 0)))
    hidden = hide_overlapping(counts, everybody)
    assert all(is_hidden or not 0 < n < 5 for n, is_hidden in zip(counts, hidden, strict=True))
    shown = sum(n for n, is_hidden in zip(counts, hidden, strict=True) if not is_hidden)
    small = [n for n, is_hidden in zip(counts, hidden, strict=True) if is_hidden and n < 5]
    is_covered = len(small) < sum(hidden)
    everyone_is_hidden = all(hidden[i] or not n for i, n in enumerate(counts))
    assert not small or is_covered or everybody - shown < 4 * len(small) or everyone_is_hidden
