"""The way of a referral: what may follow what, and by when a reply is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from qamqor.engine.words import LANGUAGES
from qamqor.errors import InvalidPack, Problem

PRIORITIES: Final = ("routine", "urgent", "asap", "stat")


class State(StrEnum):
    """Where a referral stands; ``advice`` is an answer without the person having to come."""

    sent = "sent"
    booked = "booked"
    seen = "seen"
    replied = "replied"
    advice = "advice"
    closed = "closed"
    cancelled = "cancelled"


WAITING: Final = (State.sent, State.booked, State.seen)
"""Somebody else must answer."""
ANSWERED: Final = (State.replied, State.advice)
"""The answer is here, and who asked has not closed the referral yet."""
OVER: Final = (State.closed, State.cancelled)
NEXT: Final[Mapping[State, tuple[State, ...]]] = {
    State.sent: (State.booked, State.seen, State.replied, State.advice, State.cancelled),
    State.booked: (
        State.booked, State.sent, State.seen, State.replied, State.advice, State.cancelled,
    ),
    State.seen: (State.replied, State.advice),
    State.replied: (State.closed,),
    State.advice: (State.closed,),
    State.closed: (),
    State.cancelled: (),
}  # fmt: skip
"""What may follow; a booking may be moved or fall through, so that the referral waits for another
day, and a visit nobody booked may simply happen."""


@dataclass(frozen=True, slots=True)
class Service:
    """One thing somebody can be referred for.

    Attributes:
        code, system: as the request says it. label: by language.
    """

    id: str
    system: str
    code: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Referrals:
    """What an installation refers for, and how long a reply may take.

    Attributes:
        reply_days: by priority, counted from the day it was sent.
    """

    services: tuple[Service, ...]
    reply_days: Mapping[str, int]

    def named(self, code: str, language: str) -> str:
        """What a code is called; the code itself where nobody named it."""
        for one in self.services:
            if one.code == code:
                return one.label.get(language) or one.label["en"]
        return code

    def reply_by(self, sent_on: date, priority: str, booked_on: date | None = None) -> date:
        """The last day on which the reply is in time; a later booking moves it by a week."""
        days = self.reply_days.get(priority, self.reply_days["routine"])
        last = sent_on + timedelta(days=days)
        return last if booked_on is None else max(last, booked_on + timedelta(days=7))


def read_referrals(raw: Any, where: str) -> Referrals:
    """The installation's content.

    Raises:
        InvalidPack: a service without code or words, or days that are no whole number.
    """
    problems: list[Problem] = []
    services = [_service(one, where, problems) for one in raw.get("services", ())]
    days = {name: one.get("value") for name, one in raw.get("reply_days", {}).items()}
    problems += [
        Problem(where, f"reply_days.{name} is one of {', '.join(PRIORITIES)} with whole days")
        for name, value in days.items()
        if name not in PRIORITIES or not isinstance(value, int) or value < 1
    ]
    if "routine" not in days:
        problems.append(Problem(where, "reply_days.routine is missing"))
    if problems:
        raise InvalidPack(problems)
    return Referrals(tuple(one for one in services if one), days)


def _service(one: Mapping[str, Any], where: str, problems: list[Problem]) -> Service | None:
    label = one.get("label") or {}
    if not (one.get("id") and one.get("system") and one.get("code")) or set(label) < set(LANGUAGES):
        problems.append(Problem(where, f"service {one.get('id')} needs code, system and words"))
        return None
    return Service(str(one["id"]), str(one["system"]), str(one["code"]), label)


def state_of(request: Mapping[str, Any], task: Mapping[str, Any] | None = None) -> State | None:
    """Where a referral stands by what is stored; None for a draft or an entry made in error.

    Args:
        request: the ServiceRequest. task: the Task that carries it, if anybody follows its way.
    """
    asked = {"active": State.sent, "on-hold": State.sent, "completed": State.closed,
             "revoked": State.cancelled}.get(str(request.get("status")))  # fmt: skip
    if asked in (None, State.cancelled) or task is None:
        return asked
    return state_of_task(task) or asked


def state_of_task(task: Mapping[str, Any]) -> State | None:
    """Where the Task says the referral stands; None where it says nothing of it."""
    if task.get("status") in ("draft", "entered-in-error"):
        return None
    if task.get("status") in ("cancelled", "rejected", "failed"):
        return State.cancelled
    codes = [str(one.get("code")) for one in (task.get("businessStatus") or {}).get("coding", [])]
    if day_of(task, "closed"):
        return State.closed
    return next((State(code) for code in codes if code in set(State)), None)


def day_of(task: Mapping[str, Any], step: str) -> str:
    """The day of a step, ``YYYY-MM-DD``, or nothing."""
    outputs: Sequence[Mapping[str, Any]] = task.get("output") or ()
    for one in outputs:
        codes = [coding.get("code") for coding in one.get("type", {}).get("coding", [])]
        if step in codes:
            return str(one.get("valueDateTime") or "")[:10]
    return ""
