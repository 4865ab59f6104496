"""Signs a visit: everything typed becomes the record in one transaction, and the draft is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.measurements.sheet import Reading
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.agent import need_post
from qamqor.services.access.sights import Sights, zone
from qamqor.services.booking import steps
from qamqor.services.fhir.write import Change, Stored, apply, instant, keep_refusal
from qamqor.services.visit import measuring, named
from qamqor.services.visit import plan as plans
from qamqor.services.visit.measuring import Visit, here, valid
from qamqor.services.visit.plan import Plan, refuse_wrong
from qamqor.store import drafts as store
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

Resource = dict[str, Any]
NOTHING: Final = Plan()
_COMPLETION: Final = "http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion"
_PARTICIPANT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def is_signed(key: str) -> bool:
    """Whether the visit of a key is signed already."""
    found = versions.read("Provenance", named.id_of(key, "signature"))
    return found is not None and found.content is not None


def sign(
    visit: Visit,
    readings: Mapping[str, Sequence[Reading]],
    plan: Plan = NOTHING,
    *,
    medicines: Sequence[Mapping[str, Any]] = (),
    actor: Actor,
    at: datetime,
) -> list[Stored]:
    """Keep everything of a visit and end it; all or nothing. Signing again changes nothing.

    Today's booking of the person with the worker, or with a colleague of the role, took place.

    Args:
        readings: judged already; those kept while the visit went on are not kept twice.
        medicines: orders in force as the page showed them; one changed meanwhile is a conflict.

    Raises:
        NotThere, NotAllowed: not a person of the actor's, or something not theirs to write; NoPost:
            they have no post to sign by.
        VersionConflict: something the visit changes was changed meanwhile.
        Unusable: something breaks a rule of FHIR.
    """
    need_post(actor)
    looks.at_one(Sights(actor, at), "Patient", visit.patient)
    refuse_wrong(plan, actor, today=at.astimezone(zone()).date())
    decided = list(plans.changes(visit, plan, medicines, actor=actor, at=at))
    booked = [f"Appointment/{one.id}" for one in steps.todays(visit.patient, actor=actor, at=at)]
    changes = [
        _ended(visit, plan, actor, at, booked),
        *map(valid, decided),
        *measuring.observations(visit, readings, actor, at),
    ]
    kept = list(_kept_before(visit, readings))
    # The person is named so that the signature belongs to their record.
    of_visit = [f"{one.type}/{one.id}" for one in changes]
    targets = [f"Patient/{visit.patient}", *of_visit, *kept, *booked]
    changes.append(_signature(visit, targets, actor, at))

    def write(tx: Transaction) -> list[Stored]:
        # Asked here, where one commit follows another: a double click signs once.
        if is_signed(visit.key):
            return []
        steps.kept_by_visit(tx, visit.patient, actor=actor, at=at)
        stored = apply(tx, changes, actor=actor, at=at)
        store.delete(tx, visit.key)
        audit.note(tx, actor, "delete", at=at, what=[f"Draft/{visit.key}"],
                   people={visit.patient})  # fmt: skip
        return stored

    try:
        return node.commit(write)
    except (NotAllowed, NotThere) as refusal:
        keep_refusal(refusal, changes, actor=actor, at=at)
        raise


def _ended(visit: Visit, plan: Plan, actor: Actor, at: datetime, booked: Sequence[str]) -> Change:
    id_ = named.id_of(visit.key, "encounter")
    standing = versions.read("Encounter", id_)
    if standing is not None and standing.content is not None:
        encounter: Resource = json_text.decode(standing.content)
    else:
        encounter = measuring.encounter(visit, actor)
    ended = {**encounter, "status": "finished", **plans.on_encounter(visit, plan)}
    ended["period"] = {**encounter["period"], "end": here(at)}
    if booked:
        ended["appointment"] = [{"reference": one} for one in booked]
    seen = None if standing is None else standing.version
    return valid(Change("PUT", "Encounter", id_, ended, if_version=seen))


def _kept_before(visit: Visit, readings: Mapping[str, Sequence[Reading]]) -> Iterator[str]:
    """References of measurements that were kept while the visit went on."""
    for measurement in readings:
        id_ = named.id_of(visit.key, measurement)
        found = versions.read("Observation", id_)
        if found is not None and found.content is not None:
            yield f"Observation/{id_}"


def _signature(visit: Visit, targets: Sequence[str], actor: Actor, at: datetime) -> Change:
    """Who stands for a visit: an attester, without claiming a cryptographic signature."""
    id_ = named.id_of(visit.key, "signature")
    resource: Resource = {
        "resourceType": "Provenance",
        "id": id_,
        "target": [{"reference": one} for one in dict.fromkeys(targets)],
        "occurredDateTime": here(at),
        "recorded": instant(at),
        "activity": {"coding": [{"system": _COMPLETION, "code": "LA"}]},
        "agent": [
            {
                "type": {"coding": [{"system": _PARTICIPANT, "code": "attester"}]},
                "who": {"reference": actor.reference},
            }
        ],
    }
    return valid(Change("PUT", "Provenance", id_, resource))
