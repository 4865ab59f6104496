"""Pairs of records that may be one person: looked for, laid side by side, merged and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from qamqor.engine.identity.compare import Likeness
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.merge import apart, together
from qamqor.services.registration import change
from qamqor.services.registration.apart import Decision, between
from qamqor.services.registration.desk import matches
from qamqor.services.registration.find import card
from qamqor.services.registration.register import Particulars
from qamqor.services.registration.review import review
from qamqor.services.registration.search import Match
from qamqor.store import people

MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What a look through the register found: how many people, and the ids of each pair.

    Attributes:
        apart: ids of the pairs that were decided to be two people.
    """

    people: int
    ids: list[tuple[str, str]]
    apart: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Both:
    """Two records beside each other, and what making one of them would do.

    Attributes:
        particulars: of the first and of the second.
        linked: how many resources of each type would lead to the record that stays, if that is
            the first.
        ended: references of episodes that would end because both have them open.
        decided: that they are two people, where somebody decided so.
    """

    particulars: tuple[Particulars, Particulars]
    likeness: Likeness
    linked: dict[str, int]
    ended: tuple[str, ...]
    decided: Decision | None


def look_through(*, actor: Actor, at: datetime) -> Look:
    """Go through everybody for likely twins, the likeliest first.

    Raises:
        NotAllowed: the actor may not change everybody's record.
    """
    found = review(actor=actor, at=at)
    ids, apart = (
        [(pair.one.removeprefix("Patient/"), pair.other.removeprefix("Patient/")) for pair in some]
        for some in (found.pairs[:MOST_KEPT], found.apart[:MOST_KEPT])
    )
    return Look(found.people, ids, apart)


def shown(
    pairs: Iterable[Sequence[str]], *, actor: Actor, at: datetime
) -> list[tuple[tuple[Match, ...], Decision | None]]:
    """The cards of pairs found before, with what was decided, without those merged meanwhile.

    Raises:
        NotAllowed: the actor may not change everybody's record.
    """
    rights.need_everybody(actor=actor, at=at)
    found = []
    for one, other in pairs:
        both = [people.by_id(one), people.by_id(other)]
        there = [each for each in both if each and not each.replaced_by and each.is_active]
        if len(there) == 2:
            two = matches([card(each) for each in there], actor=actor, at=at)
            found.append((two, between(one, other)))
    rights.keep(
        sorted({m.found.patient_id for pair, _ in found for m in pair}),
        asked="twins", actor=actor, at=at,
    )  # fmt: skip
    return found


def side_by_side(one: str, other: str, *, actor: Actor, at: datetime) -> Both:
    """Two records and what a merge would do, changing nothing.

    Raises:
        NotThere, CannotMerge, NotAllowed: as ``merge.together.merge``.
    """
    rights.need_everybody(actor=actor, at=at)
    seen = together.preview(other, one, actor=actor, at=at)
    first, second = (change.stored(id_, actor=actor, at=at) for id_ in (one, other))
    return Both(
        (first.particulars, second.particulars),
        seen.likeness,
        dict(seen.linked),
        seen.ended,
        between(one, other),
    )


def make_one(goes: str, stays: str, *, actor: Actor, at: datetime, reason: str) -> together.Merged:
    """Merge; as ``merge.together.merge``, for whoever may review the register."""
    rights.need_everybody(actor=actor, at=at)
    return together.merge(goes, stays, actor=actor, at=at, reason=reason)


def make_two(loser: str, *, actor: Actor, at: datetime) -> apart.Unmerged:
    """Take a merge back; as ``merge.apart.unmerge``, for whoever may review the register."""
    rights.need_everybody(actor=actor, at=at)
    return apart.unmerge(loser, actor=actor, at=at)
