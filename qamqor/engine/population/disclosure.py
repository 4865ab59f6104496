"""Hides numbers small enough to identify someone, and enough others that none can be worked out."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SMALLEST_SHOWN: Final = 5
# A total is worth more to a reader than a part of it: it is hidden only where nothing else helps.
COST_OF_A_TOTAL: Final = 10**9

Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]
Cell = tuple[int, int]
# A node of the network of lines: ("row", i) or ("column", j).
Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Which numbers of a table may not be shown.

    Attributes:
        cells: shape ``(rows, columns)``.
        row_totals: shape ``(rows,)``.
        column_totals: shape ``(columns,)``.
        total: the number of everybody.
    """

    cells: Mask
    row_totals: Mask
    column_totals: Mask
    total: bool

    def any(self) -> bool:
        """Whether anything at all is hidden."""
        return bool(
            self.cells.any() or self.row_totals.any() or self.column_totals.any() or self.total
        )


def hide(
    counts: Counts,
    *,
    row_totals: bool = True,
    column_totals: bool = True,
    total: bool = True,
    kept: Mask | None = None,
    keep_row_totals: bool = False,
    keep_column_totals: bool = False,
    smallest: int = SMALLEST_SHOWN,
) -> Hidden:
    """Choose what to hide so that no hidden number follows from those shown.

    Counts from 1 to ``smallest - 1`` are hidden; a nought is shown, since it is nobody. Then the
    cheapest further numbers are hidden until each hidden one could also be another, given the
    numbers shown and that hidden ones are not nought. The reader's knowledge of the rule "below
    ``smallest``" is not modelled further: two hidden numbers are never marked apart.

    Why it is exact: a table and its totals are a network whose lines balance, so a hidden number
    can differ if and only if it lies on a cycle of hidden numbers that may move by one.

    Args:
        counts: people, shape ``(rows, columns)``; each person in one cell.
        row_totals, column_totals, total: whether those sums are shown, here or elsewhere.
        kept: cells shown elsewhere too, so that hiding them here is no help; shape of ``counts``.
        keep_row_totals, keep_column_totals: the same for totals (the latter with the total of all).
        smallest: the smallest count that may be shown.
    Returns:
        What to hide; nothing is said about sums that are not shown.
    """
    table = _Table(counts, smallest)
    table.free[:-1, -1], table.free[-1, :-1] = not row_totals, not column_totals
    table.free[-1, -1] = not total
    table.hidden |= table.free
    table.kept[:-1, -1], table.kept[-1, :] = keep_row_totals, keep_column_totals
    if kept is not None:
        table.kept[:-1, :-1] = kept
    table.protect()
    if not table.is_safe():
        table.kept[:] = False
        table.protect()
    shown = table.hidden & ~table.free
    return Hidden(
        shown[:-1, :-1].copy(), shown[:-1, -1].copy(), shown[-1, :-1].copy(), bool(shown[-1, -1])
    )


def hide_overlapping(
    counts: Sequence[int], everybody: int, *, smallest: int = SMALLEST_SHOWN
) -> list[bool]:
    """Choose what to hide in a list whose groups share people, such as roles.

    Sums say little there, but everybody is in some group, so the hidden groups together hold at
    least those whom no shown group can hold. Where that leaves a hidden group no choice, the next
    smallest is hidden too.

    Args:
        counts: people of each group; a person may be in several.
        everybody: people in at least one group, which is shown.
    Returns:
        what to hide, in the order given.
    """
    hidden = [0 < people < smallest for people in counts]
    while any(hidden):
        left = everybody - sum(
            people for people, is_hidden in zip(counts, hidden, strict=True) if not is_hidden
        )
        is_cover = any(
            is_hidden and people >= smallest
            for people, is_hidden in zip(counts, hidden, strict=True)
        )
        shown = [i for i, is_hidden in enumerate(hidden) if not is_hidden and counts[i]]
        if is_cover or left < sum(hidden) * (smallest - 1) or not shown:
            break
        hidden[min(shown, key=lambda index: counts[index])] = True
    return hidden


