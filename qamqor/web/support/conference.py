"""The case conference: who is brought, what was decided, and the steps that follow."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from qamqor.services.access.actor import Actor
from qamqor.services.support import conference as conferences
from qamqor.services.support import plans
from qamqor.web.access import staff
from qamqor.web.components import people
from qamqor.web.support import presenters
from qamqor.web.support.forms import BringForm, DecisionForm


@require_GET
@staff
def conference(request: HttpRequest, actor: Actor) -> HttpResponse:
    now, today = timezone.now(), timezone.localdate()
    found = conferences.read(actor, at=now)
    context = {
        "brought": presenters.brought(found.brought, today),
        "decided": presenters.brought(found.decided, today),
        "steps": presenters.steps(found.steps, today),
        "now": now,
        "messages": messages.get_messages(request),
    }
    return render(request, "support/conference.html", context)


@require_http_methods(["GET", "POST"])
@staff
def bring(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    now, today = timezone.now(), timezone.localdate()
    found = plans.read(patient, actor=actor, as_of=today, at=now)
    form = BringForm(request.POST or None, initial={"key": uuid.uuid4(), "label": ""})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        conferences.bring(
            patient,
            said["question"],
            label=said["label"],
            key=str(said["key"]),
            actor=actor,
            at=now,
        )
        messages.success(request, gettext("The team will talk about this person."))
        return redirect("conference")
    context = {
        "patient": patient,
        "name": people.name_of(found.person),
        "form": form,
        "labels": presenters.labels(actor.role),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "support/bring.html", context, status=status)


@require_http_methods(["GET", "POST"])
@staff
def decide(request: HttpRequest, actor: Actor, task: str) -> HttpResponse:
    now, today = timezone.now(), timezone.localdate()
    brought, version = conferences.one(task, actor=actor, at=now)
    patient = str(brought["for"]["reference"]).removeprefix("Patient/")
    found = plans.read(patient, actor=actor, as_of=today, at=now)
    team = presenters.team_choices(found.team)
    first = {"key": uuid.uuid4(), "version": version, "present": [one for one, _ in team]}
    form = DecisionForm(request.POST or None, team=team, today=today, initial=first)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        conferences.decide(
            task,
            said["decision"],
            form.steps(),
            said["present"],
            version=said["version"],
            key=str(said["key"]),
            actor=actor,
            at=now,
        )
        messages.success(request, gettext("The decision is kept, and everybody has their steps."))
        return redirect("conference")
    context = {
        "patient": patient,
        "name": people.name_of(found.person),
        "question": str(brought.get("description") or ""),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "support/decide.html", context, status=status)
