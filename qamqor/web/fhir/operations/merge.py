"""Patient/$merge and its undoing: two records of one person become one, and are two again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from qamqor.engine.fhir.envelope import patient_id
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.merge.apart import Unmerged, preview_unmerge, unmerge
from qamqor.services.merge.together import Merged, merge, preview
from qamqor.services.registration.find import find_by_iin
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation
from qamqor.web.fhir.outcomes import said_well

IIN: Final = f"{IDENTIFIERS}/iin"
_WHY: Final = In("reason", "string", "Why, in the words of whoever decided; kept in the trace.")
_PREVIEW: Final = In("preview", "boolean", "Say what would happen and change nothing.")


@operation(
    "merge",
    title="Merge two records of one person",
    text="The source goes out of use and points to the target; whatever spoke of the source speaks "
    "of the target. A Provenance keeps every version as it was, so $unmerge brings it back.",
    levels=("type",),
    types=("Patient",),
    inputs=(
        In("source-patient", "Reference", "The record that is replaced."),
        In("source-patient-identifier", "Identifier", "Its IIN, instead.", most="*"),
        In("target-patient", "Reference", "The record that stays."),
        In("target-patient-identifier", "Identifier", "Its IIN, instead.", most="*"),
        _PREVIEW,
        _WHY,
    ),
    changes=True,
    standard="http://hl7.org/fhir/OperationDefinition/Patient-merge",
)
def run_merge(call: Call) -> Answer:
    source, target = _one(call, "source-patient"), _one(call, "target-patient")
    if call.one("preview", False):
        done = preview(source, target, actor=call.actor, at=call.at)
    else:
        reason = call.one("reason", "")
        done = merge(source, target, actor=call.actor, at=call.at, reason=reason)
    return Answer(_parameters(call, _merged(done)))


@operation(
    "unmerge",
    title="Take a merge back",
    text="Every resource the merge changed is as it was before; what was changed since stays and "
    "is reported, and so is what is new about the person since.",
    levels=("type",),
    types=("Patient",),
    inputs=(
        In("source-patient", "Reference", "The record that was replaced.", least=1),
        _PREVIEW,
        _WHY,
    ),
    changes=True,
)
def run_unmerge(call: Call) -> Answer:
    source = _one(call, "source-patient")
    if call.one("preview", False):
        done = preview_unmerge(source, actor=call.actor, at=call.at)
    else:
        reason = call.one("reason", "")
        done = unmerge(source, actor=call.actor, at=call.at, reason=reason)
    return Answer(_parameters(call, _unmerged(done)))


def _one(call: Call, name: str) -> str:
    """The id of a Patient, given by reference or by number; both must name the same one."""
    found = set()
    reference = call.one(name)
    if reference is not None:
        id_ = patient_id(reference.get("reference"))
        if id_ is None:
            raise Unusable([Issue("value", f"{name} is a reference such as Patient/123")])
        found.add(id_)
    found |= {_by_number(call, name, one) for one in call.inputs.get(f"{name}-identifier", ())}
    if len(found) != 1:
        text = f"{name} is given once, as a reference or by an IIN, and names one record"
        raise Unusable([Issue("required" if not found else "invalid", text)])
    return found.pop()


def _by_number(call: Call, name: str, identifier: dict[str, Any]) -> str:
    if identifier.get("system") != IIN:
        raise Unusable([Issue("not-supported", f"{name}-identifier has the system {IIN}")])
    person = find_by_iin(str(identifier.get("value", "")), actor=call.actor, at=call.at)
    if person is None:
        raise NotThere(f"there is nobody with the number in {name}-identifier")
    return person.patient_id


def _merged(done: Merged) -> Iterable[dict[str, Any]]:
    count = sum(done.linked.values())
    says = "now leads" if done.trace_id else "would lead"
    text = f"Patient/{done.loser_id} {says} to Patient/{done.winner_id}, with {count} resources"
    yield {"name": "outcome", "resource": said_well(text)}
    yield {"name": "result", "resource": done.result}
    yield from _trace(done.trace_id)
    for type_, number in sorted(done.linked.items()):
        yield _part("linked", ("type", "valueCode", type_), ("count", "valueInteger", number))
    for reference in done.ended:
        yield {"name": "ended", "valueReference": {"reference": reference}}
    for reason in done.likeness.reasons:
        yield {"name": "likeness", "valueCode": reason.code}


def _unmerged(done: Unmerged) -> Iterable[dict[str, Any]]:
    says = "are" if done.trace_id else "would be"
    text = f"{done.restored} resources {says} as they were before the merge"
    yield {"name": "outcome", "resource": said_well(text)}
    yield from _trace(done.trace_id)
    for since in done.changed_since:
        kept = (("kept", "valueString", path) for path in since.kept)
        gone = [("deleted", "valueBoolean", True)] if since.is_deleted else []
        what = ("what", "valueReference", {"reference": since.reference})
        yield _part("changed-since", what, *kept, *gone)
    for reference in done.new_since:
        yield {"name": "new-since", "valueReference": {"reference": reference}}


def _trace(trace_id: str) -> Iterable[dict[str, Any]]:
    if trace_id:
        yield {"name": "trace", "valueReference": {"reference": f"Provenance/{trace_id}"}}


def _part(name: str, *parts: tuple[str, str, Any]) -> dict[str, Any]:
    return {"name": name, "part": [{"name": n, kind: value} for n, kind, value in parts]}


def _parameters(call: Call, parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What was asked for comes back first, without numbers."""
    asked = [
        {"name": name, "valueReference": value}
        for name in ("source-patient", "target-patient")
        for value in call.inputs.get(name, ())
    ]
    given = {"resourceType": "Parameters", **({"parameter": asked} if asked else {})}
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "input", "resource": given}, *parts],
    }
