"""Today: who needs me, why, and what came of asking them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from qamqor.engine.worklist import Tab
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import cover
from qamqor.services.worklist import outcome as outcomes
from qamqor.services.worklist import today as worklist
from qamqor.web.access import DESK, STAFF, staff
from qamqor.web.components import needs
from qamqor.web.worklist import asked, booking, handing, presenters
from qamqor.web.worklist.asked import Asked
from qamqor.web.worklist.forms import OutcomeForm, SlotForm, UndoForm

MINE: Final = "changed_by_me"
YEAR: Final = 365 * 24 * 3600


@require_GET
@login_required
def start(request: HttpRequest) -> HttpResponse:
    role = getattr(request.user, "role", "")
    return redirect("today" if role in STAFF else "find" if role in DESK else "account_home")


@require_GET
@staff
def today(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _list(request, actor)


@require_GET
@staff
def why(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(
            request, "worklist/panel.html", _panel(actor, patient, asked.asked(request, actor))
        )
    return _list(request, actor, patient)


@require_GET
@staff
def changed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How many places changed since the page was made; the page itself never moves."""
    found, since = asked.asked(request, actor), request.GET.get("since", "")
    number = 0
    if since.isascii() and since.isdigit() and len(since) < 16:
        number = worklist.changed_since(
            actor, int(since), filters=found.filters, apart_from=request.session.get(MINE, [])
        )
    return render(request, "worklist/changed.html", {"number": number, "query": found.query()})


