"""Lets somebody see what was found, as far as they may, and keeps in the audit that they did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.errors import NotAllowed, NotThere
from qamqor.services.access import gate, policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights, stored_facts
from qamqor.services.audit import Entry, entries
from qamqor.store import access
from qamqor.store.access import Facts, Look
from qamqor.store.fhir.versions import Version


class Open(NamedTuple):
    """One resource that may be seen: by which relation, whose it is, and as it stands.

    ``version`` is None where nothing of the name was ever here; ``record`` before answering.
    """

    relation: str
    facts: Facts
    version: Version | None


def at_one(sights: Sights, type_: str, id_: str, *, action: str = "read") -> tuple[str, Facts]:
    """By which relation one resource may be seen, and whose it is; ``record`` before answering.

    Raises:
        NotAllowed: no resource of this type may be seen. NotThere: not this one, said as if it
            were not here. Both are kept.
    """
    seen = open_one(sights, type_, id_, action=action)
    return seen.relation, seen.facts


def open_one(sights: Sights, type_: str, id_: str, *, action: str = "read") -> Open:
    """As ``at_one``, with the resource itself.

    Raises:
        NotAllowed, NotThere: as for ``at_one``; both are kept.
    """
    view = sights.of(action, type_)
    links = policy.wanted(view) if view is not None else frozenset()
    look = access.look(type_, id_, links, day=sights.day)
    try:
        return opened(sights, action, type_, id_, look)
    except (NotAllowed, NotThere) as refusal:
        refused(sights, action, [f"{type_}/{id_}"], people=look.facts.people, refusal=refusal)
        raise


def opened(sights: Sights, action: str, type_: str, id_: str, look: Look) -> Open:
    """What a look at one resource opens; nothing is kept yet.

    Raises:
        NotAllowed, NotThere: as for ``at_one``.
    """
    version, facts, held = look
    view = sights.need(action, type_)
    relation = policy.decide(view, facts, held)
    if view.criteria and relation is not None:
        keys = list(access.keys_of([(type_, id_)]).values())
        relation = relation if sights.answering(type_, view, keys) else None
    if relation is None:
        raise NotThere(f"{type_}/{id_} is not here")
    return Open(relation, facts, version)


def at_each(sights: Sights, found: Sequence[Version], *, action: str) -> list[Version]:
    """Those versions that may be seen, in their order: for histories and bundles of many types."""
    if sights.actor.is_platform:
        return list(found)
    keys = access.keys_of((version.type, version.id) for version in found)
    asked = [(keys[v.type, v.id], v.type, _content(v)) for v in found]
    answers = gate.see(asked, action, sights=sights)
    return [v for v, answer in zip(found, answers, strict=True) if answer is not None]


def _content(version: Version) -> dict[str, object] | None:
    return None if version.content is None else json_text.decode(version.content.encode())


def keep(
    sights: Sights,
    action: str,
    shown: Iterable[Version],
    *,
    relation: str | None = None,
    query: str | None = None,
    people: Iterable[str] | None = None,
) -> None:
    """Keep in the audit what is about to be answered; returns once that is durable.

    Args:
        action: read, vread, history, search, export or operation.
        shown: the versions in the answer; none is an answer too.
        query: type and names of parameters, without their values.
        people: ids of all whom anything shown is about, where they are known.
    """
    versions = list(shown)
    if people is None:
        keys = access.keys_of((version.type, version.id) for version in versions).values()
        people = {person for facts in stored_facts(keys).values() for person in facts.people}
    entries.keep(line(sights, action, versions, relation=relation, query=query, people=people))


def line(
    sights: Sights,
    action: str,
    shown: Iterable[Version],
    *,
    people: Iterable[str],
    relation: str | None = None,
    query: str | None = None,
) -> Entry:
    """What is about to be answered, not yet kept."""
    return entries.entry(
        sights.actor,
        action,
        at=sights.at,
        what=[f"{v.type}/{v.id}/_history/{v.version}" for v in shown],
        people=people,
        relation=relation,
        query=query,
    )


def hidden_from_export(actor: Actor, at: datetime, type_: str) -> frozenset[str]:
    """Labels whose resources a system does not get when it asks for all of a type.

    Raises:
        NotAllowed: it may not export the type.
    """
    grants = Sights(actor, at).need("export", type_).grants
    return frozenset() if not grants else frozenset.intersection(*(g.hidden for g in grants))


def refused(
    sights: Sights,
    action: str,
    what: Sequence[str],
    *,
    refusal: NotAllowed | NotThere,
    people: Iterable[str] = (),
) -> None:
    """Keep in the audit that something was asked for and refused."""
    entries.keep(refusal_line(sights, action, what, refusal=refusal, people=people))


def refusal_line(
    sights: Sights,
    action: str,
    what: Sequence[str],
    *,
    refusal: NotAllowed | NotThere,
    people: Iterable[str] = (),
) -> Entry:
    """That something was asked for and refused, not yet kept."""
    return entries.entry(
        sights.actor,
        action,
        at=sights.at,
        what=what,
        people=people,
        outcome="refused",
        detail=refusal.code,
    )
