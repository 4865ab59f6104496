"""One person's page, their whole history, who opened it, and the way in for an emergency."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from qamqor.services import break_glass
from qamqor.services.access import trail
from qamqor.services.access.actor import Actor
from qamqor.services.person import history as histories
from qamqor.services.person import page as pages
from qamqor.services.person import wrong as wrongs
from qamqor.services.person.sight import Closed
from qamqor.web.access import staff
from qamqor.web.components import reader
from qamqor.web.person import banner, cards, trails
from qamqor.web.person.forms import GlassForm, WrongForm


@require_GET
@staff
def person(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    return _page(request, actor, patient)


def _page(
    request: HttpRequest, actor: Actor, patient: str, wrong: WrongForm | None = None
) -> HttpResponse:
    found = pages.read(patient, actor=actor, as_of=timezone.localdate(), at=timezone.now())
    if isinstance(found, Closed):
        return _closed(request, patient, GlassForm())
    context = {
        "banner": banner.of(found),
        "page": cards.of(found),
        "wrong": wrong,
        "day": found.as_of,
        "messages": messages.get_messages(request),
    }
    return render(request, "person/person.html", context, status=422 if wrong else 200)


def _closed(request: HttpRequest, patient: str, form: GlassForm) -> HttpResponse:
    status = 422 if form.is_bound else 404
    context = {"form": form, "patient": patient}
    return render(request, "person/closed.html", context, status=status)


@require_POST
@staff
def open_glass(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    form = GlassForm(request.POST)
    if not form.is_valid():
        return _closed(request, patient, form)
    reason = form.cleaned_data["reason"]
    break_glass.open_glass(patient, actor=actor, reason=reason, at=timezone.now())
    messages.success(
        request,
        gettext("Open for 60 minutes. The person is told, and the head of site reviews it."),
    )
    return redirect("person", patient=patient)


@require_POST
@staff
def wrong(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    form = WrongForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, patient, form)
    wrongs.say(
        patient,
        form.cleaned_data["action"],
        reason=form.cleaned_data["reason"],
        key=str(form.cleaned_data["key"]),
        actor=actor,
        at=timezone.now(),
    )
    messages.success(request, gettext("Thank you: it is off the list, with your reason."))
    return redirect("person", patient=patient)


@require_GET
@staff
def history(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    asked = histories.asked(request.GET.get("kind", ""), request.GET.get("before", ""))
    found = histories.read(patient, asked, actor=actor, at=timezone.now())
    context = {"banner": banner.short(found.person, timezone.localdate()), "found": found}
    context |= {"lines": trails.lines(found), "kinds": trails.kinds(found, patient)}
    return render(request, "person/history.html", context)


@require_GET
@staff
def record(request: HttpRequest, actor: Actor, patient: str, type_: str, id_: str) -> HttpResponse:
    found = histories.one(patient, type_, id_, actor=actor, at=timezone.now())
    context = {"banner": banner.short(found.person, timezone.localdate()), "found": found}
    return render(request, "person/record.html", context | {"facts": trails.facts(found)})


@require_GET
@staff
def who_opened(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 18 else None
    now = timezone.now()
    seen = histories.banner(patient, actor=actor, at=now)
    openings, more = trail.openings_of_own(
        patient, actor=actor, at=now, before=before, language=reader.language()
    )
    context = {
        "banner": banner.short(seen, timezone.localdate()),
        "openings": trails.openings(openings, actor),
        "more": more,
    }
    return render(request, "person/who_opened.html", context)
