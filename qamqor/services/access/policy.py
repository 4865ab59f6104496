"""What each role may do to whose records: all rules of access as data, and the pure decision.

Pages, the FHIR API, exports and commands ask here and nowhere else. A role has rights in each group
of resource types; a right says which actions and how far they reach; how far is made of relations
between the actor and the person. An application can only take away from what its user may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from qamqor.services.access import scopes
from qamqor.services.access.actor import Actor
from qamqor.services.access.groups import ABOUT_PEOPLE, GROUP_OF, GROUPS, IMPERSONAL
from qamqor.store.access import NOBODY, Facts, Grant, Sight

ACTIONS: Final = ("read", "search", "history", "create", "update", "delete", "export")
RELATIONS: Final = (
    "self",
    "guardian",
    "household",
    "consent",
    "panel",
    "organisation",
    "booking",
    "referral",
    "break_glass",
    "none",
)
STAFF: Final = (
    "gp",
    "practice_nurse",
    "district_nurse",
    "midwife",
    "psychologist",
    "social_worker",
    "registrar",
    "lead_nurse",
    "head",
)
CLINICIANS: Final = ("gp", "practice_nurse", "district_nurse", "midwife", "psychologist")
"""Who may break the glass."""


CONFIRM_EXPORTS: Final = ("head", "administrator")
"""Who may let an export of the whole population begin that somebody else asked for."""


@dataclass(frozen=True, slots=True)
class Right:
    """Actions, and how far they reach: ``own``, ``organisation``, ``self``, or ``everyone``."""

    actions: frozenset[str]
    reach: str


def _right(letters: str, reach: str) -> Right:
    return Right(frozenset(_LETTERS[letter] for letter in letters), reach)


_LETTERS: Final = {action[0]: action for action in ACTIONS}
_READ: Final = _right("rsh", "everyone")
_KEEP: Final = _right("rshcu", "own")
_ALL: Final = _right("rshcud", "own")
_SHOWN: Final = {"directory": _READ, "knowledge": _READ, "planning": _READ}
_NURSE: Final = {
    "administrative": _KEEP,
    "contact": _KEEP,
    "coordination": _KEEP,
    "clinical": _KEEP,
    **_SHOWN,
}
_OWN: Final = _right("rsh", "self")

RIGHTS: Final[dict[str, Mapping[str, Right]]] = {
    "gp": {
        "administrative": _KEEP,
        "contact": _ALL,
        "coordination": _ALL,
        "clinical": _ALL,
        **_SHOWN,
    },
    "practice_nurse": _NURSE,
    "district_nurse": _NURSE,
    "midwife": _NURSE,
    "psychologist": _NURSE,
    "social_worker": {
        "administrative": _KEEP,
        "contact": _KEEP,
        "coordination": _KEEP,
        **_SHOWN,
    },
    "registrar": {
        "administrative": _right("rshcu", "everyone"),
        "contact": _right("rshcu", "organisation"),
        **_SHOWN,
        "planning": _right("rshcud", "everyone"),
    },
    "lead_nurse": {
        group: Right(right.actions, "organisation")
        for group, right in _NURSE.items()
        if group in ABOUT_PEOPLE
    }
    | _SHOWN
    | {"planning": _right("rshcud", "everyone")},
    "head": {
        "administrative": _right("rsh", "organisation"),
        "contact": _right("rshcu", "organisation"),
        "coordination": _right("rsh", "organisation"),
        "clinical": _right("rsh", "organisation"),
        **_SHOWN,
        "planning": _right("rshcud", "everyone"),
    },
    "region_analyst": {"directory": _READ, "knowledge": _READ},
    "ministry_author": {"directory": _READ, "knowledge": _right("rshcud", "everyone")},
    "auditor": {"directory": _READ, "trace": _READ},
    "administrator": {**_SHOWN, "directory": _right("rshcud", "everyone")},
    "resident": {
        "administrative": _OWN,
        "contact": _right("rshc", "self"),
        "coordination": _OWN,
        "clinical": _OWN,
        **_SHOWN,
    },
    "system": {group: _right("rshcude", "everyone") for group in GROUPS} | {"trace": _READ},
}
"""Rights by role and group; what is not named is not allowed."""

REACH: Final[dict[str, tuple[str, ...]]] = {
    "own": ("panel", "booking", "referral", "consent"),
    "organisation": ("panel", "organisation", "booking", "referral", "consent"),
    "self": ("self", "guardian", "household", "consent"),
    "everyone": RELATIONS,
}
"""Which relations a reach is made of; the glass is added for those who may break it."""

EXTRA: Final[dict[tuple[str, str], Right]] = {
    ("registrar", "Provenance"): _right("rshc", "everyone"),
    ("head", "CareTeam"): _right("rshcu", "organisation"),
    ("resident", "QuestionnaireResponse"): _right("c", "self"),
    ("resident", "Consent"): _right("cu", "self"),
}
"""Rights to single types beyond those of their group."""

READS: Final = frozenset({"read", "search", "history"})
LASTING: Final = frozenset({"panel", "organisation", "everyone", "self", "registration"})
"""Relations by which one may write what brings oneself near to the person for longer."""
BROKEN_GLASS: Final = frozenset({"read", "search", "history", "create"})


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Every label there is, and which roles read it."""

    cleared: Mapping[str, frozenset[str]]

    def hidden(self, role: str) -> frozenset[str]:
        """Labels that stay closed to a role."""
        return frozenset(label for label, roles in self.cleared.items() if role not in roles)


