"""Makes everything anew that follows from the resources: indexes, people, rows, due care."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from qamqor.services import derived
from qamqor.store import node, people
from qamqor.store.fhir import versions

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
    count = node.commit(people.rebuild)
    progress(count)
    return count


def _derived(at: datetime, progress: Callable[[int], None]) -> int:
    done = derived.rebuild(
        sequence=versions.last_sequence(), as_of=derived.day_of(at), progress=progress
    )
    return done.people


ROOMS: Final[Mapping[str, Callable[[datetime, Callable[[int], None]], Any]]] = {
    "people": _people,
    "due care": _derived,
}
"""What is rebuilt, in this order; each is given now and whom to tell how far it is."""
