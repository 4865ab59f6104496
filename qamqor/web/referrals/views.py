"""Write a referral, follow it, answer it, and see all of the team's."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qamqor.engine.booking import Booking
from qamqor.engine.referral import State
from qamqor.services.access.actor import Actor
from qamqor.services.booking import meeting
from qamqor.services.referral import follow, lists, write
from qamqor.services.referral.follow import Step
from qamqor.services.visit import drafts
from qamqor.web.access import staff
from qamqor.web.components import people, reader
from qamqor.web.referrals import presenters
from qamqor.web.referrals.forms import ReferForm, StepForm

BOTH = ["GET", "HEAD", "POST"]
KIND = "referral"


@require_http_methods(BOTH)
@staff
def refer(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """The form with what was typed before; sent, it leads to the referral."""
    now = timezone.now()
    desk = write.desk(patient, actor=actor, at=now, language=reader.language())
    if request.method != "POST":
        kept = drafts.own(patient, actor, KIND)
        if kept is not None and write.is_sent(kept.key):  # Sent, and cut off before the draft went.
            drafts.throw_away(patient, kept.key, actor=actor, at=now)
            kept = None
        kept = kept or drafts.new(actor, now)
        first = {**kept.fields, "enclosed": kept.fields.get("enclosed", "").split()}
        form = _form(desk, initial={"key": kept.key, "version": kept.version, **first})
        return _page(request, patient, desk, form, kept)
    form = _form(desk, request.POST)
    standing = drafts.standing(patient, str(form["key"].value()), actor=actor, at=now)
    if request.POST.get("act") == "compare" or not form.is_valid():
        return _page(request, patient, desk, form, standing, status=422)
    key = str(form.cleaned_data["key"])
    made = write.send(patient, form.wish(), actor=actor, at=now, key=key)
    drafts.throw_away(patient, key, actor=actor, at=now)
    messages.success(request, gettext("Sent."))
    return redirect("referral", request_id=made)


@require_POST
@staff
def draft(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Keeps what is typed while it is typed."""
    form = ReferForm(request.POST)
    form.is_valid()
    if "key" not in form.cleaned_data:
        return HttpResponse(status=400)
    if write.is_sent(str(form.cleaned_data["key"])):
        return HttpResponse(status=204)
    seen = str(form["version"].value() or "0")
    kept = drafts.keep(
        patient, str(form.cleaned_data["key"]), form.typed,
        seen=int(seen) if seen.isdecimal() else 0, actor=actor, at=timezone.now(), kind=KIND,
    )  # fmt: skip
    if kept.is_stale:
        return HttpResponse(status=409)
    return render(request, "referrals/draft.html", {"draft": kept.draft})


def _form(desk: write.Desk, data: Any = None, initial: dict[str, Any] | None = None) -> ReferForm:
    form = ReferForm(data, initial=initial)
    asked = [("", gettext("choose")), *desk.performers]
    choices = {
        "service": presenters.services(),
        "performer": asked,
        "enclosed": presenters.enclosable(desk.enclosable),
    }
    for name, chosen in choices.items():
        form.fields[name].choices = chosen  # type: ignore[attr-defined]
    return form


def _page(
    request: HttpRequest,
    patient: str,
    desk: write.Desk,
    form: ReferForm,
    kept: drafts.Draft,
    *,
    status: int = 200,
) -> HttpResponse:
    is_elsewhere = form.is_bound and str(kept.version) != str(form["version"].value() or "0")
    if is_elsewhere:
        again = request.POST.copy()
        again["version"] = str(kept.version)
        form = _form(desk, again)
    context = {
        "patient": patient,
        "name": people.name_of(desk.person),
        "line": people.age_of(desk.person, timezone.localdate()),
        "form": form,
        "draft": kept,
        "is_elsewhere": is_elsewhere,
        "theirs": kept.fields.get("question", ""),
    }
    return render(request, "referrals/refer.html", context, status=status)


