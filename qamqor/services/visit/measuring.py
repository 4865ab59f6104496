"""Puts what was measured into the record at once, before the visit goes on; and takes it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.engine.measurements.observation import observation
from qamqor.engine.measurements.sheet import Reading, Sheet, read_sheet
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.agent import need_post
from qamqor.services.access.sights import Sights, zone
from qamqor.services.fhir.valid import must_be
from qamqor.services.fhir.write import Change, Stored, save
from qamqor.services.visit import named
from qamqor.services.visit.content import measurements
from qamqor.store.fhir import versions

Resource = dict[str, Any]
CLASSES: Final = {"clinic": "AMB", "home": "HH", "phone": "VR", "mobile": "FLD"}
"""Where a visit takes place → its class."""
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


@dataclass(frozen=True, slots=True)
class Visit:
    """What is being kept: the key of its form, whose it is, where and since when."""

    patient: str
    key: str
    began_at: datetime
    setting: str = "clinic"

    @property
    def reference(self) -> str:
        return named.reference(self.key)


def sheet_of(typed: Mapping[str, str], last: Mapping[str, Any]) -> Sheet:
    """What the typed numbers say, judged against the last values."""
    return read_sheet(measurements(), typed, last)


def keep(
    visit: Visit, readings: Mapping[str, Sequence[Reading]], *, actor: Actor, at: datetime
) -> list[Stored]:
    """Keep a visit's measurements: its Encounter, begun, and an Observation for each; all or none.

    The same numbers again change nothing; other numbers correct those kept before.

    Args:
        readings: id of the measurement → its readings, already judged.

    Raises:
        Unusable: no such setting, or nothing was measured.
        NotThere, NotAllowed: not a person of the actor's, or not the actor's to measure; NoPost:
            they have no post by which it could be said who measured.
    """
    if visit.setting not in CLASSES or not readings:
        raise Unusable(
            [Issue("value", "say where, and at least one number", "setting")], status=422
        )
    need_post(actor)
    looks.at_one(Sights(actor, at), "Patient", visit.patient)
    changes = [*begun(visit, actor), *observations(visit, readings, actor, at)]
    return save(changes, actor=actor, at=at) if changes else []


def as_if(
    patient: str,
    readings: Mapping[str, Sequence[Reading]],
    *,
    at: datetime,
    setting: str = "clinic",
) -> list[Resource]:
    """What would be kept, to ask the rules about it; never stored."""
    return [
        {
            "id": "typed",
            **observation(
                one,
                readings[one.id],
                patient=f"Patient/{patient}",
                performer="PractitionerRole/typed",
                encounter=None,
                setting=setting,
                at=at.astimezone(zone()),
            ),
        }
        for one in measurements()
        if one.id in readings
    ]


def begun(visit: Visit, actor: Actor) -> Iterator[Change]:
    """The Encounter of a visit, where it is not kept yet."""
    id_ = named.id_of(visit.key, "encounter")
    if versions.read("Encounter", id_) is None:
        yield valid(Change("PUT", "Encounter", id_, encounter(visit, actor)))


def encounter(visit: Visit, actor: Actor) -> Resource:
    """A visit that has begun."""
    organization = actor.organization
    return {
        "resourceType": "Encounter",
        "id": named.id_of(visit.key, "encounter"),
        "status": "in-progress",
        "class": {"system": _ACT, "code": CLASSES[visit.setting]},
        "subject": {"reference": f"Patient/{visit.patient}"},
        "participant": [
            {
                "type": [{"coding": [{"system": f"{CODES}/role", "code": actor.role}]}],
                "individual": {"reference": actor.reference},
            }
        ],
        "period": {"start": here(visit.began_at)},
        **(
            {"serviceProvider": {"reference": f"Organization/{organization}"}}
            if organization
            else {}
        ),
    }


def observations(
    visit: Visit, readings: Mapping[str, Sequence[Reading]], actor: Actor, at: datetime
) -> Iterator[Change]:
    """An Observation for each measurement that is new, or whose numbers were corrected."""
    for one in measurements():
        if one.id not in readings:
            continue
        id_ = named.id_of(visit.key, one.id)
        made = observation(
            one,
            readings[one.id],
            patient=f"Patient/{visit.patient}",
            performer=actor.reference,
            encounter=visit.reference,
            setting=visit.setting,
            at=at.astimezone(zone()).replace(microsecond=0),
        )
        standing = versions.read("Observation", id_)
        if standing is None or standing.content is None:
            yield valid(Change("PUT", "Observation", id_, {"id": id_, **made}))
            continue
        before: Resource = json_text.decode(standing.content)
        if any(before.get(name) != made.get(name) for name in ("valueQuantity", "component")):
            kept = {name: before[name] for name in ("effectiveDateTime", "performer")}
            corrected = {"id": id_, **made, **kept, "status": "corrected"}
            yield valid(Change("PUT", "Observation", id_, corrected, if_version=standing.version))


def take_back(patient: str, key: str, *, actor: Actor, at: datetime) -> int:
    """Take a visit's measurements back: they stay in the history as entered in error.

    Raises:
        NotThere: nothing of this key is here, or it is another person's or another worker's.
    """
    looks.at_one(Sights(actor, at), "Patient", patient)
    wanted = [("Observation", named.id_of(key, one.id)) for one in measurements()]
    changes = [
        change
        for type_, id_ in [*wanted, ("Encounter", named.id_of(key, "encounter"))]
        for change in _wrong(type_, id_, patient, actor)
    ]
    if not changes:
        raise NotThere("there is nothing to take back")
    return len(save(changes, actor=actor, at=at))


def _wrong(type_: str, id_: str, patient: str, actor: Actor) -> Iterator[Change]:
    found = versions.read(type_, id_)
    if found is None or found.content is None:
        return
    resource: Resource = json_text.decode(found.content)
    people = resource.get("performer") or [p["individual"] for p in resource["participant"]]
    by = {one.get("reference") for one in people}
    if resource["subject"]["reference"] != f"Patient/{patient}" or actor.reference not in by:
        raise NotThere("there is nothing to take back")
    if resource["status"] != "entered-in-error":
        wrong = {**resource, "status": "entered-in-error"}
        yield Change("PUT", type_, id_, wrong, if_version=found.version)


def valid(change: Change) -> Change:
    """The change, where its resource keeps FHIR's rules.

    Raises:
        Unusable: with every issue.
    """
    must_be(change.resource, type_=change.type)
    return change


def here(at: datetime) -> str:
    """The moment on the clock of this place, as the record writes it."""
    return at.astimezone(zone()).isoformat(timespec="seconds")
