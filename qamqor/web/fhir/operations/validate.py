"""$validate: whether a resource keeps the rules of FHIR R4, and where it does not."""

from __future__ import annotations

from typing import Any, Final

from qamqor.engine.fhir import json_text, validation
from qamqor.engine.fhir.definitions import resource_types
from qamqor.errors import Issue, Unusable
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import read
from qamqor.web.fhir.operations.registry import Answer, Call, In, operation
from qamqor.web.fhir.outcomes import outcome

MODES: Final = ("create", "update", "profile", "delete")
_BASE: Final = "http://hl7.org/fhir/StructureDefinition"


@operation(
    "validate",
    title="Check a resource",
    text=(
        "Every rule of the R4 base definitions that the resource breaks, each with the FHIRPath "
        "of the element. Nothing is stored. Profiles are not known here; those that the resource "
        "claims to keep are named."
    ),
    levels=("type", "instance"),
    types=tuple(sorted(resource_types())),
    inputs=(
        In("resource", "Resource", "What to check; at instance level the stored one if left out."),
        In("mode", "code", "create, update, profile or delete; delete looks at no content."),
        In("profile", "uri", "The base definition of the type; no other is known here."),
    ),
    returns="OperationOutcome",
    standard="http://hl7.org/fhir/OperationDefinition/Resource-validate",
)
def run(call: Call) -> Answer:
    mode = call.one("mode", "create")
    if mode not in MODES:
        raise Unusable([Issue("value", f"mode is one of {', '.join(MODES)}")])
    profile = call.one("profile")
    if profile is not None and not _is_base(profile, str(call.type)):
        text = f"the profile {profile} is not known here; leave it out"
        raise Unusable([Issue("not-supported", text)])
    if mode == "delete":
        return _deletion(call)
    resource = _resource(call)
    if resource.get("resourceType") != call.type:
        text = f"this is no {call.type}; its resourceType is {resource.get('resourceType')!r:.64}"
        return Answer(outcome([Issue("invalid", text)]))
    issues = [*_named(call, resource, mode), *validation.check(resource)]
    if not any(issue.severity == "error" for issue in issues):
        issues.append(Issue("informational", "No rule is broken.", severity="information"))
    return Answer(outcome([*issues, *_profiles(resource)]))


def _is_base(profile: str, type_: str) -> bool:
    """Whether a profile is the base definition of the type, which is what is checked here."""
    return profile in {f"{_BASE}/{type_}", f"{_BASE}/{type_}|4.0.1", f"{_BASE}/{type_}|4.0"}


def _deletion(call: Call) -> Answer:
    """Whether it could be deleted: it must be here, and the caller must be allowed to."""
    if call.id is None:
        raise Unusable([Issue("required", f"say what would be deleted: {call.type}/id/$validate")])
    read.one(str(call.type), call.id, actor=call.actor, at=call.at)
    if not call.actor.is_platform:
        Sights(call.actor, call.at).need("delete", str(call.type))
    text = "Nothing stands against deleting it."
    return Answer(outcome([Issue("informational", text, severity="information")]))


def _named(call: Call, resource: dict[str, Any], mode: str) -> list[Issue]:
    """An update must name the resource it is sent to."""
    if mode != "update" or call.id is None or resource.get("id") == call.id:
        return []
    text = f"the address names {call.id!r}, the resource {str(resource.get('id'))[:64]!r}"
    return [Issue("invalid", text, f"{call.type}.id")]


def _profiles(resource: dict[str, Any]) -> list[Issue]:
    """What the resource claims to keep that nobody here knows."""
    meta = resource.get("meta")
    said = meta.get("profile") if isinstance(meta, dict) else None
    claimed = [one for one in said if isinstance(one, str)] if isinstance(said, list) else []
    return [
        Issue(
            "not-supported",
            f"The profile {one[:200]} is not known here and was not checked.",
            f"{resource['resourceType']}.meta.profile",
            severity="warning",
        )
        for one in claimed
        if not _is_base(one, str(resource["resourceType"]))
    ]


def _resource(call: Call) -> dict[str, Any]:
    given: dict[str, Any] | None = call.one("resource")
    if given is not None:
        return given
    if call.id is None:
        raise Unusable([Issue("required", "resource is missing: what to check")])
    stored = read.one(str(call.type), call.id, actor=call.actor, at=call.at)
    resource: dict[str, Any] = json_text.decode(stored.content or "{}")
    return resource
