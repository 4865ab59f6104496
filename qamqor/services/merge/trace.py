"""The trace of a merge: a Provenance that lists every version it replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.services.access.actor import Actor
from qamqor.services.access.agent import who
from qamqor.services.fhir.write import instant
from qamqor.store import mentions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

Resource = dict[str, Any]
LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
MERGE, UNMERGE = "merge", "unmerge"


def trace_of(
    activity: str,
    *,
    winner_id: str,
    loser_id: str,
    replaced: Iterable[Version],
    reason: str,
    actor: Actor,
    at: datetime,
    source: str = "",
) -> Resource:
    """A Provenance about a merge or its undoing.

    Args:
        activity: ``merge`` or ``unmerge``.
        winner_id, loser_id: the record that stays and the one that it replaced.
        replaced: each version as it stood just before.
        reason: in the words of whoever decided; may be empty.
        source: for an undoing, the reference of the trace it takes back.
    """
    entities = [{"role": "source", "what": {"reference": source}}] if source else []
    entities += [
        {"role": "revision", "what": {"reference": f"{v.type}/{v.id}/_history/{v.version}"}}
        for v in replaced
    ]
    return {
        "resourceType": "Provenance",
        "target": [{"reference": f"Patient/{winner_id}"}, {"reference": f"Patient/{loser_id}"}],
        "occurredDateTime": instant(at),
        "recorded": instant(at),
        **({"reason": [{"text": reason}]} if reason else {}),
        "activity": {"coding": [{"system": LIFECYCLE, "code": activity}]},
        "agent": [{"who": who(actor)}],
        "entity": entities,
    }


def activity_of(resource: Mapping[str, Any]) -> str:
    """``merge`` or ``unmerge`` for a trace of this room, else nothing."""
    if resource.get("resourceType") != "Provenance":
        return ""
    for coding in resource.get("activity", {}).get("coding", []):
        if coding.get("system") == LIFECYCLE and coding.get("code") in (MERGE, UNMERGE):
            return str(coding["code"])
    return ""


def last_merge(loser_id: str, tx: Transaction | None) -> tuple[Version, Resource] | None:
    """The newest trace by which a record was replaced."""
    found = None
    for version in mentions.of(f"Patient/{loser_id}", tx):
        if version.type != "Provenance" or version.content is None:
            continue
        trace = json_text.decode(version.content)
        if activity_of(trace) == MERGE and loser_of(trace) == loser_id:
            found = version, trace
    return found


def winner_of(trace: Mapping[str, Any]) -> str:
    """The id of the record that stayed."""
    return str(trace["target"][0]["reference"]).removeprefix("Patient/")


def loser_of(trace: Mapping[str, Any]) -> str:
    """The id of the record that was replaced."""
    return str(trace["target"][-1]["reference"]).removeprefix("Patient/")


def versions_of(trace: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Type, id and number of each version the trace lists."""
    found = []
    for entity in trace.get("entity", []):
        if entity.get("role") == "revision":
            type_, id_, _, number = str(entity["what"]["reference"]).split("/")
            found.append((type_, id_, int(number)))
    return found
