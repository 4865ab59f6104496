"""Changes JSON by the operations of RFC 6902; numbers keep how they were written."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from qamqor.errors import Issue, Unusable

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")


def apply(document: Any, operations: Any) -> Any:
    """The document as the operations leave it; the one given is not touched.

    Raises:
        Unusable: an operation cannot be read (400) or cannot be done here (422); nothing changed.
    Source:
        RFC 6902, with JSON Pointer of RFC 6901.
    """
    if not isinstance(operations, list):
        raise Unusable([Issue("structure", "a JSON Patch is a list of operations")])
    result = copy.deepcopy(document)
    for number, operation in enumerate(operations):
        result = _done(result, operation, f"operation {number}")
    return result


def _done(document: Any, operation: Any, where: str) -> Any:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise _refused(where, f"op must be one of {', '.join(_OPERATIONS)}")
    needs = _NEEDS[name]
    missing = [key for key in needs if key not in operation]
    if missing:
        raise _refused(where, f"{name} needs {' and '.join(missing)}")
    return _OPERATIONS[name](document, operation, where)


def _add(document: Any, operation: dict[str, Any], where: str) -> Any:
    path = _pointer(operation["path"], where)
    return _put(document, path, copy.deepcopy(operation["value"]), where)


def _remove(document: Any, operation: dict[str, Any], where: str) -> Any:
    return _without(document, _pointer(operation["path"], where), where)


def _replace(document: Any, operation: dict[str, Any], where: str) -> Any:
    path, value = _pointer(operation["path"], where), copy.deepcopy(operation["value"])
    _value_at(document, path, where)
    if not path:
        return value
    holder = _value_at(document, path[:-1], where)
    holder[_index(holder, path[-1], where) if isinstance(holder, list) else path[-1]] = value
    return document


def _move(document: Any, operation: dict[str, Any], where: str) -> Any:
    from_, path = _pointer(operation["from"], where), _pointer(operation["path"], where)
    if path[: len(from_)] == from_ and len(path) > len(from_):
        raise _refused(where, "a value cannot be moved into itself", status=422)
    value = _value_at(document, from_, where)
    if path == from_:
        return document
    return _put(_without(document, from_, where), path, value, where)


def _copy(document: Any, operation: dict[str, Any], where: str) -> Any:
    value = copy.deepcopy(_value_at(document, _pointer(operation["from"], where), where))
    return _put(document, _pointer(operation["path"], where), value, where)


def _test(document: Any, operation: dict[str, Any], where: str) -> Any:
    found = _value_at(document, _pointer(operation["path"], where), where)
    if not is_same(found, operation["value"]):
        raise _refused(where, f"{operation['path']} is not what the test expects", status=422)
    return document


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1, and 1.0 is 1.00."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    numbers = (int, float, Decimal)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return one == other
    return type(one) is type(other) and bool(one == other)


_OPERATIONS: Final[dict[str, Callable[[Any, dict[str, Any], str], Any]]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
_NEEDS: Final = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}


def _pointer(said: Any, where: str) -> list[str]:
    if not isinstance(said, str) or (said and not said.startswith("/")) or _BAD_ESCAPE.search(said):
        raise _refused(where, f"{said!r} is no JSON Pointer; write /name/0/family")
    return [part.replace("~1", "/").replace("~0", "~") for part in said.split("/")[1:]]


def _value_at(document: Any, path: list[str], where: str) -> Any:
    for part in path:
        if isinstance(document, list):
            document = document[_index(document, part, where)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            raise _nothing(where, path)
    return document


def _put(document: Any, path: list[str], value: Any, where: str) -> Any:
    if not path:
        return value
    holder = _value_at(document, path[:-1], where)
    if isinstance(holder, list):
        at = len(holder) if path[-1] == "-" else _index(holder, path[-1], where, most=len(holder))
        holder.insert(at, value)
    elif isinstance(holder, dict):
        holder[path[-1]] = value
    else:
        raise _nothing(where, path)
    return document


def _without(document: Any, path: list[str], where: str) -> Any:
    _value_at(document, path, where)
    if not path:
        return None
    holder = _value_at(document, path[:-1], where)
    del holder[_index(holder, path[-1], where) if isinstance(holder, list) else path[-1]]
    return document


def _index(holder: list[Any], part: str, where: str, *, most: int | None = None) -> int:
    last = len(holder) - 1 if most is None else most
    if not _INDEX.fullmatch(part) or int(part) > last:
        raise _refused(where, f"{part!r} is no place in a list of {len(holder)}", status=422)
    return int(part)


def _nothing(where: str, path: list[str]) -> Unusable:
    return _refused(where, f"there is nothing at /{'/'.join(path)}", status=422)


def _refused(where: str, text: str, *, status: int = 400) -> Unusable:
    code = "invalid" if status == 400 else "processing"
    return Unusable([Issue(code, f"{where}: {text}")], status=status)
