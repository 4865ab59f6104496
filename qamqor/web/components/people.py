"""A person in words: name, age, the end of the number, language, address and telephone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.web.components import dates

SPEAKS: Final[dict[str, str | Promise]] = {
    "kk": _("speaks Kazakh"),
    "ru": _("speaks Russian"),
    "en": _("speaks English"),
}
_IIN: Final = f"{IDENTIFIERS}/iin"
Person = Mapping[str, Any]


def name_of(person: Person) -> str:
    """Family and given name, as the record has them."""
    official = _official(person)
    given = (official.get("given") or [""])[0]
    said = f"{official.get('family', '')} {given}".strip()
    return said or str(official.get("text") or gettext("no name"))


def full_name_of(person: Person) -> str:
    """Family name, given name and patronymic."""
    official = _official(person)
    parts = [str(official.get("family", "")), *map(str, official.get("given") or [])]
    return " ".join(part for part in parts if part) or name_of(person)


def _official(person: Person) -> Mapping[str, Any]:
    names = person.get("name") or [{}]
    found: Mapping[str, Any] = next(
        (one for one in names if one.get("use") == "official"), names[0]
    )
    return found


def sex_of(person: Person) -> str:
    """One letter, as staff abbreviate it; empty where it is not recorded."""
    return {"female": gettext("f"), "male": gettext("m")}.get(str(person.get("gender", "")), "")


def born_on(person: Person) -> date | None:
    """The day of birth where it is known to the day."""
    born = str(person.get("birthDate", ""))
    return date.fromisoformat(born) if len(born) == 10 else None


def age_of(person: Person, today: date) -> str:
    """How old somebody is, or was when they died; the year of birth where that is all there is."""
    born = born_on(person)
    if born is None:
        return str(person.get("birthDate", ""))
    died = str(person.get("deceasedDateTime", ""))[:10]
    return dates.age(born, date.fromisoformat(died) if len(died) == 10 else today)


def who(person: Person, today: date) -> str:
    """What tells namesakes apart: sex, age, and the end of the IIN."""
    end = iin_end(person)
    number = gettext("IIN …%(end)s") % {"end": end} if end else gettext("no IIN")
    return " · ".join(filter(None, (sex_of(person), age_of(person, today), number)))


def iin_of(person: Person) -> str:
    """The individual identification number; empty where there is none."""
    numbers = person.get("identifier") or ()
    return next((str(one.get("value", "")) for one in numbers if one.get("system") == _IIN), "")


def iin_end(person: Person) -> str:
    """The last four digits of the number, which tell namesakes apart."""
    return iin_of(person)[-4:]


def language_code(person: Person) -> str:
    """The language to speak and write to somebody in; empty where nobody asked."""
    said = person.get("communication") or ()
    first = next((one for one in said if one.get("preferred")), next(iter(said), None))
    for coding in ((first or {}).get("language") or {}).get("coding") or ():
        return str(coding.get("code", ""))[:2]
    return ""


def speaks(person: Person) -> str:
    """Which language somebody speaks, in words."""
    code = language_code(person)
    return str(SPEAKS.get(code, code)) if code else gettext("language not asked")


def address_of(person: Person) -> str:
    """The address people find the door by."""
    first = (person.get("address") or [{}])[0]
    lines = first.get("line") or []
    return str(first.get("text") or ", ".join([*lines, first.get("city", "")]).strip(", "))


def phone_of(person: Person) -> str:
    """The first telephone number; empty where there is none."""
    contacts = person.get("telecom") or ()
    return next((str(one.get("value", "")) for one in contacts if one.get("system") == "phone"), "")
