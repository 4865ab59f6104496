"""Decides who may read the audit: auditors all of it, a person what concerns them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.envelope import ID
from qamqor.engine.fhir.search.ranges import date_range
from qamqor.errors import Issue, NotAllowed, NotThere, Unusable
from qamqor.services import audit
from qamqor.services.access.actor import Actor
from qamqor.services.access.looks import at_one, refused
from qamqor.services.access.sights import Sights
from qamqor.services.audit import events
from qamqor.store import audit as chain
from qamqor.store.audit import Wanted

MOST_ON_A_PAGE: Final = 1000
SEARCHED_BY: Final = ("_id", "_lastUpdated", "action", "agent", "date", "outcome", "patient")
"""The search parameters of AuditEvent that the chain answers."""
_NEWEST_FIRST: Final = {"-date", "-_lastUpdated"}
_NOBODYS: Final = 0
_DIGITS: Final = 18
"""A number of so many digits still is one to every database."""
_ACTIONS: Final = {"C": ("create",), "U": ("update",), "D": ("delete",)}
_FIVE_HOURS: Final = 5 * 3_600_000_000
_OUTCOMES: Final = {"0": "ok", "4": "refused", "8": "failed"}


class Page(NamedTuple):
    """AuditEvents, newest first; ``total`` of all that answer; ``before`` to page on from."""

    events: list[dict[str, Any]]
    total: int
    before: int | None


def openings(
    patient: str, *, actor: Actor, at: datetime, before: int | None = None, limit: int = 50
) -> tuple[list[audit.Opening], int | None]:
    """Who opened a person's record, for themselves, their guardian, or an auditor.

    Raises:
        NotThere: nobody of this id, or somebody else's record.
        NotAllowed: staff do not read who else opened a record.
    """
    _may_see(patient, actor, at)
    audit.record(actor, "read", at=at, what=["AuditEvent"], people=[patient], query="who opened")
    return audit.who_opened(patient, before=before, limit=limit)


def may_see_of_own(relation: str) -> bool:
    """Whether staff near to a person by this relation may see who opened the person's record.

    The team that cares for somebody keeps watch over the record with them; a booking, a referral
    or a broken glass is too short an acquaintance.
    """
    return relation in {"panel", "organisation"}


def openings_of_own(
    patient: str, *, actor: Actor, at: datetime, before: int | None = None, limit: int = 50,
    language: str = "ru",
) -> tuple[list[audit.Opening], int | None]:  # fmt: skip
    """Who opened the record of a person of one's own, for the team that cares for them.

    Args:
        language: of the names of organisations.

    Raises:
        NotThere: nobody of this id, or not a person of theirs.
        NotAllowed: near, but not of the team.
    """
    sights = Sights(actor, at)
    relation, _ = at_one(sights, "Patient", patient)
    if not may_see_of_own(relation):
        refusal = NotAllowed(f"{actor.role} is not of the team of this person")
        refused(sights, "search", ["AuditEvent"], refusal=refusal, people=[patient])
        raise refusal
    audit.record(
        actor,
        "read",
        at=at,
        what=["AuditEvent"],
        people=[patient],
        relation=relation,
        query="who opened",
    )
    return audit.who_opened(patient, before=before, limit=limit, language=language)


def _may_see(patient: str | None, actor: Actor, at: datetime) -> None:
    sights = Sights(actor, at)
    if sights.of("search", "AuditEvent") is not None:
        return
    if actor.role == "resident" and actor.client is None and patient is not None:
        relation, _ = at_one(sights, "Patient", patient)
        if relation in {"self", "guardian"}:
            return
    refusal = NotAllowed(f"{actor.role} may not read the audit of others")
    refused(sights, "search", ["AuditEvent"], refusal=refusal, people=[patient] if patient else [])
    raise refusal


def one(id_: str, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """One entry as an AuditEvent, by its number.

    Raises:
        NotThere: no such entry. NotAllowed: it does not concern this actor.
    """
    number = _number(id_)
    rows = chain.find(Wanted(number=number), limit=1) if number is not None else []
    people = events.people(rows[0]) if rows else ()
    _may_see(next(iter(people), None), actor, at)
    if not rows:
        raise NotThere(f"AuditEvent/{id_} is not here")
    audit.record(actor, "read", at=at, what=[f"AuditEvent/{id_}"], people=people)
    return events.event(rows[0])


def search(
    asked: Iterable[tuple[str, str]], *, actor: Actor, at: datetime, before: int | None = None
) -> Page:
    """AuditEvents that answer the parameters of ``SEARCHED_BY``, newest first.

    Raises:
        Unusable: another parameter or a value that cannot be read.
        NotAllowed: a person asks about somebody else, or without naming themselves.
    """
    wanted, count = _wanted(list(asked))
    _may_see(wanted.patient, actor, at)
    names = "&".join(dict.fromkeys(name.split(":")[0] for name, _ in asked))
    people = [wanted.patient] if wanted.patient else []
    audit.record(actor, "search", at=at, people=people, query=f"AuditEvent?{names}")
    rows = chain.find(wanted._replace(before=before), limit=count + 1)
    more = rows[count - 1].number if len(rows) > count > 0 else None
    return Page([events.event(row) for row in rows[:count]], chain.count(wanted), more)


def _wanted(asked: list[tuple[str, str]]) -> tuple[Wanted, int]:
    wanted, count, issues = Wanted(), 50, []
    for name, value in asked:
        try:
            if name == "_count":
                count = min(MOST_ON_A_PAGE, max(0, int(value)))
            elif name == "_sort" and value in _NEWEST_FIRST:
                continue
            elif name != "_total":
                wanted = _narrowed(wanted, name, value)
        except KeyError:
            takes = f"it takes {', '.join(SEARCHED_BY)}, and _sort=-date"
            text = f"AuditEvent cannot be searched by {name}={value[:64]!r}; {takes}"
            issues.append(Issue("not-supported", text, f"AuditEvent?{name}"))
        except ValueError:
            text = f"{name} of AuditEvent cannot be {value[:64]!r}"
            issues.append(Issue("value", text, f"AuditEvent?{name}"))
    if issues:
        raise Unusable(issues)
    return wanted, count


def _narrowed(wanted: Wanted, name: str, value: str) -> Wanted:
    match name:
        case "patient":
            return wanted._replace(patient=_id(value.removeprefix("Patient/")))
        case "agent":
            if "\0" in value:
                raise ValueError(value)
            return wanted._replace(agent=value)
        case "action":
            return wanted._replace(actions=_ACTIONS.get(value) or events.actions_of(value))
        case "outcome":
            if value not in _OUTCOMES:
                raise ValueError(value)
            return wanted._replace(outcome=_OUTCOMES[value])
        case "_id":
            number = _number(value)
            return wanted._replace(number=_NOBODYS if number is None else number)
        case "date" | "_lastUpdated":
            return _dated(wanted, value)
    raise KeyError(name)


def _id(said: str) -> str:
    if ID.fullmatch(said) is None:
        raise ValueError(said)
    return said


def _number(id_: str) -> int | None:
    """The number of an entry in the chain; None = an id that no entry has."""
    is_number = id_.isascii() and id_.isdecimal() and len(id_) <= _DIGITS
    return int(id_) if is_number else None


def _dated(wanted: Wanted, value: str) -> Wanted:
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    found = date_range(text, _FIVE_HOURS)
    if found is None:
        raise ValueError(value)
    low, high = found
    match prefix:
        case "ge":
            return wanted._replace(from_at=low)
        case "gt" | "sa":
            return wanted._replace(from_at=high)
        case "le":
            return wanted._replace(until_at=high)
        case "lt" | "eb":
            return wanted._replace(until_at=low)
        case "eq":
            return wanted._replace(from_at=low, until_at=high)
    raise ValueError(value)
