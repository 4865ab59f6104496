"""Changes a resource by FHIRPath Patch: add, insert, delete, replace and move by path."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from qamqor.engine.fhir.definitions import Element, element
from qamqor.engine.fhir.fhirpath.parse import parse
from qamqor.engine.fhir.fhirpath.syntax import Node, PathError
from qamqor.engine.fhir.patch.places import Place, items, places
from qamqor.engine.fhir.patch.values import Brought, brought, key_for
from qamqor.errors import Issue, Unusable

Inputs = dict[str, dict[str, Any]]


def apply(resource: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """The resource as the operations leave it; the one given is not touched.

    Args:
        parameters: a Parameters resource, each parameter named ``operation``.
    Raises:
        Unusable: an operation cannot be read (400) or cannot be done here (422); nothing changed.
    Source:
        FHIR R4, fhirpatch.
    """
    result = copy.deepcopy(resource)
    listed = parameters.get("parameter")
    if not isinstance(listed, list) or not listed:
        raise _refused("Parameters", "there is no operation")
    for number, said in enumerate(listed):
        _do(result, said, f"Parameters.parameter[{number}]")
    return result


def _do(resource: dict[str, Any], said: Any, where: str) -> None:
    parts = said.get("part") if isinstance(said, dict) else None
    if not isinstance(parts, list) or said.get("name") != "operation":
        raise _refused(where, "each parameter is named operation and has parts")
    inputs: Inputs = {
        part["name"]: part
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("name"), str)
    }
    kind = _value(inputs, "type", where)
    if kind not in _OPERATIONS:
        raise _refused(where, f"type must be one of {', '.join(_OPERATIONS)}")
    try:
        path = parse(str(_value(inputs, "path", where)))
        _OPERATIONS[kind](resource, path, inputs, where)
    except PathError as error:
        raise _refused(where, f"path: {error.message}") from None


def _value(inputs: Inputs, name: str, where: str) -> Any:
    part = inputs.get(name, {})
    found = next((v for key, v in part.items() if key.startswith("value")), None)
    if found is None:
        raise _refused(where, f"{name} is missing")
    return found


def _number(inputs: Inputs, name: str, where: str) -> int:
    found = _value(inputs, name, where)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise _refused(where, f"{name} must be a whole number from 0")
    return found


def _add(resource: dict[str, Any], path: Node, inputs: Inputs, where: str) -> None:
    owners = items(path, resource)
    if len(owners) != 1 or not isinstance(owners[0].value, dict):
        raise _refused(where, f"the path must name one element, and names {len(owners)}", 422)
    owner = owners[0]
    found = element(owner.type, str(_value(inputs, "name", where)))
    if found is None:
        raise _refused(where, f"{owner.type} has no such element", 422)
    value = brought(inputs.get("value", {}), found, where)
    key = key_for(found, value, where)
    if found.is_many:
        owner.value.setdefault(key, []).append(value.json)
        return
    if any(found.json_key(kind) in owner.value for kind in found.types):
        raise _refused(where, f"{found.name} is there already; use replace", 422)
    owner.value[key] = value.json


def _insert(resource: dict[str, Any], path: Node, inputs: Inputs, where: str) -> None:
    listed, found = _list(resource, path, where)
    at = _number(inputs, "index", where)
    if at > len(listed):
        raise _refused(where, f"index {at} is beyond the end of {len(listed)}", 422)
    listed.insert(at, brought(inputs.get("value", {}), found, where).json)


def _list(resource: dict[str, Any], path: Node, where: str) -> tuple[list[Any], Element]:
    """The one list that holds everything the path names."""
    found = places(path, resource)
    if not found or any(p.number is None or p.owner is not found[0].owner for p in found):
        raise _refused(where, "the path must name one list that is there", 422)
    return found[0].owner[found[0].key], found[0].element


def _delete(resource: dict[str, Any], path: Node, inputs: Inputs, where: str) -> None:
    found = places(path, resource)
    if len(found) > 1:
        raise _refused(where, f"the path names {len(found)} elements; delete one at a time", 422)
    for place in found:
        _take_out(place)


def _take_out(place: Place) -> None:
    beside = f"_{place.key}"
    if place.number is None:
        del place.owner[place.key]
        place.owner.pop(beside, None)
        return
    for key in (place.key, beside):
        listed = place.owner.get(key)
        if isinstance(listed, list) and place.number < len(listed):
            del listed[place.number]
            if not listed:
                del place.owner[key]


def _replace(resource: dict[str, Any], path: Node, inputs: Inputs, where: str) -> None:
    found = places(path, resource)
    if len(found) != 1:
        raise _refused(where, f"the path must name one element, and names {len(found)}", 422)
    place = found[0]
    value = brought(inputs.get("value", {}), place.element, where)
    if place.number is not None:
        place.owner[place.key][place.number] = value.json
        return
    _put(place, value, key_for(place.element, value, where))


def _put(place: Place, value: Brought, key: str) -> None:
    """Write a value that may have another type than the old one, in the old one's place."""
    if key == place.key:
        place.owner[key] = value.json
        return
    rest = {(key if name == place.key else name): kept for name, kept in place.owner.items()}
    rest.pop(f"_{place.key}", None)
    place.owner.clear()
    place.owner.update({**rest, key: value.json})


def _move(resource: dict[str, Any], path: Node, inputs: Inputs, where: str) -> None:
    listed, _ = _list(resource, path, where)
    from_, to = _number(inputs, "source", where), _number(inputs, "destination", where)
    if max(from_, to) >= len(listed):
        raise _refused(where, f"the list has {len(listed)} elements, counted from 0", 422)
    listed.insert(to, listed.pop(from_))


_OPERATIONS: Final[dict[str, Callable[[dict[str, Any], Node, Inputs, str], None]]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _refused(where: str, text: str, status: int = 400) -> Unusable:
    code = "invalid" if status == 400 else "processing"
    return Unusable([Issue(code, f"{where}: {text}")], status=status)
