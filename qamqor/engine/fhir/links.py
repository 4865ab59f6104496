"""Finds the links a resource holds, so that a bundle can point them at where things really are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir.definitions import Element, elements, is_resource

LINK_TYPES: Final = frozenset({"uri", "url", "oid", "uuid"})
"""Types whose values follow a resource to its new address; a canonical names a document instead."""

CONDITIONAL: Final = re.compile(r"([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""(\b(?:href|src)\s*=\s*)(["'])(.*?)\2""", re.DOTALL)


class Link(NamedTuple):
    """One place of a resource that may name another.

    Attributes:
        holder, key: where the text lies: ``holder[key]``.
        text: what it says.
        kind: ``reference``, ``uri``, or ``div`` for a whole narrative.
    """

    holder: Any
    key: Any
    text: str
    kind: str

    @property
    def is_condition(self) -> bool:
        """Whether it is a reference that says by what its target is found."""
        return self.kind == "reference" and CONDITIONAL.fullmatch(self.text) is not None

    def point(self, new: Callable[[str], str | None]) -> None:
        """Write what ``new`` answers for the old text; None leaves it."""
        if self.kind == "div":
            self.holder[self.key] = _ATTRIBUTE.sub(lambda found: _attribute(found, new), self.text)
        else:
            self.holder[self.key] = new(self.text) or self.text


def _attribute(found: re.Match[str], new: Callable[[str], str | None]) -> str:
    return f"{found[1]}{found[2]}{new(found[3]) or found[3]}{found[2]}"


def links(resource: dict[str, Any]) -> Iterator[Link]:
    """Every link of a resource, those of contained resources, extensions and narrative included.

    Elements that R4 does not know are passed over.
    """
    yield from _in(resource, str(resource.get("resourceType")))


def _in(holder: dict[str, Any], type_name: str) -> Iterator[Link]:
    table = _table(type_name)
    for key, value in holder.items():
        inside = table.get(key)
        if inside is None:
            continue
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _one(value, number, one, inside)
        else:
            yield from _one(holder, key, value, inside)


def _one(holder: Any, key: Any, value: Any, inside: str) -> Iterator[Link]:
    if isinstance(value, dict):
        yield from _in(value, str(value.get("resourceType")) if inside == "Resource" else inside)
    elif isinstance(value, str) and inside in {"reference", "uri", "div"}:
        yield Link(holder, key, value, inside)


@cache
def _table(type_name: str) -> dict[str, str]:
    """What lies behind each JSON key of a type: a kind of link, or a type that may hold links."""
    found: dict[str, str] = {}
    for element in elements(type_name).values():
        for kind in element.types:
            inside = _inside(type_name, element, kind)
            if inside is not None:
                found[element.json_key(kind)] = inside
    return found


def _inside(type_name: str, element: Element, kind: str) -> str | None:
    if type_name == "Reference" and element.name == "reference":
        return "reference"
    if kind in LINK_TYPES:
        return "uri"
    if kind == "xhtml":
        return "div"
    if kind == "Resource" or is_resource(kind):
        return "Resource"
    return kind if elements(kind) else None


def normal(text: str) -> str:
    """A link as it is compared: the letters of a URN mean the same in either case."""
    return text.lower() if text[:4].lower() == "urn:" else text
