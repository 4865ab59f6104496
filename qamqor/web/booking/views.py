"""Book a person, see and change one booking, and look at a day of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qamqor.engine.booking import Booking
from qamqor.services.access.actor import Actor
from qamqor.services.access.policy import allows
from qamqor.services.booking import days, desk, making, opening, steps
from qamqor.services.booking.desk import Desk
from qamqor.services.booking.making import Clash
from qamqor.web.access import desk as at_desk
from qamqor.web.booking import presenters
from qamqor.web.booking.forms import BookForm, StepForm
from qamqor.web.components import bookings, people

BOTH = ["GET", "HEAD", "POST"]
YEARS = (MINYEAR + 1, MAXYEAR - 1)


@require_GET
@at_desk
def day(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A day of bookings: one's own, a colleague's, or the whole team's."""
    now, asked = timezone.now(), request.GET.get("with", "")[:80]
    on = _day(request.GET.get("day", "")) or timezone.localdate()
    found = days.day(actor, on, at=now, worker=asked)
    context = {
        "found": found,
        "hours": presenters.hours(found, now),
        "wishes": presenters.rows(found.wishes, found, now),
        "left": presenters.rows(found.left, found, now),
        "names": presenters.named(found.workers),
        "around": presenters.around(on),
        "today": timezone.localdate(),
        "number": len(found.lines),
        "closed": bookings.closed(on),
        "query": _query(found.chosen),
        "here": request.get_full_path(),
        "messages": messages.get_messages(request),
    }
    return render(request, "booking/day.html", context)


def _query(chosen: str) -> str:
    return urlencode({"with": chosen or "team"})


