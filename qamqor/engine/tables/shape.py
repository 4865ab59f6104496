"""Says which elements of a resource have the wrong JSON type, of those that tables read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from qamqor.engine.fhir.fhirpath.steps import TEMPORAL, WHOLE
from qamqor.engine.tables.needs import Need
from qamqor.engine.tables.stages import layout_of
from qamqor.engine.tables.view import View

SMALLEST, LARGEST = -(2**31), 2**31 - 1
YEAR: Final = r"(?!0000)\d{4}"
PARTIAL: Final = rf"{YEAR}(?:-(?:0[1-9]|1[0-2]))?"
LEAP: Final = (
    r"(?!0000)(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
)
ORDINARY: Final = (
    rf"{YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
CLOCK: Final = (
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
)
DATE: Final = re.compile(rf"^(?:{ORDINARY}|{PARTIAL}|{LEAP})\Z", re.ASCII)
MOMENT: Final = re.compile(rf"^(?:{ORDINARY}(?:{CLOCK})?|{PARTIAL}|{LEAP}(?:{CLOCK})?)\Z", re.ASCII)


class Shape:
    """What a set of views expects of resources; made once, asked for every line.

    ``problems`` looks at one parsed resource and names everything wrong. ``check`` takes the line
    itself and is some ten times faster, because it does not parse what no view reads.
    """

    def __init__(self, views: Sequence[View]) -> None:
        types = dict.fromkeys(view.resource for view in views)
        self.needs: dict[str, Need] = {
            name: layout_of([view for view in views if view.resource == name]).root
            for name in types
        }
        quick = [_struct(name, need, tag=name) for name, need in self.needs.items()]
        self.decoder: Callable[[bytes], Any] = msgspec.json.Decoder(_any_of(quick)).decode
        self.is_deep = {name for name, need in self.needs.items() if need.has_raw}

    def problems(self, resource: Mapping[str, Any]) -> list[str]:
        """What is wrong, such as ``name[0].family: expected text, found a number``."""
        need = self.needs.get(str(resource.get("resourceType")))
        return [] if need is None else list(_wrong(need, resource, ""))

    def check(self, line: bytes) -> list[str]:
        """The same for one line of NDJSON; a line that is no JSON object is a problem too.

        A key that stands twice in one object is found only by ``check_thoroughly``.
        """
        try:
            read = self.decoder(line)
            str(line, "utf-8")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.check_thoroughly(line)
        # A lone surrogate may hide in what was skipped.
        if b"\\ud" in line or b"\\uD" in line or type(read).__name__ in self.is_deep:
            return self.check_thoroughly(line)
        return []

    def check_thoroughly(self, line: bytes) -> list[str]:
        """As ``check``, with every part of the line looked at."""
        try:
            resource = json.loads(line, object_pairs_hook=_without_twins, parse_constant=_no_number)
            line.decode()
            msgspec.json.decode(line)
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            return [f"not JSON as FHIR needs it: {error}"]
        if not isinstance(resource, dict):
            return ["expected an object, found " + _found(resource)]
        return self.problems(resource)


def problems(views: Sequence[View], resource: Mapping[str, Any]) -> list[str]:
    """What is wrong with one parsed resource, as far as the views read it.

    Args:
        views: of any resource types.
        resource: parsed JSON.
    Returns:
        one text for each element of the wrong JSON type, with its path; dates that no calendar
        has are wrong too.
    """
    return Shape(views).problems(resource)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twin!r} stands twice in one object")
    return made


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _any_of(types: Sequence[type]) -> Any:
    union: Any = types[0]
    for struct in types[1:]:
        union = union | struct
    return union


def _struct(name: str, need: Need, *, tag: str | None = None) -> type:
    """A msgspec type that reads the needed parts and skips the rest."""
    fields: list[Any] = []
    for number, (key, part) in enumerate(need.parts.items()):
        if not (tag and key == "resourceType"):
            kind = _type(f"{name}_{number}", part)
            fields.append((f"f{number}", kind | None, msgspec.field(default=None, name=key)))
    extra: dict[str, Any] = {"tag": tag, "tag_field": "resourceType"} if tag else {}
    return msgspec.defstruct(re.sub(r"\W", "_", name), fields, gc=False, **extra)


def _type(name: str, need: Need) -> Any:
    if need.is_raw:
        return list[dict[str, Any]] if need.many else dict[str, Any]
    inside = _simple(need.type) if need.scalar else _struct(name, need)
    if not need.many:
        return inside
    return list[inside | None] if need.scalar or need.type == "Element" else list[inside]  # type: ignore[valid-type]


def _simple(type_name: str) -> Any:
    if type_name in WHOLE:
        return Annotated[int, msgspec.Meta(ge=SMALLEST, le=LARGEST)]
    if type_name in TEMPORAL:
        pattern = DATE if type_name == "date" else MOMENT
        return Annotated[str, msgspec.Meta(pattern=pattern.pattern)]
    return {"decimal": float, "boolean": bool}.get(type_name, str)


def _wrong(need: Need, value: Any, at: str) -> Any:
    """Everything wrong with one value, as texts."""
    if value is None:
        return
    if not need.many:
        yield from _wrong_one(need, value, at)
    elif not isinstance(value, list):
        yield f"{at}: expected a list, found {_found(value)}"
    else:
        may_be_null = need.scalar is not None or need.type == "Element"
        for number, entry in enumerate(value):
            if entry is not None:
                yield from _wrong_one(need, entry, f"{at}[{number}]")
            elif not may_be_null:
                yield f"{at}[{number}]: expected an object, found null"


def _wrong_one(need: Need, value: Any, at: str) -> Any:
    if need.scalar is not None:
        yield from _wrong_simple(need.type, value, at)
    elif not isinstance(value, Mapping):
        yield f"{at or 'the line'}: expected an object, found {_found(value)}"
    else:
        inside = [need, *need.walks]
        if str(value.get("resourceType")) in need.resources:
            inside.append(need.resources[str(value["resourceType"])])
        for each in inside:
            for key, part in each.parts.items():
                yield from _wrong(part, value.get(key), f"{at}.{key}".lstrip("."))


def _wrong_simple(type_name: str, value: Any, at: str) -> Any:
    types: Any
    expected, types = WORDS.get(type_name, ("text", (str,)))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield f"{at}: expected {expected}, found {_found(value)}"
    else:
        yield from _outside(type_name, value, at)


def _outside(type_name: str, value: Any, at: str) -> Any:
    """A value of the right JSON type that its FHIR type does not have."""
    if type_name in WHOLE and not SMALLEST <= value <= LARGEST:
        yield f"{at}: {value} is too large for a whole number"
    elif type_name in TEMPORAL:
        pattern = DATE if type_name == "date" else MOMENT
        if not pattern.search(value):
            yield f"{at}: {value[:30]!r} is no {type_name} of the calendar"


WORDS: Final[dict[str, tuple[str, tuple[type, ...]]]] = {
    **dict.fromkeys(WHOLE, ("a whole number", (int,))),
    "decimal": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)),
}


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
    return names.get(type(value), "null" if value is None else "a number")
