"""What somebody asks of one resource, and what came of it, whichever way it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from qamqor.store.fhir.versions import Version


@dataclass(frozen=True, slots=True)
class Ask:
    """One interaction that changes something, from HTTP or from an entry of a bundle.

    Attributes:
        method: POST, PUT, PATCH or DELETE.
        type: resource type.
        id: logical id; None for POST, and where ``query`` says which resource is meant.
        query: search parameters of a conditional update, patch or delete; empty = none.
        resource: what to store; for PATCH a list (JSON Patch) or a Parameters (FHIRPath Patch).
        if_match, if_none_match, if_none_exist: as the headers of HTTP; empty = not said.
        where: FHIRPath of the bundle entry it stands in; empty = a request of its own.
        new_id: the id a new resource gets.
        is_operation: it calls an operation, which is answered elsewhere.
        has_conditions: whether a reference may be a condition, to be pointed at what it means.
        besides: ``Type/id`` of what goes in the same transaction; no condition means them.
    """

    method: str
    type: str
    id: str | None
    new_id: str
    query: str = ""
    resource: Any = None
    if_match: str = ""
    if_none_match: str = ""
    if_none_exist: str = ""
    where: str = ""
    is_operation: bool = False
    has_conditions: bool = False
    besides: frozenset[str] = frozenset()


class Result(NamedTuple):
    """What came of it: ``status`` as HTTP has it; ``version`` None where nothing was there."""

    status: int
    version: Version | None
