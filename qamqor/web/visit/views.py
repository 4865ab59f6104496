"""Opens a visit, keeps what is typed, puts it into the record, takes it back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qamqor.engine.population.one_person import Due
from qamqor.services import due
from qamqor.services.access.actor import Actor
from qamqor.services.visit import drafts, foreseen, known, measuring, named, signing, undoing
from qamqor.services.visit.known import Known
from qamqor.services.visit.measuring import Visit
from qamqor.web.access import staff
from qamqor.web.components import people
from qamqor.web.visit import choices, diagnoses, presenters
from qamqor.web.visit.forms import VisitForm


@require_http_methods(["GET", "POST"])
@staff
def visit(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    now = timezone.now()
    if request.method == "POST":
        return _posted(request, actor, patient)
    found = known.about(patient, actor=actor, at=now, as_of=timezone.localdate())
    return _page(request, actor, found, _form(found, actor.role))


@require_POST
@staff
def draft(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Keeps what is typed while typing; answers the parts of the page that follow from it."""
    form = VisitForm(request.POST, last={})
    if _signed(request, form):
        return HttpResponse(status=204)
    kept = _keep(request, actor, patient, form)
    if kept is None or kept.is_stale:
        return HttpResponse(status=409)
    day = timezone.localdate()
    then = _due_then(actor, patient, form) or known.told(
        patient, due.due_of(patient, as_of=day), actor=actor, at=timezone.now()
    )
    context = {
        "draft": kept.draft,
        "closes": presenters.closes(_owed(form), then, day),
        "next_day": choices.next_day(_owed(form), then, day),
    }
    return render(request, "visit/parts.html", context)


