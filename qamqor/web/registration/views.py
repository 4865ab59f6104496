"""Find: one box for names, birth date and numbers, on every page and on its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.registration import recent, search
from qamqor.web.access import desk
from qamqor.web.registration import presenters


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@desk
def find(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page, what is found, or, where one person alone can be meant, that person."""
    typed, day, now = request.POST.get("text", ""), timezone.localdate(), timezone.now()
    registers = rights.may_register(actor=actor, at=now)
    if request.method != "POST":
        lately = presenters.lately(recent.recent(actor=actor, at=now), day, actor.role)
        blank = {"typed": "", "answer": None, "lately": lately, "registers": registers}
        return render(request, "registration/find.html", blank)
    found = search.find(typed, actor=actor, at=now)
    answer = presenters.answer(found, day, actor.role)
    context: dict[str, Any] = {
        "typed": typed,
        "answer": answer,
        "lately": (),
        "registers": registers,
    }
    if request.headers.get("HX-Request"):
        return render(request, "registration/found.html", context)
    if found.only is not None:
        return redirect(presenters.address(found.only.found.patient_id, actor.role))
    return render(request, "registration/find.html", context)
