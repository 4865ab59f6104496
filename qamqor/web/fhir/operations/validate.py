"""$validate: whether a resource keeps the rules of FHIR R4, and where it does not."""

from __future__ import annotations

from typing import Any

from qamqor.engine.fhir import json_text, validation
from qamqor.engine.fhir.definitions import resource_types
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import read
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation
from qamqor.web.fhir.outcomes import outcome


@operation(
    "validate",
    title="Check a resource",
    text=(
        "Every rule of the R4 base definitions that the resource breaks, each with the FHIRPath "
        "of the element. Nothing is stored. Profiles are not known here."
    ),
    levels=("type", "instance"),
    types=tuple(sorted(resource_types())),
    inputs=(
        In("resource", "Resource", "What to check; at instance level the stored one if left out."),
        In("mode", "code", "create, update or delete; only create and update check content."),
        In("profile", "uri", "A profile to check against; none is known here."),
    ),
    returns="OperationOutcome",
    standard="http://hl7.org/fhir/OperationDefinition/Resource-validate",
)
def run(call: Call) -> Answer:
    if call.one("profile") is not None:
        text = f"the profile {call.one('profile')} is not known here; leave it out"
        raise Unusable([Issue("not-supported", text)])
    if call.one("mode", "create") not in {"create", "update", "delete"}:
        raise Unusable([Issue("value", "mode is create, update or delete")])
    resource = _resource(call)
    if resource.get("resourceType") != call.type:
        text = f"this is no {call.type}; its resourceType is {resource.get('resourceType')!r:.64}"
        return Answer(outcome([Issue("invalid", text)]))
    found = validation.check(resource)
    good = [Issue("informational", "No rule is broken.", severity="information")]
    return Answer(outcome(found or good))


def _resource(call: Call) -> dict[str, Any]:
    given: dict[str, Any] | None = call.one("resource")
    if given is not None:
        return given
    if call.id is None:
        raise Unusable([Issue("required", "resource is missing: what to check")])
    stored = read.one(str(call.type), call.id, actor=call.actor, at=call.at)
    resource: dict[str, Any] = json_text.decode(stored.content or "{}")
    return resource
