"""What one actor may see and do at one moment, asked of the policy and of the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from qamqor.engine.fhir import relations, subjects
from qamqor.errors import NotAllowed
from qamqor.services.access import criteria, policy
from qamqor.services.access.actor import Actor
from qamqor.services.access.glass import us
from qamqor.services.access.groups import IMPERSONAL
from qamqor.services.access.labels import rules
from qamqor.store import access
from qamqor.store.access import Facts, Sight


class Sights:
    """One actor at one moment; asks each question once.

    ``of`` gives the filter of a type for searches, ``relation`` decides single resources.
    """

    def __init__(self, actor: Actor, at: datetime) -> None:
        self.actor, self.at = actor, at
        self.day: Final = relations.day_number(at, zone())
        self._near: policy.Near | None = None
        self._views: dict[tuple[str, str], Sight | None] = {}

    def of(self, action: str, type_: str) -> Sight | None:
        """What of a type is open to an action; None: nothing, whoever's it is."""
        asked = (action, type_)
        if asked not in self._views:
            self._views[asked] = policy.sight(
                self.actor,
                action,
                type_,
                labels=rules().labels,
                near=self._nearness(),
                day=self.day,
            )
        return self._views[asked]

    def need(self, action: str, type_: str) -> Sight:
        """As ``of``, where an answer without any right is a refusal.

        Raises:
            NotAllowed: the actor may not do this to any resource of the type.
        """
        view = self.of(action, type_)
        if view is None:
            raise NotAllowed(f"{self.actor.role} may not {action} {type_}")
        return view

    def relation(
        self, action: str, type_: str, facts: Facts, *, key: int | None = None
    ) -> str | None:
        """By which relation one resource is open to an action; None: it is not."""
        return self.each(action, type_, [facts], keys=None if key is None else [key])[0]

    def each(
        self, action: str, type_: str, facts: Sequence[Facts], *, keys: Sequence[int] | None = None
    ) -> list[str | None]:
        """As ``relation``, for many resources of one type with one look at the record.

        Args:
            keys: of the resources; where scopes carry queries nothing is open without.
        """
        view = self.of(action, type_)
        if view is None or (view.criteria and keys is None):
            return [None] * len(facts)
        people = {person for one in facts for person in one.people}
        links: Mapping[str, set[str]] = {}
        if people and not all(grant.everyone for grant in view.grants):
            links = access.relations(people, policy.wanted(view), day=self.day)
        found = [policy.decide(view, one, links) for one in facts]
        if not view.criteria or keys is None:
            return found
        answering = self.answering(type_, view, keys)
        return [one if k in answering else None for one, k in zip(found, keys, strict=True)]

    def answering(self, type_: str, view: Sight, keys: Sequence[int]) -> set[int]:
        """Those of the keys that answer the queries of the scopes, where there are any."""
        if not view.criteria:
            return set(keys)
        return criteria.answering(type_, view.criteria, keys, at_us=us(self.at))

    def _nearness(self) -> policy.Near:
        if self.actor.role != "resident" or self.actor.patient is None:
            return policy.NOT_NEAR
        if self._near is None:
            self._near = policy.Near(
                related=access.links_of(self.actor.patient, "is", day=self.day),
                groups=access.links_of(self.actor.patient, "member", day=self.day),
            )
        return self._near


def zone() -> ZoneInfo:
    """The platform's zone, in which days begin and end."""
    return ZoneInfo(settings.TIME_ZONE)


def facts_of(resource: Mapping[str, Any]) -> Facts:
    """People and labels as the resource itself says them."""
    people = subjects.people(resource)
    type_ = str(resource.get("resourceType"))
    if not people and type_ in IMPERSONAL and subjects.names_nobody(resource):
        people = frozenset({access.NOBODY})
    return Facts(people, subjects.labels(resource, rules().sensitivity))


def stored_facts(keys: Iterable[int]) -> dict[int, Facts]:
    """People and labels as the index keeps them, also of deleted resources."""
    return access.facts(list(keys))
