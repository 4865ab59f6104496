"""The value a FHIRPath Patch brings, as the JSON of the element it is for."""

from __future__ import annotations

from typing import Any, NamedTuple

from qamqor.engine.fhir.definitions import Element, element
from qamqor.errors import Issue, Unusable


class Brought(NamedTuple):
    """A value: ``type`` is the FHIR type that its name told, empty where its parts make it up."""

    json: Any
    type: str


def brought(part: dict[str, Any], found: Element, where: str) -> Brought:
    """What one parameter of a patch brings for an element.

    Raises:
        Unusable: no value, or parts that the element does not have.
    """
    for key, value in part.items():
        if key.startswith("value") and len(key) > len("value"):
            return Brought(value, _type_named(key[len("value") :], found))
    if isinstance(part.get("resource"), dict):
        return Brought(part["resource"], "Resource")
    listed = part.get("part")
    if not isinstance(listed, list) or not listed:
        raise Unusable([Issue("required", f"{where}: the value is missing")])
    return Brought(_from_parts(listed, found.types[0], where), "")


def _type_named(suffix: str, found: Element) -> str:
    lower = suffix[:1].lower() + suffix[1:]
    return next((kind for kind in found.types if kind in {suffix, lower}), suffix)


def _from_parts(parts: list[Any], type_name: str, where: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for part in parts:
        name = part.get("name") if isinstance(part, dict) else None
        found = element(type_name, name) if isinstance(name, str) else None
        if found is None:
            raise Unusable([Issue("invalid", f"{where}: {type_name} has no {str(name)[:64]!r}")])
        value = brought(part, found, where)
        key = key_for(found, value, where)
        if found.is_many:
            made.setdefault(key, []).append(value.json)
        else:
            made[key] = value.json
    return made


def key_for(found: Element, value: Brought, where: str) -> str:
    """How JSON names the element with this value: a choice is named by the value's type.

    Raises:
        Unusable: a type that the choice does not have.
    """
    if not found.is_choice:
        return found.name
    if value.type not in found.types:
        text = f"{where}: {found.name} cannot be a {value.type or 'value of parts'}"
        raise Unusable([Issue("invalid", text)])
    return found.json_key(value.type)
