"""Who may find, register, move and merge people, and that they did so is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from qamqor.errors import NotAllowed
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import STAFF
from qamqor.services.access.sights import Sights, stored_facts
from qamqor.store.people import Filed

P = TypeVar("P")


def acting_on(patients: Iterable[str], *, actor: Actor, at: datetime) -> Actor:
    """The actor as a service that has decided: they may change each of some people's records.

    What follows from it, such as moving open work along or leading every reference of a merged
    record on, goes beyond single rights; the audit still names the human.

    Raises:
        NotAllowed, NotThere: they may not; kept in the audit.
    """
    sights = Sights(actor, at)
    for patient_id in patients:
        looks.at_one(sights, "Patient", patient_id, action="update")
    return replace(actor, is_service=True)


def registering(*, actor: Actor, at: datetime) -> Actor:
    """The actor as a service that has decided: they may register somebody.

    Raises:
        NotAllowed: they may not; kept in the audit.
    """
    need("create", actor=actor, at=at)
    return replace(actor, is_service=True)


def need(action: str, *, actor: Actor, at: datetime) -> Sights:
    """What the actor may do to people; a refusal is kept.

    Raises:
        NotAllowed: they may not do this to anybody's record.
    """
    sights = Sights(actor, at)
    try:
        sights.need(action, "Patient")
    except NotAllowed as refusal:
        looks.refused(sights, action, ["Patient"], refusal=refusal)
        raise
    return sights


def may_register(*, actor: Actor, at: datetime) -> bool:
    """Whether the actor may register somebody; nothing is kept of the question."""
    return Sights(actor, at).of("create", "Patient") is not None


def need_everybody(*, actor: Actor, at: datetime) -> None:
    """Refuse whoever may not change every person's record.

    Raises:
        NotAllowed: kept in the audit.
    """
    sights = need("update", actor=actor, at=at)
    if not all(
        grant.everyone and grant.only is None for grant in sights.need("update", "Patient").grants
    ):
        refusal = NotAllowed(f"{actor.role} may not review everybody's record")
        looks.refused(sights, "search", ["Patient"], refusal=refusal)
        raise refusal


def visible(found: Sequence[Filed], sights: Sights) -> set[int]:
    """The keys of those people whose Patient the actor may find in a search."""
    facts = stored_facts(person.key for person in found)
    listed = [person for person in found if person.key in facts]
    answers = sights.each("search", "Patient", [facts[person.key] for person in listed])
    return {person.key for person, by in zip(listed, answers, strict=True) if by is not None}


def is_staff(actor: Actor) -> bool:
    """Whether the actor works here, and may be shown a card of somebody who is not theirs.

    The card leads to registering, to a referral or to breaking the glass; the record behind it
    stays closed.
    """
    return actor.is_platform or actor.role in STAFF


def keep(shown: Iterable[str], *, asked: str, actor: Actor, at: datetime) -> None:
    """Keep in the audit whose cards are about to be shown.

    Args:
        shown: ids of Patients.
        asked: kind of question, such as ``twins``; never what was typed.
    """
    people = list(shown)
    what = [f"Patient/{patient_id}" for patient_id in people]
    audit.record(actor, "search", at=at, what=what, people=people, query=f"Patient?{asked}")
