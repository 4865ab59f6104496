"""What a form of the desk asks: it answers with what is in the way instead of refusing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.numbers import iin_digits, iin_problem, phone_number
from qamqor.engine.identity.person import Identity, address_key
from qamqor.errors import TwinFound, VersionConflict
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.registration import change
from qamqor.services.registration.change import Stored
from qamqor.services.registration.consents import Decisions
from qamqor.services.registration.find import Found, find_twins
from qamqor.services.registration.places import areas_for, names_of
from qamqor.services.registration.register import Household, Particulars, Registered, register
from qamqor.services.registration.search import Match
from qamqor.store import people


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a form: done, or what is in the way.

    Attributes:
        registered, stored: what was done; both None where something is in the way.
        twins: records that are certain to be this person, or hold the same number.
        theirs: what somebody else wrote meanwhile.
    """

    registered: Registered | None = None
    stored: Stored | None = None
    twins: tuple[Match, ...] = ()
    theirs: Stored | None = None


def try_to_register(
    who: Particulars,
    *,
    area_id: str,
    household: Household | None,
    decisions: Decisions,
    despite: str,
    actor: Actor,
    at: datetime,
    key: str,
) -> Tried:
    """As ``register``, but a twin is an answer.

    Raises:
        Unusable, NotThere, NotAllowed: as ``register``.
    """
    try:
        done = register(
            who, area_id=area_id, household=household, decisions=decisions, despite=despite,
            actor=actor, at=at, key=key,
        )  # fmt: skip
    except TwinFound as found:
        return Tried(twins=matches(found.twins, actor=actor, at=at))
    return Tried(registered=done)


def try_to_correct(
    patient_id: str, who: Particulars, *, seen: int, actor: Actor, at: datetime
) -> Tried:
    """As ``change.correct``, but a twin, or somebody else's change meanwhile, is an answer.

    Raises:
        Unusable, NotThere, NotAllowed: as ``change.correct``.
    """
    try:
        return Tried(stored=change.correct(patient_id, who, seen=seen, actor=actor, at=at))
    except VersionConflict:
        return Tried(theirs=change.stored(patient_id, actor=actor, at=at))
    except TwinFound as found:
        rights.keep((one.patient_id for one in found.twins), asked="iin", actor=actor, at=at)
        return Tried(twins=matches(found.twins, actor=actor, at=at))


def areas(*, actor: Actor, at: datetime, language: str) -> list[tuple[str, str]]:
    """Where somebody can be attached: id and name of each area, the actor's own first.

    Raises:
        NotAllowed: the actor may register nobody.
    """
    rights.need("create", actor=actor, at=at)
    return areas_for(actor, language)


def twins(who: Particulars, *, actor: Actor, at: datetime) -> tuple[Match, ...]:
    """Who may be the person being typed in, the likeliest first.

    Raises:
        NotAllowed: the actor may register nobody.
    """
    return matches(find_twins(identity(who), actor=actor, at=at), actor=actor, at=at)


def identity(who: Particulars) -> Identity:
    """What a half-filled form says of somebody; a number that cannot be right says nothing."""
    name = FullName(who.family.strip(), who.given.strip(), who.patronymic.strip())
    iin = iin_digits(who.iin) if iin_problem(who.iin) is None else ""
    phone = phone_number(who.phone) or ""
    address = address_key({"line": [who.home.line], "city": who.home.city})
    return Identity(
        names=(name,) if name != FullName() else (),
        born_on=who.born_on,
        sex=who.sex if who.sex in ("male", "female") else "",
        iins=(iin,) if iin else (),
        phones=(phone,) if phone else (),
        addresses=(address,) if address else (),
    )


def matches(found: Sequence[Found], *, actor: Actor, at: datetime) -> tuple[Match, ...]:
    """Cards with the name of each area, and whether the record behind is open to the asker."""
    sights = rights.need("search", actor=actor, at=at)
    filed = [one for one in map(people.by_id, _ids(found)) if one is not None]
    keys = rights.visible(filed, sights)
    open_ids = {one.patient_id for one in filed if one.key in keys}
    names = names_of({one.area_id for one in found})
    return tuple(
        Match(one, names.get(one.area_id, {}), one.patient_id in open_ids) for one in found
    )


def _ids(found: Iterable[Found]) -> list[str]:
    return [one.patient_id for one in found]