@dataclass(frozen=True, slots=True)
class Near:
    """What the record itself says of an actor who is a resident.

    Attributes:
        related: RelatedPerson references that are this person.
        groups: Group references of their households.
    """

    related: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


NOT_NEAR: Final = Near()


def may_confirm_export(actor: Actor) -> bool:
    """Whether somebody is a person, here themselves and not by an application, who may confirm."""
    is_person = actor.account is not None and actor.client is None and actor.scopes is None
    return is_person and actor.role in CONFIRM_EXPORTS


def allows(role: str, action: str, type_: str) -> str | None:
    """How far a role's right to an action on a type reaches; None: no right at all."""
    for right in (
        EXTRA.get((role, type_)),
        RIGHTS.get(role, {}).get(GROUP_OF.get(type_, "")),
    ):
        if right is not None and action in right.actions:
            return right.reach
    return None


@lru_cache(maxsize=8192)
def sight(
    actor: Actor, action: str, type_: str, *, labels: Labels, near: Near = NOT_NEAR, day: int
) -> Sight | None:
    """Which resources of a type an actor may do something to; None: none, whoever's they are.

    Args:
        labels: the installation's labels and who reads them.
        near: what the record says of a resident.
        day: today, counted from 1970 in the platform's zone.
    """
    if actor.is_platform:
        return Sight((Grant("platform", everyone=True),), day=day)
    said = scopes.granted(actor.scopes, action, type_)
    if said is None or (actor.client is not None and actor.scopes is None):
        return None
    if said.criteria and action not in {"read", "search", "export"}:
        return None  # whether a new or an earlier version answers a query is not known
    if actor.role == "system":
        return _system(said, labels) if allows("system", action, type_) else None
    grants = _grants(actor, action, type_, labels, near)
    if said.level == "system":
        return None
    if said.level == "patient":
        grants = tuple(_narrowed(grants, actor.context or actor.patient))
    if not grants:
        return None
    denied = frozenset(f"denied:{holder}" for holder in _holders(actor))
    return Sight(grants, denied=denied, day=day, criteria=said.criteria)


def _system(said: scopes.Granted, labels: Labels) -> Sight | None:
    """The same on every day: no relation decides, and statements are kept by what is hidden."""
    if said.level != "system":
        return None
    hidden = frozenset(labels.cleared) - said.labels - {"R"}
    if "*" in said.labels:
        hidden = frozenset()
    return Sight((Grant("system", everyone=True, hidden=hidden),), criteria=said.criteria)


