"""Giving a person to another worker: who could have them, and what was pressed."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from qamqor.services.access.actor import Actor
from qamqor.services.worklist import handing as service
from qamqor.services.worklist import today as worklist
from qamqor.web.access import staff


class HandForm(forms.Form):
    """To whom, and until when; ``version`` is what the giver saw."""

    version = forms.IntegerField(min_value=0)
    worker = forms.CharField(max_length=64, error_messages={"required": _("Choose a worker.")})
    until = forms.DateField(
        required=False,
        error_messages={"invalid": _("This is no day. Choose one from the calendar.")},
    )

    def clean_until(self) -> object:
        until = self.cleaned_data["until"]
        if until is not None and until < self.initial["today"]:
            raise forms.ValidationError(_("Say a day, today or later."))
        return until


class BackForm(forms.Form):
    """Takes a person back; ``version`` is what the reader saw."""

    version = forms.IntegerField(min_value=1)


@require_POST
@staff
def give(request: HttpRequest, actor: Actor, patient: str, role: str) -> HttpResponse:
    day, now = timezone.localdate(), timezone.now()
    form = HandForm(request.POST, initial={"today": day})
    if not form.is_valid():
        shown = service.handing(actor, patient, role, as_of=day, at=now)
        context = {"form": form, "one": shown, "patient": patient, "query": request.GET.urlencode()}
        return render(request, "worklist/hand.html", context, status=422)
    said = form.cleaned_data
    service.give(
        patient, role, said["worker"], until=said["until"], version=said["version"],
        actor=actor, as_of=day, at=now,
    )  # fmt: skip
    request.session.pop("undo", None)
    messages.success(request, gettext("Saved: the person is on the worker's own list."))
    return _back(request, patient)


@require_POST
@staff
def take_back(request: HttpRequest, actor: Actor, patient: str, role: str) -> HttpResponse:
    form = BackForm(request.POST)
    if form.is_valid():
        version = form.cleaned_data["version"]
        service.take_back(patient, role, version=version, actor=actor, at=timezone.now())
        request.session.pop("undo", None)
        messages.success(request, gettext("Taken back. It stays in the history."))
    return _back(request, patient)


def shown(actor: Actor, line: worklist.Line) -> list[service.Handing]:
    """For each role that owes a person something, who has them; only to who may give them."""
    day, now = timezone.localdate(), timezone.now()
    if not service.may_lead(actor, now):
        return []
    who = line.row.patient_id
    roles = sorted({need.role for need in line.row.needs})
    found = [service.handing(actor, who, role, as_of=day, at=now) for role in roles]
    return [one for one in found if one.holder or len(one.workers) > 1]


def _back(request: HttpRequest, patient: str) -> HttpResponse:
    query = request.GET.urlencode()
    return redirect(f"/today/{patient}?{query}" if query else f"/today/{patient}")
