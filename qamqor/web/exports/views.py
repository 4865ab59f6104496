"""Exports of the whole population: who asked for what, to be confirmed or refused."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from qamqor.services.access.actor import Actor
from qamqor.services.fhir import bulk, bulk_confirmed
from qamqor.web.access import second_person


@require_safe
@second_person
def waiting(request: HttpRequest, actor: Actor) -> HttpResponse:
    now = timezone.now()
    found = bulk_confirmed.waiting(actor=actor, at=now)
    context = {"exports": found, "days": bulk_confirmed.TWO_PEOPLE_DAYS}
    return render(request, "exports/waiting.html", context)


@require_POST
@second_person
def decide(request: HttpRequest, actor: Actor, id_: str) -> HttpResponse:
    if request.POST.get("answer") == "confirm":
        bulk_confirmed.confirm(id_, actor=actor, at=timezone.now())
        bulk.go_on(id_, clock=timezone.now)
    else:
        bulk_confirmed.refuse(id_, actor=actor, at=timezone.now())
    return redirect("exports")
