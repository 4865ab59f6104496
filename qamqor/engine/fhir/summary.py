"""Leaves out of a resource what the reader does not ask for, and marks it as not whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from qamqor.engine.fhir.definitions import elements

MODES: Final = ("true", "text", "data", "count", "false")
MARK: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
ALWAYS: Final = frozenset({"resourceType", "id", "meta"})


def shown(resource: dict[str, Any], mode: str, names: Collection[str]) -> dict[str, Any]:
    """The resource as ``_elements`` (``names``; empty = not said), else as ``_summary`` asks."""
    if names:
        return only(resource, names)
    return summarised(resource, mode) if mode in {"true", "text", "data"} else resource


def summarised(resource: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The resource as ``_summary`` asks: ``true``, ``text`` or ``data``; otherwise whole."""
    type_name = str(resource["resourceType"])
    if mode == "true":
        return marked(_in_summary(resource, type_name))
    if mode == "text":
        return marked(_kept(resource, {"text", *mandatory(type_name)}))
    if mode == "data":
        return marked({name: value for name, value in resource.items() if name != "text"})
    return dict(resource)


def only(resource: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The resource with the elements named, and with those it cannot be without."""
    wanted = {name.removesuffix("[x]") for name in names}
    return marked(_kept(resource, wanted | mandatory(str(resource["resourceType"]))))


def _kept(resource: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    keys = _keys(str(resource["resourceType"]), frozenset(names)) | ALWAYS
    return {key: value for key, value in resource.items() if key.lstrip("_") in keys}


@cache
def _keys(type_name: str, names: frozenset[str]) -> frozenset[str]:
    """How JSON names these elements: each type of a choice has a name of its own."""
    found = set(names)
    for name in names:
        element = elements(type_name).get(name)
        found |= {element.json_key(kind) for kind in element.types} if element else set()
    return frozenset(found)


@cache
def mandatory(type_name: str) -> frozenset[str]:
    """Elements that FHIR asks for, and those that could turn the meaning of the others around."""
    asked = {name for name, element in elements(type_name).items() if element.is_required}
    return frozenset(asked | {"implicitRules", "modifierExtension"})


def marked(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with a tag that says it is not the whole of it."""
    meta = dict(resource.get("meta") or {})
    meta["tag"] = [*meta.get("tag", []), MARK]
    return {**resource, "meta": meta}


def is_marked(resource: Mapping[str, Any]) -> bool:
    """Whether a resource says of itself that it is not the whole."""
    tags = (resource.get("meta") or {}).get("tag") or ()
    return any(tag.get("code") == MARK["code"] for tag in tags)


def _in_summary(holder: Mapping[str, Any], type_name: str) -> dict[str, Any]:
    kinds = _summary_of(type_name)
    return {
        key: _part(value, kinds.get(key.lstrip("_")))
        for key, value in holder.items()
        if key in ALWAYS or key.lstrip("_") in kinds
    }


def _part(value: Any, kind: str | None) -> Any:
    if kind is None:
        return value
    if isinstance(value, list):
        return [_part(one, kind) for one in value]
    return _in_summary(value, kind) if isinstance(value, dict) else value


@cache
def _listed() -> dict[str, list[str]]:
    raw = resources.files("qamqor.engine.fhir").joinpath("summary.json").read_bytes()
    types: dict[str, list[str]] = msgspec.json.decode(raw)["types"]
    return types


@cache
def _summary_of(type_name: str) -> dict[str, str | None]:
    """JSON keys in the summary of a type; behind each the part to look into, if it is one."""
    found: dict[str, str | None] = {}
    known = elements(type_name)
    for name in _listed().get(type_name, []):
        for kind in known[name].types if name in known else ():
            found[known[name].json_key(kind)] = kind if kind in _listed() and "." in kind else None
    return found
