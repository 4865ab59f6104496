"""The referrals of a team: those it sent and those it is asked, by state, late replies first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text, place_names
from qamqor.engine.referral import WAITING, State
from qamqor.errors import NotAllowed
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.person.sight import visible_people
from qamqor.services.referral import booking, follow
from qamqor.services.referral.follow import Carried, Side
from qamqor.services.referral.waiting import day, reply_by
from qamqor.store import mentions, person, referrals
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.referrals import Way

PAGE: Final = 50
TABS: Final[Mapping[str, tuple[State, ...]]] = {
    "sent": (State.sent,),
    "booked": (State.booked,),
    "seen": (State.seen,),
    "replied": (State.replied, State.advice),
    "closed": (State.closed, State.cancelled),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One referral on a list.

    Attributes:
        person: the Patient resource.
        reply_by: the last day on which a reply is in time; None where none is awaited.
        performer, requester: names; empty where the directory has none.
    """

    way: Way
    person: Mapping[str, Any]
    reply_by: date | None
    is_late: bool
    performer: str
    requester: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list; ``counts`` are of the whole list by tab, ``late`` of replies awaited."""

    lines: tuple[Line, ...]
    counts: Mapping[str, int]
    total: int
    late: int


@dataclass(frozen=True, slots=True)
class Whole:
    """One referral with everything that belongs to it.

    Attributes:
        answers: the report or message that answers it, the newest first.
        booking: the Appointment of the day that was set, where the reader may see it.
        enclosed: records that go along, as far as the reader may see them.
    """

    carried: Carried
    side: Side
    person: Mapping[str, Any]
    booking: Mapping[str, Any] | None
    answers: tuple[Mapping[str, Any], ...]
    enclosed: tuple[Mapping[str, Any], ...]
    hidden: int
    names: Mapping[str, str]
    reply_by: date | None
    is_late: bool
    steps: tuple[State, ...]


def listed(
    actor: Actor,
    *,
    tab: str,
    incoming: bool,
    as_of: date,
    at: datetime,
    page: int = 1,
    language: str = "ru",
) -> Page:
    """One page of the team's referrals; who is shown is kept in the audit before it is given.

    Args:
        tab: a key of ``TABS``. incoming: those the actor's organisation is asked.
        page: from 1.
        language: in which organisations are named, where the record has their name in it.
    Raises:
        NotAllowed: the actor may read no referrals.
    """
    sights = Sights(actor, at)
    sights.need("search", "ServiceRequest")
    ways = _ways(actor, TABS[tab], incoming=incoming)
    counts = _counts(actor, incoming=incoming)
    shown_people = visible_people(sights, sorted({way.patient_id for way in ways}))
    ways = [way for way in ways if way.patient_id in shown_people]
    dated = [(way, _due(way)) for way in ways]
    dated.sort(key=lambda one: (one[1] is None or one[1] >= as_of, one[1] or date.max))
    if tab == "closed":
        dated.reverse()
    some = dated[(page - 1) * PAGE : page * PAGE]
    people = _people([way.patient_id for way, _ in some])
    audit.record(
        actor,
        "search",
        at=at,
        what=[f"ServiceRequest/{way.request_id}" for way, _ in some],
        people={way.patient_id for way, _ in some},
        relation="referral" if incoming else "panel",
        query="referrals",
    )
    names = names_of([ref for way, _ in some for ref in (way.performer, way.requester)], language)
    lines = tuple(
        Line(way, people[way.patient_id], by, by is not None and by < as_of,
             names.get(way.performer, ""), names.get(way.requester, ""))
        for way, by in some
        if way.patient_id in people
    )  # fmt: skip
    waits = _ways(actor, WAITING, incoming=incoming)
    late = sum(1 for way in waits if (by := _due(way)) is not None and by < as_of)
    return Page(lines, counts, len(dated), late)


def _ways(actor: Actor, states: Sequence[State], *, incoming: bool) -> list[Way]:
    said = [str(state) for state in states]
    if incoming:
        return referrals.to(_holders(actor), said)
    return referrals.of_areas(sorted(actor.areas), said)


def _counts(actor: Actor, *, incoming: bool) -> dict[str, int]:
    by_state = (
        referrals.counts_to(_holders(actor))
        if incoming
        else referrals.counts_of_areas(sorted(actor.areas))
    )
    return {tab: sum(by_state.get(str(s), 0) for s in states) for tab, states in TABS.items()}


def _holders(actor: Actor) -> list[str]:
    organization = [f"Organization/{actor.organization}"] if actor.organization else []
    return [actor.reference, *organization, *(f"Organization/{a}" for a in sorted(actor.areas))]


def _due(way: Way) -> date | None:
    sent_on = day(way.sent_on)
    is_waiting = way.state in {str(state) for state in WAITING}
    return reply_by(way, sent_on) if sent_on is not None and is_waiting else None


def one(request_id: str, *, actor: Actor, as_of: date, at: datetime, language: str = "ru") -> Whole:
    """One referral with its answers and enclosures; that it was looked at is kept.

    Args:
        language: in which organisations are named, where the record has their name in it.
    Raises:
        NotThere, NotAllowed: no such referral, or not the actor's to see.
    """
    sights = Sights(actor, at)
    relation, facts = looks.at_one(sights, "ServiceRequest", request_id)
    carried = follow.read(request_id)
    patient = str(carried.request["subject"]["reference"]).removeprefix("Patient/")
    answers = _answers(request_id, patient)
    wanted = [str(o.get("reference", "")) for o in carried.request.get("supportingInfo", [])]
    found = [v for ref in wanted if "/" in ref and (v := versions.read(*ref.split("/", 1)))]
    own_booking = versions.read("Appointment", booking.id_of(request_id))
    also = [own_booking] if own_booking is not None and own_booking.content else []
    open_ = looks.at_each(sights, [*answers, *found, *also], action="read")
    shown = {(v.type, v.id): json_text.decode(v.content or "{}") for v in open_}
    whose = _people([patient]).get(patient)
    if whose is None:
        raise NotAllowed(f"Patient/{patient} is not here")
    audit.record(
        actor,
        "read",
        at=at,
        what=[f"ServiceRequest/{request_id}", *(f"{t}/{i}" for t, i in shown)],
        people=facts.people,
        relation=relation,
    )
    way = referrals.one(request_id)
    by = _due(way) if way is not None else None
    side = follow.side_of(carried.request, actor)
    enclosed = tuple(shown[v.type, v.id] for v in found if (v.type, v.id) in shown)
    references = [str((carried.request.get("requester") or {}).get("reference", ""))]
    references += [str(o.get("reference", "")) for o in carried.request.get("performer", [])]
    said = tuple(shown[v.type, v.id] for v in answers if (v.type, v.id) in shown)
    references += [_by(one) for one in said]
    return Whole(
        carried=carried,
        booking=shown.get(("Appointment", booking.id_of(request_id))),
        side=side,
        person=whose,
        answers=said,
        enclosed=enclosed,
        hidden=len(wanted) - len(enclosed),
        names=names_of(references, language),
        reply_by=by,
        is_late=by is not None and by < as_of,
        steps=follow.may_step(carried, side),
    )


def _by(answer: Mapping[str, Any]) -> str:
    held: Mapping[str, Any] = answer.get("sender") or next(iter(answer.get("performer", [])), {})
    return str(held.get("reference", ""))


def _answers(request_id: str, patient: str) -> list[Version]:
    based = f"ServiceRequest/{request_id}"
    found = [
        version
        for version in mentions.of(f"Patient/{patient}")
        if version.type in ("DiagnosticReport", "Communication") and version.content
        if based in version.content
    ]
    return sorted(found, key=lambda one: one.sequence, reverse=True)


def _people(ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    found = person.named([("Patient", one) for one in ids]) if ids else {}
    return {id_: json_text.decode(v.content or "{}") for (_, id_), (_, v) in found.items()}


def names_of(references: Sequence[str], language: str = "ru") -> dict[str, str]:
    """What posts and organisations are called in a language; a post by who holds it."""
    said = _named([one for one in references if "/" in one])
    held = {ref: _holder(one) for ref, one in said.items() if ref.startswith("PractitionerRole/")}
    humans = _named([one for one in held.values() if "/" in one])
    return {
        ref: _human(humans.get(held[ref], {})) if ref in held else _called(one, language)
        for ref, one in said.items()
    }


def _called(one: Mapping[str, Any], language: str) -> str:
    return place_names.name_in(one, language) if one.get("name") else ""


def _named(references: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    pairs = [(type_, id_) for type_, _, id_ in (one.partition("/") for one in references)]
    found = person.named(pairs) if pairs else {}
    return {f"{t}/{i}": json_text.decode(v.content or "{}") for (t, i), (_, v) in found.items()}


def _holder(post: Mapping[str, Any]) -> str:
    return str((post.get("practitioner") or {}).get("reference", ""))


def _human(human: Mapping[str, Any]) -> str:
    name: Mapping[str, Any] = next(iter(human.get("name", [])), {})
    return " ".join([str(name.get("family", "")), *map(str, name.get("given", [])[:1])]).strip()
