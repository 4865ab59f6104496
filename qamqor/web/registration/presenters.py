"""Turns people found into what is read at the desk: who they are, and why they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.identity.compare import Reason
from qamqor.engine.identity.names import FullName
from qamqor.services.registration.search import Answer, Match
from qamqor.web.components import dates

FIELDS: Final[dict[str, str | Promise]] = {
    "family": _("family name"),
    "given": _("given name"),
    "patronymic": _("patronymic"),
    "name": _("both names"),
    "birth": _("birth date"),
    "sex": _("sex"),
    "iin": _("IIN"),
    "phone": _("telephone"),
    "chart": _("chart number"),
    "address": _("address"),
    "household": _("household"),
}
AGREEMENTS: Final[dict[str, str | Promise]] = {
    "same": _("the same"),
    "spelling": _("another spelling"),
    "begins": _("begins so"),
    "ends": _("ends so"),
    "close": _("one letter differs"),
    "sound": _("sounds alike"),
    "initial": _("initial only"),
    "fathers_name": _("father's name"),
    "differs": _("differs"),
    "swapped": _("changed places"),
    "swapped_close": _("changed places, a letter differs"),
    "one_digit": _("one digit differs"),
    "same_day": _("same day of another year"),
    "same_month": _("same month"),
    "vague": _("known less exactly"),
}
PROBLEMS: Final[dict[str, str | Promise]] = {
    "short": _("Type two letters of a name or four digits of a number."),
    "iin.wrong-check-digit": _("This IIN has a mistake: its last digit does not fit the others."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One person found, in words.

    Attributes:
        reasons: what agrees, then what does not; each with whether it speaks for the person.
    """

    id: str
    href: str
    name: str
    other_names: str
    line: str
    area: str
    reasons: tuple[tuple[str, bool], ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said under the box."""

    people: tuple[Shown, ...]
    message: str
    count: str


def answer(found: Answer, today: date) -> Answered:
    """An answer in the reader's language."""
    people = tuple(shown(one, today) for one in found.matches)
    count = ngettext("%(num)d person", "%(num)d people", len(people)) % {"num": len(people)}
    return Answered(people, "" if people else _message(found), count)


def _message(found: Answer) -> str:
    if found.problem:
        return str(PROBLEMS[found.problem])
    if found.digits_to_go:
        more = found.digits_to_go
        text = ngettext(
            "Nobody by these digits. For an IIN type %(num)d more digit.",
            "Nobody by these digits. For an IIN type %(num)d more digits.",
            more,
        )
        return text % {"num": more}
    if found.is_number:
        return gettext("Nobody has this number.")
    return gettext("Nobody is found. Try fewer letters, or the birth date.")


def shown(match: Match, today: date) -> Shown:
    """One person as a row of results."""
    who = match.found
    names = [full(name) for name in who.names] or [gettext("no name")]
    return Shown(
        id=who.patient_id,
        href=address(who.patient_id),
        name=names[0],
        other_names=", ".join(names[1:]),
        line=", ".join(_line(match, today)),
        area=match.area,
        reasons=tuple(said(who.reasons)),
        is_open=match.is_open,
    )


def address(patient_id: str) -> str:
    """The address of a person's page."""
    return f"/person/{patient_id}"


def full(name: FullName) -> str:
    """A name in the order of the identity document."""
    return " ".join(part for part in (name.family, name.given, name.patronymic) if part)


def _line(match: Match, today: date) -> Iterable[str]:
    who = match.found
    if who.sex in ("male", "female"):
        yield gettext("f") if who.sex == "female" else gettext("m")
    if len(who.born_on) == 10:
        born = date.fromisoformat(who.born_on)
        yield dates.age(born, today)
        yield dates.short(born)
    elif who.born_on:
        yield who.born_on
    if who.iin_end:
        yield gettext("IIN …%(end)s") % {"end": who.iin_end}


def said(reasons: Iterable[Reason]) -> Iterable[tuple[str, bool]]:
    """Reasons in words, with whether each speaks for the person."""
    for reason in reasons:
        field, agreement = reason.code.split(".")
        yield f"{FIELDS[field]}: {AGREEMENTS[agreement]}", reason.points >= 0
