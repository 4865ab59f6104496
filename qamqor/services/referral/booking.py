"""Keeps the Appointment of a referral: made, moved, kept and cancelled along with its steps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from qamqor.engine import referral_day
from qamqor.engine.booking import OPEN
from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.subjects import labels
from qamqor.engine.referral import State
from qamqor.engine.referral_day import Set
from qamqor.services.access.labels import rules
from qamqor.services.access.sights import zone
from qamqor.services.fhir.write import Change
from qamqor.store.fhir import versions

Resource = dict[str, Any]
SPACE: Final = uuid.UUID("6f1b5d0e-3c6c-4c8e-9d0a-5f2f8f4b7a11")
"""Ids of Appointments follow from those of referrals, so that a referral has one booking."""


def id_of(request_id: str) -> str:
    """The id of the Appointment of a referral, whether there is one or not."""
    return str(uuid.uuid5(SPACE, request_id))


def of(request_id: str) -> Resource | None:
    """The Appointment of a referral; None where only a day, or nothing, was said."""
    found = versions.read("Appointment", id_of(request_id))
    return json_text.decode(found.content) if found is not None and found.content else None


def after(request: Resource, to: State, at: datetime, *, said: Set | None) -> list[Change]:
    """What a step of a referral does to its booking.

    Args:
        said: the day that was set; what is booked is moved there.
    """
    standing, id_ = of(str(request["id"])), id_of(str(request["id"]))
    if to is State.booked and said is not None:
        made = referral_day.appointment(
            id_, request, said, zone=zone(), created=at.astimezone(zone()), before=standing,
            security=_security(request),
        )  # fmt: skip
        return [Change("PUT", "Appointment", id_, made)]
    if standing is None or standing["status"] not in OPEN | {"proposed"}:
        return []
    status = _status(to, standing, at)
    return [Change("PUT", "Appointment", id_, {**standing, "status": status})] if status else []


def _status(to: State, standing: Mapping[str, Any], at: datetime) -> str:
    """A visit or an answer keeps a booking whose day has come; else it is not needed any more."""
    if to in (State.sent, State.cancelled):
        return "cancelled"
    if to not in (State.seen, State.replied, State.advice):
        return ""
    has_come = referral_day.day_of(standing) <= at.astimezone(zone()).date().isoformat()
    if standing["status"] == "proposed" or not has_come:
        return "cancelled"
    return "fulfilled"


def _security(request: Resource) -> list[dict[str, str]]:
    """The labels of a referral as tags, also those that only its codes say."""
    sensitivity = rules().sensitivity
    tags: list[dict[str, str]] = list((request.get("meta") or {}).get("security", ()))
    told = labels({"meta": {"security": tags}}, sensitivity)
    for label in sorted(labels(request, sensitivity) - told):
        named = next((tag for tag, own in sensitivity.security.items() if own == label), None)
        if named is not None:
            system, _, code = named.partition("|")
            tags.append({"system": system, "code": code})
    return tags
