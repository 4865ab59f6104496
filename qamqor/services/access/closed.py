"""Which needs a reader is not told, because a record they rest on is closed to them by its label.

What another role owes a person says what the record behind it keeps. Lists, rounds, visits, the
page of a person and ``$care-due`` all ask here, so that none of them tells what another does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol, TypeVar

from qamqor.services.access import policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.labels import rules
from qamqor.services.access.sights import Sights
from qamqor.store import access
from qamqor.store.access import Facts
from qamqor.store.fhir.versions import Key

CLINICAL = "Observation"
"""Stands for everything clinical: who reads none of it is told of no other role's needs."""


class Row(Protocol):
    """A due row, of the engine or of a list."""

    @property
    def role(self) -> str: ...
    @property
    def evidence(self) -> str | None: ...


R = TypeVar("R", bound=Row)


def closed_labels(actor: Actor) -> frozenset[str]:
    """Labels of records that stay closed to an actor's role, whoever's they are."""
    return frozenset() if actor.is_platform else rules().labels.hidden(actor.role)


def closed_to(sights: Sights, patients: Collection[str]) -> frozenset[str]:
    """References of some people's records that only their label keeps from the reader.

    One look at the record where none of their records has a label, else two.
    """
    if sights.actor.is_platform or not patients:
        return frozenset()
    labelled = access.labelled_of(patients, rules().labels.cleared)
    if not labelled:
        return frozenset()
    views = [sights.of("read", type_) for type_ in {type_ for type_, _ in labelled}]
    links = {link for view in views if view is not None for link in policy.wanted(view)}
    people = {one for facts in labelled.values() for one in facts.people}
    return closed_among(sights, labelled, access.relations(people, links, day=sights.day))


def closed_among(
    sights: Sights, labelled: Mapping[Key, Facts], held: Mapping[str, set[str]]
) -> frozenset[str]:
    """As ``closed_to``, of records whose people and labels are known already.

    Args:
        held: by person, which links of the reader hold today.
    """
    found = set()
    for (type_, id_), facts in labelled.items():
        view, without = sights.of("read", type_), facts._replace(labels=frozenset())
        if policy.decide(view, facts, held) is None and policy.decide(view, without, held):
            found.add(f"{type_}/{id_}")
    return frozenset(found)


def reads_clinical(sights: Sights, patient: str) -> bool:
    """Whether the reader sees what is measured of a person, where no label closes it."""
    view = sights.of("read", CLINICAL)
    if view is None or view.criteria:
        return False
    held = access.relations([patient], policy.wanted(view), day=sights.day)
    return policy.decide(view, Facts(frozenset({patient}), frozenset()), held) is not None


def is_closed(row: Row, closed: frozenset[str], role: str) -> bool:
    """Whether a need is another role's and rests on a record that is closed to the reader."""
    return row.role != role and not closed.isdisjoint((row.evidence or "").split())


def without_closed(
    rows: Iterable[R], closed: frozenset[str], *, role: str, is_clinical: bool
) -> tuple[R, ...]:
    """The needs a reader is told: those of their role, and others' as far as nothing is closed.

    Args:
        closed: as ``closed_to`` says. is_clinical: as ``reads_clinical`` says.
    """
    return tuple(
        one
        for one in rows
        if one.role == role or (is_clinical and not is_closed(one, closed, role))
    )


def told(
    rows: Iterable[R], patient: str, *, sights: Sights, closed: frozenset[str] | None = None
) -> tuple[R, ...]:
    """The needs of one person that the reader is told.

    Args:
        closed: as ``closed_to`` says of the person, where that is known already.
    """
    listed, role = tuple(rows), sights.actor.role
    if sights.actor.is_platform or all(one.role == role for one in listed):
        return listed
    if closed is None:
        closed = closed_to(sights, [patient])
    is_clinical = reads_clinical(sights, patient)
    return without_closed(listed, closed, role=role, is_clinical=is_clinical)
