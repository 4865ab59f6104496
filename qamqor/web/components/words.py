"""Words more than one page needs: roles, languages, the states of what is due."""

from __future__ import annotations

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qamqor.store.accounts import Account

_PHONE: Final = re.compile(r"(\+7)([0-9]{3})([0-9]{3})([0-9]{2})([0-9]{2})")
ROLES: Final[dict[str, str | Promise]] = {
    "gp": _("General practitioner"),
    "practice_nurse": _("Practice nurse"),
    "district_nurse": _("District nurse"),
    "midwife": _("Midwife"),
    "psychologist": _("Psychologist"),
    "social_worker": _("Social worker"),
    "registrar": _("Registry"),
    "lead_nurse": _("Lead nurse"),
    "head": _("Head of site"),
    "region_analyst": _("Region"),
    "ministry_author": _("Ministry"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
    "resident": _("Resident"),
}
STATES: Final[dict[str, str | Promise]] = {
    "urgent": _("Urgent"),
    "overdue": _("Overdue"),
    "due": _("Due"),
    "soon": _("Planned"),
    "done": _("Done"),
    "wait": _("Waiting"),
}
LANGUAGE_SHORT: Final = {"kk": "ҚАЗ", "ru": "РУС", "en": "ENG"}


def role(code: str) -> str:
    """A role in words; one without words yet is shown as it is written."""
    return str(ROLES.get(code, code))


def state(code: str) -> str:
    """A state in words."""
    return str(STATES[code])


def staff_name(account: Account) -> str:
    """Family name first, as everywhere on the pages; the user name where there is no other."""
    return f"{account.last_name} {account.first_name}".strip() or str(account.get_username())


def short_staff_name(account: Account) -> str:
    """Surname and initials, for the header, where the box that finds people needs the room."""
    letters = " ".join(f"{part[0]}." for part in account.first_name.split())
    return f"{account.last_name} {letters}".strip() if account.last_name else staff_name(account)


def phone(number: str) -> str:
    """A telephone number in groups, as it is read aloud and typed; another one as it is."""
    found = _PHONE.fullmatch(number)
    if found is None:
        return number
    country, area, *rest = found.groups()
    return "\N{NO-BREAK SPACE}".join([country, area, "-".join(rest)])


def initials(name: str) -> str:
    """Two letters that stand for somebody in a small circle."""
    return "".join(part[0] for part in name.split()[:2]).upper()
