"""Names the areas people are attached to, and those a person can be attached to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qamqor.engine.fhir import json_text, place_names
from qamqor.services.access.actor import Actor
from qamqor.store.fhir import versions


def names_of(ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Names by language of organisations by their ids; one that is not here has none."""
    found = (versions.read("Organization", id_) for id_ in sorted(set(ids)) if id_)
    return {
        version.id: place_names.names(json_text.decode(version.content))
        for version in found
        if version is not None and version.content is not None
    }


def areas_for(actor: Actor, language: str) -> list[tuple[str, str]]:
    """The GP areas somebody can be attached to by an actor: id and name in a language, the
    actor's own first.

    Those of the actor's organisation; all of them where it has none.
    """
    every = [one for one in _organisations() if "gp_area" in _kinds(one)]
    own = [one for one in every if _parent(one) == actor.organization or one["id"] in actor.areas]
    named = [(str(one["id"]), place_names.name_in(one, language)) for one in own or every]
    return sorted(named, key=lambda one: (one[0] not in actor.areas, one[1]))


def _organisations() -> list[dict[str, Any]]:
    return [
        json_text.decode(one.content or "{}") for one in versions.current_of_type("Organization")
    ]


def _kinds(organization: dict[str, Any]) -> set[str]:
    return {
        str(coding.get("code"))
        for kind in organization.get("type", [])
        for coding in kind.get("coding", [])
    }


def _parent(organization: dict[str, Any]) -> str:
    reference = str((organization.get("partOf") or {}).get("reference", ""))
    return reference.removeprefix("Organization/")
