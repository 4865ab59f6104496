"""Books some of the demo's people with its workers, as a team would have by this morning."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from qamqor.engine.booking import Wish
from qamqor.engine.worklist import Tab
from qamqor.errors import NotPossible
from qamqor.services import accounts
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import zone
from qamqor.services.booking import desk, making, reading
from qamqor.services.worklist.today import TEAM
from qamqor.services.worklist.today import today as page_of_list
from qamqor.store.accounts import Account
from qamqor.store.fhir import versions

DAYS: Final = 3
"""For how many working days from today people are booked."""
SEEN: Final = 4
VISITED: Final = 2
"""How many a worker of the team has on each of them, at the clinic and at home."""
EVERY: Final = 3
"""One free time, and one person of a list, of so many is taken: days and lists keep gaps."""


def ensure(at: datetime) -> int:
    """Book people where nobody is booked yet; how many were.

    Raises:
        NotPossible: this is not the demo.
    """
    if not settings.QAMQOR.is_demo:
        raise NotPossible("bookings are invented in the demo only (QAMQOR_DEMO=1)")
    if next(versions.current_of_type("Appointment", slice_size=1), None) is not None:
        return 0
    taken: set[str] = set()
    for account in Account.objects.filter(is_demo=True, role__in=TEAM).order_by("role"):
        actor = accounts.actor_for(account, at)
        if actor is not None and account.practitioner_role_id:
            _book(actor, at, taken)
    return len(taken)


def _book(actor: Actor, at: datetime, taken: set[str]) -> None:
    own, today = reading.settings(), at.astimezone(zone()).date()
    clinic, visit = own.place_for("clinic"), own.place_for("home")
    days = [
        day
        for day in (today + timedelta(days=n) for n in range(own.ahead_days))
        if own.is_open(day, actor.role, clinic)
    ][:DAYS]
    come = _people(actor, Tab.to_see, at, taken, SEEN * DAYS)
    home = _people(actor, Tab.to_visit, at, taken, VISITED * DAYS)
    half, (begins, ends) = next(iter(own.halves.items()))
    for day in days:
        free = desk.free(actor.reference, day, own.length, at, role=actor.role, place=clinic)
        times = free[::EVERY][:SEEN]
        for start in times:
            until = start + timedelta(minutes=own.length)
            _one(actor, at, taken, come, Wish(start, until, actor.reference, actor.role, clinic))
        for _ in range(VISITED):
            start, until = (datetime.combine(day, one, zone()) for one in (begins, ends))
            wish = Wish(start, until, actor.reference, actor.role, visit, half=half)
            _one(actor, at, taken, home, wish)


def _people(actor: Actor, tab: Tab, at: datetime, taken: set[str], most: int) -> list[str]:
    """People who stand in a tab of somebody's list, the most pressing first; never most of them."""
    day = at.astimezone(zone()).date()
    found = page_of_list(actor, tab=tab, as_of=day, at=at)
    people = (line.row.patient_id for line in found.lines)
    return [one for one in people if one not in taken][: min(most, found.people // EVERY)]


def _one(actor: Actor, at: datetime, taken: set[str], people: list[str], wish: Wish) -> None:
    if not people:
        return
    patient = people.pop(0)
    needs = desk.needs(patient, actor, at.astimezone(zone()).date())
    what = tuple(f"{one.programme}/{one.action}/{one.item}" for one in needs[:2])
    wish = replace(wish, actions=what)
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{patient} {wish.worker} {wish.start.isoformat()}"))
    if making.book(patient, wish, actor=actor, at=at, key=key).id:
        taken.add(patient)
