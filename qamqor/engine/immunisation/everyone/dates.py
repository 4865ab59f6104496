"""Day numbers and windows inside the compiled loop."""

from __future__ import annotations

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.layout import Cells


def after(m: Cells, day: int, offset: int) -> int:
    """The day ``offset`` after ``day``; a missing day becomes the first of the next month."""
    if offset == at.NO_OFFSET:
        return at.NOTHING
    months = offset >> 16
    days = (offset & 65535) - 32768
    if months == 0:
        return day + days
    first = m[at.FIRST_OF_MONTH]
    month = first + int(day / 30.436875)
    if m[month] > day:
        month -= 1
    elif m[month + 1] <= day:
        month += 1
    moved = m[month + months] + day - m[month]
    return int(min(moved, m[month + months + 1]) + days)


def is_within(begin: int, end: int, day: int) -> bool:
    """Whether ``day`` lies in ``[begin, end)``; ``NOTHING`` is no bound."""
    return (begin == at.NOTHING or begin <= day) and (end == at.NOTHING or day < end)


def is_at_age(m: Cells, w: Cells, begin: int, end: int, day: int) -> bool:
    """Whether the person is of an age in ``[begin, end)`` on ``day``."""
    if begin != at.NO_OFFSET and after(m, w[at.BORN], begin) > day:
        return False
    return end == at.NO_OFFSET or day < after(m, w[at.BORN], end)


def is_in_force(effective: int, cessation: int, anchor: int) -> bool:
    """Whether a rule holds on ``anchor``; both ends belong to the window."""
    return (effective == at.NOTHING or effective <= anchor) and (
        cessation == at.NOTHING or anchor <= cessation
    )
