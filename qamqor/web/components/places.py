"""Where a member of staff can go from any page: the lines of the navigation, by role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qamqor.web.access import DESK, SECOND, STAFF


class Place(NamedTuple):
    """One line of the navigation.

    Attributes:
        view: name of the page's address; whatever begins with that address belongs to the place.
        roles: who is shown the line; the page itself decides who may open it.
        is_for_phones: only at the bottom of a phone; a wider page has it elsewhere.
    """

    view: str
    name: str | Promise
    icon: str
    roles: frozenset[str]
    is_for_phones: bool = False


class Shown(NamedTuple):
    """A line as a page shows it."""

    name: str
    href: str
    icon: str
    is_current: bool
    is_for_phones: bool


PLACES: Final = (
    Place("today", _("Today"), "list", STAFF),
    Place("team", _("Team"), "people", frozenset({"lead_nurse", "head"})),
    Place("referrals", _("Referrals"), "arrow", STAFF),
    Place(
        "vaccination_watch",
        _("Vaccinations"),
        "syringe",
        STAFF - {"psychologist", "social_worker"},
    ),
    Place(
        "round",
        _("Home visits"),
        "place",
        frozenset(
            {"district_nurse", "practice_nurse", "midwife", "gp", "social_worker", "psychologist"}
        ),
    ),
    Place("find", _("Find"), "search", DESK, is_for_phones=True),
    Place("support", _("My steps"), "heart", STAFF),
    Place("bookings", _("Bookings"), "calendar", DESK),
    Place("conference", _("Conference"), "people", STAFF),
    Place("exports", _("Exports"), "lock", SECOND),
    Place("register", _("Register"), "plus", frozenset({"registrar"})),
    Place("twins", _("Duplicates"), "people", frozenset({"registrar"})),
)
"""In the order of a working day. On a phone the first five stand at the bottom."""


def places(request: HttpRequest) -> tuple[Shown, ...]:
    """What the reader of a page may be shown; nothing to somebody not signed in."""
    return tuple(_shown(request))


def _shown(request: HttpRequest) -> Iterator[Shown]:
    role = getattr(getattr(request, "user", None), "role", "")
    for place in PLACES:
        if role in place.roles:
            href = reverse(place.view)
            here = request.path == href or request.path.startswith(f"{href}/")
            yield Shown(str(place.name), href, place.icon, here, place.is_for_phones)


def finds_people(request: HttpRequest) -> bool:
    """Whether the reader of a page is offered the box that finds people."""
    return getattr(getattr(request, "user", None), "role", "") in DESK
