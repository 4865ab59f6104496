"""Find: one box for names, birth date and numbers, on every page and on its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from qamqor.services.access.actor import Actor
from qamqor.services.registration import search
from qamqor.web.access import desk
from qamqor.web.registration import presenters


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
@desk
def find(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The page, what is found, or, where one person alone can be meant, that person."""
    typed = request.POST.get("text", "")
    if request.method != "POST":
        return render(request, "registration/find.html", {"typed": "", "answer": None})
    found = search.find(typed, actor=actor, at=timezone.now())
    answer = presenters.answer(found, timezone.localdate(), actor.role)
    context = {"typed": typed, "answer": answer, "is_box": True}
    if request.headers.get("HX-Request"):
        return render(request, "registration/found.html", context)
    if found.only is not None:
        return redirect(presenters.address(found.only.found.patient_id, actor.role))
    return render(request, "registration/find.html", {**context, "is_box": False})
