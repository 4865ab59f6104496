"""Shows a person's vaccinations, records a session and reactions, lists who is to be watched."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from qamqor.services import immunisation_batches as batches
from qamqor.services import immunisation_recording as recording
from qamqor.services import immunisation_session as sessions
from qamqor.services import immunisation_watch as watching
from qamqor.services import installed
from qamqor.services.access.actor import Actor
from qamqor.services.immunisation_session import Calendar, Session
from qamqor.web.access import staff
from qamqor.web.components import reader
from qamqor.web.vaccination import presenters
from qamqor.web.vaccination.forms import ReactionForm, SessionForm, new_key


@require_GET
@staff
def vaccinations(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found, known = _opened(actor, patient)
    context = presenters.card_of(found, known, timezone.localdate())
    context["messages"] = messages.get_messages(request)
    return render(request, "vaccination/vaccinations.html", context)


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@staff
def vaccinate(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found, known = _opened(actor, patient)
    cvxs = _vaccines(request, found)
    if request.method == "POST":
        return _posted(request, actor, found, known, cvxs)
    first = {"key": new_key(), "vaccines": " ".join(map(str, cvxs))}
    if found.consent_on:
        first["consent"] = "yes"
    form = _form(None, actor, cvxs, known, initial=first)
    if request.headers.get("HX-Request"):
        context = _context(found, known, form) | {"added": cvxs[len(_there(request)) :]}
        return render(request, "vaccination/added.html", context)
    return _page(request, found, known, form)


@require_GET
@staff
def done(request: HttpRequest, actor: Actor, patient: str, key: uuid.UUID) -> HttpResponse:
    found, known = _opened(actor, patient)
    context = presenters.saved(found, known, str(key), timezone.localdate())
    return render(request, "vaccination/done.html", context)


@require_http_methods(["GET", "POST"])
@staff
def reaction(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found, known = _opened(actor, patient)
    day, now = timezone.localdate(), timezone.now()
    doses = presenters.doses_to_choose(found, known)
    events = [(code, said[reader.language()]) for code, said in known.giving.reactions.items()]
    first = {"happened_on": f"{day:%d.%m.%Y}", "doses": request.GET.getlist("dose")}
    form = ReactionForm(request.POST or None, doses=doses, events=events, initial=first)
    if form.is_valid():
        told = form.reaction()
        recording.record_reaction(patient, told, known.opened, actor=actor, at=now, today=day)
        messages.success(request, gettext("The reaction is in the record."))
        return redirect("vaccinations", patient=patient)
    context = {"person": presenters.bar_of(found, day), "patient": patient, "form": form}
    status = 422 if form.errors else 200
    return render(request, "vaccination/reaction.html", context, status=status)


@require_GET
@staff
def watch(request: HttpRequest, actor: Actor) -> HttpResponse:
    now, day = timezone.now(), timezone.localdate()
    known = sessions.calendar(day, reader.language())
    minutes = known.giving.watch_minutes
    people = watching.watched(minutes, actor=actor, at=now)
    context = {
        "people": [presenters.watched(one, known, now, day) for one in people],
        "minutes": minutes,
        "programme": _programme(day),
        "now": now,
    }
    return render(request, "vaccination/watch.html", context)


def _programme(day: date) -> str:
    """The id of the programme whose list asks for doses of a schedule; empty where none does."""
    chosen = installed.choice(day)
    asking = (
        programme.id
        for programme in (chosen.programmes if chosen else ())
        if any(action.schedule is not None for action in programme.actions.values())
    )
    return next(asking, "")


def _opened(actor: Actor, patient: str) -> tuple[Session, Calendar]:
    day = timezone.localdate()
    known = sessions.calendar(day, reader.language())
    found = sessions.begin(patient, known.opened, actor=actor, at=timezone.now(), today=day)
    return found, known


def _vaccines(request: HttpRequest, found: Session) -> list[int]:
    """The vaccines of the session: those proposed for today and any asked for beside them."""
    if request.method == "POST":
        named = str(request.POST.get("vaccines", "")).split()
    else:
        named = _there(request) or [str(one.cvx) for one in found.injections]
        named += request.GET.getlist("also")
    return list(dict.fromkeys(int(one) for one in named if one.isdecimal() and len(one) < 6))


def _there(request: HttpRequest) -> list[str]:
    """The rows a page has already that asks for one more in place."""
    return str(request.GET.get("vaccines", "")).split()


def _form(data: Any, actor: Actor, cvxs: list[int], known: Calendar, **named: Any) -> SessionForm:
    hand = batches.in_hand(actor, timezone.localdate())
    return SessionForm(
        data, cvxs=cvxs, giving=known.giving, batches=hand, language=reader.language(), **named
    )


def _posted(
    request: HttpRequest, actor: Actor, found: Session, known: Calendar, cvxs: list[int]
) -> HttpResponse:
    day, now = timezone.localdate(), timezone.now()
    form = _form(request.POST, actor, cvxs, known)
    if not form.is_valid():
        return _page(request, found, known, form, status=422)
    asked = gettext("Identity, consent and contraindications were asked before the dose.")
    entries, key = form.entries(day, asked), str(form.cleaned_data["key"])
    is_kept = any(True for _ in sessions.saved(found, key))
    findings = {} if is_kept else sessions.check(found, entries, known.opened, day)
    if any(sessions.is_stopped(one, findings.get(one.dose.cvx, ())) for one in entries):
        return _page(request, found, known, form, status=422, findings=findings)
    sessions.record(found, key, entries, known.opened, actor=actor, at=now, today=day)
    used = {
        one.dose.cvx: batches.Batch(one.dose.lot, one.dose.expires_on.isoformat())
        for one in entries
        if not one.reason and one.dose.expires_on
    }
    if used and not is_kept:
        batches.keep(used, actor=actor, at=now, today=day)
    return redirect("vaccinate_done", patient=found.person["id"], key=key)


def _page(
    request: HttpRequest,
    found: Session,
    known: Calendar,
    form: SessionForm,
    status: int = 200,
    findings: presenters.Findings | None = None,
) -> HttpResponse:
    context = _context(found, known, form, findings)
    return render(request, "vaccination/vaccinate.html", context, status=status)


def _context(
    found: Session,
    known: Calendar,
    form: SessionForm,
    findings: presenters.Findings | None = None,
) -> dict[str, Any]:
    until = timezone.now() + timedelta(minutes=known.giving.watch_minutes)
    shown = presenters.session(found, known, form, timezone.localdate(), findings)
    return shown | {"until": until}
