"""The Appointment of a referral: the day, time and place that whoever is asked has set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from qamqor.engine.booking import PLACE, REFERRED

Resource = dict[str, Any]
TAKES: Final = timedelta(minutes=30)
"""How long it is taken to last, for another's length is not known here."""
_KEPT: Final = ("created", "comment", "identifier")


@dataclass(frozen=True, slots=True)
class Set:
    """What was set: the day, the time where one was said, and the place in words."""

    on: date
    at: time | None = None
    place: str = ""


def appointment(
    id_: str, request: Mapping[str, Any], said: Set, *, zone: tzinfo, created: datetime,
    before: Mapping[str, Any] | None = None, security: Sequence[Mapping[str, Any]] = (),
) -> Resource:  # fmt: skip
    """An Appointment based on a referral; a day without a time is one wished for.

    Args:
        request: the ServiceRequest. before: the Appointment that stands, which is moved.
        security: labels of the referral, so that its day is as closed as it is.
    """
    made: Resource = {
        "resourceType": "Appointment",
        "id": id_,
        **({"meta": {"security": list(security)}} if security else {}),
        "serviceCategory": [{"coding": [{"system": PLACE, "code": REFERRED}]}],
        "serviceType": [request["code"]] if request.get("code") else [],
        "basedOn": [{"reference": f"ServiceRequest/{request['id']}"}],
        "created": created.isoformat(timespec="seconds"),
        **{name: before[name] for name in _KEPT if before is not None and name in before},
        "participant": [
            {"actor": {"reference": request["subject"]["reference"]}, "status": "accepted"}
        ],
    }
    if said.place.strip():
        made["participant"].append({"actor": {"display": said.place.strip()}, "status": "accepted"})
    if said.at is None:
        day = said.on.isoformat()
        made |= {"status": "proposed", "requestedPeriod": [{"start": day, "end": day}]}
    else:
        start = datetime.combine(said.on, said.at, zone)
        made |= {
            "status": "booked",
            "start": start.isoformat(timespec="seconds"),
            "end": (start + TAKES).isoformat(timespec="seconds"),
            "minutesDuration": TAKES.seconds // 60,
        }
    return {name: value for name, value in made.items() if value}


def day_of(appointment: Mapping[str, Any]) -> str:
    """The day of an Appointment as ISO text; empty where none is said."""
    wished: Mapping[str, Any] = next(iter(appointment.get("requestedPeriod") or ()), {})
    return str(appointment.get("start") or wished.get("start") or "")[:10]