@require_http_methods(BOTH)
@at_desk
def book(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """Book a person: a free time that is offered is one press, any other a form."""
    if request.method != "POST":
        found = _desk(request.GET, actor, patient)
        return _page(request, found, _form(found, initial=_first(found)))
    found = _desk(request.POST, actor, patient)
    form = _form(found, request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    key, accepted = str(form.cleaned_data["key"]), form.cleaned_data["accepted"].split()
    made = making.book(
        patient, form.wish(), actor=actor, at=timezone.now(), key=key, accepted=accepted
    )
    if not made.id:
        return _page(request, found, form, clashes=made.clashes, status=409)
    messages.success(request, gettext("Booked."))
    return redirect("booking", id_=made.id)


@require_GET
@at_desk
def times(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """The free times of another day or worker, for the form that is open."""
    found = _desk(request.GET, actor, patient)
    slots = bookings.slots(found.suggested, timezone.localdate())
    form = _form(found, initial=_first(found))
    context = {"form": form, "slots": slots, "closed": bookings.closed(found.day)}
    return render(request, "booking/times.html", context)


@require_http_methods(BOTH)
@at_desk
def one(request: HttpRequest, actor: Actor, id_: str) -> HttpResponse:
    """One booking: how it stands, and the form that moves it."""
    now = timezone.now()
    booking = opening.read(id_, actor=actor, at=now)
    said = request.POST if request.method == "POST" else request.GET
    found = _desk(said, actor, booking.patient, booking)
    if request.method != "POST":
        return _one(request, found, booking, _form(found, initial=_as_is(booking), of=booking))
    form = _form(found, request.POST, of=booking)
    if not form.is_valid():
        return _one(request, found, booking, form, status=422)
    moved = making.move(
        id_, form.wish(), seen=form.cleaned_data["version"] or 0, actor=actor, at=now,
        accepted=form.cleaned_data["accepted"].split(),
    )  # fmt: skip
    if not moved.id:
        return _one(request, found, booking, form, clashes=moved.clashes, status=409)
    messages.success(request, gettext("Moved."))
    return redirect("booking", id_=id_)


@require_POST
@at_desk
def step(request: HttpRequest, actor: Actor, id_: str) -> HttpResponse:
    """Arrived, done, did not come, cancelled, or taken back."""
    form, now = StepForm(request.POST), timezone.now()
    if not form.is_valid():
        booking = opening.read(id_, actor=actor, at=now)
        found = _desk({}, actor, booking.patient, booking)
        move = _form(found, initial=_as_is(booking), of=booking)
        return _one(request, found, booking, move, step=form, status=422)
    said = form.cleaned_data
    after = steps.take(
        id_, said["to"], seen=said["version"], reason=said["reason"], text=said["text"],
        actor=actor, at=now,
    )  # fmt: skip
    messages.success(
        request, gettext("Saved: %(outcome)s.") % {"outcome": bookings.STATES[after.status][0]}
    )
    back = said["back"]
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("booking", id_=id_)


def _desk(said: Any, actor: Actor, patient: str, of: Booking | None = None) -> Desk:
    length = str(said.get("length", ""))
    usual = of.minutes if of is not None and not of.half else 0
    worker = of.workers[0] if of is not None and of.workers else ""
    return desk.desk(
        patient, actor=actor, at=timezone.now(),
        worker=str(said.get("worker", "") or worker)[:80],
        day=_day(str(said.get("day", ""))) or (of.day if of is not None else None),
        place=str(said.get("place", "") or (of.place if of is not None else ""))[:80],
        length=int(length) if length.isascii() and length.isdigit() and len(length) < 4 else usual,
    )  # fmt: skip


def _day(text: str) -> date | None:
    """A day an address names; none where there is no day before or after it."""
    try:
        found = date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
    return found if found and YEARS[0] <= found.year <= YEARS[1] else None


def _form(found: Desk, *args: Any, of: Booking | None = None, **named: Any) -> BookForm:
    workers = list(presenters.named(found.workers).items())
    if of is not None:
        known = {one for one, _ in workers}
        workers += [(one, gettext("the worker so far")) for one in of.workers if one not in known]
    also = of.actions if of is not None else ()
    moments = presenters.times(found)
    if of is not None and of.start is not None and not of.half:
        own = f"{of.start:%H:%M}"
        moments = [(value, own if value == own else text) for value, text in moments]
        moments += [] if own in dict(moments) else [(own, own)]
    form = BookForm(*args, **named).offer(
        found.settings, workers=workers, actions=presenters.actions(found, also),
        places=bookings.places(found.settings), times=moments,
    )  # fmt: skip
    if of is not None and of.minutes and not of.half and of.minutes not in found.settings.lengths:
        form.fields["length"].choices += [(of.minutes, of.minutes)]  # type: ignore[attr-defined]
    return form


def _first(found: Desk) -> dict[str, Any]:
    return {
        "key": uuid.uuid4(),
        "worker": found.worker,
        "day": found.day,
        "length": found.length,
        "place": found.place,
        "time": f"{found.times[0]:%H:%M}" if found.times else "",
        "actions": [value for value, _ in presenters.actions(found)],
    }


def _as_is(booking: Booking) -> dict[str, Any]:
    at = f"{booking.start:%H:%M}" if booking.start is not None else ""
    return {
        "key": uuid.uuid4(),
        "version": booking.version,
        "worker": booking.workers[0] if booking.workers else "",
        "day": booking.day,
        "time": booking.half or at,
        "length": booking.minutes if not booking.half and booking.minutes else None,
        "place": booking.place,
        "room": booking.room,
        "actions": list(booking.actions),
        "note": booking.note,
    }


def _page(
    request: HttpRequest, found: Desk, form: BookForm, *, clashes: Sequence[Clash] = (),
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {**_context(found, form, clashes), "messages": messages.get_messages(request)}
    return render(request, "booking/book.html", context, status=status)


def _one(
    request: HttpRequest, found: Desk, booking: Booking, form: BookForm, *,
    clashes: Sequence[Clash] = (), step: StepForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    names = presenters.named(found.workers)
    context = {
        **_context(found, form, clashes),
        "booking": presenters.shown(booking, found.person, names, timezone.now()),
        "step": step or StepForm(),
        "reasons": opening.reasons(),
        "sees_referral": allows(getattr(request.user, "role", ""), "read", "ServiceRequest"),
        "messages": messages.get_messages(request),
    }
    return render(request, "booking/one.html", context, status=status)


def _context(found: Desk, form: BookForm, clashes: Sequence[Clash]) -> dict[str, Any]:
    today, names = timezone.localdate(), presenters.named(found.workers)
    now = timezone.now()
    return {
        "patient": found.patient,
        "name": people.name_of(found.person),
        "line": ", ".join(
            filter(None, [people.sex_of(found.person), people.age_of(found.person, today)])
        ),
        "form": form,
        "slots": bookings.slots(found.suggested, timezone.localdate()),
        "rooms": found.settings.rooms,
        "closed": bookings.closed(found.day),
        "others": [presenters.shown(one, found.person, names, now) for one in found.bookings],
        "clashes": presenters.clashes(clashes, names),
        "is_hard": any(one.is_hard for one in clashes),
        "accepted": " ".join(making.named(clashes)),
    }
