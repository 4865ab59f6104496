"""Printed sheets: chosen on one page, shown as they will lie on paper, in the person's language."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from qamqor.errors import NotThere
from qamqor.services.access.actor import Actor
from qamqor.services.person import letters, page
from qamqor.services.person.page import Page
from qamqor.web.access import staff
from qamqor.web.letters import presenters


@require_GET
@staff
def choose(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found = _page(patient, actor)
    return render(request, "letters/choose.html", presenters.choice(found))


@require_GET
@staff
def visit(request: HttpRequest, actor: Actor, patient: str, encounter: str) -> HttpResponse:
    found = letters.visit(patient, encounter, actor=actor, at=timezone.now())
    coming = _page(patient, actor)
    return _sheet(
        request, found.person, "visit", lambda code: presenters.visit(found, coming, code)
    )


@require_GET
@staff
def plan(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found = _page(patient, actor)
    place = letters.place_of(found.person)
    return _sheet(request, found.person, "plan", lambda code: presenters.plan(found, place, code))


@require_GET
@staff
def vaccinations(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    day, now = timezone.localdate(), timezone.now()
    asked = request.GET.get("language", "")
    person = _page(patient, actor).person if not asked else {}
    code = presenters.language_of(request, person)
    found, values, words = letters.vaccination_card(patient, code, actor=actor, as_of=day, at=now)
    return _sheet(
        request,
        found.person,
        "vaccinations",
        lambda code: presenters.vaccinations(found, values, words),
        code=code,
    )


@require_GET
@staff
def referral(request: HttpRequest, actor: Actor, patient: str, request_id: str) -> HttpResponse:
    found = letters.referral(patient, request_id, actor=actor, at=timezone.now())
    return _sheet(request, found.person, "referral", lambda code: presenters.referral(found, code))


@require_GET
@staff
def invitation(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found = letters.invitation(patient, actor=actor, at=timezone.now())
    kind = "home" if request.GET.get("kind") == "home" else "clinic"
    return _sheet(
        request, found.person, "invitation", lambda code: presenters.invitation(found, kind, code)
    )


def _page(patient: str, actor: Actor) -> Page:
    """What may be printed of a person's page."""
    found = page.read(patient, actor=actor, as_of=timezone.localdate(), at=timezone.now())
    if not isinstance(found, Page):
        raise NotThere(f"Patient/{patient} is not here")
    return letters.on_paper(found)


def _sheet(
    request: HttpRequest, person: dict[str, Any], kind: str, said: Any, *, code: str = ""
) -> HttpResponse:
    """The sheet in the person's language; the bar above it stays in the worker's."""
    code = code or presenters.language_of(request, person)
    context = presenters.bar(request, person, kind, code)
    with translation.override(code):
        context |= presenters.head(person, code) | said(code)
        return render(request, f"letters/{kind}.html", context)
