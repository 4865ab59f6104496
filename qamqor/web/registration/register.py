"""Registers somebody, and shows while typing who may be the same person."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from qamqor.services.access.actor import Actor
from qamqor.services.registration import change, desk, homes
from qamqor.web.access import desk as at_desk
from qamqor.web.components import reader
from qamqor.web.registration import presenters
from qamqor.web.registration.forms import RegisterForm


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def register(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The form; saved, it leads to the person's page of the register."""
    if request.method != "POST":
        return _page(request, actor, _empty(request, actor))
    form = _form(request, actor)
    if not form.is_valid():
        return _page(request, actor, form, status=422)
    tried = desk.try_to_register(
        form.particulars(),
        area_id=form.cleaned_data["area"],
        household=form.household(),
        decisions=form.decisions(),
        despite=form.cleaned_data["despite"],
        actor=actor,
        at=timezone.now(),
        key=str(form.cleaned_data["key"]),
    )
    if tried.registered is None:
        twins = presenters.cards(tried.twins, timezone.localdate(), actor.role)
        return _page(request, actor, form, status=409, stopped=twins)
    messages.success(request, gettext("Registered."))
    return redirect("person_edit", patient=tried.registered.patient_id)


@require_POST
@at_desk
def beside(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What stands beside the form while it is filled in: twins, and households at the address."""
    form = _form(request, actor)
    form.is_valid()
    return render(request, "registration/beside.html", _beside(form, actor))


def _beside(form: RegisterForm, actor: Actor) -> dict[str, object]:
    who, at, today = form.particulars(), timezone.now(), timezone.localdate()
    twins = desk.twins(who, actor=actor, at=at)
    found = homes.homes_at(who.home.line, who.home.city, actor=actor, at=at)
    return {
        "twins": presenters.cards(twins, today, actor.role),
        "homes": [presenters.home(one, today) for one in found],
        "chosen": form.data.get("home", ""),
        "wrong_iin": form.errors.get("iin", [""])[0] if form.data.get("iin") else "",
    }


def _areas(actor: Actor) -> list[tuple[str, str]]:
    return desk.areas(actor=actor, at=timezone.now(), language=reader.language())


def _form(request: HttpRequest, actor: Actor) -> RegisterForm:
    form = RegisterForm(request.POST, initial={"today": timezone.localdate()})
    form.fields["area"].choices = _areas(actor)  # type: ignore[attr-defined]
    return form


def _empty(request: HttpRequest, actor: Actor) -> RegisterForm:
    """A new form; with somebody of the family given, what a family shares is filled in."""
    first: dict[str, object] = {
        "today": timezone.localdate(), "key": uuid.uuid4(), "sex": "unknown", "role": "head",
    }  # fmt: skip
    family = request.GET.get("with", "")
    if family:
        known = change.stored(family, actor=actor, at=timezone.now())
        home = homes.home_of(family, actor=actor, at=timezone.now())
        first |= {
            "line": known.particulars.home.line,
            "city": known.particulars.home.city,
            "phone": known.particulars.phone,
            "family": known.particulars.family,
            "area": known.area_id,
            "home": home.group_id if home else "",
            "role": "child" if home else "head",
        }
    form = RegisterForm(initial=first)
    form.fields["area"].choices = _areas(actor)  # type: ignore[attr-defined]
    return form


def _page(
    request: HttpRequest,
    actor: Actor,
    form: RegisterForm,
    *,
    status: int = 200,
    stopped: list[presenters.Shown] | None = None,
) -> HttpResponse:
    context: dict[str, object] = {"form": form, "stopped": stopped or []}
    if form.is_bound:
        context |= _beside(form, actor)
    else:
        line, city = str(form.initial.get("line", "")), str(form.initial.get("city", ""))
        found = homes.homes_at(line, city, actor=actor, at=timezone.now()) if line else []
        today = timezone.localdate()
        context |= {
            "twins": [],
            "homes": [presenters.home(one, today) for one in found],
            "chosen": str(form.initial.get("home", "")),
            "wrong_iin": "",
        }
    return render(request, "registration/register.html", context, status=status)
