"""Asks a questionnaire, keeps the answers, takes them back."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST

from qamqor.engine.fhir import json_text
from qamqor.engine.forms.form import Form
from qamqor.services import forms
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import read
from qamqor.web.access import staff
from qamqor.web.components import people, questionnaire

ENCOUNTER: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


@require_http_methods(["GET", "POST"])
@staff
def ask(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    form, now = forms.form(form_id), timezone.now()
    person = read.one("Patient", patient, actor=actor, at=now).content or "{}"
    name = people.name_of(json_text.decode(person))
    if request.method == "GET":
        return _page(request, patient, name, form, {}, key=str(uuid.uuid4()))
    typed, key = questionnaire.typed(form, request.POST), request.POST.get("key", "")
    found = forms.asked(form, typed)
    if found.missing:
        return _page(request, patient, name, form, typed, key=key, say_missing=True)
    visit = _visit(request)
    encounter = f"Encounter/{visit}" if visit else None
    forms.keep(patient, found, actor=actor, at=now, key=key, encounter=encounter)
    title = form.title[(get_language() or "en")[:2]]
    messages.success(request, gettext("Saved: %(outcome)s.") % {"outcome": title})
    request.session["form"] = {"patient": patient, "form": form_id, "key": key}
    return redirect("visit", patient=patient)


@require_POST
@staff
def undo(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    key = request.POST.get("key", "")
    forms.take_back(patient, form_id, actor=actor, at=timezone.now(), key=key)
    request.session.pop("form", None)
    said = gettext("Taken back. It stays in the history as entered by mistake.")
    messages.success(request, said)
    return redirect("visit", patient=patient)


def _visit(request: HttpRequest) -> str:
    said = request.POST.get("visit", "") or request.GET.get("visit", "")
    return said if ENCOUNTER.fullmatch(said) else ""


def _page(
    request: HttpRequest,
    patient: str,
    name: str,
    form: Form,
    typed: Mapping[str, str],
    *,
    key: str,
    say_missing: bool = False,
) -> HttpResponse:
    sheet = questionnaire.present(form, typed, say_missing=say_missing)
    context = {
        "patient": patient,
        "name": name,
        "sheet": sheet,
        "missing": [one for one in sheet.questions if one.error],
        "key": key,
        "visit": _visit(request),
    }
    status = 422 if say_missing else 200
    return render(request, "visit/ask.html", context, status=status)
