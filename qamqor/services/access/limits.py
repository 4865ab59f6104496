"""How often one account or application may search, export and import before it is told to wait.

Each may do a minute's (or an hour's) worth at once and gets it back evenly. Every process counts
for itself, in memory: with three workers three times as much gets through, and a restart forgets.
The limits are far above what anybody does who works; they are there for programs that run wild.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.conf import settings

from qamqor.errors import TooMany
from qamqor.services.access.actor import Actor

SYSTEMS_MORE: Final = 10
"""How many times as much as a person another system may search."""
EXPORTS_AN_HOUR: Final = 20
IMPORTS_AN_HOUR: Final = 200
MOST_KNOWN: Final = 10_000
"""So many are counted at once; whoever has used nothing lately is forgotten."""

Key = tuple[int | None, str]


class Limit:
    """So many in so many seconds, for each."""

    def __init__(self, what: str, seconds: float, most: Callable[[Actor], float]) -> None:
        self.what, self.seconds, self.most = what, seconds, most
        self._used: dict[Key, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, actor: Actor, at: datetime) -> None:
        """Count one more.

        Raises:
            TooMany: it is more than the actor has left, and when to come again.
        """
        most = self.most(actor)
        if actor.is_platform or most <= 0:
            return
        key, now = (actor.account, actor.client or actor.reference), at.timestamp()
        with self._lock:
            used, since = self._used.get(key, (0.0, now))
            left_over = used - max(0.0, now - since) * most / self.seconds
            used = max(0.0, left_over) + 1.0
            if used > most:
                wait = math.ceil((used - most) * self.seconds / most)
                raise TooMany(self.what, seconds=wait)
            if len(self._used) >= MOST_KNOWN and key not in self._used:
                self._forget(now)
            self._used[key] = (used, now)

    def give_back(self, actor: Actor) -> None:
        """Count one less: what was taken for it was not done, and will be asked for again."""
        key = (actor.account, actor.client or actor.reference)
        with self._lock:
            if key in self._used:
                used, since = self._used[key]
                self._used[key] = (max(0.0, used - 1.0), since)

    def forget(self) -> None:
        """Begin anew for everybody."""
        with self._lock:
            self._used.clear()

    def _forget(self, now: float) -> None:
        idle = [key for key, (_, since) in self._used.items() if now - since > self.seconds]
        for key in idle or list(self._used)[: MOST_KNOWN // 2]:
            del self._used[key]


def _searches(actor: Actor) -> float:
    said: float = settings.QAMQOR.searches_a_minute
    return said * SYSTEMS_MORE if actor.role == "system" else said


SEARCHES: Final = Limit("searches", 60, _searches)
EXPORTS: Final = Limit("exports", 3600, lambda _: EXPORTS_AN_HOUR)
IMPORTS: Final = Limit("imports", 3600, lambda _: IMPORTS_AN_HOUR)