@require_GET
@staff
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The team's referrals by state; ``to=us`` are those others sent here."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in lists.TABS else "sent"
    incoming = request.GET.get("to") == "us"
    said = request.GET.get("page", "1")
    number = max(1, int(said)) if said.isdecimal() and len(said) < 5 else 1
    today, now = timezone.localdate(), timezone.now()
    found = lists.listed(
        actor,
        tab=tab,
        incoming=incoming,
        as_of=today,
        at=now,
        page=number,
        language=reader.language(),
    )
    side = "&to=us" if incoming else ""
    tabs = [
        {"name": name, "href": f"/referrals?tab={code}{side}", "count": found.counts[code],
         "is_current": code == tab}
        for code, name in presenters.TABS.items()
    ]  # fmt: skip
    context = {
        "rows": presenters.rows(found.lines, today, incoming=incoming),
        "tabs": tabs,
        "tab": tab,
        "incoming": incoming,
        "late": found.late,
        "now": now,
        "page": number,
        "pages": -(-found.total // lists.PAGE) or 1,
        "side": side,
    }
    return render(request, "referrals/list.html", context)


@require_http_methods(BOTH)
@staff
def one(request: HttpRequest, actor: Actor, request_id: str) -> HttpResponse:
    """One referral: what was asked, how far it is, the answer, and the next step."""
    if request.method != "POST":
        return _one(request, actor, request_id, None)
    form = StepForm(request.POST)
    if not form.is_valid():
        return _one(request, actor, request_id, form)
    said = form.cleaned_data
    step = Step(
        State(said["to"]), said["version"], said["on"], said["text"], said["clock"], said["place"]
    )
    met = _met(request_id, step, actor)
    if {one.id for one in met} - set(said["accepted"].split()):
        return _one(request, actor, request_id, form, met)
    follow.take(request_id, step, actor=actor, at=timezone.now(), key=str(said["key"]))
    messages.success(request, gettext("Saved."))
    return redirect("referral", request_id=request_id)


def _met(request_id: str, step: Step, actor: Actor) -> list[Booking]:
    """The person's bookings at the time that is being set."""
    if step.to is not State.booked or step.on is None or step.clock is None:
        return []
    return meeting.of_referral(request_id, step.on, step.clock, actor=actor, at=timezone.now())


def _one(
    request: HttpRequest, actor: Actor, request_id: str, form: StepForm | None,
    met: Sequence[Booking] = (),
) -> HttpResponse:  # fmt: skip
    today, now = timezone.localdate(), timezone.now()
    whole = lists.one(request_id, actor=actor, as_of=today, at=now, language=reader.language())
    asked = whole.carried.request
    performers = [whole.names.get(str(o.get("reference")), "") for o in asked.get("performer", [])]
    requester = str((asked.get("requester") or {}).get("reference", ""))
    shape, said = presenters.state(whole)
    task = whole.carried.task or {}
    context = {
        "id": request_id,
        "patient": str(asked["subject"]["reference"]).removeprefix("Patient/"),
        "name": people.name_of(whole.person),
        "line": people.age_of(whole.person, today),
        "service": presenters.service(_code(asked)),
        "priority": presenters.priority(str(asked.get("priority", "routine"))),
        "is_urgent": asked.get("priority", "routine") != "routine",
        "performer": ", ".join(filter(None, performers)) or gettext("not named"),
        "requester": whole.names.get(requester) or gettext("not named"),
        "question": presenters.question(whole),
        "enclosed": [line for _, line in presenters.enclosable(whole.enclosed)],
        "hidden": whole.hidden,
        "marks": presenters.marks(whole),
        "booked": presenters.booked(whole),
        "day_set": presenters.day_set(whole, form, today, ", ".join(filter(None, performers))),
        "seen_on": presenters.seen_on(form, today),
        "answers": presenters.answers(whole),
        "state": shape,
        "said": said,
        "reply_by": whole.reply_by,
        "today": today,
        "why": str((task.get("statusReason") or {}).get("text", "")),
        "steps": [(str(step), str(presenters.STEPS[step])) for step in whole.steps],
        "form": form or StepForm(initial={"version": whole.carried.version, "on": today}),
        "key": uuid.uuid4() if form is None else form["key"].value(),
        "version": whole.carried.version if form is None else form["version"].value(),
        "chosen": form["to"].value() if form is not None else "",
        "met": presenters.met(met),
        "accepted": " ".join(one.id for one in met),
        "messages": messages.get_messages(request),
    }
    status = 200 if form is None else 409 if met else 422
    return render(request, "referrals/one.html", context, status=status)


def _code(asked: Any) -> str:
    codings = (asked.get("code") or {}).get("coding") or [{}]
    return str(codings[0].get("code", ""))
