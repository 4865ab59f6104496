"""Finds people: by what was typed, by number, and the twins of somebody about to be registered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Final

from qamqor.engine.identity.compare import Reason, Verdict, compare
from qamqor.engine.identity.keys import twin_keys
from qamqor.engine.identity.names import FullName, family_part, given_part
from qamqor.engine.identity.numbers import iin_digits, iin_problem
from qamqor.engine.identity.person import Identity
from qamqor.engine.identity.typed import Typed, answer, read_typed
from qamqor.engine.identity.weights import POSSIBLE
from qamqor.errors import Issue, Unusable
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.store import people
from qamqor.store.people import Filed

MOST_SHOWN: Final = 5  # cards beside a form; more are not read
MOST_FOUND: Final = 20
WORDS_A_PART: Final = 6  # spellings tried of each typed word
SHOWN_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A person as a list of results may show them; the record itself stays closed.

    Attributes:
        names: the first is the official one.
        born_on: as recorded, perhaps only a year.
        iin_end: the last four digits of the number, which tell namesakes apart; or empty.
        area_id, organization_id: attached to; empty where to nobody.
        is_active: false for a record no longer in use.
        verdict, score: how likely the person meant; a search by name has no verdict.
        reasons: what agreed and what did not, as codes with their points.
    """

    patient_id: str
    names: tuple[FullName, ...]
    born_on: str
    sex: str
    iin_end: str
    area_id: str
    organization_id: str
    is_active: bool
    score: float
    verdict: Verdict | None
    reasons: tuple[Reason, ...]


def find_twins(
    typed: Identity,
    *,
    actor: Actor,
    at: datetime,
    but_not: str = "",
    least: float = POSSIBLE,
    limit: int = MOST_SHOWN,
) -> list[Found]:
    """The people who may be the one being typed in, the likeliest first.

    Asked at every pause of the keyboard: fields that are still empty say nothing. Only records
    in use are shown, each with its reasons. Whoever may register is shown the card of anybody, as
    else a second record would be made; the record behind it stays closed.

    Args:
        typed: what the form holds so far.
        actor: who is typing.
        at: when.
        but_not: id of a Patient to leave out, when an existing one is being corrected.
        least: the score from which somebody is shown.
        limit: at most so many.
    Raises:
        NotAllowed: the actor may register nobody.
    """
    rights.need("create", actor=actor, at=at)
    found = twins_of(typed, but_not=but_not, least=least)[:limit]
    rights.keep((one.patient_id for one in found), asked="twins", actor=actor, at=at)
    return found


def twins_of(typed: Identity, *, but_not: str = "", least: float = POSSIBLE) -> list[Found]:
    """As ``find_twins``, for a service that has decided already who may know."""
    keys = [*twin_keys(typed), *_mistyped(typed)]
    found = [
        _found(person, likeness.score, likeness.verdict, likeness.reasons)
        for person in people.candidates(keys)
        if person.is_active and not person.replaced_by and person.patient_id != but_not
        if (likeness := compare(typed, person.identity)).score >= least
    ]
    found.sort(key=lambda one: (-one.score, one.patient_id))
    return found


def _mistyped(typed: Identity) -> Iterator[str]:
    """Keys of names a letter away, for a form that has no birth date or number yet."""
    if typed.born_on or typed.iins:
        return
    for name in typed.names:
        if name.family and name.given:
            yield from _pairs(name.family, name.given)


def _pairs(family: str, given: str) -> Iterator[str]:
    givens = people.words_like("given", given_part(given).root)[:WORDS_A_PART]
    for own in people.words_like("family", family_part(family).root)[:WORDS_A_PART]:
        yield from (f"name|{own}|{other}" for other in givens)


def find_by_iin(iin: str, *, actor: Actor, at: datetime) -> Found | None:
    """The person with an identification number; a merged record leads to the one in its place.

    Only ever called from a POST: the number never stands in an address. Staff are shown the card
    of anybody; others only of those whose record they may find.

    Raises:
        Unusable: it is no such number; says what is wrong.
        NotAllowed: the actor may find nobody.
    """
    refuse_wrong_iin(iin)
    sights = rights.need("search", actor=actor, at=at)
    person = holder_of(iin)
    if person is not None and not rights.is_staff(actor) and not rights.visible([person], sights):
        person = None
    shown = [] if person is None else [person.patient_id]
    rights.keep(shown, asked="iin", actor=actor, at=at)
    return None if person is None else card(person)


def holder_of(iin: str) -> Filed | None:
    """Whose number it is, behind any number of merges."""
    holders = [
        person
        for person in people.candidates([f"iin|{iin_digits(iin)}"])
        if iin_digits(iin) in person.identity.iins
    ]
    holders.sort(key=lambda person: (bool(person.replaced_by), not person.is_active, person.key))
    return current(holders[0]) if holders else None


def card(person: Filed) -> Found:
    """Somebody who is certain, by number."""
    return _found(person, 0, Verdict.certain, ())


