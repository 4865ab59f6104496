"""Bookings: how a site books, what an Appointment says, which times are free, which two meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from qamqor.engine.closures import Closures
from qamqor.engine.fhir.names import CODES
from qamqor.engine.words import LANGUAGES, Words, lacking
from qamqor.errors import InvalidPack, Problem

Resource = dict[str, Any]
WEEKDAYS: Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
OPEN: Final = frozenset({"booked", "arrived", "pending"})
"""States in which somebody is still expected, or is there."""
TIMED: Final = OPEN | {"fulfilled", "noshow", "checked-in"}
AT_CLINIC, AT_HOME, FROM_AFAR = "AMB", "HH", "VR"
"""Classes of visits, of v3-ActCode."""
PLACE: Final = f"{CODES}/booking_place"
REFERRED: Final = "referred"
"""Where whoever was asked by a referral sees the person: in nobody's hours here."""
REASON: Final = f"{CODES}/booking_cancelled"
ACTION: Final = f"{CODES}/action"
_PROGRAMME: Final = f"{CODES}/programme"
_ITEM: Final = f"{CODES}/due_item"
_ROLE: Final = f"{CODES}/role"


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of place: id, channels of due care it serves, class of its visit, icon, words."""

    id: str
    channels: frozenset[str]
    visit_class: str
    icon: str
    words: Words
    bring: Words


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a booking is cancelled; ``by``: ``person`` or ``clinic``."""

    id: str
    by: str
    words: Words


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a working day, its pause, and weekdays without bookings, 0 = Monday."""

    opens: time
    closes: time
    pause: tuple[time, time]
    closed: frozenset[int]


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """Hours of a service: of some roles, at some kinds of place; empty = all of them."""

    roles: frozenset[str]
    places: frozenset[str]
    hours: Hours

    def is_of(self, role: str, place: str) -> bool:
        """Whether they are those of a role at a kind of place."""
        is_role = not self.roles or role in self.roles
        return is_role and (not self.places or place in self.places)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a site books.

    Attributes:
        day: hours where no service has its own. services: hours of services, the first that fits.
        step: minutes between times offered. halves: id → from, until.
        lengths: minutes to choose from; ``length`` is the usual one.
        ahead_days: how far a free time is looked for.
        farthest_days: how far ahead anybody is booked.
        closures: public holidays and days the site is closed.
    """

    day: Hours
    step: int
    halves: Mapping[str, tuple[time, time]]
    lengths: tuple[int, ...]
    length: int
    ahead_days: int
    farthest_days: int
    places: tuple[Place, ...]
    rooms: tuple[str, ...]
    reasons: tuple[Reason, ...]
    services: tuple[ServiceHours, ...] = ()
    closures: Closures = Closures()

    def hours(self, role: str = "", place: str = "") -> Hours:
        """The hours in which a role is booked at a kind of place."""
        return next((one.hours for one in self.services if one.is_of(role, place)), self.day)

    def place(self, id_: str) -> Place | None:
        """A kind of place by its id."""
        return next((one for one in self.places if one.id == id_), None)

    def class_of(self, id_: str) -> str:
        """The class of a visit at a kind of place; at the clinic where the place is not known."""
        place = self.place(id_)
        return place.visit_class if place is not None else AT_CLINIC

    def is_home(self, id_: str) -> bool:
        """Whether a kind of place is the person's home, where they wait for the worker."""
        return self.class_of(id_) == AT_HOME

    def place_for(self, channel: str) -> str:
        """The place that serves a channel of due care; the first where none does."""
        fitting = (one.id for one in self.places if channel in one.channels)
        return next(fitting, self.places[0].id)

    def reason(self, id_: str) -> Reason | None:
        """A reason of cancelling by its id."""
        return next((one for one in self.reasons if one.id == id_), None)

    def is_open(self, day: date, role: str = "", place: str = "") -> bool:
        """Whether people are booked on a day with a role at a kind of place."""
        is_weekday = day.weekday() not in self.hours(role, place).closed
        return is_weekday and self.closures.why(day) is None

    def latest(self, today: date) -> date:
        """The last day for which anybody is booked."""
        return today + timedelta(days=self.farthest_days)


