"""Patient/$care-due: what care a person is due, why, and on which records that rests."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from qamqor.engine.words import LANGUAGES
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import care_due
from qamqor.services.fhir.care_due import Said
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation

STATUSES = ("due", "overdue", "not_due", "unknown")


@operation(
    "care-due",
    title="What care a person is due, and why",
    text=(
        "Every action of every approved programme that concerns the person: whose work it is, by "
        "which channel, due and overdue when, why, on which records that rests, and what closes "
        "it. One part 'due' for each; not_due says why not yet."
    ),
    levels=("instance",),
    types=("Patient",),
    inputs=(
        In("as-of", "date", "The day asked about; today if not said."),
        In("programme", "code", "Only this programme; may repeat.", most="*"),
        In("status", "code", "due, overdue, not_due or unknown; may repeat.", most="*"),
        In("language", "code", "kk, ru or en, for the words; en if not said."),
    ),
)
def run(call: Call) -> Answer:
    language, statuses = call.one("language", "en"), call.inputs.get("status", ())
    issues = [
        Issue("value", f"status is one of {', '.join(STATUSES)}, not {one!r}")
        for one in statuses
        if one not in STATUSES
    ]
    if language not in LANGUAGES:
        issues.append(Issue("value", f"language is one of {', '.join(LANGUAGES)}"))
    if issues:
        raise Unusable(issues)
    as_of = _day(call)
    found = care_due.of_person(
        str(call.id),
        actor=call.actor,
        at=call.at,
        as_of=as_of,
        programmes=call.inputs.get("programme", ()),
        statuses=statuses,
        language=language,
    )
    parts = [{"name": "asOf", "valueDate": as_of.isoformat()}, *map(_due, found)]
    return Answer({"resourceType": "Parameters", "parameter": parts})


def _day(call: Call) -> date:
    said = call.one("as-of")
    if said is None:
        return timezone.localdate(call.at)
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Unusable([Issue("value", "as-of is a day, such as 2026-03-02")]) from None


def _due(said: Said) -> dict[str, Any]:
    row = said.due
    parts: list[dict[str, Any]] = [
        {"name": "programme", "valueCode": row.programme},
        {"name": "programmeTitle", "valueString": said.programme},
        {"name": "version", "valueString": row.version},
        {"name": "action", "valueCode": row.action},
        {"name": "actionTitle", "valueString": said.action},
        {"name": "role", "valueCode": row.role},
        {"name": "channel", "valueCode": row.channel},
        {"name": "urgency", "valueInteger": row.urgency},
        {"name": "status", "valueCode": row.status},
    ]
    optional = [
        ("item", "valueCode", row.item),
        ("itemTitle", "valueString", said.item),
        ("dueOn", "valueDate", row.due_on and row.due_on.isoformat()),
        ("overdueOn", "valueDate", row.overdue_on and row.overdue_on.isoformat()),
        ("reason", "valueCode", row.reason),
        ("reasonText", "valueString", said.reason),
        ("closes", "valueString", said.closes),
    ]
    parts += [{"name": name, kind: value} for name, kind, value in optional if value]
    parts += [
        {"name": "evidence", "valueReference": {"reference": one}}
        for one in (row.evidence or "").split()
    ]
    return {"name": "due", "part": parts}
