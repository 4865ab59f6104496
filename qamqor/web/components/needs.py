"""What a person is due, in words of the programme that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from django.utils.translation import gettext

from qamqor.engine.programmes import words
from qamqor.engine.programmes.schema import Programme
from qamqor.services import installed
from qamqor.web.components import dates, reader


class Row(Protocol):
    """A due row, of the engine or of the list."""

    @property
    def programme(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def urgency(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def overdue_on(self) -> date | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def evidence(self) -> str | None: ...


UNKNOWN: Final = "unknown"
FAR_DAYS: Final = 180
"""From here on a day is said with its year."""
"""The reason by which programmes say that what would decide is missing or too old."""


@dataclass(frozen=True, slots=True)
class Said:
    """One need in words.

    Attributes:
        key: ``programme/action/item``, by which pages name it.
        state: of the six states.
        version: title and version of the rule's programme.
        is_scheduled: a schedule of doses says it: a vaccination.
        is_masked: what is needed and why is not open to the reader.
        is_unknown: what would decide is not on record, or too old; the evidence is the last of it.
        told: what the person reads of it on paper; empty where it is the team's own work.
        is_ours: what they are told is what we do, not what they come for.
    """

    key: str
    state: str
    title: str
    reason: str
    closes: str
    due_on: date | None
    overdue_on: date | None
    version: str
    evidence: tuple[str, ...]
    channel: str
    role: str
    is_scheduled: bool
    is_masked: bool = False
    is_unknown: bool = False
    told: str = ""
    is_ours: bool = False


def by_when(due_on: date | None, overdue_on: date | None, today: date) -> str:
    """By when something is needed, said alike on every page: until 1 January, else 3 weeks ago."""
    if overdue_on is not None and overdue_on > today and due_on is not None and due_on <= today:
        is_near = (overdue_on - today).days < FAR_DAYS
        day = dates.without_year(overdue_on) if is_near else dates.short(overdue_on)
        return gettext("until %(day)s") % {"day": day}
    return dates.from_here(due_on, today) if due_on is not None else ""


def said(row: Row, language: str = "") -> Said:
    """One need in the reader's language, or another one; what is masked says only that it is."""
    if not row.action:
        return _masked(row)
    language = language or reader.language()
    own = _installed(row.programme, row.action)
    evidence = tuple((row.evidence or "").split())
    title, reason, closes, version, scheduled = row.action, "", "", "", False
    told, is_ours = "", False
    if own:
        newest = own[-1]
        title = _title(newest, row.action, row.item, language)
        reason = words.reason(newest, row.action, row.reason, language) if row.reason else ""
        closes = words.closes(newest, row.action, language)
        version = _version(newest, language)
        scheduled = newest.actions[row.action].schedule is not None
        told = words.told(newest, row.action, row.item, language)
        is_ours = words.is_ours(newest, row.action)
    return Said(
        key=f"{row.programme}/{row.action}/{row.item}",
        state=state(row),
        title=title,
        reason=reason,
        closes=closes,
        due_on=row.due_on,
        overdue_on=row.overdue_on,
        version=version,
        evidence=evidence,
        channel=row.channel,
        role=row.role,
        is_scheduled=scheduled,
        is_unknown=row.reason == UNKNOWN,
        told=told,
        is_ours=is_ours,
    )


def _masked(row: Row) -> Said:
    return Said(
        key="",
        state=state(row),
        title=gettext("Sensitive need"),
        reason=gettext("Not open to your role"),
        closes="",
        due_on=row.due_on,
        overdue_on=row.overdue_on,
        version="",
        evidence=(),
        channel=row.channel,
        role=row.role,
        is_scheduled=False,
        is_masked=True,
    )


def title_of(programme: str, action: str, item: str) -> str:
    """What a need is called; its identifier where no programme here knows it."""
    own = _installed(programme, action)
    return _title(own[-1], action, item, reader.language()) if own else action


def _installed(programme: str, action: str) -> list[Programme]:
    return [
        one for one in installed.pack().programmes if one.id == programme and action in one.actions
    ]


def _version(programme: Programme, language: str) -> str:
    day = dates.short(date.fromisoformat(programme.version))
    return gettext("%(title)s, version of %(day)s") % {
        "title": words.title(programme, language),
        "day": day,
    }


def _title(programme: Programme, action: str, item: str, language: str) -> str:
    if item:
        return words.item(programme, action, item, language)
    return words.action_title(programme, action, language)


def state(row: Row) -> str:
    """The state of a need: harm today first, then late, due, or ahead."""
    if row.urgency == 1 and row.status in ("due", "overdue"):
        return "urgent"
    return {"overdue": "overdue", "due": "due"}.get(row.status, "soon")
