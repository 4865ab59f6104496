"""Decisions that two records are two people: kept with who, when and why, and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.access.agent import who
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, instant, save
from qamqor.store import people
from qamqor.store.fhir import versions

APART, OPEN = "two_people", "open_again"
SYSTEM: Final = f"{CODES}/identity_decision"
LONGEST: Final = 300
_SPACE: Final = uuid.UUID("5d2f6c54-5a51-4d0b-9b1e-0c5b7a3e9f10")


@dataclass(frozen=True, slots=True)
class Decision:
    """That two records are two people.

    Attributes:
        one, other: ids of the Patients. by: the name of who decided; empty where none is known.
        reason: in their words.
    """

    one: str
    other: str
    by: str
    at: datetime
    reason: str


def decide(one: str, other: str, reason: str, *, actor: Actor, at: datetime) -> Decision:
    """Keep that two records are two people, so that nobody is asked again.

    Raises:
        Unusable: no reason, or it is too long. NotThere: one of them is not here.
        NotAllowed: the actor may not review everybody's record.
    """
    rights.need_everybody(actor=actor, at=at)
    said = reason.strip()
    if not said or len(said) > LONGEST:
        raise Unusable([Issue("required", "say why they are two people", "reason")], status=422)
    if one == other or not (people.by_id(one) and people.by_id(other)):
        raise NotThere("one of the two records is not here")
    service = rights.acting_on([one, other], actor=actor, at=at)
    save([decided(one, other, said, actor=actor, at=at)], actor=service, at=at)
    found = between(one, other)
    assert found is not None, "it was kept just now"  # noqa: S101
    return found


def take_back(one: str, other: str, *, actor: Actor, at: datetime) -> None:
    """Open the question again; the decision stays in the history.

    Raises:
        NotThere: nothing was decided. NotAllowed: as ``decide``.
    """
    rights.need_everybody(actor=actor, at=at)
    if between(one, other) is None:
        raise NotThere("nothing was decided about these two")
    service = rights.acting_on([one, other], actor=actor, at=at)
    save([_change(one, other, OPEN, "", actor, at)], actor=service, at=at)


def between(one: str, other: str) -> Decision | None:
    """The decision about two records that stands now; who calls has decided who may know."""
    found = versions.read("Provenance", _id(one, other))
    if found is None or found.content is None:
        return None
    trace = json_text.decode(found.content)
    if trace["activity"]["coding"][0]["code"] != APART:
        return None
    first, second = (str(t["reference"]).removeprefix("Patient/") for t in trace["target"])
    return Decision(
        first,
        second,
        str(trace["agent"][0]["who"].get("display", "")),
        datetime.fromisoformat(trace["recorded"]),
        str(trace["reason"][0]["text"]),
    )


def decided(one: str, other: str, reason: str, *, actor: Actor, at: datetime) -> Change:
    """The change that keeps a decision, for a service that has decided who may."""
    return _change(one, other, APART, reason, actor, at)


def undecided(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those pairs about which nobody has decided."""
    return (pair for pair in pairs if between(*pair) is None)


def _change(one: str, other: str, activity: str, reason: str, actor: Actor, at: datetime) -> Change:
    id_ = _id(one, other)
    resource: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": id_,
        "target": [{"reference": f"Patient/{each}"} for each in sorted((one, other))],
        "recorded": instant(at),
        **({"reason": [{"text": reason}]} if reason else {}),
        "activity": {"coding": [{"system": SYSTEM, "code": activity}]},
        "agent": [{"who": who(actor)}],
    }
    must_be(resource, type_="Provenance")
    return Change("PUT", "Provenance", id_, resource)


def _id(one: str, other: str) -> str:
    return str(uuid.uuid5(_SPACE, "|".join(sorted((one, other)))))
