"""Turns referrals into what is read: for what, to whom, how far, and by when a reply is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.booking import Booking
from qamqor.engine.referral import WAITING, State, day_of
from qamqor.services.referral.lists import Line, Whole
from qamqor.services.referral.waiting import content, day
from qamqor.web.components import bookings, dates, facts, people, reader
from qamqor.web.referrals.forms import PRIORITIES, StepForm

TABS: Final[dict[str, str | Promise]] = {
    "sent": _("Sent"),
    "booked": _("Day set"),
    "seen": _("Person seen"),
    "replied": _("Reply came"),
    "closed": _("Closed"),
}
STATES: Final[dict[State, tuple[str, str | Promise]]] = {
    State.sent: ("wait", _("sent")),
    State.booked: ("wait", _("day set")),
    State.seen: ("wait", _("person seen")),
    State.replied: ("due", _("reply came")),
    State.advice: ("due", _("advice given instead")),
    State.closed: ("done", _("closed")),
    State.cancelled: ("soon", _("cancelled")),
}
STEPS: Final[dict[State, str | Promise]] = {
    State.booked: _("Set the day"),
    State.sent: _("The day has fallen through"),
    State.seen: _("Person was seen"),
    State.replied: _("Write the reply"),
    State.advice: _("Write advice instead"),
    State.closed: _("Read and close"),
    State.cancelled: _("Take the referral back"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One referral on a list, in words."""

    id: str
    name: str
    who: str
    service: str
    is_advice: bool
    is_urgent: bool
    priority: str
    other: str
    state: str
    said: str
    sent: str
    due: str
    due_day: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """One step of the way as a line of the picture: done with its day, or ahead."""

    name: str
    day: str
    is_done: bool


def rows(lines: Iterable[Line], today: date, *, incoming: bool) -> list[Row]:
    """A page of a list in words."""
    return [_row(line, today, incoming=incoming) for line in lines]


def _row(line: Line, today: date, *, incoming: bool) -> Row:
    way = line.way
    state, said = STATES[State(way.state)]
    sent_on = day(way.sent_on)
    return Row(
        id=way.request_id,
        name=people.name_of(line.person),
        who=", ".join(
            filter(None, [people.sex_of(line.person), people.age_of(line.person, today)])
        ),
        service=service(way.code),
        is_advice=bool(way.is_advice),
        is_urgent=way.priority != "routine",
        priority=priority(way.priority),
        other=(line.requester if incoming else line.performer) or gettext("not named"),
        state="overdue" if line.is_late else state,
        said=gettext("reply is late") if line.is_late else str(said),
        sent=dates.from_here(sent_on, today) if sent_on else "",
        due=dates.from_here(line.reply_by, today) if line.reply_by else "",
        due_day=dates.short(line.reply_by),
        is_late=line.is_late,
    )


def service(code: str) -> str:
    """What a person is referred for, in the reader's language."""
    return content().named(code, reader.language()) or gettext("not named")


def priority(code: str) -> str:
    """How urgent, in words."""
    return str(dict(PRIORITIES).get(code, dict(PRIORITIES)["urgent"]))


def services() -> list[tuple[str, str]]:
    """What can be chosen, by name."""
    named = [(one.code, service(one.code)) for one in content().services]
    return [("", gettext("choose")), *sorted(named, key=lambda one: one[1])]


def enclosable(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Records that can go along: reference and one line."""
    return [(line.reference, _said(line)) for line in map(facts.line, found)]


def _said(line: facts.Line) -> str:
    what = ": ".join(part for part in (line.title, line.detail) if part)
    return f"{what}, {dates.short(line.on)}" if line.on else what


def marks(whole: Whole) -> list[Mark]:
    """The way of a referral, step by step."""
    task, request = whole.carried.task or {}, whole.carried.request
    sent = day(str(request.get("authoredOn", ""))[:10])
    found = [Mark(str(TABS["sent"]), dates.short(sent), True)]
    is_advice = whole.carried.state is State.advice or bool(day_of(task, "advice"))
    for step in ("booked", "seen", "replied", "closed"):
        on = day(day_of(task, step))
        name = gettext("Advice given") if step == "replied" and is_advice else str(TABS[step])
        if on is not None or (step not in ("booked", "seen") or not is_advice):
            found.append(Mark(name, dates.short(on), on is not None))
    if whole.carried.state is State.cancelled:
        last = [one for one in found if one.is_done]
        return [*last, Mark(gettext("Taken back"), dates.short(_changed(task)), True)]
    return found


def _changed(task: Mapping[str, Any]) -> date | None:
    return day(str(task.get("lastModified", ""))[:10])


def answers(whole: Whole) -> list[tuple[str, str, str, str]]:
    """The answers: what it is, its text, by whom and when."""
    found = []
    for one in whole.answers:
        is_advice = one["resourceType"] == "Communication"
        text = one.get("conclusion") or " ".join(
            str(part.get("contentString", "")) for part in one.get("payload", [])
        )
        held: Mapping[str, Any] = one.get("sender") or next(iter(one.get("performer", [])), {})
        name = whole.names.get(str(held.get("reference", "")), "")
        at = datetime.fromisoformat(str(one.get("sent") or one.get("issued")))
        title = gettext("Advice") if is_advice else gettext("Reply")
        found.append((title, str(text), name, dates.moment(timezone.localtime(at))))
    return found


@dataclass(frozen=True, slots=True)
class DaySet:
    """What stands in the form of a day: ISO day, ``HH:MM`` or nothing, place."""

    on: str
    clock: str
    place: str


def booked(whole: Whole) -> tuple[str, str, str] | None:
    """The booking of the day that was set: its id, when, and where."""
    if whole.booking is None or whole.booking.get("status") == "cancelled":
        return None
    one = bookings.of([whole.booking])[0]
    return one.id, bookings.when(one), one.room


def met(found: Iterable[Booking]) -> list[tuple[str, str, str]]:
    """Bookings at the time that is being set: when, where, and their address where it is open."""
    return [
        (
            bookings.when(one),
            bookings.where(one),
            "" if one.is_closed else reverse("booking", args=[one.id]),
        )
        for one in found
    ]


def day_set(whole: Whole, form: StepForm | None, today: date, asked: str) -> DaySet:
    """What the form of a day begins with: what was typed, what is set, or where one was asked."""
    if form is not None and form["to"].value() == "booked":
        return DaySet(*(str(form[name].value() or "") for name in ("on", "clock", "place")))
    one = bookings.of([whole.booking])[0] if whole.booking is not None else None
    if one is None or one.day is None or one.status == "cancelled":
        return DaySet(today.isoformat(), "", asked)
    return DaySet(one.day.isoformat(), f"{one.start:%H:%M}" if one.start else "", one.room)


def seen_on(form: StepForm | None, today: date) -> str:
    """What the form of who was seen begins with: what was typed, else today."""
    if form is not None and form["to"].value() == "seen":
        return str(form["on"].value() or "")
    return today.isoformat()


def question(whole: Whole) -> str:
    """What was asked."""
    return " ".join(str(note.get("text", "")) for note in whole.carried.request.get("note", []))


def state(whole: Whole) -> tuple[str, str]:
    """State and its words, a late reply first."""
    if whole.is_late and whole.carried.state in WAITING:
        return "overdue", gettext("reply is late")
    shape, said = STATES[whole.carried.state]
    return shape, str(said)