@require_POST
@staff
def density(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Keep how dense this worker wants lists; it is a matter of sizes only."""
    answer = redirect(_address(request))
    wanted = "compact" if request.POST.get("density") == "compact" else "comfortable"
    answer.set_cookie("qamqor_density", wanted, max_age=YEAR, httponly=True, samesite="Lax")
    return answer


@require_POST
@staff
def outcome(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    day = timezone.localdate()
    form = OutcomeForm(request.POST, initial={"today": day})
    if not form.is_valid():
        return _refused(request, actor, patient, form)
    found = outcomes.Outcome(
        code=form.cleaned_data["outcome"],
        actions=tuple(form.cleaned_data["actions"].split()),
        medium=form.cleaned_data["medium"],
        until=form.cleaned_data["until"],
        reason=form.cleaned_data["reason"],
    )
    key = str(form.cleaned_data["key"])
    outcomes.record(patient, found, actor=actor, at=timezone.now(), today=day, key=key)
    request.session["undo"] = {"patient": patient, "key": key, "actions": len(found.actions)}
    said = gettext("Saved: %(outcome)s.") % {"outcome": presenters.OUTCOMES[found.code]}
    ask = found.code == "agreed" and bool(request.headers.get("HX-Request"))
    slots = booking.asked(actor, patient) if ask else None
    return _moved(request, actor, patient, said, slots=slots)


@require_POST
@staff
def book(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Book the time that was pressed, or leave it without one, and open the next person."""
    form = SlotForm(request.POST)
    if not form.is_valid() or (form.cleaned_data["slot"] is None and not form.cleaned_data["skip"]):
        raise Unusable([Issue("value", "choose one of the times", "slot")], status=422)
    if form.cleaned_data["skip"]:
        return _moved(request, actor, patient, "")
    made, said = booking.keep(form.cleaned_data, actor, patient)
    if not made.id:
        slots = booking.asked(actor, patient, is_taken=True)
        return _moved(request, actor, patient, "", slots=slots, status=409)
    request.session.pop("undo", None)
    return _moved(request, actor, patient, said)


@require_POST
@staff
def undo(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    form = UndoForm(request.POST)
    said = ""
    if form.is_valid():
        key, actions = str(form.cleaned_data["key"]), form.cleaned_data["actions"]
        outcomes.undo(patient, actor=actor, at=timezone.now(), key=key, actions=actions)
        said = gettext("Taken back. It stays in the history as entered by mistake.")
    request.session.pop("undo", None)
    return _moved(request, actor, patient, said, is_undone=True)


def _moved(
    request: HttpRequest, actor: Actor, patient: str, said: str, *, is_undone: bool = False,
    slots: dict[str, Any] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The list stays as it is: the person's own row says what is new, and the next one opens.

    Args:
        slots: times to choose from for the same person, before the next one opens.
    """
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        return redirect(_address(request))
    request.session[MINE] = sorted({*request.session.get(MINE, []), patient})[-500:]
    day, found = timezone.localdate(), asked.asked(request, actor)
    line = worklist.one(actor, patient, as_of=day, at=timezone.now(), role=found.filters.role)
    now_on = "" if found.tab in (None, line.row.tab) else presenters.TABS[line.row.tab]
    onwards = patient if is_undone else request.POST.get("onwards", "")[:64]
    context: dict[str, Any] = {
        "said": said,
        "undo": request.session.get("undo"),
        "moved": presenters.shown(line, day),
        "now_on": "" if is_undone else now_on or gettext("recorded"),
        "tabs": _tabs(worklist.counts(actor, as_of=day, filters=found.filters), found),
        "query": found.query(),
        "open": onwards,
        "is_undone": is_undone,
        "slots": slots,
        "onwards": onwards,
    }
    if slots is None and onwards:
        context |= _panel(actor, onwards, found)
    return render(request, "worklist/moved.html", context, status=status)


def _refused(request: HttpRequest, actor: Actor, patient: str, form: OutcomeForm) -> HttpResponse:
    if request.headers.get("HX-Request"):
        panel = _panel(actor, patient, asked.asked(request, actor), form)
        return render(request, "worklist/panel.html", panel, status=422)
    return _list(request, actor, patient, form=form)


def _address(request: HttpRequest) -> str:
    query = request.GET.urlencode()
    return f"/today?{query}" if query else "/today"


def _list(
    request: HttpRequest, actor: Actor, patient: str = "", form: OutcomeForm | None = None
) -> HttpResponse:
    wish = asked.asked(request, actor)
    day, now = timezone.localdate(), timezone.now()
    found = worklist.today(
        actor, tab=wish.tab, as_of=day, at=now, filters=wish.filters, page=wish.page
    )
    wish = replace(wish, tab=found.tab)
    request.session.pop(MINE, None)
    context = {
        "found": found,
        "wish": wish,
        "choices": asked.choices(wish, actor),
        "tab": found.tab,
        "tabs": _tabs(found.counts, wish),
        "blocks": list(presenters.blocks(found.lines, day)),
        "empty": presenters.EMPTY.get(found.tab, ""),
        "together": presenters.TOGETHER.get(found.tab, ""),
        "now": now,
        "page": wish.page,
        "pages": -(-found.people // worklist.PAGE) or 1,
        "query": wish.query(),
        "undo": request.session.get("undo"),
        "covered": cover.covered_by(actor, as_of=day),
        **_handed_on(actor),
        "messages": messages.get_messages(request),
        "open": patient,
        **(_panel(actor, patient, wish, form) if patient else {}),
    }
    status = 422 if form is not None else 200
    return render(request, "worklist/today.html", context, status=status)


def _handed_on(actor: Actor) -> dict[str, Any]:
    """Who has the reader's list while they are away; on each row if all their people went along."""
    found = cover.away_of(actor, as_of=timezone.localdate())
    areas = frozenset().union(*(one.areas for one in found))
    return {"away": found, "with_whom": found[0].by if found and actor.areas <= areas else ""}


def _tabs(counts: Any, wish: Asked) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "href": f"/today?{wish.query(tab=tab, page='')}",
            "count": counts[tab],
            "is_current": tab is wish.tab,
        }
        for tab, name in presenters.TABS.items()
    ]


def _panel(
    actor: Actor, patient: str, wish: Asked, form: OutcomeForm | None = None
) -> dict[str, object]:
    day = timezone.localdate()
    line = worklist.one(actor, patient, as_of=day, at=timezone.now(), role=wish.filters.role)
    person = presenters.shown(line, day)
    if form is None:
        first = {"today": day, "key": uuid.uuid4(), "until": _coming_on(line, day)}
        actions = " ".join(need.key for need in person.needs if not need.is_masked)
        form = OutcomeForm(initial={**first, "actions": actions, "medium": "phone"})
    return {
        "person": person,
        "rests_on": presenters.rests_on(line),
        "booked": presenters.booked_beside(line.row, day),
        "form": form,
        "day": day,
        "by_when": needs.by_when,
        "query": wish.query(),
        "handed": handing.shown(actor, line),
    }


def _coming_on(line: worklist.Line, day: date) -> date:
    """The day that stands in the form: of what is agreed already, else the next."""
    is_agreed = line.row.tab is Tab.agreed
    return date.fromisoformat(line.row.agreed[:10]) if is_agreed else day + timedelta(days=1)
