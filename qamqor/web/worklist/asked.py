"""What of the list an address asks for; what makes no sense asks for everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from qamqor.engine.programmes import words
from qamqor.engine.worklist import Tab
from qamqor.services import installed
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import places
from qamqor.services.worklist.today import LEADING, Filters, roles_of
from qamqor.web.components import reader
from qamqor.web.components.words import role as role_name
from qamqor.web.worklist import presenters

LATE_DAYS: Final = {"week": 7, "month": 30}
URGENCY: Final = ("1", "2", "3")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a tab, a page, filters; ``late`` is how long somebody is late.

    An address without a tab leaves to the list where it begins.
    """

    tab: Tab | None
    page: int
    filters: Filters
    late: str = ""

    def query(self, **instead: object) -> str:
        """The address of the same list with something else; empty values are left out."""
        f = self.filters
        said = {
            "tab": str(self.tab or ""),
            "role": f.role,
            "programme": f.programme,
            "urgency": str(f.most_urgent) if f.most_urgent < 4 else "",
            "channel": f.channel,
            "place": f.place,
            "area": f.area,
            "late": self.late,
            "household": "1" if f.is_household else "",
            "page": str(self.page) if self.page > 1 else "",
            **{name: str(value) for name, value in instead.items()},
        }
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def number(self) -> int:
        """How many filters are set."""
        f = self.filters
        own = (f.programme, f.channel, f.place, f.area, f.role, self.late, f.is_household)
        return sum(map(bool, own)) + (f.most_urgent < 4)


def asked(request: HttpRequest, actor: Actor) -> Asked:
    """What a request asks for.

    Raises:
        NotAllowed: the list of a role that is not theirs to see.
    """
    said = {name: value[:64] for name, value in request.GET.items() if isinstance(value, str)}
    number, tab, late = said.get("page", ""), said.get("tab", ""), said.get("late", "")
    urgency = said.get("urgency", "")
    is_named = said.get("role") in roles_of(actor) and actor.role in LEADING
    filters = Filters(
        role=said["role"] if is_named else "",
        programme=said.get("programme", ""),
        most_urgent=int(urgency) if urgency in URGENCY else 4,
        channel=said.get("channel", "") if said.get("channel") in presenters.CHANNELS else "",
        place=said.get("place", ""),
        area=said.get("area", ""),
        is_household=said.get("household") == "1",
    )
    if said.get("role") and not is_named:
        roles_of(actor, said["role"])
    if late in LATE_DAYS:
        filters = replace(filters, late_from=timezone.localdate() - timedelta(days=LATE_DAYS[late]))
    return Asked(
        tab=Tab(tab) if tab in set(Tab) else None,
        page=int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1,
        filters=filters,
        late=late if late in LATE_DAYS else "",
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter as a list to choose from: value, words, whether it is chosen."""

    name: str
    label: str
    options: tuple[tuple[str, str, bool], ...]


def choices(found: Asked, actor: Actor) -> list[Choice]:
    """The filters that have something to choose for this reader."""
    f, language = found.filters, reader.language()
    programmes = {one.id: words.title(one, language) for one in installed.pack().programmes}
    return [
        one
        for one in (
            _choice(
                "role", gettext("Whose list"), _roles(actor), f.role, gettext("the whole team")
            ),
            _choice("area", gettext("Area"), _areas(actor, language), f.area),
            _choice(
                "programme",
                gettext("Programme"),
                sorted(programmes.items(), key=lambda one: one[1].casefold()),
                f.programme,
            ),
            _choice(
                "urgency",
                gettext("Urgency"),
                [("1", gettext("today only")), ("2", gettext("today and soon"))],
                str(f.most_urgent),
            ),
            _choice(
                "channel",
                gettext("How"),
                [(code, str(name)) for code, name in presenters.CHANNELS.items()],
                f.channel,
            ),
            _choice(
                "place", gettext("Town or village"), places.settlements(actor, language), f.place
            ),
            _choice(
                "late",
                gettext("Late"),
                [("week", gettext("a week or more")), ("month", gettext("a month or more"))],
                found.late,
            ),
        )
        if len(one.options) > 2 or (one.options and any(chosen for _, _, chosen in one.options[1:]))
    ]


def _choice(
    name: str, label: str, options: Sequence[tuple[str, str]], chosen: str, every: str = ""
) -> Choice:
    first = ("", every or gettext("all"), not chosen)
    return Choice(
        name, label, (first, *((value, text, value == chosen) for value, text in options))
    )


def _roles(actor: Actor) -> list[tuple[str, str]]:
    return [(one, str(role_name(one))) for one in roles_of(actor)] if actor.role in LEADING else []


def _areas(actor: Actor, language: str) -> list[tuple[str, str]]:
    return places.areas(actor, language) if actor.role in LEADING else []
