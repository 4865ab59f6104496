"""Every dose judged and every vaccine group forecast, for a whole population."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qamqor.engine.immunisation.everyone import layout as at
from qamqor.engine.immunisation.everyone.arrays import Ints, People, day_number, make_workspace
from qamqor.engine.immunisation.everyone.machine import answer_block

Bytes = npt.NDArray[np.uint8]


class Results(NamedTuple):
    """Answers by person and vaccine group (n, G), and by given dose and vaccine group (d, G).

    Dates are day numbers, ``NOTHING`` where there is none. ``standing`` counts as Standing does,
    ``reason`` is the column of CDSi's Table 7-10, ``judged`` 0 is "not of this group", ``faults``
    one bit for each Fault.
    """

    standing: Bytes
    reason: Bytes
    earliest: Ints
    recommended: Ints
    past_due: Ints
    latest: Ints
    number: Bytes
    judged: Bytes
    faults: Bytes


def answer_everyone(
    schedule: Ints, people: People, as_of: date, *, threads: int = 1, block: int = 4096
) -> Results:
    """Judge and forecast for all people of ``people``.

    Args:
        schedule: an array from ``compile_schedule``.
        people: n people with d given doses, each person's doses sorted by day.
        as_of: the day the question is asked about; later doses are left out.
        threads: how many processors to use; the compiled loop holds no lock.
        block: people to a piece of work.

    Returns:
        Answers in the order of ``people``, which may be any.
    """
    n, doses = len(people.born), len(people.dose_day)
    groups = int(schedule[at.GROUPS_UNTIL] - schedule[at.GROUPS_FROM]) // at.GROUP
    out = _empty_results((n, groups), (doses, groups))
    most_given = int(np.diff(people.dose_from).max(initial=0))
    most_seen = int(np.diff(people.observation_from).max(initial=0))
    # Alike people one behind the other share the answers of all they have no dose of.
    order = np.lexsort((people.country, people.sex, people.born))

    compiled = answer_block()
    arrays: list[Any] = [schedule, order.astype(np.int64), *_as_compiled(people), *out]
    addresses = [array.ctypes.data for array in arrays]

    empty = make_workspace(schedule, most_given, most_seen)
    empty[at.AS_OF] = day_number(as_of)

    def work(first: int) -> None:
        workspace = empty.copy()
        until = min(first + block, n)
        compiled(addresses[0], workspace.ctypes.data, *addresses[1:], first, until)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        list(pool.map(work, range(0, n, block)))
    return out


def _as_compiled(people: People) -> list[npt.NDArray[Any]]:
    """The arrays of a population as the compiled loop reads them: whole, of one type each."""
    kinds: dict[str, type] = dict.fromkeys(People._fields, np.int32)
    kinds |= {"is_unfit": np.uint8, "dose_from": np.int64, "observation_from": np.int64}
    return [np.ascontiguousarray(getattr(people, name), kind) for name, kind in kinds.items()]


def _empty_results(by_person: tuple[int, int], by_dose: tuple[int, int]) -> Results:
    standing, reason, number = (np.zeros(by_person, np.uint8) for _ in range(3))
    earliest, recommended, past_due, latest = (
        np.full(by_person, at.NOTHING, np.int32) for _ in range(4)
    )
    judged, faults = (np.zeros(by_dose, np.uint8) for _ in range(2))
    return Results(
        standing, reason, earliest, recommended, past_due, latest, number, judged, faults
    )
