"""Reads the parameters that say how an answer should look: order, page, includes, summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from qamqor.engine.fhir.definitions import element
from qamqor.engine.fhir.search.parameters import KEPT_APART, Parameter, parameters, searchable_types
from qamqor.engine.fhir.search.query import Include, Sort
from qamqor.engine.fhir.search.wanted import Unusable

CHOICES: Final = {
    "_total": ("none", "estimate", "accurate"),
    "_summary": ("true", "text", "data", "count", "false"),
    "_contained": ("false",),
}
# Answered by the door of the server, not by the search.
ELSEWHERE: Final = frozenset({"_format", "_pretty", "_type"})
UNSORTABLE: Final = frozenset({"composite", "special"})
LARGEST_COUNT: Final = 10**9


def asked_types(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The types that ``_type`` names, known ones only; none when it is not there."""
    listed = [t for name, value in pairs if name == "_type" for t in value.split(",")]
    return tuple(dict.fromkeys(t for t in listed if t in searchable_types()))


@dataclass(slots=True)
class Shape:
    """How the answer should look, while it is read."""

    types: tuple[str, ...]
    said: dict[str, str] = field(default_factory=dict)
    sort: list[Sort] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)

    def takes(self, name: str, value: str) -> bool:
        """Read a parameter if it is one of these.

        Raises:
            Unusable: for a value it cannot have.
        """
        code, _, modifier = name.partition(":")
        if code in {"_include", "_revinclude"}:
            self._include(code, modifier, value)
        elif name in CHOICES:
            if value not in CHOICES[name]:
                raise Unusable(f"is {value!r}; write {' or '.join(CHOICES[name])}", "not-supported")
            self._say(name, value)
        elif name == "_count":
            self._count(value)
        elif name == "_sort":
            self.sort += [self._key(key) for key in value.split(",") if key]
        elif name == "_elements":
            self.elements += self._named(value)
        elif name == "_type":
            self._check_types(value)
        elif name == "_containedType":
            raise Unusable("is not supported here", "not-supported")
        else:
            return name in ELSEWHERE
        return True

    def settled(self) -> dict[str, Any]:
        """What was said, as arguments of a Query."""
        return {
            "includes": tuple(self.includes),
            "sort": tuple(self.sort),
            "count": int(self.said["_count"]) if "_count" in self.said else None,
            "total": self.said.get("_total"),
            "summary": self.said.get("_summary", "false"),
            "elements": tuple(dict.fromkeys(self.elements)),
        }

    def _say(self, name: str, value: str) -> None:
        if name in self.said:
            raise Unusable("is given twice; give it once")
        self.said[name] = value

    def _count(self, value: str) -> None:
        if not (value.isascii() and value.isdigit() and len(value) < 12):
            raise Unusable(f"is {value!r}; write a whole number from 0 up")
        self._say("_count", str(min(int(value), LARGEST_COUNT)))

    def _check_types(self, value: str) -> None:
        wrong = [t for t in value.split(",") if t not in searchable_types()]
        if wrong:
            raise Unusable(f"names {', '.join(wrong)}: no resource type")
        for name in KEPT_APART & set(value.split(",")):
            raise apart(name)

    def _key(self, key: str) -> Sort:
        code, is_descending = key.removeprefix("-"), key.startswith("-")
        found: dict[str, Parameter] = {}
        for resource_type in self.types:
            parameter = parameters(resource_type).get(code)
            if parameter is None or parameter.type in UNSORTABLE:
                raise Unusable(f"names {code!r}, by which {resource_type} cannot be put in order")
            found[resource_type] = parameter
        if len(self.types) > 1 and code not in {"_id", "_lastUpdated"}:
            raise Unusable("over several types takes _id and _lastUpdated only", "not-supported")
        return Sort(code, is_descending, found)

    def _named(self, value: str) -> list[str]:
        names = [name.strip() for name in value.split(",") if name.strip()]
        known = [n for n in names if any(_has_element(t, n) for t in self.types)]
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise Unusable(f"names {', '.join(unknown)}: no element of the types searched")
        return known

    def _include(self, code: str, modifier: str, value: str) -> None:
        if modifier not in {"", "iterate", "recurse"}:
            raise Unusable(f"cannot have :{modifier}; it takes :iterate", "not-supported")
        is_reverse, is_iterated = code == "_revinclude", bool(modifier)
        source, _, rest = value.partition(":")
        name, _, target = rest.partition(":")
        if target and target not in searchable_types():
            raise Unusable(f"names {target}, which is no resource type")
        found = self._followed(source, name, target, is_reverse)
        self.includes.append(Include(found, target, is_reverse, is_iterated))

    def _followed(
        self, source: str, name: str, target: str, is_reverse: bool
    ) -> tuple[Parameter, ...]:
        """The reference parameters that an include follows."""
        if source == "*" and not name and not is_reverse:
            return tuple(p for t in self.types for p in _references(t))
        if source not in searchable_types():
            raise Unusable(f"names {source!r}; write Type:parameter of a reference")
        if source in KEPT_APART:
            raise apart(source)
        if name == "*" or not name:
            return tuple(p for p in _references(source) if not target or p.may_point_to(target))
        parameter = parameters(source).get(name)
        if parameter is None or parameter.type != "reference":
            raise Unusable(f"names {name!r}, which is no reference of {source}")
        if target and not parameter.may_point_to(target):
            raise Unusable(f"names {target}, to which {source}:{name} cannot point")
        return (parameter,)


def apart(name: str) -> Unusable:
    """What is said where a type is named that only its own address searches."""
    return Unusable(f"names {name}, which is searched at {name}?… only", "not-supported")


def _references(resource_type: str) -> tuple[Parameter, ...]:
    return tuple(p for p in parameters(resource_type).values() if p.type == "reference")


def _has_element(resource_type: str, name: str) -> bool:
    return element(resource_type, name.split(".")[0]) is not None
