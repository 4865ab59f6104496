"""Which open work goes along when a person moves, and how it names the new team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Resource = dict[str, Any]

OPEN: Final[Mapping[str, frozenset[str]]] = {
    "Task": frozenset(
        {"draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold"}
    ),
    "ServiceRequest": frozenset({"draft", "active", "on-hold"}),
    "Appointment": frozenset({"proposed", "pending", "booked", "waitlist"}),
    "EpisodeOfCare": frozenset({"planned", "waitlist", "active", "onhold"}),
}
ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Task": ("owner",),
    "ServiceRequest": ("performer",),
    "EpisodeOfCare": ("careManager", "team"),
}
"""Who is to do the work. Who asked for it stays: that is history."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Who takes over from whom, as references."""

    takes: Mapping[str, str]

    def of(self, reference: Any) -> Any:
        """The reference to whoever does it from now on."""
        if not isinstance(reference, dict) or reference.get("reference") not in self.takes:
            return reference
        return {"reference": self.takes[reference["reference"]]}


def handed_over(work: Iterable[Resource], handover: Handover, *, at: datetime) -> list[Resource]:
    """The open pieces of work that change hands, as they are from now on.

    Args:
        work: resources about one person.
        handover: who takes over from whom.
        at: bookings that begin before this stay as they were.
    """
    found = []
    for resource in work:
        type_ = str(resource.get("resourceType"))
        if resource.get("status") not in OPEN.get(type_, frozenset()):
            continue
        changed = _booking(resource, handover, at) if type_ == "Appointment" else _work(
            resource, ELEMENTS[type_], handover
        )  # fmt: skip
        if changed != resource:
            found.append(changed)
    return found


def _work(resource: Resource, elements: Iterable[str], handover: Handover) -> Resource:
    changed = dict(resource)
    for element in elements:
        value = resource.get(element)
        if isinstance(value, list):
            changed[element] = _without_repeats([handover.of(each) for each in value])
        elif value is not None:
            changed[element] = handover.of(value)
    return changed


def _without_repeats(values: list[Any]) -> list[Any]:
    return [value for place, value in enumerate(values) if value not in values[:place]]


def _booking(resource: Resource, handover: Handover, at: datetime) -> Resource:
    """A booking to come, with the new team asked to confirm it; its time is in another calendar."""
    start = resource.get("start")
    if start and datetime.fromisoformat(str(start)) < at:
        return resource
    participants = []
    for participant in resource.get("participant", []):
        actor = handover.of(participant.get("actor"))
        changed = {**participant, "actor": actor, "status": "needs-action"}
        participants.append(participant if actor == participant.get("actor") else changed)
    if participants == resource.get("participant", []):
        return resource
    status = "pending" if resource["status"] == "booked" else resource["status"]
    return {**resource, "status": status, "participant": participants}