FARTHEST_DAYS: Final = 730
"""How far ahead anybody is booked where a site says nothing."""
MOST_DAYS: Final = 3650
"""Nobody is booked further ahead on purpose."""
_NEEDED: Final = (
    "day", "halves", "lengths", "length", "ahead_days", "places", "cancelled",
)  # fmt: skip


def read_settings(raw: Mapping[str, Any], where: str) -> Settings:
    """How a site books, from its file.

    Raises:
        InvalidPack: something is missing, is no time, or has no words in a language.
    """
    problems: list[Problem] = []
    for name in _NEEDED:
        if name not in raw:
            problems.append(Problem(f"{where}: {name}", "is missing"))
    if problems:
        raise InvalidPack(problems)
    try:
        found = _settings(raw)
    except (KeyError, TypeError, ValueError) as wrong:
        raise InvalidPack([Problem(where, f"cannot be read: {wrong}")]) from None
    worded: list[Place | Reason] = [*found.places, *found.reasons]
    for one in worded:
        problems += lacking(one.words, f"{where}: {one.id}")
    if not found.places:
        problems.append(Problem(f"{where}: places", "names no place"))
    if found.length not in found.lengths:
        problems.append(Problem(f"{where}: length", "is not one of the lengths"))
    if not 0 < found.ahead_days <= found.farthest_days <= MOST_DAYS:
        said = f"from 1, the second not below the first and not above {MOST_DAYS}"
        problems.append(Problem(f"{where}: ahead_days, farthest_days", said))
    problems += _of_hours(found, where)
    if problems:
        raise InvalidPack(problems)
    return found


def _of_hours(found: Settings, where: str) -> Iterator[Problem]:
    if found.day.opens >= found.day.closes or found.step < 5:
        yield Problem(f"{where}: day", "must open before it closes, in steps from 5")
    known = {place.id for place in found.places}
    for number, one in enumerate(found.services, 1):
        if one.hours.opens >= one.hours.closes:
            yield Problem(f"{where}: hours {number}", "must open before they close")
        if one.places - known or not (one.roles or one.places):
            yield Problem(f"{where}: hours {number}", "name roles, or places that there are")


def _settings(raw: Mapping[str, Any]) -> Settings:
    day = {"closed": (), **raw["day"]}
    return Settings(
        day=_hours(day),
        step=int(day["step"]),
        halves={str(name): _pair(pair) for name, pair in raw["halves"].items()},
        lengths=tuple(int(one) for one in raw["lengths"]),
        length=int(raw["length"]),
        ahead_days=int(raw["ahead_days"]),
        farthest_days=int(raw.get("farthest_days", FARTHEST_DAYS)),
        places=tuple(
            Place(
                str(one["id"]), frozenset(one.get("channels", ())), str(one["class"]),
                str(one.get("icon", "calendar")), one["words"], one.get("bring", {}),
            )
            for one in raw["places"]
        ),
        rooms=tuple(map(str, raw.get("rooms", ()))),
        reasons=tuple(
            Reason(str(one["id"]), by, {name: str(one.get(name, "")) for name in LANGUAGES})
            for by in ("person", "clinic")
            for one in raw["cancelled"].get(by, ())
        ),
        services=tuple(
            ServiceHours(
                frozenset(one.get("roles", ())),
                frozenset(one.get("places", ())),
                _hours({**day, **one}),
            )
            for one in raw.get("hours", ())
        ),
    )  # fmt: skip


def _hours(raw: Mapping[str, Any]) -> Hours:
    return Hours(
        opens=time.fromisoformat(raw["opens"]),
        closes=time.fromisoformat(raw["closes"]),
        pause=_pair(raw["pause"]),
        closed=frozenset(WEEKDAYS.index(one) for one in raw["closed"]),
    )


def _pair(pair: Sequence[str]) -> tuple[time, time]:
    first, last = pair
    return time.fromisoformat(first), time.fromisoformat(last)