@require_POST
@staff
def undo(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    now, key = timezone.now(), str(request.POST.get("key", ""))
    if signing.is_signed(key):
        undoing.take_back(patient, key, actor=actor, at=now)
    else:
        measuring.take_back(patient, key, actor=actor, at=now)
        drafts.renew(patient, key, actor=actor, at=now)
    said = gettext("Taken back. It stays in the history as entered by mistake.")
    messages.success(request, said)
    return redirect("visit", patient=patient)


@require_POST
@staff
def find_diagnoses(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Diagnoses that a text finds; reads no record, the page says which are the person's own."""
    said = request.POST
    text = str(said.get("narrow") or said.get("find", ""))[:80]
    hits = diagnoses.found(text, said.getlist("diagnoses"), str(said.get("own", "")).split())
    return render(request, "visit/hits.html", {"hits": hits})


@require_GET
@staff
def done(request: HttpRequest, actor: Actor, patient: str, key: uuid.UUID) -> HttpResponse:
    now, day = timezone.now(), timezone.localdate()
    nothing = drafts.Draft(str(key), 0, actor.reference, actor.account or 0, {}, now, now)
    found = known.about(patient, actor=actor, at=now, as_of=day, draft=nothing)
    last = request.session.get("visit", {})
    owed = last.get("owed", []) if last.get("key") == str(key) else []
    context = {
        "patient": patient,
        "name": people.name_of(found.person),
        "key": key,
        "encounter": named.id_of(str(key), "encounter"),
        "is_mine": last.get("key") == str(key),
        "closes": presenters.closes(owed, found.due, day),
    }
    return render(request, "visit/done.html", context)


def _posted(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    said = request.POST.copy()
    act = str(said.get("act", "measure"))
    if "narrow" in said:  # A page without scripts asks for the parts of one diagnosis.
        act, said["find"] = "find", str(said["narrow"])
    form = VisitForm(said, last={})
    signed = _signed(request, form)
    if act == "sign" and signed:
        return redirect("visit_done", patient=patient, key=signed)
    if form.is_valid():
        form.refuse_for(actor, timezone.localdate())
        if act == "sign":
            form.must_say_something()
    if act in ("measure", "sign") and form.errors:
        return _page(request, actor, *_again(request, actor, patient), status=422)
    kept = _keep(request, actor, patient, form)
    if kept is None or kept.is_stale:
        return _conflict(request, patient, form, kept)
    return _acted(request, actor, patient, form, kept.draft)


def _acted(
    request: HttpRequest, actor: Actor, patient: str, form: VisitForm, kept: drafts.Draft
) -> HttpResponse:
    act, now = request.POST.get("act", "measure"), timezone.now()
    if act == "later":
        messages.success(request, gettext("The draft is kept. Go on whenever you like."))
        return redirect("home")
    readings = form.sheet.readings
    visit = Visit(patient, kept.key, kept.began_at, str(form["setting"].value() or "clinic"))
    if act == "sign":
        found = known.about(patient, actor=actor, at=now, as_of=timezone.localdate(), draft=kept)
        plan = form.plan(tuple(one.value for one in choices.options(form, found)))
        # Known before it is signed: an answer that is lost on the way is given once more.
        request.session["visit"] = {"key": visit.key, "owed": _owed(form), "typed": form.typed}
        request.session.save()
        signing.sign(visit, readings, plan, medicines=found.medicines, actor=actor, at=now)
        return redirect("visit_done", patient=patient, key=visit.key)
    if act == "measure" and readings:
        measuring.keep(visit, readings, actor=actor, at=now)
    return redirect("visit", patient=patient)


def _signed(request: HttpRequest, form: VisitForm) -> str:
    """The key of a visit that was signed just so: the same form sent once more."""
    last = request.session.get("visit", {})
    is_same = (last.get("key"), last.get("typed")) == (form["key"].value(), form.typed)
    return str(last["key"]) if is_same and signing.is_signed(str(last["key"])) else ""


def _again(request: HttpRequest, actor: Actor, patient: str) -> tuple[Known, VisitForm]:
    """The page once more, with what was typed and what is wrong with it."""
    now, key = timezone.now(), str(request.POST.get("key", ""))
    begun = drafts.standing(patient, key, actor=actor, at=now)
    found = known.about(patient, actor=actor, at=now, as_of=timezone.localdate(), draft=begun)
    form = VisitForm(request.POST, last=found.last_values())
    if form.is_valid():
        form.refuse_for(actor, timezone.localdate())
        if request.POST.get("act") == "sign":
            form.must_say_something()
    return found, form


def _keep(request: HttpRequest, actor: Actor, patient: str, form: VisitForm) -> drafts.Kept | None:
    """Keeps the draft of a form; nothing where the form itself is broken."""
    key, version = form["key"].value(), str(form["version"].value())
    if not version.isdecimal():
        return None
    return drafts.keep(
        patient,
        str(key),
        form.typed,
        seen=int(version),
        actor=actor,
        at=timezone.now(),
        anyway="anyway" in request.POST,
    )


def _form(found: Known, role: str) -> VisitForm:
    owed = " ".join(presenters.owed_now(found.due, role))
    first = {"key": found.draft.key, "version": found.draft.version, "owed": owed}
    return VisitForm(initial={**first, **found.draft.fields}, last=found.last_values())


def _page(
    request: HttpRequest, actor: Actor, found: Known, form: VisitForm, status: int = 200
) -> HttpResponse:
    context = _context(actor, found, form, found.draft) | {
        "reasons": choices.reasons(form, found),
        "options": choices.options(form, found),
        "steps": choices.steps(form, found, actor.role),
        "diagnoses": diagnoses.chosen(form.listed("diagnoses")),
        "own": found.diagnoses,
        "hits": diagnoses.found(
            str(form["find"].value() or ""), form.listed("diagnoses"), found.diagnoses
        ),
    }
    context["messages"] = messages.get_messages(request)
    return render(request, "visit/visit.html", context, status=status)


def _conflict(
    request: HttpRequest, patient: str, form: VisitForm, kept: drafts.Kept | None
) -> HttpResponse:
    """Both versions, for the one who typed them to choose."""
    there = kept.draft if kept is not None else None
    is_gone = there is None or not there.version
    differences = presenters.differences(form.typed, there.fields if there else {})
    context = {
        "patient": patient,
        "is_gone": is_gone,
        "key": uuid.uuid4() if there is None or is_gone else there.key,
        "version": there.version if there else 0,
        "mine": form.typed,
        "rows": [[one["name"], one["mine"], one["there"]] for one in differences],
    }
    return render(request, "visit/conflict.html", context, status=409)


def _context(actor: Actor, found: Known, form: VisitForm, kept: drafts.Draft) -> dict[str, Any]:
    day, patient = timezone.localdate(), str(found.person["id"])
    then = _due_then(actor, patient, form) or found.due
    next_day = choices.next_day(_owed(form), then, day)
    if next_day and "next_on" not in form.data:
        form.initial.setdefault("next_on", next_day)
    return {
        "patient": patient,
        "person": presenters.person(found, day),
        "form": form,
        "draft": kept,
        "now": timezone.now(),
        "quick": presenters.boxes(form, found, quick=True),
        "more": (more := presenters.boxes(form, found, quick=False)),
        "more_is_typed": any(field.value for box in more for field in box.fields),
        "saved": presenters.saved(found),
        "closes": presenters.closes(_owed(form), then, day),
        "next_day": next_day,
        "medicines": presenters.medicines(found),
        "visit_id": found.encounter["id"] if found.encounter else "",
        "questionnaires": presenters.questionnaires(found),
        "colleagues": found.colleagues,
        "may_measure": found.may_measure,
    }


def _owed(form: VisitForm) -> list[str]:
    return [one for one in str(form["owed"].value() or "").split() if one.count("/") >= 2]


def _due_then(actor: Actor, patient: str, form: VisitForm) -> tuple[Due, ...]:
    """What would be due if everything typed were kept; nothing where nothing is typed."""
    now = timezone.now()
    made = measuring.as_if(patient, form.sheet.readings, at=now)
    if not made:
        return ()
    rows = foreseen.due_after(patient, made, as_of=timezone.localdate())
    return known.told(patient, rows, actor=actor, at=now)