class _Table:
    """The counts with their totals as one more row and column, whose sign is turned round."""

    def __init__(self, counts: Counts, smallest: int) -> None:
        rows, columns = counts.shape
        self.value = np.zeros((rows + 1, columns + 1), dtype=np.int64)
        self.value[:-1, :-1] = counts
        self.value[-1, :-1], self.value[:-1, -1] = counts.sum(axis=0), counts.sum(axis=1)
        self.value[-1, -1] = counts.sum()
        self.free = np.zeros(self.value.shape, dtype=bool)
        self.kept = np.zeros(self.value.shape, dtype=bool)
        self.hidden = (self.value > 0) & (self.value < smallest)
        self.is_total = np.zeros(self.value.shape, dtype=bool)
        self.is_total[:-1, -1] = self.is_total[-1, :-1] = True

    def protect(self) -> None:
        for cell in self._exposed():
            if not self._is_protected(cell):
                for other in self._cheapest_cycle(cell):
                    self.hidden[other] = True

    def is_safe(self) -> bool:
        return all(self._is_protected(cell) for cell in self._exposed())

    def _exposed(self) -> list[Cell]:
        where = np.argwhere(self.hidden & ~self.free)
        return sorted(((int(i), int(j)) for i, j in where), key=lambda cell: self.value[cell])

    def _is_protected(self, cell: Cell) -> bool:
        return any(cost == 0 for cost, _ in self._cycles(cell))

    def _cheapest_cycle(self, cell: Cell) -> list[Cell]:
        return min(self._cycles(cell), default=(0, []))[1]

    def _cycles(self, cell: Cell) -> list[tuple[int, list[Cell]]]:
        """The cheapest way for one cell to be larger, and the cheapest to be smaller."""
        row, column = ("row", cell[0]), ("column", cell[1])
        found = []
        if self._may_move(cell, up=True):
            found.append(self._path(column, row, cell))
        if self._may_move(cell, up=False):
            found.append(self._path(row, column, cell))
        return [path for path in found if path is not None]

    def _may_move(self, cell: Cell, *, up: bool) -> bool:
        grows = up != bool(self.is_total[cell])
        return bool(self.free[cell] or grows or self.value[cell] >= 2)

    def _cost(self, cell: Cell) -> int | None:
        if self.hidden[cell]:
            return 0
        if self.kept[cell] or self.value[cell] == 0:
            return None
        dearer = COST_OF_A_TOTAL if -1 in self._place(cell) else 0
        return int(self.value[cell]) + 1 + dearer

    def _place(self, cell: Cell) -> Cell:
        rows, columns = self.value.shape
        return (-1 if cell[0] == rows - 1 else cell[0], -1 if cell[1] == columns - 1 else cell[1])

    def _steps(self, line: Line, without: Cell) -> list[tuple[int, Line, Cell]]:
        """From a row one cell may rise and lead to its column; from a column one may fall."""
        is_row = line[0] == "row"
        steps = []
        for other in range(self.value.shape[1 if is_row else 0]):
            cell = (line[1], other) if is_row else (other, line[1])
            cost = self._cost(cell)
            if cell != without and cost is not None and self._may_move(cell, up=is_row):
                steps.append((cost, ("column" if is_row else "row", other), cell))
        return steps

    def _path(self, start: Line, end: Line, without: Cell) -> tuple[int, list[Cell]] | None:
        """The cheapest path between two lines that does not use one cell."""
        queue: list[tuple[int, Line, list[Cell]]] = [(0, start, [])]
        seen: set[Line] = set()
        while queue:
            cost, line, cells = heapq.heappop(queue)
            if line == end:
                return cost, cells
            if line in seen:
                continue
            seen.add(line)
            for more, following, cell in self._steps(line, without):
                if following not in seen:
                    heapq.heappush(queue, (cost + more, following, [*cells, cell]))
        return None
