"""Answers the one box in which people are found: names, birth date, and numbers of any kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from qamqor.engine.identity.compare import Reason
from qamqor.engine.identity.keys import ENDING, chart_key
from qamqor.engine.identity.numbers import IIN_DIGITS, iin_digits, iin_problem, phone_number
from qamqor.engine.identity.typed import read_typed
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.registration.find import Found, card, find_by_name, holder_of
from qamqor.services.registration.places import names_of
from qamqor.store import people
from qamqor.store.people import Filed

LEAST_LETTERS: Final = 2
LEAST_DIGITS: Final = ENDING
MOST_FOUND: Final = 12
MOST_TYPED: Final = 120
_NUMBER: Final = re.compile(r"[+0-9()\s\-]+")


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody found.

    Attributes:
        found: the card; its reasons say why this person is among the answers.
        area: names by language of the area they are attached to, or empty.
        is_open: whether the asker may open the record behind the card.
    """

    found: Found
    area: Mapping[str, str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question.

    Attributes:
        matches: the likeliest first, at most a dozen.
        problem: ``short`` (type more), ``iin.wrong-check-digit``, or empty.
        digits_to_go: how many an identification number still lacks; 0 where none is being typed.
        is_number: one number was typed, which points to one person or household.
    """

    matches: tuple[Match, ...] = ()
    problem: str = ""
    digits_to_go: int = 0
    is_number: bool = False

    @property
    def only(self) -> Match | None:
        """The one person found, whose record may be opened at once."""
        return self.matches[0] if len(self.matches) == 1 and self.matches[0].is_open else None


def find(text: str, *, actor: Actor, at: datetime) -> Answer:
    """Find people by whatever was typed into one box.

    Twelve digits are an identification number; four or more the end of one, of a telephone number
    or a whole chart number; anything else is read as names and a birth date, in any order and
    spelling. Whoever is shown is in the audit before this returns, what was typed never is.

    Args:
        text: as typed; only ever from the body of a POST.
        actor: who asks.
        at: when.
    Raises:
        NotAllowed: the actor may find nobody.
    """
    text = text[:MOST_TYPED].strip()
    sights = rights.need("search", actor=actor, at=at)
    if _is_number(text):
        return _by_number(text, sights)
    if not _is_enough(text):
        return Answer(problem="short")
    area = next(iter(actor.areas)) if len(actor.areas) == 1 else ""
    found = find_by_name(text, actor=actor, at=at, area_id=area, limit=MOST_FOUND)
    found += [one for one in _by_chart(text, sights) if one not in found]
    return Answer(_matches(found, {one.patient_id for one in found}))


def _by_chart(text: str, sights: Sights) -> list[Found]:
    """Those whose paper chart bears a number with letters."""
    if not any(letter.isdigit() for letter in text):
        return []
    key = chart_key(text)
    found = [one for one in people.candidates([key]) if key in map(chart_key, one.identity.charts)]
    open_ = rights.visible(found, sights)
    shown = [one for one in found if one.key in open_ and not one.replaced_by]
    _keep(sights, shown)
    return [_with_reason(person, "chart.same") for person in shown]


def _is_number(text: str) -> bool:
    """Whether nothing but a number was typed; ``1987-03-12`` and ``1987`` are dates."""
    return bool(_NUMBER.fullmatch(text) and not (len(text) >= 7 and read_typed(text).born_on))


def _is_enough(text: str) -> bool:
    letters = sum(letter.isalpha() for letter in text)
    digits = sum(letter.isdigit() for letter in text)
    return letters >= LEAST_LETTERS or digits >= LEAST_DIGITS


def _by_number(text: str, sights: Sights) -> Answer:
    digits = re.sub(r"\D", "", text)
    if len(digits) < LEAST_DIGITS:
        return Answer(problem="short")
    if len(digits) == IIN_DIGITS and iin_digits(text) == digits:
        return _by_iin(digits, sights)
    found = sorted(_having(digits, phone_number(text)), key=lambda one: (one[0], one[1].key))
    open_ = rights.visible([person for _, person, _ in found], sights)
    shown = [one for one in found if one[1].key in open_][:MOST_FOUND]
    _keep(sights, [person for _, person, _ in shown])
    cards = [_with_reason(person, code) for _, person, code in shown]
    left = IIN_DIGITS - len(digits) if not text.startswith("+") else 0
    open_ids = {one.patient_id for one in cards}
    return Answer(_matches(cards, open_ids), digits_to_go=max(0, left), is_number=True)


def _by_iin(digits: str, sights: Sights) -> Answer:
    problem = iin_problem(digits)
    if problem is not None:
        return Answer(problem=problem, is_number=True)
    person = holder_of(digits)
    is_open = person is not None and bool(rights.visible([person], sights))
    if person is None or not (is_open or rights.is_staff(sights.actor)):
        _keep(sights, [])
        return Answer(is_number=True)
    _keep(sights, [person])
    open_ids = {person.patient_id} if is_open else set()
    return Answer(_matches([_with_reason(person, "iin.same")], open_ids), is_number=True)


def _having(digits: str, phone: str | None) -> Iterator[tuple[int, Filed, str]]:
    """Everybody whose number ends so, or whose chart bears it: rank, person and reason."""
    chart = chart_key(digits)
    keys = [chart, f"ends|{digits[-ENDING:]}"]
    for person in people.candidates([f"phone|{phone}", *keys] if phone else keys):
        who = person.identity
        if person.replaced_by:
            continue
        if chart in map(chart_key, who.charts):
            yield 0, person, "chart.same"
        elif phone and phone in who.phones:
            yield 1, person, "phone.same"
        elif any(number.endswith(digits) for number in who.phones):
            yield 2, person, "phone.ends"
        elif any(number.endswith(digits) for number in who.iins):
            yield 3, person, "iin.ends"


def _with_reason(person: Filed, code: str) -> Found:
    return replace(card(person), verdict=None, reasons=(Reason(code, 0),))


def _keep(sights: Sights, shown: Iterable[Filed]) -> None:
    ids = (person.patient_id for person in shown)
    rights.keep(ids, asked="number", actor=sights.actor, at=sights.at)


def _matches(found: Sequence[Found], open_ids: set[str]) -> tuple[Match, ...]:
    names = names_of({one.area_id for one in found})
    return tuple(
        Match(one, names.get(one.area_id, {}), one.patient_id in open_ids) for one in found
    )
