"""Turns people found into what is read at the desk: who they are, and why they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.fhir import place_names
from qamqor.engine.identity.compare import Reason
from qamqor.engine.identity.names import FullName
from qamqor.engine.identity.numbers import phone_number
from qamqor.services.registration.change import Stay
from qamqor.services.registration.homes import Home
from qamqor.services.registration.recent import Recent
from qamqor.services.registration.register import Particulars
from qamqor.services.registration.search import Answer, Match
from qamqor.web.components import dates, reader
from qamqor.web.registration.forms import HOME_ROLES, written

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


VERDICTS: Final[dict[str, tuple[str, str | Promise]]] = {
    "certain": ("overdue", _("here already")),
    "likely": ("due", _("very likely the same")),
    "possible": ("soon", _("perhaps the same")),
}
DETAILS: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("iin", _("IIN")),
    ("family", _("Family name")),
    ("given", _("Given name")),
    ("patronymic", _("Patronymic")),
    ("born_on", _("Birth date")),
    ("sex", _("Sex")),
    ("phone", _("Telephone")),
    ("language", _("Language")),
)
SEXES: Final[dict[str, str | Promise]] = {
    "female": _("female"), "male": _("male"), "unknown": _("not known"), "other": _("other"),
}  # fmt: skip


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
    state: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said under the box.

    Attributes:
        is_nobody: the question was whole and nobody answers it, so they may be registered.
    """

    people: tuple[Shown, ...]
    message: str
    count: str
    is_nobody: bool = False


def lately(found: Iterable[Recent], today: date, role: str) -> list[tuple[Shown, str]]:
    """The people somebody opened lately, each with when."""
    return [(shown(one.match, today, role=role), _when(one.at, today)) for one in found]


def _when(at: datetime, today: date) -> str:
    day = timezone.localtime(at).date()
    said = dates.from_here(day, today)
    return f"{said}, {dates.clock(at)}" if day == today else said


def answer(found: Answer, today: date, role: str) -> Answered:
    """An answer in the reader's language."""
    people = tuple(shown(one, today, role=role) for one in found.matches)
    count = ngettext("%(num)d person", "%(num)d people", len(people)) % {"num": len(people)}
    nobody = not (people or found.problem or found.digits_to_go)
    return Answered(people, "" if people else _message(found), count, nobody)


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


def shown(match: Match, today: date, *, role: str = "") -> Shown:
    """One person as a row of results, or as a twin card."""
    who = match.found
    names = [full(name) for name in who.names] or [gettext("no name")]
    state, verdict = VERDICTS.get(str(who.verdict), ("", ""))
    return Shown(
        id=who.patient_id,
        href=address(who.patient_id, role),
        name=names[0],
        other_names=", ".join(names[1:]),
        line=", ".join(_line(match, today)),
        area=place_names.pick(match.area, reader.language()),
        reasons=tuple(said(who.reasons)),
        is_open=match.is_open,
        state=state,
        verdict=str(verdict),
    )


def address(patient_id: str, role: str = "") -> str:
    """The address of a person's page; the registry's own page for the registry."""
    return f"/person/{patient_id}/edit" if role == "registrar" else f"/person/{patient_id}"


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


@dataclass(frozen=True, slots=True)
class ShownHome:
    """A household in words: who lives in it, and under which name a choice offers it."""

    id: str
    title: str
    members: tuple[tuple[str, str, str, str], ...]


def cards(found: Iterable[Match], today: date, role: str) -> list[Shown]:
    """Twin cards; each leads to the record that is here already."""
    return [shown(one, today, role=role) for one in found]


def home(found: Home, today: date) -> ShownHome:
    """A household: id, name, role and age of each member; closed records show the role only."""
    members = tuple(
        (
            one.patient_id if one.is_open else "",
            full(one.name) if one.is_open else gettext("somebody of another area"),
            str(HOME_ROLES[one.role]),
            _age(one.born_on, today),
        )
        for one in found.members
    )
    names = [name for id_, name, _, _ in members if id_]
    more = len(members) - len(names)
    title = ", ".join(names)
    if more:
        title += " " + ngettext("and %(num)d more", "and %(num)d more", more) % {"num": more}
    return ShownHome(found.group_id, title.strip(), members)


def _age(born_on: str, today: date) -> str:
    if len(born_on) == 10:
        return dates.age(date.fromisoformat(born_on), today)
    return born_on


def both(mine: Particulars, theirs: Particulars) -> list[tuple[str, str, str, bool]]:
    """What I wrote beside what somebody else wrote: name, mine, theirs, whether they differ."""
    rows = [(str(name), _detail(mine, field), _detail(theirs, field)) for field, name in DETAILS]
    where = [_address(one.home.line, one.home.city) for one in (mine, theirs)]
    rows.append((gettext("Address"), where[0], where[1]))
    return [(name, one, other, one != other) for name, one, other in rows]


def _detail(who: Particulars, field: str) -> str:
    value = str(getattr(who, field))
    if field == "born_on":
        return written(value)
    if field == "sex":
        return str(SEXES.get(value, value))
    if field == "phone":
        return phone_number(value) or value
    return value


def _address(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def name_of(who: Particulars) -> str:
    """Somebody's name in the order of the identity document."""
    return full(FullName(who.family, who.given, who.patronymic)) or gettext("no name")


def line_of(who: Particulars, today: date) -> str:
    """What tells namesakes apart: age and the end of the IIN."""
    end = gettext("IIN …%(end)s") % {"end": who.iin[-4:]} if who.iin else ""
    return " · ".join(filter(None, (_age(who.born_on, today), end)))


def stays(found: Iterable[Stay]) -> list[tuple[str, date | None, date | None]]:
    """Attachments: the area, and the days it began and ended."""
    language = reader.language()
    return [
        (place_names.pick(one.area, language) or one.area_id, _day(one.since), _day(one.until))
        for one in found
    ]


def _day(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if len(text) >= 10 else None


def tabs(patient: str, current: str) -> list[dict[str, object]]:
    """The pages of one person's entry in the register."""
    named = {
        "edit": gettext("Details"),
        "attachment": gettext("Attachment"),
        "household": gettext("Household"),
        "consent": gettext("Consents"),
    }
    return [
        {"name": name, "href": f"/person/{patient}/{tab}", "is_current": tab == current}
        for tab, name in named.items()
    ]


def moved(work: int, to_confirm: int) -> str:
    """What a move took along."""
    said = [gettext("Attached.")]
    if work:
        text = ngettext("%(num)d piece of open work went along.",
                        "%(num)d pieces of open work went along.", work)  # fmt: skip
        said.append(text % {"num": work})
    if to_confirm:
        text = ngettext(
            "%(num)d booking has to be confirmed by the new team.",
            "%(num)d bookings have to be confirmed by the new team.",
            to_confirm,
        )
        said.append(text % {"num": to_confirm})
    return " ".join(said)


def since(day: str) -> str:
    """Since when a decision holds."""
    if len(day) != 10:
        return ""
    return gettext("since %(day)s") % {"day": dates.short(date.fromisoformat(day))}
