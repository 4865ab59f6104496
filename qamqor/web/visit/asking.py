"""Asks a questionnaire, keeps the answers, takes them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from qamqor.engine.fhir import json_text
from qamqor.engine.forms.form import Form
from qamqor.services import forms
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import read
from qamqor.web.access import staff
from qamqor.web.components import drafted, people, questionnaire, reader
from qamqor.web.components.drafted import Begun

ENCOUNTER: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


@require_http_methods(["GET", "POST"])
@staff
def ask(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    form, now = forms.form(form_id), timezone.now()
    text = read.one("Patient", patient, actor=actor, at=now).content or "{}"
    person = json_text.decode(text)
    if request.method == "GET":
        found = drafted.begun(patient, form, actor=actor, at=now)
        found = replace(found, visit=_visit(request.GET) or found.visit)
        return _page(request, patient, person, form, found)
    sent = drafted.again(request, patient, form, actor=actor, at=now)
    asked = forms.asked(form, sent.typed)
    if request.POST.get("act") == "compare" or asked.missing:
        return _page(request, patient, person, form, sent, status=422)
    visit, key = _visit(request.POST), sent.draft.key
    encounter = f"Encounter/{visit}" if visit else None
    forms.keep(patient, asked, actor=actor, at=now, key=key, encounter=encounter)
    drafted.end(patient, key, actor=actor, at=now)
    title = form.title[reader.language()]
    messages.success(request, gettext("Saved: %(outcome)s.") % {"outcome": title})
    request.session["form"] = {"patient": patient, "form": form_id, "key": key}
    return redirect("visit", patient=patient)


@require_POST
@staff
def draft(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    """Keeps the answers while they are given."""
    form = forms.form(form_id)
    answered = forms.asked(form, questionnaire.typed(form, request.POST))
    if forms.is_kept(form, request.POST.get("key", ""), answered):
        return HttpResponse(status=204)
    kept = drafted.keep(request, patient, form, actor=actor, at=timezone.now())
    if kept is None:
        return HttpResponse(status=409)
    return render(request, "visit/asked.html", {"draft": kept})


@require_POST
@staff
def undo(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    key = request.POST.get("key", "")
    forms.take_back(patient, form_id, actor=actor, at=timezone.now(), key=key)
    request.session.pop("form", None)
    said = gettext("Taken back. It stays in the history as entered by mistake.")
    messages.success(request, said)
    return redirect("visit", patient=patient)


def _visit(said: Mapping[str, str]) -> str:
    visit = str(said.get(drafted.VISIT, ""))
    return visit if ENCOUNTER.fullmatch(visit) else ""


def _page(
    request: HttpRequest,
    patient: str,
    person: Mapping[str, Any],
    form: Form,
    begun: Begun,
    status: int = 200,
) -> HttpResponse:
    is_compared = request.POST.get("act") == "compare"
    sheet = questionnaire.present(form, begun.typed, say_missing=status == 422 and not is_compared)
    context = {
        "patient": patient,
        "name": people.name_of(person),
        "who": people.who(person, timezone.localdate()),
        "sheet": sheet,
        "missing": [one for one in sheet.questions if one.error],
        "begun": begun,
    }
    return render(request, "visit/ask.html", context, status=status)
