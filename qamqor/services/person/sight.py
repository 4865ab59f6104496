"""Which of one person's records a reader may see, decided once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from qamqor.errors import NotAllowed, NotThere
from qamqor.services.access import looks, policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.closed import closed_among
from qamqor.services.access.policy import CLINICIANS
from qamqor.services.access.sights import Sights
from qamqor.store import access
from qamqor.store import person as store
from qamqor.store.access import Facts
from qamqor.store.person import Entry

GROUPS_READ: Final = ("Patient", "Communication", "CarePlan", "Observation", "Organization")
"""One type of each group of rights, enough to know every link that can decide."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A record that is not open to the reader, in the same words whether it exists or not.

    Attributes:
        may_break_glass: the reader may open it in need, with a reason.
    """

    patient: str
    may_break_glass: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What of one person's record is open to one reader.

    Attributes:
        entries: the records in sight, the newest change first.
        labels: those on records in sight.
        held: by which links the reader is near to the person.
        closed: references of records that only their label keeps from the reader.
    """

    patient: str
    relation: str
    sights: Sights
    held: dict[str, set[str]]
    entries: tuple[Entry, ...]
    labels: frozenset[str]
    keys: frozenset[int]
    by_name: dict[tuple[str, str], Entry] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()

    def may(self, type_: str, labels: frozenset[str] = frozenset(), action: str = "read") -> bool:
        """Whether a record of a type with these labels is open to an action."""
        return _may(self.sights, self.patient, self.held, type_, labels, action)


def see(patient: str, *, actor: Actor, at: datetime) -> Seen:
    """Decide by which relation a person's record is open, and which of its records.

    The caller keeps in the audit what it then shows.

    Raises:
        NotThere, NotAllowed: it is not open to them; that they asked is kept.
    """
    sights = Sights(actor, at)
    relation, _ = looks.at_one(sights, "Patient", patient)
    views = [sights.of("read", type_) for type_ in GROUPS_READ]
    links = {link for view in views if view is not None for link in policy.wanted(view)}
    held = access.relations([patient], links, day=sights.day)
    every = store.entries(patient)
    entries = tuple(
        one for one in every if _may(sights, patient, held, one.type, one.labels, "read")
    )
    in_sight = {one.key for one in entries}
    who = frozenset({patient})
    labelled = {(one.type, one.id): Facts(who, one.labels) for one in every if one.labels}
    return Seen(
        patient=patient,
        relation=relation,
        sights=sights,
        held=held,
        entries=entries,
        labels=frozenset(label for one in entries for label in one.labels),
        keys=frozenset(in_sight),
        by_name={(one.type, one.id): one for one in entries},
        closed=closed_among(sights, labelled, held),
    )


def closed_or_raise(patient: str, actor: Actor, refusal: NotThere | NotAllowed) -> Closed:
    """What to answer where a record is not open: the offer of the glass, or the refusal itself.

    Raises:
        NotThere, NotAllowed: the reader may break no glass.
    """
    if actor.role not in CLINICIANS or actor.account is None:
        raise refusal
    return Closed(patient, may_break_glass=True)


def _may(
    sights: Sights,
    patient: str,
    held: dict[str, set[str]],
    type_: str,
    labels: frozenset[str],
    action: str,
) -> bool:
    view = sights.of(action, type_)
    if view is None or view.criteria:
        return False
    return policy.decide(view, Facts(frozenset({patient}), labels), held) is not None


def visible_people(sights: Sights, patients: Sequence[str]) -> set[str]:
    """Those of some people whose Patient is open to the reader."""
    view = sights.of("read", "Patient")
    if view is None or not patients:
        return set()
    held = access.relations(patients, policy.wanted(view), day=sights.day)
    nothing: frozenset[str] = frozenset()
    return {
        one
        for one in patients
        if policy.decide(view, Facts(frozenset({one}), nothing), held) is not None
    }
