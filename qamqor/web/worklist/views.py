"""Today: who needs me, why, and what came of asking them."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from qamqor.engine.worklist import Tab
from qamqor.services.access.actor import Actor
from qamqor.services.worklist import outcome as outcomes
from qamqor.services.worklist import today as worklist
from qamqor.web.access import DESK, STAFF, staff
from qamqor.web.worklist import presenters
from qamqor.web.worklist.forms import OutcomeForm, UndoForm


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
        return render(request, "worklist/panel.html", _panel(request, actor, patient))
    return _list(request, actor, patient)


@require_POST
@staff
def outcome(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    day = timezone.localdate()
    form = OutcomeForm(request.POST, initial={"today": day})
    if not form.is_valid():
        return _list(request, actor, patient, form=form)
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
    said = presenters.OUTCOMES[found.code]
    messages.success(request, gettext("Saved: %(outcome)s.") % {"outcome": said})
    return redirect(_address(request))


@require_POST
@staff
def undo(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    form = UndoForm(request.POST)
    if form.is_valid():
        key, actions = str(form.cleaned_data["key"]), form.cleaned_data["actions"]
        outcomes.undo(patient, actor=actor, at=timezone.now(), key=key, actions=actions)
        messages.success(
            request, gettext("Taken back. It stays in the history as entered by mistake.")
        )
    request.session.pop("undo", None)
    return redirect(_address(request))


def _address(request: HttpRequest) -> str:
    query = request.GET.urlencode()
    return f"/today?{query}" if query else "/today"


def _asked(request: HttpRequest) -> tuple[Tab | None, str, int]:
    said, page = request.GET.get("tab", ""), request.GET.get("page", "1")
    tab = Tab(said) if said in set(Tab) else None
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    return tab, request.GET.get("role", ""), max(1, number)


def _list(
    request: HttpRequest, actor: Actor, patient: str = "", form: OutcomeForm | None = None
) -> HttpResponse:
    tab, role, page = _asked(request)
    day, now = timezone.localdate(), timezone.now()
    found = worklist.today(actor, tab=tab or Tab.to_see, as_of=day, at=now, role=role, page=page)
    context = {
        "found": found,
        "tab": tab or Tab.to_see,
        "tabs": _tabs(found, tab or Tab.to_see, role),
        "blocks": list(presenters.blocks(found.lines, day)),
        "now": now,
        "page": page,
        "pages": -(-found.people // worklist.PAGE) or 1,
        "query": request.GET.urlencode(),
        "beside": f"&role={role}" if role else "",
        "undo": request.session.get("undo"),
        "messages": messages.get_messages(request),
        "open": patient,
        **(_panel(request, actor, patient, form) if patient else {}),
    }
    status = 422 if form is not None else 200
    return render(request, "worklist/today.html", context, status=status)


def _tabs(found: worklist.Today, current: Tab, role: str) -> list[dict[str, object]]:
    beside = f"&role={role}" if role else ""
    return [
        {
            "name": name,
            "href": f"/today?tab={tab}{beside}",
            "count": found.counts[tab],
            "is_current": tab is current,
        }
        for tab, name in presenters.TABS.items()
    ]


def _panel(
    request: HttpRequest, actor: Actor, patient: str, form: OutcomeForm | None = None
) -> dict[str, object]:
    day = timezone.localdate()
    line = worklist.one(actor, patient, as_of=day, at=timezone.now())
    person = presenters.shown(line.row, line.person, day)
    if form is None:
        first = {"today": day, "key": uuid.uuid4(), "until": day + timedelta(days=1)}
        actions = " ".join(need.key for need in person.needs)
        form = OutcomeForm(initial={**first, "actions": actions, "medium": "phone"})
    return {"person": person, "form": form, "day": day, "query": request.GET.urlencode()}
