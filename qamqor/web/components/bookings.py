"""Bookings in words: when, where, what for, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from math import inf
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.engine.booking import REFERRED, Booking, Settings
from qamqor.engine.worklist import Booked, is_ahead
from qamqor.services.booking import reading
from qamqor.services.referral.waiting import content
from qamqor.web.components import dates, needs, reader

STATES: Final[dict[str, tuple[str | Promise, str]]] = {
    "proposed": (_("no time yet"), "soon"),
    "pending": (_("to be confirmed"), "wait"),
    "booked": (_("booked"), "soon"),
    "arrived": (_("arrived"), "due"),
    "fulfilled": (_("took place"), "done"),
    "noshow": (_("did not come"), "overdue"),
    "cancelled": (_("cancelled"), "wait"),
}
HALVES: Final[dict[str, str | Promise]] = {
    "morning": _("before midday"),
    "afternoon": _("after midday"),
}


def clock_of(booking: Booking) -> str:
    """The time of a booking: 10:30–10:50, or a part of the day with its hours."""
    if booking.start is None or booking.end is None:
        return ""
    span = f"{booking.start:%H:%M}–{booking.end:%H:%M}"
    return f"{half(booking.half)}, {span}" if booking.half else span


def half(id_: str) -> str:
    """A part of the day, by its id in the content."""
    return str(HALVES.get(id_, id_))


def when(booking: Booking) -> str:
    """Day and time in a sentence: Tuesday 1 December, 10:30; nothing where no day is known."""
    if booking.day is None:
        return ""
    said = dates.with_weekday(booking.day)
    if booking.start is None:
        return said
    return f"{said}, {clock_of(booking) if booking.half else f'{booking.start:%H:%M}'}"


def shortly(booking: Booking, today: date) -> str:
    """Day and time on a list: today, 10:30; 01.12.2026, before midday."""
    if booking.day is None:
        return ""
    away = (booking.day - today).days
    said = dates.from_here(booking.day, today) if -1 <= away <= 1 else dates.short(booking.day)
    if booking.start is None:
        return said
    return f"{said}, {half(booking.half) if booking.half else f'{booking.start:%H:%M}'}"


def where(booking: Booking, language: str = "") -> str:
    """The kind of place, with the room where one is said."""
    if booking.place == REFERRED:
        return booking.room
    place = reading.settings().place(booking.place)
    said = place.words[language or reader.language()] if place is not None else ""
    if not booking.room:
        return said
    room = booking.room
    if room.isdigit():
        room = gettext("room %(number)s") % {"number": room}
    return ", ".join(filter(None, [said, room]))


def bring(booking: Booking, language: str = "") -> str:
    """What to have at hand, as the content says it for the kind of place."""
    place = reading.settings().place(booking.place)
    return str(place.bring.get(language or reader.language(), "")) if place is not None else ""


def what_for(booking: Booking) -> list[str]:
    """Titles of the due care that a booking names, each once; else what it says of itself."""
    if booking.service:
        return [content().named(booking.service, reader.language())]
    if not booking.actions and booking.about:
        return [booking.about]
    titles = (needs.title_of(*(one.split("/") + ["", ""])[:3]) for one in booking.actions)
    return list(dict.fromkeys(titles))


def on_list(booked: Booked, today: date) -> str:
    """A booking as a list says it: tomorrow, 10:30; after midday without an hour."""
    away = (booked.on - today).days
    said = dates.from_here(booked.on, today) if -1 <= away <= 1 else dates.short(booked.on)
    part = booked.is_part and next(
        (
            name
            for name, (first, _last) in reading.settings().halves.items()
            if f"{first:%H:%M}" == booked.at
        ),
        "",
    )
    return f"{said}, {half(part) if part else booked.at}"


def is_visit(booked: Booked, today: date) -> bool:
    """Whether somebody is still to be visited at home, and does not come themselves."""
    return is_ahead(booked, today) and reading.settings().is_home(booked.place)


def missed(booked: Booked, today: date) -> str:
    """What the list says of a booking that was not kept, or of which nobody said so."""
    when_ = on_list(booked, today)
    if booked.status == "noshow":
        return gettext("did not come: %(when)s") % {"when": when_}
    return gettext("booked %(when)s: did they come?") % {"when": when_}


def place_of(id_: str) -> str:
    """A kind of place by its id in the content."""
    place = reading.settings().place(id_)
    return str(place.words[reader.language()]) if place is not None else ""


def state(booking: Booking, now: datetime) -> tuple[str, str]:
    """How a booking stands: in words, and which of the six states it is shown as."""
    words, shape = STATES.get(booking.status, (booking.status, "soon"))
    if is_late(booking, now):
        return gettext("time has passed"), "overdue"
    return str(words), shape


def is_late(booking: Booking, now: datetime) -> bool:
    """Whether the time has passed and nobody said whether they came."""
    return booking.status in ("booked", "pending") and booking.end is not None and booking.end < now


def why_cancelled(booking: Booking) -> str:
    """Why a booking was cancelled."""
    reason = reading.settings().reason(booking.reason)
    return str(reason.words[reader.language()]) if reason is not None else ""


def places(settings: Settings) -> list[tuple[str, str]]:
    """Kinds of place to choose from."""
    return [(one.id, str(one.words[reader.language()])) for one in settings.places]


def closed(day: date) -> str:
    """Why nobody is booked on a day, as a sentence; nothing where the site is open."""
    own = reading.settings()
    why = own.closures.why(day)
    if why is not None:
        return gettext("Closed: %(why)s") % {"why": why[reader.language()]}
    return "" if own.is_open(day) else gettext("Closed on this weekday")


def in_reach(day: date) -> None:
    """Refuse a day, or a time of one, further ahead than anybody is booked.

    Raises:
        ValidationError: it is.
    """
    on = day.date() if isinstance(day, datetime) else day
    if on > reading.settings().latest(timezone.localdate()):
        raise ValidationError(_("This day is years ahead. Check the year."), code="far")


def is_long_ago(day: date) -> bool:
    """Whether a day is as far back as nobody is booked ahead, as a year typed wrong is."""
    today = timezone.localdate()
    return (today - day).days > (reading.settings().latest(today) - today).days


def slots(found: Iterable[datetime], today: date) -> list[tuple[str, str, str]]:
    """Free times to press: value, day in words, time."""
    return [
        (f"{one:%Y-%m-%dT%H:%M}", day_in_words(one.date(), today), f"{one:%H:%M}") for one in found
    ]


def time_in_words(at: datetime, today: date) -> str:
    """A day and a time: Tomorrow, 10:30."""
    return f"{day_in_words(at.date(), today)}, {at:%H:%M}"


def day_in_words(day: date, today: date) -> str:
    """Today and tomorrow by name, other days by weekday and date."""
    near = (day - today).days in (0, 1)
    return dates.from_here(day, today).capitalize() if near else dates.with_weekday(day)


def of(resources: Iterable[Any]) -> list[Booking]:
    """Bookings of some Appointments, those with the soonest time first, wishes after them."""
    found = [reading.of_resource(one) for one in resources]
    return sorted(
        found,
        key=lambda one: (one.start.timestamp() if one.start else inf, one.day or date.max),
    )