@dataclass(frozen=True, slots=True)
class Booking:
    """What an Appointment says.

    Attributes:
        start, end: on the clock of this place; None while only a day is wished for (``day``).
        half: id of the part of the day, where no hour was said.
        workers: references of who is booked with them; ``role`` of the first.
        actions: what it is for, as ``programme/action/item``.
        about: in a few words, where whoever wrote it names no due care.
        note: in the person's words. reason: why it was cancelled.
        request: id of the referral whose day it is; ``service``: code of what that is for.
        is_labelled: a label of sensitivity closes it to some readers.
        is_closed: to this reader, who is told when it is and nothing else.
    """

    id: str
    version: int
    patient: str
    status: str
    day: date | None
    start: datetime | None
    end: datetime | None
    half: str = ""
    workers: tuple[str, ...] = ()
    role: str = ""
    place: str = ""
    room: str = ""
    actions: tuple[str, ...] = ()
    about: str = ""
    note: str = ""
    reason: str = ""
    request: str = ""
    service: str = ""
    is_labelled: bool = False
    is_closed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether somebody is expected or there, at a time."""
        return self.status in OPEN and self.start is not None

    @property
    def minutes(self) -> int:
        """How long it takes."""
        if self.start is None or self.end is None:
            return 0
        return int((self.end - self.start).total_seconds()) // 60


def read(resource: Mapping[str, Any], settings: Settings, zone: tzinfo) -> Booking:
    """A booking from its Appointment, whoever wrote it; what is missing stays empty."""
    start, end = _moment(resource.get("start"), zone), _moment(resource.get("end"), zone)
    wished = (resource.get("requestedPeriod") or [{}])[0]
    text = str(wished.get("start") or wished.get("end") or "")[:10]
    day = start.date() if start else date.fromisoformat(text) if len(text) == 10 else None
    present = resource.get("participant") or []
    names = [str((one.get("actor") or {}).get("reference", "")) for one in present]
    workers = tuple(one for one in names if one and not one.startswith(("Patient/", "Location/")))
    rooms = [str(a["display"]) for one in present if _is_room(a := one.get("actor") or {})]
    place = next(_codes([resource], "serviceCategory", PLACE), "")
    is_referred = place == REFERRED
    return Booking(
        id=str(resource.get("id", "")),
        version=int((resource.get("meta") or {}).get("versionId", 0)),
        patient=next((one[8:] for one in names if one.startswith("Patient/")), ""),
        status=str(resource.get("status", "")),
        day=day,
        start=start,
        end=end,
        half=_half(resource, start, end, settings),
        workers=workers,
        role=next(_codes(present, "type", _ROLE), ""),
        place=place,
        room=rooms[0] if rooms else "",
        actions=tuple(_actions(resource.get("reasonCode") or ())),
        about=str(resource.get("description") or ""),
        note=str(resource.get("comment") or ""),
        reason=next(_codes([{"r": [resource.get("cancelationReason") or {}]}], "r", REASON), ""),
        request=_request(resource) if is_referred else "",
        service=_service(resource) if is_referred else "",
    )


def _request(resource: Mapping[str, Any]) -> str:
    named = (str(one.get("reference", "")) for one in resource.get("basedOn") or ())
    return next((r.partition("/")[2] for r in named if r.startswith("ServiceRequest/")), "")


def _service(resource: Mapping[str, Any]) -> str:
    concepts = resource.get("serviceType") or ()
    return next((str(c.get("code", "")) for o in concepts for c in o.get("coding") or ()), "")


def _is_room(actor: Mapping[str, Any]) -> bool:
    return "display" in actor and not str(actor.get("reference", "")).startswith(
        ("Patient/", "Practitioner")
    )


def _moment(text: Any, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text)) if text else None
        return found.astimezone(zone) if found is not None and found.tzinfo else None
    except (ValueError, OverflowError):  # The first and last hours there are have no clock here.
        return None


def _half(
    resource: Mapping[str, Any], start: datetime | None, end: datetime | None, settings: Settings
) -> str:
    """A part of the day is a booking of its whole length that does not say how long it takes."""
    if start is None or end is None or resource.get("minutesDuration"):
        return ""
    span = f"{start:%H:%M}–{end:%H:%M}"
    halves = settings.halves.items()
    return next((name for name, (a, b) in halves if f"{a:%H:%M}–{b:%H:%M}" == span), "")


def _codes(elements: Iterable[Mapping[str, Any]], field: str, system: str) -> Iterator[str]:
    for element in elements:
        for concept in element.get(field) or ():
            for coding in concept.get("coding") or ():
                if coding.get("system") == system:
                    yield str(coding.get("code", ""))


def _actions(concepts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for concept in concepts:
        said = {one.get("system"): str(one.get("code", "")) for one in concept.get("coding") or ()}
        if ACTION in said:
            yield f"{said.get(_PROGRAMME, '')}/{said[ACTION]}/{said.get(_ITEM, '')}"


@dataclass(frozen=True, slots=True)
class Wish:
    """A booking somebody wants.

    Attributes:
        start, end: on the clock of this place. half: id, where only a part of the day is said.
        worker: reference of the post; role: what it does there.
        actions: ``programme/action/item`` of the due care it is for.
        rests_on: references of records it is about, as R4 lets an Appointment name them.
    """

    start: datetime
    end: datetime
    worker: str
    role: str
    place: str
    half: str = ""
    room: str = ""
    actions: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    note: str = ""


_REASONS: Final = ("Condition/", "Procedure/", "Observation/", "ImmunizationRecommendation/")


def appointment(id_: str, patient: str, wish: Wish, *, created: datetime) -> Resource:
    """A booked Appointment; ``created`` is when it was first made."""
    present: list[Resource] = [
        {
            "actor": {"reference": f"Patient/{patient}"},
            "required": "required",
            "status": "accepted",
        },
        {
            **({"type": [{"coding": [{"system": _ROLE, "code": wish.role}]}]} if wish.role else {}),
            "actor": {"reference": wish.worker},
            "required": "required",
            "status": "accepted",
        },
    ]
    if wish.room.strip():
        present.append({"actor": {"display": wish.room.strip()}, "status": "accepted"})
    made: Resource = {
        "resourceType": "Appointment",
        "id": id_,
        "status": "booked",
        "serviceCategory": [{"coding": [{"system": PLACE, "code": wish.place}]}],
        "reasonCode": [_concept(one) for one in wish.actions],
        "reasonReference": [{"reference": r} for r in wish.rests_on if r.startswith(_REASONS)],
        "start": wish.start.isoformat(timespec="seconds"),
        "end": wish.end.isoformat(timespec="seconds"),
        "minutesDuration": 0 if wish.half else int((wish.end - wish.start).seconds // 60),
        "created": created.isoformat(timespec="seconds"),
        "comment": wish.note.strip(),
        "basedOn": [{"reference": r} for r in wish.rests_on if r.startswith("ServiceRequest/")],
        "participant": present,
    }
    return {name: value for name, value in made.items() if value}


def _concept(action: str) -> Resource:
    programme, code, item = (action.split("/") + ["", ""])[:3]
    said = ((_PROGRAMME, programme), (ACTION, code), (_ITEM, item))
    return {"coding": [{"system": system, "code": value} for system, value in said if value]}


def meets(one: Booking, start: datetime, end: datetime) -> bool:
    """Whether a booking is at a time; two that follow each other do not meet."""
    if not one.is_open or one.start is None or one.end is None:
        return False
    return one.start < end and start < one.end


def free_times(
    day: date, taken: Iterable[Booking], *, length: int, settings: Settings, after: datetime,
    role: str = "", place: str = "",
) -> list[datetime]:  # fmt: skip
    """Times of a day at which a worker is free for a length, in the site's steps.

    Args:
        taken: the worker's bookings; parts of a day leave their hours free, many share them.
        after: with a zone; times at or before it have passed.
        role, place: of the service whose hours are asked for.
    """
    if not settings.is_open(day, role, place):
        return []
    hours = settings.hours(role, place)
    zone, found, takes = after.tzinfo, [], timedelta(minutes=length)
    at = datetime.combine(day, hours.opens, zone)
    closes = datetime.combine(day, hours.closes, zone)
    busy = [one for one in taken if not one.half and meets(one, at, closes)]
    pause = [datetime.combine(day, one, zone) for one in hours.pause]
    while at + takes <= closes:
        rests = at < pause[1] and pause[0] < at + takes
        if at > after and not rests and not any(meets(one, at, at + takes) for one in busy):
            found.append(at)
        at += timedelta(minutes=settings.step)
    return found


def suggestions(
    taken: Iterable[Booking], *, length: int, settings: Settings, after: datetime, most: int = 3,
    role: str = "", place: str = "",
) -> list[datetime]:  # fmt: skip
    """The first free time of each of the next days that has one: today, tomorrow, the next."""
    listed, found = list(taken), []
    day = after.date()
    for _ in range(settings.ahead_days):
        times = free_times(
            day, listed, length=length, settings=settings, after=after, role=role, place=place
        )
        found += times[:1]
        if len(found) == most:
            break
        day += timedelta(days=1)
    return found
