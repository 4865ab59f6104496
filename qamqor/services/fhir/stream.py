"""Streams the resources of a type to a system that may read them all: for views and exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.envelope import decoder, microseconds, patient_id, references
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.store import access
from qamqor.store.fhir import versions


def resources(
    type_: str,
    *,
    actor: Actor,
    at: datetime,
    since: datetime | None = None,
    patients: frozenset[str] | None = None,
) -> Iterator[bytes]:
    """Current resources of a type, as JSON, in the order they were first stored.

    What carries a label that the actor's scopes do not name is left out; that they were read is
    kept in the audit first.

    Args:
        since: only what changed at or after this moment.
        patients: only what is about these people; None = no such limit.

    Raises:
        NotAllowed: the actor may not read everything of this type.
    """
    if not may_read_all(actor, at, type_):
        raise NotAllowed(f"reading every {type_} needs the scope system/{type_}.rs")
    audit.record(actor, "export", at=at, people=patients or (), query=type_)
    apart = access.labelled(type_, looks.hidden_from_export(actor, at, type_))
    return _of(type_, microseconds(since) or 0, patients, apart)


def may_read_all(actor: Actor, at: datetime, type_: str) -> bool:
    """Whether the policy lets the actor export every resource of a type, whoever's it is."""
    view = Sights(actor, at).of("export", type_)
    return (
        view is not None
        and not view.criteria
        and any(grant.everyone and grant.only is None for grant in view.grants)
    )


def _of(
    type_: str, since: int, patients: frozenset[str] | None, apart: frozenset[str]
) -> Iterator[bytes]:
    for version in versions.current_of_type(type_, since=since):
        if version.id in apart:
            continue
        content = (version.content or "").encode()
        if patients is None or about(type_, version.id, content) & patients:
            yield content


def about(type_: str, id_: str, content: bytes) -> frozenset[str]:
    """The people a resource is about, by their ids."""
    if type_ == "Patient":
        return frozenset({id_})
    said = references(decoder(type_).decode(content), type_)
    return frozenset(found for one in said if (found := patient_id(one.reference)) is not None)


def members(group: str) -> frozenset[str]:
    """The people of a stored group, without those who are no longer in it.

    Raises:
        NotThere: there is no such group.
    """
    found = versions.read("Group", group)
    if found is None or found.content is None:
        raise NotThere(f"there is no Group/{group} here")
    listed = json_text.decode(found.content).get("member", [])
    named = (
        patient_id(member.get("entity", {}).get("reference"))
        for member in listed
        if not member.get("inactive")
    )
    return frozenset(one for one in named if one is not None)


def nobody_here(patients: Iterable[str]) -> frozenset[str]:
    """Those of some ids that no person here ever had."""
    asked = frozenset(patients)
    return asked - {id_ for _, id_ in access.keys_of(("Patient", one) for one in asked)}
