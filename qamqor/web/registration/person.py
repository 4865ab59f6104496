"""One person's pages of the register: details, attachment, household, consents."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from qamqor.services import empanelment
from qamqor.services.access.actor import Actor
from qamqor.services.registration import change, consents, desk, homes
from qamqor.services.registration.change import Stored
from qamqor.services.registration.places import areas_for
from qamqor.web.access import STAFF
from qamqor.web.access import desk as at_desk
from qamqor.web.components import reader
from qamqor.web.registration import presenters
from qamqor.web.registration.forms import (
    FIELD,
    HOME_ROLES,
    DecideForm,
    EditForm,
    HomeForm,
    MoveForm,
    written,
)

BOTH = ["GET", "HEAD", "POST"]


@require_http_methods(BOTH)
@at_desk
def edit(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """The particulars, to be corrected; a change of somebody else meanwhile shows both."""
    today, now = timezone.localdate(), timezone.now()
    if request.method != "POST":
        known = change.stored(patient, actor=actor, at=now)
        return _edit(request, actor, known, EditForm(initial=_initial(known)))
    form = EditForm(request.POST, initial={"today": today})
    if not form.is_valid():
        known = change.stored(patient, actor=actor, at=now)
        return _edit(request, actor, known, form, status=422)
    seen = form.cleaned_data["version"]
    tried = desk.try_to_correct(patient, form.particulars(), seen=seen, actor=actor, at=now)
    if tried.stored is not None:
        messages.success(request, gettext("Saved."))
        return redirect("person_edit", patient=patient)
    if tried.theirs is None:
        known = change.stored(patient, actor=actor, at=now)
        twins = presenters.cards(tried.twins, today, actor.role)
        return _edit(request, actor, known, form, status=409, twins=twins)
    both = presenters.both(form.particulars(), tried.theirs.particulars)
    again = EditForm({**request.POST.dict(), "version": str(tried.theirs.version)},
                     initial={"today": today})  # fmt: skip
    return _edit(request, actor, tried.theirs, again, status=409, both=both)


def _edit(
    request: HttpRequest, actor: Actor, known: Stored, form: EditForm, **more: Any
) -> HttpResponse:
    return _page(request, actor, known, "edit", {"form": form}, **more)


@require_http_methods(BOTH)
@at_desk
def attachment(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Where somebody was attached and is; a move takes open work along."""
    now = timezone.now()
    known = change.stored(patient, actor=actor, at=now)
    others = [one for one in areas_for(actor, reader.language()) if one[0] != known.area_id]
    form = MoveForm(request.POST or None)
    choose = ("", gettext("choose another area") if known.area_id else "")
    form.fields["area"].choices = [choose, *others] if others else []  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        do = empanelment.move if known.area_id else empanelment.attach
        done = do(patient, form.cleaned_data["area"], actor=actor, at=now)
        messages.success(request, presenters.moved(len(done.moved), len(done.to_confirm)))
        return redirect("person_attachment", patient=patient)
    stays = presenters.stays(change.stays_of(patient))
    return _page(
        request,
        actor,
        known,
        "attachment",
        {"form": form, "stays": stays},
        status=422 if form.errors else 200,
    )


@require_http_methods(BOTH)
@at_desk
def household(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Who lives together: join, take another role, or leave."""
    now, today = timezone.now(), timezone.localdate()
    known = change.stored(patient, actor=actor, at=now)
    form = HomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _change_home(patient, form.cleaned_data, actor)
        messages.success(request, gettext("Saved."))
        return redirect("person_household", patient=patient)
    home = homes.home_of(patient, actor=actor, at=now)
    where = known.particulars.home
    near = homes.homes_at(where.line, where.city, actor=actor, at=now)
    others = [one for one in near if home is None or one.group_id != home.group_id]
    context = {
        "home": presenters.home(home, today) if home else None,
        "others": [presenters.home(one, today) for one in others],
        "key": uuid.uuid4(),
        "roles": HOME_ROLES,
        "role": next((m.role for m in home.members if m.patient_id == patient), "") if home else "",
        "patient": patient,
    }
    return _page(request, actor, known, "household", context)


def _change_home(patient: str, said: dict[str, Any], actor: Actor) -> None:
    now, key, role = timezone.now(), str(said["key"]), said["role"] or "other"
    if said["act"] == "leave":
        homes.leave(patient, actor=actor, at=now)
    else:
        homes.join(patient, said["home"], role, actor=actor, at=now, key=key)


@require_http_methods(BOTH)
@at_desk
def consent(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """What the person agreed to, and since when."""
    now = timezone.now()
    known = change.stored(patient, actor=actor, at=now)
    form = DecideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = str(form.cleaned_data["key"])
        consents.decide(patient, form.decisions(), actor=actor, at=now, key=key)
        messages.success(request, gettext("Saved."))
        return redirect("person_consent", patient=patient)
    held = consents.decisions_of(patient)
    said = {FIELD[kind]: "yes" if one.is_permitted else "no" for kind, one in held.items()}
    form = DecideForm(initial={**said, "key": uuid.uuid4()})
    since = {FIELD[kind]: presenters.since(one.since) for kind, one in held.items()}
    return _page(request, actor, known, "consent", {"form": form, "since": since})


def _initial(known: Stored) -> dict[str, object]:
    who = known.particulars
    return {
        "version": known.version,
        "iin": who.iin,
        "family": who.family,
        "given": who.given,
        "patronymic": who.patronymic,
        "born_on": written(who.born_on),
        "sex": who.sex if who.sex in ("female", "male") else "unknown",
        "phone": who.phone,
        "language": who.language,
        "line": who.home.line,
        "city": who.home.city,
    }


def _page(
    request: HttpRequest,
    actor: Actor,
    known: Stored,
    tab: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    base = {
        "patient": known.patient_id,
        "name": presenters.name_of(known.particulars),
        "line": presenters.line_of(known.particulars, timezone.localdate()),
        "tabs": presenters.tabs(known.patient_id, tab),
        "record": presenters.address(known.patient_id) if actor.role in STAFF else "",
        "messages": messages.get_messages(request),
        "twins": [],
        "both": [],
    }
    template = f"registration/{tab}.html"
    return render(request, template, {**base, **context, **more}, status=status)
