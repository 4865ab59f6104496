"""Who the sign-in page of the demo offers: one person for each role."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qamqor.services import accounts
from qamqor.store.accounts import Account

SHOWN: Final[dict[str, tuple[str, str | Promise]]] = {
    "gp": ("people", _("today, visits, plans")),
    "practice_nurse": ("heart", _("today, visits, calls")),
    "district_nurse": ("place", _("home visits, families")),
    "midwife": ("plus", _("pregnancy, newborns")),
    "psychologist": ("message", _("own list, sensitive notes")),
    "social_worker": ("home", _("needs, benefits")),
    "registrar": ("calendar", _("search, attach, book")),
    "lead_nurse": ("list", _("the whole team, cover")),
    "head": ("bars", _("measures, actions")),
    "region_analyst": ("place", _("comparison, outbreaks")),
    "ministry_author": ("flag", _("rules, replay")),
    "auditor": ("lock", _("who opened what")),
    "administrator": ("settings", _("accounts, applications")),
    "resident": ("eye", _("their own page")),
}


class Role(NamedTuple):
    """One card of the demo: whose account, its picture, and what they do."""

    account: Account
    icon: str
    duty: str


def roles() -> list[Role]:
    """The cards of the demo in the order of the roles; none outside the demo."""
    if not settings.QAMQOR.is_demo:
        return []
    there = {
        found.role: found for found in accounts.everyone() if found.is_demo and found.is_active
    }
    return [
        Role(there[role], icon, str(duty)) for role, (icon, duty) in SHOWN.items() if role in there
    ]
