"""The whole policy as one table: role by relation by group of types, worked out by the policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from qamqor.services.access import policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.groups import ABOUT_PEOPLE, GROUPS
from qamqor.store.access import Facts

PERSON: Final = "person"
LINKS: Final = {
    "guardian": "parent:RelatedPerson/me",
    "household": "household:Group/home",
    "consent": "consent:PractitionerRole/me",
    "panel": "area:Organization/area",
    "organisation": "organization:Organization/clinic",
    "booking": "booking:PractitionerRole/me",
    "referral": "referral:Organization/clinic",
}
EXAMPLES: Final = {
    "administrative": "Coverage",
    "contact": "Communication",
    "coordination": "CarePlan",
    "clinical": "Observation",
}
"""One type for each group about people; ``technical`` types are for systems only."""
ACTIONS: Final = ("read", "search", "history", "create", "update", "delete")


class Line(NamedTuple):
    """What a role may do to one group of a person's record, by the first letters of actions."""

    role: str
    relation: str
    group: str
    letters: str


def lines() -> list[Line]:
    """Every role by every relation by every group about people, in that order."""
    return [
        Line(role, relation, group, "".join(_letters(role, relation, EXAMPLES[group])))
        for role in policy.RIGHTS
        if role != "system"
        for relation in policy.RELATIONS
        for group in EXAMPLES
    ]


def of_everyone() -> list[Line]:
    """What staff may do to what is about nobody."""
    return [
        Line(role, "", group, "".join(a[0] for a in ACTIONS if policy.allows(role, a, type_)))
        for role in policy.RIGHTS
        for group, types in GROUPS.items()
        if group not in ABOUT_PEOPLE
        for type_ in sorted(types)[:1]
    ]


def actor_of(role: str, relation: str) -> Actor:
    """Somebody of a role who stands in a relation to the person."""
    is_resident = role == "resident"
    return Actor(
        account=1,
        reference="PractitionerRole/me",
        role=role,
        organization=None if is_resident else "clinic",
        areas=frozenset() if is_resident else frozenset({"area"}),
        patient=(PERSON if relation == "self" else "other") if is_resident else None,
        glasses=frozenset({PERSON}) if relation == "break_glass" else frozenset(),
    )


def _letters(role: str, relation: str, type_: str) -> Iterator[str]:
    near = policy.Near(
        related=frozenset({"RelatedPerson/me", "PractitionerRole/me"}),
        groups=frozenset({"Group/home"}),
    )
    held = {PERSON: {LINKS[relation]} if relation in LINKS else set()}
    nobody_hides = policy.Labels({})
    for action in ACTIONS:
        view = policy.sight(
            actor_of(role, relation),
            action,
            type_,
            labels=nobody_hides,
            near=near if role == "resident" else policy.NOT_NEAR,
            day=0,
        )
        if policy.decide(view, Facts(frozenset({PERSON}), frozenset()), held):
            yield action[0]
