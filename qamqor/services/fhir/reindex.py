"""Makes everything anew that follows from the resources: indexes, people, rows, due care."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.services import derived
from qamqor.services.access import index
from qamqor.services.fhir import indexing
from qamqor.store import mentions, node, people, referrals
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

TOGETHER: Final = 1000  # resources in one commit
Say = Callable[[str, int], None]


def reindex(*, at: datetime, say: Say = lambda room, count: None) -> dict[str, int]:
    """Rebuild every index; pages and searches meanwhile find a part of what is there.

    Args:
        at: now; due care is worked out for its day.
        say: told a room and how many resources or people it has done.

    Returns:
        room → how many resources or people it indexed.
    """
    return {room: rebuild(at, partial(say, room)) for room, rebuild in ROOMS.items()}


def _people(at: datetime, progress: Callable[[int], None]) -> int:
    node.commit(people.clear)
    return _in_steps(people.rebuild_some, progress)


def _referrals(at: datetime, progress: Callable[[int], None]) -> int:
    node.commit(referrals.clear)
    progress(0)
    return _in_steps(referrals.rebuild_some, progress)


def _mentions(at: datetime, progress: Callable[[int], None]) -> int:
    node.commit(mentions.clear)
    return _in_steps(mentions.rebuild_some, progress)


Step = Callable[[Transaction, int], tuple[int, int] | None]


def _in_steps(rebuild: Step, progress: Callable[[int], None]) -> int:
    """A commit a step, so that saves come in between."""
    last = count = 0
    while step := node.commit(partial(_step, rebuild, last)):
        last, count = step[0], count + step[1]
        progress(count)
    return count


def _step(rebuild: Step, after: int, tx: Transaction) -> tuple[int, int] | None:
    return rebuild(tx, after)


def _search(at: datetime, progress: Callable[[int], None]) -> int:
    return indexing.rebuild(progress)


def _access(at: datetime, progress: Callable[[int], None]) -> int:
    return _in_steps(_access_of_some, progress)


def _access_of_some(tx: Transaction, after: int) -> tuple[int, int] | None:
    keys = versions.keys_after(after, limit=TOGETHER)
    if not keys:
        return None
    current = versions.read_by_keys(keys)
    saved = [
        (key, one.type, json_text.decode(one.content), True)
        for key, one in current.items()
        if one.content is not None
    ]
    index.keep(tx, saved)
    return keys[-1], len(saved)


def _derived(at: datetime, progress: Callable[[int], None]) -> int:
    done = derived.rebuild(
        sequence=versions.last_sequence(), as_of=derived.day_of(at), progress=progress
    )
    return done.people


ROOMS: Final[Mapping[str, Callable[[datetime, Callable[[int], None]], Any]]] = {
    "search": _search,
    "access": _access,
    "people": _people,
    "referrals": _referrals,
    "mentions": _mentions,
    "due care": _derived,
}
"""What is rebuilt, in this order; each is given now and whom to tell how far it is."""
