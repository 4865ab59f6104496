"""Shows what other points would change on a list, before anybody changes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from qamqor.engine.worklist import Points, Tab
from qamqor.services.access.actor import Actor
from qamqor.services.worklist.settings import points
from qamqor.services.worklist.today import Filters, chosen_by, weights
from qamqor.store import worklist as store

FIRST = 20
FAR = 10
TO_DO = (Tab.to_see, Tab.to_call, Tab.to_visit)


@dataclass(frozen=True, slots=True)
class Effect:
    """What other points would change on one tab.

    Attributes:
        people: on the tab now.
        new_first: of the first twenty, how many are not among the first twenty now.
        far: how many would move more than ten places.
        come, gone: how many would come to this tab, or leave it for another.
    """

    tab: Tab
    people: int
    new_first: int
    far: int
    come: int
    gone: int


def effect(actor: Actor, other: Points, *, as_of: date) -> list[Effect]:
    """What other points would change on the actor's own list; nobody is named.

    Raises:
        NotAllowed: they have no list.
    """
    chosen = chosen_by(actor, Filters())
    found = []
    for tab in TO_DO:
        before, after = (
            {one.patient_id: place for place, one in enumerate(store.page(chosen, heavy, tab))}
            for heavy in (weights(as_of, points()), weights(as_of, other))
        )
        both = before.keys() & after.keys()
        firsts = [{who for who, place in own.items() if place < FIRST} for own in (before, after)]
        found.append(
            Effect(
                tab,
                len(before),
                len(firsts[1] - firsts[0]),
                sum(abs(before[who] - after[who]) > FAR for who in both),
                len(after.keys() - before.keys()),
                len(before.keys() - after.keys()),
            )
        )
    return found
