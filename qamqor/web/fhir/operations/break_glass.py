"""$break-glass and $who-opened: opening a record in need, and seeing who opened one's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from qamqor.services import audit, break_glass
from qamqor.services.access import trail
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation


@operation(
    "break-glass",
    title="Open a record in need",
    text="Opens one person's whole record to the calling clinician for sixty minutes (purpose of "
    "use BTG). The person is told with the reason, a head reviews it within two working days, and "
    "every look is kept with that purpose.",
    levels=("instance",),
    types=("Patient",),
    inputs=(In("reason", "string", "Why, in at least ten characters; the person reads it.", 1),),
    changes=True,
)
def open_glass(call: Call) -> Answer:
    opened = break_glass.open_glass(
        str(call.id), actor=call.actor, reason=str(call.one("reason")), at=call.at
    )
    return Answer(
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "until", "valueInstant": _instant(audit.moment(opened.until_at))},
                {"name": "notice", "valueReference": {"reference": f"Communication/{opened.id}"}},
                {"name": "review", "valueReference": {"reference": f"Task/{opened.id}"}},
            ],
        }
    )


@operation(
    "who-opened",
    title="See who opened a record",
    text="Lists who opened a person's record, newest first: name, role, organisation, when and "
    "why. For the person, their guardian, and auditors.",
    levels=("instance",),
    types=("Patient",),
    inputs=(
        In("before", "integer", "The number that the last page ended with."),
        In("count", "integer", "How many to list, up to 200."),
    ),
)
def who_opened(call: Call) -> Answer:
    count = min(200, max(1, call.one("count", 50)))
    openings, before = trail.openings(
        str(call.id), actor=call.actor, at=call.at, before=call.one("before"), limit=count
    )
    listed: list[dict[str, Any]] = [{"name": "opening", "part": _parts(one)} for one in openings]
    if before is not None:
        listed.append({"name": "before", "valueInteger": before})
    return Answer({"resourceType": "Parameters", **({"parameter": listed} if listed else {})})


def _parts(one: audit.Opening) -> list[dict[str, Any]]:
    said = {
        "name": one.name,
        "role": one.role,
        "organisation": one.organisation,
        "action": one.action,
        "outcome": one.outcome,
        "purpose": one.purpose,
        "relation": one.relation,
        "reason": one.reason,
    }
    parts: list[dict[str, Any]] = [
        {"name": "at", "valueInstant": _instant(one.at)},
        {"name": "who", "valueReference": {"reference": one.agent}},
    ]
    return parts + [{"name": name, "valueString": text} for name, text in said.items() if text]


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
