"""A person's needs, notes and plans, and the steps that somebody agreed to do."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qamqor.services import forms as questionnaires
from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import allows
from qamqor.services.support import plans, steps
from qamqor.services.support.plans import Needs, Wish
from qamqor.web.access import staff
from qamqor.web.components import drafted, people, questionnaire, reader
from qamqor.web.support import presenters
from qamqor.web.support.forms import CloseForm, EndForm, NoteForm, PlanForm


@require_GET
@staff
def needs(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    return _needs(request, actor, patient)


def _read(actor: Actor, patient: str) -> Needs:
    return plans.read(patient, actor=actor, as_of=timezone.localdate(), at=timezone.now())


def _needs(
    request: HttpRequest, actor: Actor, patient: str, form: NoteForm | None = None
) -> HttpResponse:
    found, today = _read(actor, patient), timezone.localdate()
    may_score = allows(actor.role, "create", "Observation") is not None
    labels = presenters.labels(actor.role)
    first = labels[1][0] if actor.role == "psychologist" and len(labels) > 1 else ""
    context = {
        **_who(found),
        "rows": presenters.form_rows(found, today, may_score=may_score),
        "plans": presenters.plan_rows(found, actor.role, today),
        "other_steps": presenters.other_steps(found, today),
        "notes": presenters.note_rows(found, actor.role),
        "labels": labels,
        "note": form or NoteForm(initial={"key": uuid.uuid4(), "label": first}),
        "messages": messages.get_messages(request),
    }
    return render(request, "support/needs.html", context, status=422 if form else 200)


def _who(found: Needs) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "patient": found.patient,
        "name": people.name_of(found.person),
        "line": ", ".join(
            filter(None, [people.sex_of(found.person), people.age_of(found.person, today)])
        ),
    }


@require_POST
@staff
def note(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _needs(request, actor, patient, form)
    said = form.cleaned_data
    plans.write_note(
        patient,
        said["text"],
        label=said["label"],
        key=str(said["key"]),
        actor=actor,
        at=timezone.now(),
    )
    messages.success(request, gettext("The note is kept."))
    return redirect("needs", patient=patient)


@require_http_methods(["GET", "POST"])
@staff
def ask(request: HttpRequest, actor: Actor, patient: str, form_id: str) -> HttpResponse:
    form, found, now = questionnaires.form(form_id), _read(actor, patient), timezone.now()
    is_sent, act = request.method == "POST", request.POST.get("act")
    if is_sent:
        begun = drafted.again(request, patient, form, actor=actor, at=now)
    else:
        begun = drafted.begun(patient, form, actor=actor, at=now)
    asked = questionnaires.asked(form, begun.typed)
    if is_sent and not asked.missing and act != "compare":
        key = begun.draft.key
        questionnaires.keep(patient, asked, actor=actor, at=now, key=key)
        drafted.end(patient, key, actor=actor, at=now)
        title = form.title[reader.language()]
        messages.success(request, gettext("Saved: %(outcome)s.") % {"outcome": title})
        return redirect("needs", patient=patient)
    sheet = questionnaire.present(form, begun.typed, say_missing=is_sent and act != "compare")
    missing = [one for one in sheet.questions if one.error]
    context = {**_who(found), "sheet": sheet, "missing": missing, "begun": begun}
    return render(request, "support/ask.html", context, status=422 if is_sent else 200)


@require_http_methods(["GET", "POST"])
@staff
def plan(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    found, today = _read(actor, patient), timezone.localdate()
    team = presenters.team_choices(found.team)
    form = PlanForm(
        request.POST or None, team=team, today=today, initial={"key": uuid.uuid4(), "label": ""}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wish = Wish(
            title=said["title"],
            goal=said["goal"],
            is_own=said["is_own"],
            steps=form.steps(),
            review_on=said["review_on"],
            label=said["label"],
        )
        plans.make(patient, wish, key=str(said["key"]), actor=actor, at=timezone.now())
        messages.success(request, gettext("The plan is kept, and everybody has their steps."))
        return redirect("needs", patient=patient)
    context = {**_who(found), "form": form, "labels": presenters.labels(actor.role)}
    status = 422 if request.method == "POST" else 200
    return render(request, "support/plan.html", context, status=status)


@require_POST
@staff
def end(request: HttpRequest, actor: Actor, patient: str, plan_id: str) -> HttpResponse:
    form = EndForm(request.POST)
    if form.is_valid():
        plans.end(
            patient,
            plan_id,
            reached=form.cleaned_data["reached"] == "yes",
            version=form.cleaned_data["version"],
            actor=actor,
            at=timezone.now(),
        )
        messages.success(request, gettext("The plan is ended."))
    return redirect("needs", patient=patient)


@require_GET
@staff
def support(request: HttpRequest, actor: Actor) -> HttpResponse:
    return _support(request, actor)


def _support(
    request: HttpRequest, actor: Actor, task: str = "", form: CloseForm | None = None
) -> HttpResponse:
    found = steps.mine(actor, at=timezone.now())
    context = {
        "rows": presenters.steps(found, timezone.localdate()),
        "now": timezone.now(),
        "refused": task,
        "form": form,
        "messages": messages.get_messages(request),
    }
    return render(request, "support/support.html", context, status=422 if form else 200)


@require_POST
@staff
def close(request: HttpRequest, actor: Actor, task: str) -> HttpResponse:
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _support(request, actor, task, form)
    done = form.cleaned_data["done"] == "yes"
    steps.close(task, done=done, note=form.cleaned_data["note"], actor=actor, at=timezone.now())
    messages.success(
        request,
        gettext("The step is done.") if done else gettext("The step is closed as not done."),
    )
    return redirect("support")
