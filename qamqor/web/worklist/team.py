"""The team: what each role of each area has to do, for who leads it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from markupsafe import Markup

from qamqor.engine.charts.load import load
from qamqor.errors import Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import cover as covers
from qamqor.services.worklist import team as service
from qamqor.web.access import staff
from qamqor.web.components import reader
from qamqor.web.worklist import cover
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
    return page(request, actor)


def page(request: HttpRequest, actor: Actor, form: cover.CoverForm | None = None) -> HttpResponse:
    """The page of the team; with the form of a cover that could not be saved."""
    now, day = timezone.now(), timezone.localdate()
    language = reader.language()
    board = service.board(actor, as_of=day, at=now, language=language)
    context = {
        "board": board,
        "now": now,
        "list": _list,
        "load": _drawn,
        "late": {days: name for name, days in LATE_DAYS.items()},
        "escalated": ESCALATED,
        "confirmed": CONFIRMED,
        "messages": messages.get_messages(request),
        **cover.shown(actor, form),
    }
    status = 200 if form is None else 422
    return render(request, "worklist/team.html", context, status=status)


@require_POST
@staff
def put_cover(request: HttpRequest, actor: Actor) -> HttpResponse:
    day, now = timezone.localdate(), timezone.now()
    form = cover.made(actor, request.POST)
    if form.is_valid():
        try:
            covers.put(**form.cleaned_data, actor=actor, as_of=day, at=now)
        except Unusable as refused:
            cover.say_refused(form, refused)
    if not form.is_valid():
        return page(request, actor, form)
    messages.success(request, gettext("Saved. The list comes back by itself after the last day."))
    return redirect("team")


@require_POST
@staff
def end_cover(request: HttpRequest, actor: Actor, id_: str) -> HttpResponse:
    form = cover.EndForm(request.POST)
    if form.is_valid():
        covers.end(id_, version=form.cleaned_data["version"], actor=actor, at=timezone.now())
        messages.success(request, gettext("The list is back. The cover stays in the history."))
    return redirect("team")


def _drawn(times: float, label: str) -> Markup:
    return Markup(load(times, label))  # noqa: S704


def _list(**filters: object) -> str:
    """What an address of the list says to show these people."""
    return urlencode({name: str(value) for name, value in filters.items() if value})
