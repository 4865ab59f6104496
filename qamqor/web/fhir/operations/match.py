"""Patient/$match: who a person may be, however the name is spelled, with the score."""

from __future__ import annotations

from typing import Any, Final

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.compare import Verdict
from qamqor.engine.identity.person import identity_of
from qamqor.engine.identity.weights import CERTAIN
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.fhir import read
from qamqor.services.registration.find import Found, find_twins
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation

MOST: Final = 20
_GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
_GRADES: Final = {
    Verdict.certain: "certain",
    Verdict.likely: "probable",
    Verdict.possible: "possible",
    Verdict.unlikely: "certainly-not",
}


@operation(
    "match",
    title="Find who a person may be",
    text="Compares names in any spelling and script, birth date, IIN, telephone and address; the "
    "likeliest come first, with a score from 0 to 1.",
    levels=("type",),
    types=("Patient",),
    inputs=(
        In("resource", "Patient", "What is known of the person.", least=1),
        In("onlyCertainMatches", "boolean", "Only somebody who is certain, and only one."),
        In("count", "integer", f"At most so many; {MOST} if not said."),
    ),
    returns="Bundle",
    standard="http://hl7.org/fhir/OperationDefinition/Patient-match",
)
def run(call: Call) -> Answer:
    patient = call.one("resource")
    if patient.get("resourceType") != "Patient":
        raise Unusable([Issue("value", "resource is a Patient")])
    count = call.one("count", MOST)
    if count < 1:
        raise Unusable([Issue("value", "count is one or more")])
    typed = identity_of(patient, iin_system=f"{IDENTIFIERS}/iin")
    found = find_twins(typed, actor=call.actor, at=call.at, limit=min(count, MOST))
    if call.one("onlyCertainMatches", False):
        found = [one for one in found if one.verdict is Verdict.certain]
        found = found if len(found) == 1 else []
    entries = [entry for one in found if (entry := _entry(call, one))]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return Answer({**bundle, **({"entry": entries} if entries else {})})


def _entry(call: Call, found: Found) -> dict[str, Any] | None:
    """One match; somebody whose record the caller may not read is left out."""
    try:
        version = read.one("Patient", found.patient_id, actor=call.actor, at=call.at)
    except NotThere:
        return None
    grade = {"url": _GRADE, "valueCode": _GRADES[found.verdict or Verdict.possible]}
    score = 1.0 if found.verdict is Verdict.certain else min(found.score / CERTAIN, 0.99)
    return {
        "fullUrl": f"{call.address}/Patient/{found.patient_id}",
        "resource": json_text.decode(version.content or "{}"),
        "search": {"extension": [grade], "mode": "match", "score": round(score, 2)},
    }
