"""Names the areas people are attached to, and those a person can be attached to."""

from __future__ import annotations

from collections.abc import Iterable

from qamqor.engine.fhir import json_text
from qamqor.store.fhir import versions


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """Names of organisations by their ids; one that is not here has none."""
    found = (versions.read("Organization", id_) for id_ in sorted(set(ids)) if id_)
    return {
        version.id: str(json_text.decode(version.content).get("name", ""))
        for version in found
        if version is not None and version.content is not None
    }
