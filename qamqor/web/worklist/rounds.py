"""The day's round of home visits: doors in order, a sketch of the way, what came of each door."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST
from markupsafe import Markup

from qamqor.engine.rounds import sketch
from qamqor.engine.rounds.sketch import Mark
from qamqor.errors import NotThere
from qamqor.services.access.actor import Actor
from qamqor.services.booking import days
from qamqor.services.worklist import outcome as outcomes
from qamqor.services.worklist import rounds
from qamqor.services.worklist.outcome import Outcome
from qamqor.services.worklist.rounds import Round, Stop
from qamqor.web.access import staff
from qamqor.web.components import bookings, dates, reader
from qamqor.web.worklist import presenters

KEPT: Final = "round"
AT_DOOR: Final[dict[str, str | Promise]] = {
    "visited": _("Done"),
    "no_answer": _("Nobody home"),
    "moved": _("Moved away"),
}


class DoorForm(forms.Form):
    """What came of a door; ``key`` is made once for each form."""

    key = forms.UUIDField()
    outcome = forms.ChoiceField(choices=[(one, one) for one in AT_DOOR])


@require_GET
@staff
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The round as it was planned this morning; it does not change by itself."""
    day, now = timezone.localdate(), timezone.now()
    found = _round(request, actor)
    stops = [_shown(stop) for stop in found.stops]
    context = {
        "found": found,
        "day": day,
        "now": now,
        "stops": stops,
        "people": sum(len(stop.lines) for stop in found.stops),
        "sketch": _sketch(found) if any(s.position for s in found.stops) else "",
        "is_known": all(stop.position for stop in found.stops),
        "at_door": AT_DOOR,
        "messages": messages.get_messages(request),
        "km": f"{found.km:.0f}",
    }
    return render(request, "worklist/round.html", context)


@require_POST
@staff
def again(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Plan the round anew, from the list as it is now."""
    request.session.pop(KEPT, None)
    return redirect("round")


@require_POST
@staff
def outcome(request: HttpRequest, actor: Actor, patient: str) -> HttpResponse:
    """What came of a door, for everybody behind it."""
    form, kept = DoorForm(request.POST), request.session.get(KEPT, {})
    behind = next((door for door in kept.get("people", []) if patient in door), None)
    if not form.is_valid() or behind is None:
        raise NotThere("there is no such door on this round")
    code, key = form.cleaned_data["outcome"], form.cleaned_data["key"]
    found = _round(request, actor)
    for line in (line for stop in found.stops for line in stop.lines):
        who = line.row.patient_id
        if who in behind and line.row.needs:
            needs = tuple(
                f"{n.programme}/{n.action}/{n.item}" for n in line.row.needs if not n.is_masked
            )
            said = Outcome(code, needs, medium="home", reason=_reason(code))
            outcomes.record(
                who, said, actor=actor, at=timezone.now(), today=timezone.localdate(),
                key=str(uuid.uuid5(key, who)),
            )  # fmt: skip
    messages.success(request, gettext("Saved: %(outcome)s.") % {"outcome": AT_DOOR[code]})
    return redirect("round")


def _reason(code: str) -> str:
    return "moved" if code == "moved" else ""


def _round(request: HttpRequest, actor: Actor) -> Round:
    day, kept = timezone.localdate(), request.session.get(KEPT, {})
    if kept.get("day") != day.isoformat() or kept.get("whose") != actor.reference:
        booked = days.home_visits(actor, day)
        people, filled = rounds.choose(actor, as_of=day, booked=booked)
        kept = {
            "day": day.isoformat(),
            "whose": actor.reference,
            "people": people,
            "filled": filled,
        }
        request.session[KEPT] = kept
    return rounds.planned(
        actor,
        kept["people"],
        as_of=day,
        at=timezone.now(),
        language=reader.language(),
        filled=kept["filled"],
    )


def _shown(stop: Stop) -> dict[str, Any]:
    """One door in words: whose, where, what to do there."""
    day = timezone.localdate()
    people = [presenters.shown(line, day) for line in stop.lines]
    tags: dict[str, Any] = {}
    for one in people:
        for need in one.tags:
            tags.setdefault(need.title, need)
    return {
        "stop": stop,
        "people": people,
        "patient": people[0].patient,
        "name": _name(people, stop.lines),
        "address": people[0].address,
        "phone": next((one.phone for one in people if one.phone), ""),
        "tags": list(tags.values())[:4],
        "booked": _booked(stop, day),
        "key": uuid.uuid4(),
        "state": presenters.OUTCOMES.get(stop.state, "") if stop.state else "",
        "is_done": stop.state not in ("", "no_answer", "moved"),
    }


def _booked(stop: Stop, day: date) -> str:
    """The time somebody behind a door is to be visited at home today."""
    found = [line.row.booked for line in stop.lines if line.row.booked is not None]
    expected = [one for one in found if one.on == day and bookings.is_visit(one, day)]
    return bookings.on_list(min(expected, key=lambda one: one.at), day) if expected else ""


def _name(people: Sequence[presenters.Shown], lines: Sequence[Any]) -> str:
    return people[0].name if len(people) == 1 else _family(lines)


def _family(lines: Sequence[Any]) -> str:
    """The family names behind a door, each once."""
    names = [((line.person.get("name") or [{}])[0]).get("family", "") for line in lines]
    return ", ".join(dict.fromkeys(name for name in names if name))


def _sketch(found: Round) -> Markup:
    marks = [Mark("+", "", found.start[1], "clinic")] if found.start else []
    for stop in found.stops:
        if stop.position is not None:
            kind = "done" if stop.state else "urgent" if stop.is_urgent else ""
            label = _family(stop.lines[:1])
            marks.append(Mark(str(stop.number), label, stop.position, kind))
    if found.start:
        marks.append(marks[0])
    title = gettext("The way from door to door; the same doors are in the list.")
    drawn = sketch.draw(
        marks, found.settlements, title=title, km=gettext("km"), point=dates.number(0.1, 1)[1]
    )
    return Markup(drawn)  # noqa: S704 (our own drawing, which has escaped every word)
