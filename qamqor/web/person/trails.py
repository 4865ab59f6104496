"""A history, a single record and who opened it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from qamqor.services.access.actor import Actor
from qamqor.services.audit import Opening
from qamqor.services.person.history import History, One
from qamqor.web.components import dates, words
from qamqor.web.components import facts as records
from qamqor.web.person.banner import address

ACTIONS: Final[dict[str, str | Promise]] = {
    "read": _("looked"),
    "vread": _("looked"),
    "history": _("looked at the history"),
    "search": _("saw on a list"),
    "create": _("wrote"),
    "update": _("changed"),
    "delete": _("deleted"),
    "export": _("exported"),
    "import": _("imported"),
    "operation": _("asked for the whole record"),
    "break_glass": _("opened in an emergency"),
    "review": _("reviewed an emergency opening"),
}
RELATIONS: Final[dict[str, str | Promise]] = {
    "panel": _("cares for this area"),
    "organisation": _("same organisation"),
    "booking": _("has a booking with the person"),
    "referral": _("the person was referred to them"),
    "consent": _("the person agreed"),
    "break_glass": _("emergency"),
    "self": _("the person themselves"),
    "guardian": _("guardian"),
    "household": _("same household"),
    "registration": _("registration"),
    "everyone": _("duty of the role"),
    "platform": _("the platform"),
    "system": _("another system"),
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One record of a history, with where to see it."""

    day: str
    kind: str
    title: str
    detail: str
    href: str
    english: str = ""


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """One time somebody opened the record."""

    at: str
    who: str
    role: str
    organisation: str
    did: str
    why: str
    is_refused: bool


def lines(found: History) -> list[HistoryRow]:
    """The page of a history."""
    return [_line(found.patient, at, one) for at, one in found.resources]


def _line(patient: str, at: datetime, resource: Mapping[str, Any]) -> HistoryRow:
    said = records.line(resource)
    kind = records.kind(str(resource["resourceType"]))
    href = f"{address('person', patient)}/record/{said.reference}"
    day = dates.short(timezone.localtime(at).date())
    return HistoryRow(day, kind, said.title, said.detail, href, said.english)


def kinds(found: History, patient: str) -> list[dict[str, object]]:
    """The kinds of record as links with counts, all of them first."""
    base = address("person_history", patient)
    every = sum(found.counts.values())
    items = [{"name": gettext("All"), "href": base, "count": every, "is_current": not found.kind}]
    for type_, count in sorted(found.counts.items(), key=lambda pair: -pair[1]):
        if type_ == "Patient":
            continue
        name, href = records.kind(type_), f"{base}?kind={type_}"
        items.append(
            {"name": name, "href": href, "count": count, "is_current": found.kind == type_}
        )
    return items


def facts_of(found: One) -> Iterator[tuple[str, str]]:
    """What one record says, as names and values."""
    said = records.line(found.resource)
    yield gettext("What"), records.marked(said)
    if said.detail:
        yield gettext("Says"), said.detail
    if said.on:
        yield gettext("Day"), dates.long(said.on)
    if found.author:
        yield gettext("By"), found.author
    notes = [str(one.get("text", "")) for one in _listed(found.resource.get("note"))]
    for note in filter(None, notes):
        yield gettext("Note"), note
    meta = found.resource.get("meta") or {}
    yield gettext("Version"), str(meta.get("versionId", ""))
    yield gettext("Name in the record"), said.reference


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def facts(found: One) -> list[dict[str, str]]:
    """As ``facts_of``, for the summary component."""
    return [{"name": name, "value": value} for name, value in facts_of(found)]


def openings(found: Iterable[Opening], actor: Actor) -> list[OpenedRow]:
    """Who opened a record, newest first; what somebody did again and again on a day is one line."""
    rows: list[OpenedRow] = []
    for _key, some in groupby(found, key=_same):
        together = list(some)
        rows.append(_opening(together, actor))
    return rows


def _same(one: Opening) -> tuple[str, str, str, str | None, date]:
    here = timezone.localtime(one.at).date()
    return one.agent, one.action, one.outcome, one.reason, here


def _opening(together: Sequence[Opening], actor: Actor) -> OpenedRow:
    one = together[0]
    last, first = timezone.localtime(one.at), timezone.localtime(together[-1].at)
    span = "–".join(dict.fromkeys((f"{first:%H:%M}", f"{last:%H:%M}")))
    why = str(RELATIONS.get(one.relation or "", ""))
    did = str(ACTIONS.get(one.action, one.action))
    return OpenedRow(
        at=f"{dates.short(last.date())} {span}",
        who=gettext("You") if one.agent == actor.reference else one.name or _nobody(one),
        role="" if one.role == "system" else words.role(one.role),
        organisation=one.organisation,
        did=f"{did} × {len(together)}" if len(together) > 1 else did,
        why=f"{why}: {one.reason}" if one.reason else why,
        is_refused=one.outcome == "refused",
    )


def _nobody(one: Opening) -> str:
    return gettext("the platform") if one.role == "system" else words.role(one.role)
