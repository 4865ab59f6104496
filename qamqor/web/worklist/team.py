"""The team: what each role of each area has to do, for who leads it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from qamqor.services.access.actor import Actor
from qamqor.services.worklist import team as service
from qamqor.web.access import staff
from qamqor.web.worklist.asked import LATE_DAYS

ESCALATED: Final[dict[str, str | Promise]] = {
    "lead_nurse": _("goes to the lead nurse"),
    "head": _("goes to the head"),
}
"""Whole words for each role, because a role's name changes its ending in a sentence."""
CONFIRMED: Final = "confirmed"


@require_GET
@staff
def team(request: HttpRequest, actor: Actor) -> HttpResponse:
    now, day = timezone.now(), timezone.localdate()
    language = (get_language() or "en")[:2]
    board = service.board(actor, as_of=day, at=now, language=language)
    context = {
        "board": board,
        "now": now,
        "list": _list,
        "late": {days: name for name, days in LATE_DAYS.items()},
        "escalated": ESCALATED,
        "confirmed": CONFIRMED,
    }
    return render(request, "worklist/team.html", context)


def _list(**filters: object) -> str:
    """What an address of the list says to show these people."""
    return urlencode({name: str(value) for name, value in filters.items() if value})
