"""Reads bookings as the site's settings understand them, and who of a team may be booked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from qamqor.engine import booking as engine
from qamqor.engine.booking import Booking, Settings
from qamqor.engine.closures import Closures, read_closed, read_holidays
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.subjects import labels
from qamqor.errors import InvalidPack, NotThere, Problem
from qamqor.services import installed
from qamqor.services.access.actor import Actor
from qamqor.services.access.labels import rules
from qamqor.services.access.sights import zone
from qamqor.services.referral.lists import names_of
from qamqor.services.worklist.settings import newest
from qamqor.services.worklist.team import posts_of
from qamqor.services.worklist.today import LEADING, areas_below, areas_of
from qamqor.store import booking as store
from qamqor.store.booking import Found
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

_FILE: Final = "booking/booking.yaml"
HOLIDAYS: Final = "booking/holidays.yaml"
CLOSED: Final = "booking/closed.yaml"
_DAY: Final = timedelta(days=1)
POST: Final = "PractitionerRole/"


class Worker(NamedTuple):
    """Somebody who can be booked: reference of the post, role, name of who holds it."""

    reference: str
    role: str
    name: str


def settings() -> Settings:
    """How bookings go here, with holidays and closed days: the site's own files, or the shipped.

    Raises:
        InvalidPack: a file cannot be read, or the first is missing.
    """
    return _settings(installed.folders())


@cache
def _settings(folders: tuple[Path, ...]) -> Settings:
    file = newest(folders, _FILE)
    if file is None:
        raise InvalidPack([Problem(_FILE, "is not there")])
    own = engine.read_settings(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    holidays, closed = (
        read(yaml.safe_load(found.read_text(encoding="utf-8")), found.name)
        if (found := newest(folders, name)) is not None
        else Closures()
        for name, read in ((HOLIDAYS, read_holidays), (CLOSED, read_closed))
    )
    return replace(own, closures=replace(holidays, spans=closed.spans))


def read(found: Iterable[Found]) -> list[Booking]:
    """Bookings as they stand, in the order found."""
    own, here, sensitivity = settings(), zone(), rules().sensitivity
    made = []
    for one in found:
        if one.version.content:
            resource = json_text.decode(one.version.content)
            is_labelled = bool(labels(resource, sensitivity))
            made.append(replace(engine.read(resource, own, here), is_labelled=is_labelled))
    return made


def of_resource(resource: Mapping[str, Any]) -> Booking:
    """What an Appointment says."""
    return engine.read(resource, settings(), zone())


def one(id_: str) -> tuple[Booking, dict[str, Any]]:
    """A booking and its Appointment.

    Raises:
        NotThere: there is none of this id.
    """
    found = versions.read("Appointment", id_)
    if found is None or found.content is None:
        raise NotThere(f"Appointment/{id_} is not here")
    resource: dict[str, Any] = json_text.decode(found.content)
    return engine.read(resource, settings(), zone()), resource


def of_person(patient: str, tx: Transaction | None = None) -> list[Booking]:
    """Every booking of a person; whoever shows them decides who may see them."""
    return read(store.of_person(patient, tx))


def of_workers(
    posts: Sequence[str], first: date, last: date, tx: Transaction | None = None
) -> list[Booking]:
    """The bookings of some posts (references) from one day to another, the earliest first."""
    ids = [one.removeprefix(POST) for one in posts]
    return read(store.of_workers(ids, moment_of(first), moment_of(last + _DAY), tx))


def moment_of(day: date) -> int:
    """When a day begins here, in microseconds from 1970."""
    begins = datetime(day.year, day.month, day.day, tzinfo=zone())
    return round(begins.timestamp()) * 1_000_000


def areas(actor: Actor) -> tuple[str, ...]:
    """Whose teams somebody books for: their own areas, or all below who leads or registers."""
    if actor.role == "registrar":
        return areas_below(actor)
    return areas_of(actor)


def roles(actor: Actor, as_of: date) -> dict[str, str]:
    """Posts that can be booked by the actor, with the role of each."""
    held = posts_of(areas(actor), as_of)
    posts = {post: role for role, of in held.items() for some in of.values() for post in some}
    if is_worker(actor):
        posts.setdefault(actor.reference, actor.role)
    return posts


def is_worker(actor: Actor) -> bool:
    """Whether the actor is booked themselves, and stands first of those who can be."""
    return actor.reference.startswith(POST) and actor.role != "registrar"


def team(actor: Actor, as_of: date) -> list[Worker]:
    """Who of the actor's teams can be booked: the actor first, then by role and name."""
    posts = roles(actor, as_of)
    names = names_of(list(posts))
    found = [Worker(post, role, names.get(post, "")) for post, role in posts.items()]
    return sorted(found, key=lambda one: (one.reference != actor.reference, one.role, one.name))


def leads(actor: Actor) -> bool:
    """Whether somebody looks at the bookings of a whole team first."""
    return actor.role in LEADING or actor.role == "registrar"


def by_worker(bookings: Iterable[Booking]) -> Mapping[str, list[Booking]]:
    """Bookings by the post they are with; one with two workers stands under both."""
    found: dict[str, list[Booking]] = {}
    for one_ in bookings:
        for worker in one_.workers:
            found.setdefault(worker, []).append(one_)
    return found
