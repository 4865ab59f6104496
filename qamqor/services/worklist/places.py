"""Names of the areas and settlements whose people are on a list."""

from __future__ import annotations

from collections.abc import Sequence

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.place_names import name_in
from qamqor.services.access.actor import Actor
from qamqor.services.worklist.today import Filters, areas_of, chosen_by
from qamqor.store import access
from qamqor.store import worklist as store
from qamqor.store.fhir import versions


def areas(actor: Actor, language: str) -> list[tuple[str, str]]:
    """Id and name of each GP area of an actor, by name."""
    return named("Organization", areas_of(actor), language)


def settlements(actor: Actor, language: str) -> list[tuple[str, str]]:
    """Id and name of each town or village where somebody on the list lives, by name."""
    return named("Location", store.places(chosen_by(actor, Filters())), language)


def named(type_: str, ids: Sequence[str], language: str) -> list[tuple[str, str]]:
    """Id and name of some places or organisations that are in the record, by name."""
    keys = access.keys_of([(type_, one) for one in ids])
    found = versions.read_by_keys(list(keys.values())).values()
    read = [json_text.decode(one.content) for one in found if one.content]
    return sorted(
        ((str(one["id"]), name_in(one, language)) for one in read),
        key=lambda one: (len(one[1]), one[1]),
    )
