"""Shows a person who opened their record: name, role, organisation, when and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from qamqor.engine.fhir import json_text, place_names
from qamqor.store import audit
from qamqor.store.audit import Row, Wanted
from qamqor.store.fhir import versions

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Opening:
    """One time somebody opened a record, or tried to.

    Attributes:
        number: of the entry, to page on from and to ask about.
        name: of the human or system; empty where the record does not say.
        relation: by which relation the record was open to them; None: it was refused.
        what: references of what was shown or changed.
        reason: what they gave as the reason of breaking the glass.
    """

    number: int
    at: datetime
    action: str
    outcome: str
    agent: str
    name: str
    role: str
    organisation: str
    purpose: str
    relation: str | None
    what: tuple[str, ...]
    reason: str | None


def who_opened(
    patient: str, *, before: int | None = None, limit: int = 50, language: str = "ru"
) -> tuple[list[Opening], int | None]:
    """The latest openings of one person's record, newest first, and where to page on from.

    Whether the asker may see them is decided by the caller (``services.access.trail``).

    Args:
        patient: id of the person.
        before: the number the last page ended with.
        language: of the names of organisations, where the record has them in it.
    """
    rows = audit.find(Wanted(patient=patient, before=before), limit=limit + 1)
    names: dict[str, dict[str, Any] | None] = {}
    look = partial(_resource, names)
    shown = [_opening(row, look, language) for row in rows[:limit]]
    return shown, (rows[limit - 1].number if len(rows) > limit else None)


def _opening(row: Row, look: Callable[[str], dict[str, Any] | None], language: str) -> Opening:
    said = json_text.decode(row.entry.encode())
    return Opening(
        number=row.number,
        at=moment(row.at),
        action=row.action,
        outcome=row.outcome,
        agent=row.agent,
        name=_name(row.agent, look),
        role=str(said.get("role", "")),
        organisation=_title(f"Organization/{said.get('organization')}", look, language),
        purpose=str(said.get("purpose", "")),
        relation=said.get("relation"),
        what=tuple(said.get("what", ())),
        reason=said.get("detail") if row.action == "break_glass" else None,
    )


def moment(us: int) -> datetime:
    """Microseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=us)


def _resource(seen: dict[str, dict[str, Any] | None], reference: str) -> dict[str, Any] | None:
    if reference not in seen:
        type_, _, id_ = reference.partition("/")
        found = versions.read(type_, id_)
        content = None if found is None else found.content
        seen[reference] = None if content is None else json_text.decode(content.encode())
    return seen[reference]


def _name(agent: str, look: Callable[[str], dict[str, Any] | None]) -> str:
    """The name of whoever stands behind a reference: a post leads to the human in it."""
    resource = look(agent)
    if resource is not None and agent.startswith("PractitionerRole/"):
        human = str(resource.get("practitioner", {}).get("reference", ""))
        resource = look(human) if human else None
    if resource is None:
        return ""
    names = resource.get("name") or resource.get("deviceName") or []
    if isinstance(names, str):
        return names
    first = names[0] if names else {}
    if "text" in first or "name" in first:
        return str(first.get("text") or first.get("name"))
    return " ".join([str(first.get("family", "")), *map(str, first.get("given", []))]).strip()


def _title(reference: str, look: Callable[[str], dict[str, Any] | None], language: str) -> str:
    resource = look(reference)
    return "" if resource is None else place_names.pick(place_names.names(resource), language)