def refuse_wrong_iin(iin: str) -> None:
    """Raise ``Unusable`` where a number cannot be anybody's."""
    problem = iin_problem(iin)
    if problem is not None:
        raise Unusable([Issue("value", WRONG_IIN[problem], "Patient.identifier")], status=422)


WRONG_IIN: Final = {
    "iin.not-digits": "an IIN has digits only; check the number",
    "iin.wrong-length": "an IIN has 12 digits; check the number",
    "iin.wrong-check-digit": "the last digit of the IIN does not fit the others; check the number",
}


def current(person: Filed) -> Filed:
    """The record in use for a person, behind any number of merges."""
    seen = {person.patient_id}
    while person.replaced_by and person.replaced_by not in seen:
        other = people.by_id(person.replaced_by)
        if other is None:
            break
        person = other
        seen.add(person.patient_id)
    return person


def find_by_name(
    text: str, *, actor: Actor, at: datetime, area_id: str = "", limit: int = MOST_FOUND
) -> list[Found]:
    """The people who answer to what was typed into one box: names, birth date, telephone.

    Any script, order and beginning of a name will do, one letter may be wrong. As typed comes
    above another spelling, that above a likeness; people of the caller's area come first among
    equals. A number of twelve digits belongs in ``find_by_iin`` and finds nobody here. Only people
    whose record the actor may find are among them.

    Raises:
        NotAllowed: the actor may find nobody.
    """
    sights = rights.need("search", actor=actor, at=at)
    typed = read_typed(text)
    ranked = (
        _ranked(typed, _together(typed), area_id)
        or _ranked(typed, _begun(typed), area_id)
        or _ranked(typed, _apart(typed, area_id), area_id)
    )
    open_ = rights.visible([one[3] for one in ranked], sights)
    shown = [one for one in ranked if one[2] in open_][:limit]
    rights.keep((one[3].patient_id for one in shown), asked="name", actor=actor, at=at)
    return [
        _found(person, -grade, None, tuple(Reason(code, 0) for code in codes))
        for grade, _, _, person, codes in shown
    ]


def _ranked(
    typed: Typed, keys: Iterable[str], area_id: str
) -> list[tuple[int, bool, int, Filed, tuple[str, ...]]]:
    """Those filed under some keys who answer: grade, area, key, person and codes, best first."""
    ranked = [
        (-found.grade, person.area_id != area_id, person.key, person, found.codes)
        for person in people.candidates(list(dict.fromkeys(keys)))
        if not person.replaced_by and (found := answer(typed, person.identity)) is not None
    ]
    ranked.sort(key=lambda one: one[:3])
    return ranked


def _together(typed: Typed) -> Iterator[str]:
    """Keys that need two things typed, or a telephone: few people share them."""
    if typed.phone:
        yield f"phone|{typed.phone}"
    for one, other in permutations(typed.words[:3], 2):
        yield from _pairs(one, other)
        yield f"sound|{family_part(one).loose}|{given_part(other).loose}"
    if typed.born_on and typed.words:
        yield from (f"born-given|{typed.born_on}|{given_part(word).loose}" for word in typed.words)
        yield from (
            f"born-family|{typed.born_on}|{family_part(word).loose}" for word in typed.words
        )


def _begun(typed: Typed) -> Iterator[str]:
    """Keys of two names of which each may only be begun: ``ахм айг``."""
    for one, other in permutations(typed.words[:2], 2):
        families = people.words_from("family", family_part(one).folded)
        givens = people.words_from("given", given_part(other).folded)
        yield from (f"name|{family}|{given}" for family in families for given in givens)


def _apart(typed: Typed, area_id: str) -> Iterator[str]:
    """Keys of one thing typed alone, asked where nothing answers to several together."""
    if typed.born_on:
        yield f"born|{typed.born_on}"
    for word in typed.words:
        yield from _single(word, area_id, is_only=len(typed.words) == 1)


def _single(word: str, area_id: str, *, is_only: bool) -> Iterator[str]:
    """Keys for one word, which may be a family or a given name, whole or only begun."""
    family, given = family_part(word), given_part(word)
    if area_id:
        yield f"area-family|{area_id}|{family.loose}"
        yield f"area-given|{area_id}|{given.loose}"
    for part, root, begun in (
        ("family", family.root, family.folded),
        ("given", given.root, given.folded),
    ):
        words = people.words_like(part, root)
        if is_only and len(begun) > 1:
            words = [*words, *people.words_from(part, begun)]
        yield from (f"{part}|{found}" for found in words)


def _found(
    person: Filed, score: float, verdict: Verdict | None, reasons: Iterable[Reason]
) -> Found:
    who = person.identity
    return Found(
        patient_id=person.patient_id,
        names=who.names,
        born_on=who.born_on,
        sex=who.sex,
        iin_end=who.iins[0][-SHOWN_DIGITS:] if who.iins else "",
        area_id=person.area_id,
        organization_id=person.organization_id,
        is_active=person.is_active,
        score=score,
        verdict=verdict,
        reasons=tuple(reasons),
    )