def _grants(actor: Actor, action: str, type_: str, labels: Labels, near: Near) -> tuple[Grant, ...]:
    reach = allows(actor.role, action, type_)
    if reach is None:
        return ()
    hidden = labels.hidden(actor.role)
    if GROUP_OF[type_] not in ABOUT_PEOPLE:
        return (Grant("staff", everyone=True, hidden=hidden),)
    if reach == "everyone":
        return (Grant("everyone", everyone=True, hidden=hidden), *_glass(actor, action))
    if reach == "self":
        return _resident(actor, near, labels, changes=action not in READS)
    links = frozenset(link for kind in REACH[reach] for link in _links(actor, kind))
    nobodys = frozenset({NOBODY}) if type_ in IMPERSONAL else frozenset()
    grant = Grant(reach, patients=nobodys, links=links, hidden=hidden)
    return (grant, *_glass(actor, action)) if links or nobodys else _glass(actor, action)


def _resident(actor: Actor, near: Near, labels: Labels, *, changes: bool) -> tuple[Grant, ...]:
    if actor.patient is None:
        return ()
    me = f"Patient/{actor.patient}"
    guardian = {f"{kind}:{r}" for r in near.related for kind in ("guardian", "parent")}
    others = {f"household:{group}" for group in near.groups}
    given = {f"consent:{holder}" for holder in (me, *near.related)}
    grants = [
        Grant("self", patients=frozenset({actor.patient})),
        Grant("guardian", links=frozenset(guardian), hidden=frozenset({"V"})),
    ]
    if not changes:
        shared = frozenset(others | given)
        grants.append(Grant("household", links=shared, hidden=frozenset(labels.cleared)))
    return tuple(grant for grant in grants if grant.patients or grant.links)


def _glass(actor: Actor, action: str) -> tuple[Grant, ...]:
    """What an opened glass shows; whether it still holds is asked when the actor is made."""
    if not actor.glasses or actor.role not in CLINICIANS or action not in BROKEN_GLASS:
        return ()
    return (Grant("break_glass", patients=actor.glasses),)


def _links(actor: Actor, kind: str) -> set[str]:
    areas = {f"Organization/{area}" for area in actor.areas}
    organization = {f"Organization/{actor.organization}"} if actor.organization else set()
    match kind:
        case "panel":
            return {f"area:{holder}" for holder in {*areas, actor.reference}}
        case "organisation":
            return {f"organization:{holder}" for holder in organization}
        case "booking":
            return {f"booking:{actor.reference}"}
        case _:
            return {f"{kind}:{holder}" for holder in {actor.reference, *organization, *areas}}


def _holders(actor: Actor) -> set[str]:
    """By which references a person's consent may deny this actor."""
    organization = {f"Organization/{actor.organization}"} if actor.organization else set()
    return {actor.reference, *organization}


def _narrowed(grants: tuple[Grant, ...], context: str | None) -> Iterator[Grant]:
    """The grants for one person only: what an application started for a patient may see."""
    for grant in grants:
        if grant.relation == "staff":
            yield grant
        elif context is not None:
            yield replace(grant, only=context)


def decide(view: Sight | None, facts: Facts, links: Mapping[str, set[str]]) -> str | None:
    """The relation by which one resource may be seen; None: it may not.

    Args:
        facts: people and labels of the resource.
        links: by person, those of the sight's links (``wanted``) that hold today.
    """
    if view is None:
        return None
    for grant in view.grants:
        if grant.hidden & facts.labels:
            continue
        people = facts.people if grant.only is None else facts.people & {grant.only}
        if (grant.everyone and (people or grant.only is None)) or grant.patients & people:
            return grant.relation
        for person in people:
            held = links.get(person, set())
            if grant.links & held and not view.denied & held:
                return _named(grant, held)
    return None


def _named(grant: Grant, held: set[str]) -> str:
    """The nearest relation among those that hold, by its name in the audit."""
    kinds = {link.split(":", 1)[0] for link in grant.links & held}
    names = {"area": "panel", "organization": "organisation", "parent": "guardian"}
    return min((names.get(kind, kind) for kind in kinds), key=RELATIONS.index)


@lru_cache(maxsize=8192)
def wanted(view: Sight) -> frozenset[str]:
    """Every link that can decide for or against."""
    return view.denied.union(*(grant.links for grant in view.grants))
