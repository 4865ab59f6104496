"""Asks the policy before a change is made and after something is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from qamqor.engine.fhir import relations, subjects
from qamqor.errors import NotAllowed, NotThere
from qamqor.services.access import policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.groups import GROUP_OF
from qamqor.services.access.policy import LASTING
from qamqor.services.access.sights import Sights, facts_of, stored_facts, zone
from qamqor.store.access import Facts


class Wish(NamedTuple):
    """One change somebody wants: ``key`` of what is there already; ``resource`` None to delete."""

    type: str
    id: str
    key: int | None
    is_there: bool
    resource: Mapping[str, Any] | None


def check(wishes: Sequence[Wish], *, actor: Actor, at: datetime) -> dict[tuple[str, str], str]:
    """By which relation each change is allowed; what is refused stops all of them.

    What is there is judged by what the record said before; what is new, by its people, of whom
    those registered in the same piece of work are the actor's own already.

    Raises:
        NotThere: something to change is not the actor's to see, said as if it were not here.
        NotAllowed: the actor may not do this, or not about this person.
    """
    if actor.is_platform:
        return {}
    sights = Sights(actor, at)
    born_here = {w.id for w in wishes if w.type == "Patient" and not w.is_there}
    before = stored_facts(wish.key for wish in wishes if wish.key is not None)
    return {
        (wish.type, wish.id): _one(sights, wish, before, born_here=born_here) for wish in wishes
    }


def _one(sights: Sights, wish: Wish, before: Mapping[int, Facts], *, born_here: set[str]) -> str:
    name = f"{wish.type}/{wish.id}"
    relation = None
    if wish.key is not None:
        action = "delete" if wish.resource is None else "update" if wish.is_there else "create"
        sights.need(action, wish.type)
        relation = sights.relation(action, wish.type, before[wish.key])
        if relation is None:
            raise NotThere(f"{name} is not here")
    if wish.resource is None:
        return relation or "none"
    action = "update" if wish.is_there else "create"
    sights.need(action, wish.type)
    facts = facts_of(wish.resource)
    if _is_new_patient(wish):
        return "registration"
    relation = _about(sights, action, wish, facts, born_here=born_here)
    if relation is None:
        raise NotAllowed(f"{sights.actor.role} may not {action} {name} about this person")
    if relation not in LASTING and _brings_near(sights, action, wish):
        raise NotAllowed(f"{name} would open the record to {sights.actor.reference} for longer")
    return relation


def _brings_near(sights: Sights, action: str, wish: Wish) -> bool:
    """Whether a resource would itself be a reason to see this person's record."""
    made = {link.link for link in relations.links(wish.resource or {}, zone=zone())}
    return bool(made & policy.wanted(sights.need(action, wish.type)))


def _is_new_patient(wish: Wish) -> bool:
    return wish.type == "Patient" and wish.key is None


def _about(
    sights: Sights, action: str, wish: Wish, facts: Facts, *, born_here: set[str]
) -> str | None:
    """By which relation something may be written about all of its people, not only one."""
    others = facts.people - born_here
    if facts.people and not others:
        return "registration"
    if not others:
        return sights.relation(action, wish.type, facts)
    each = [Facts(frozenset({person}), facts.labels) for person in others]
    found = sights.each(action, wish.type, each)
    return None if None in found else found[0]


def see(
    found: Sequence[tuple[int, str, Mapping[str, Any] | None]],
    action: str,
    *,
    sights: Sights,
) -> list[str | None]:
    """By which relation each resource or version found may be shown; None: it may not.

    A version is shown if both what it says itself and what the record says now allow it, so that
    neither a label put on later nor one taken off opens what was hidden.

    Args:
        found: key, type and content of each; None for a deletion.
    """
    if sights.actor.is_platform:
        return ["platform"] * len(found)
    now = stored_facts({key for key, _, _ in found})
    answers: list[str | None] = [None] * len(found)
    for type_ in {type_ for _, type_, _ in found}:
        places = [n for n, one in enumerate(found) if one[1] == type_]
        keys = [found[n][0] for n in places]
        current = sights.each(action, type_, [now[key] for key in keys], keys=keys)
        said = sights.each(action, type_, [_facts(found[n], now) for n in places], keys=keys)
        for n, here, then in zip(places, current, said, strict=True):
            answers[n] = here if then is not None else None
    return answers


def _facts(one: tuple[int, str, Mapping[str, Any] | None], now: Mapping[int, Facts]) -> Facts:
    key, _, content = one
    if content is None or GROUP_OF.get(str(content.get("resourceType"))) is None:
        return now[key]
    facts = facts_of(content)
    return now[key] if not facts.people and subjects.targets(content) else facts
