"""Tests objects of one type, with a compiled test for each combination of properties.

Which properties an object has decides what its values must be and which rules apply, and objects
of a type come in few combinations. So that is worked out once for each: afterwards an object is one
look-up and one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation.nested import Test
from qamqor.engine.fhir.validation.quick_rules import (
    PresenceTest,
    Rule,
    presence_tests,
    value_rules,
)
from qamqor.engine.fhir.validation.written import Field, compiled_test

# A combination is compiled when it is met for the tenth time: until then that costs more.
OFTEN: Final = 10
MOST_COMPILED: Final = 500
MOST_COUNTED: Final = 5000


class Shape:
    """The test of the objects of one type."""

    def __init__(
        self,
        type_name: str,
        fields: dict[str, Field],
        extra: Sequence[Test],
        beside_test: Callable[[], Test],
    ) -> None:
        self.type_name = type_name
        self.fields = fields
        self.extra = tuple(extra)
        self.beside_test = beside_test
        self.ready: dict[tuple[str, ...], Test] = {}
        self.met: dict[tuple[str, ...], int] = {}
        self.whole = {name: field.whole() for name, field in fields.items()}
        if definitions.kind(type_name) == "resource":
            self.whole["resourceType"] = lambda _: True
        self.presence = (*_counts(type_name), *presence_tests(type_name))
        self.rules: Sequence[Rule] = value_rules(type_name)

    def is_fine(self, value: Any) -> object:
        """Whether a JSON value is a valid object of this type."""
        if type(value) is not dict:
            return False
        return (self.ready.get(tuple(value)) or self.meet)(value)

    def meet(self, value: dict[str, Any]) -> object:
        """The same for an object whose combination of properties has no compiled test."""
        names = tuple(value)
        if any(name.startswith("_") for name in names):
            return self._with_siblings(value)
        if not self._may_be(frozenset(names)):
            return False
        self._count(names)
        return all(self.whole[name](part) for name, part in value.items()) and all(
            test(value) for test in self._rules_for(names)
        )

    def _rules_for(self, names: tuple[str, ...]) -> list[Test]:
        rules = [rule.test for rule in self.rules if rule.needs.issubset(names)]
        return [*self.extra, *rules]

    def _count(self, names: tuple[str, ...]) -> None:
        """Compile what is met often; forget all that is not, so that memory has an end."""
        if len(self.met) > MOST_COUNTED:
            self.met.clear()
        self.met[names] = self.met.get(names, 0) + 1
        if self.met[names] == OFTEN and len(self.ready) < MOST_COMPILED:
            fields = [self.fields.get(name) for name in names]
            self.ready[names] = compiled_test(fields, self._rules_for(names))

    def _may_be(self, names: frozenset[str]) -> bool:
        """Whether an object may have these properties and no others."""
        return (
            bool(names)
            and self.whole.keys() >= names
            and all(is_right(names) for is_right in self.presence)
        )

    def _with_siblings(self, value: dict[str, Any]) -> bool:
        """An object with ids or extensions beside simple values."""
        if not self._may_be(frozenset(name.removeprefix("_") for name in value)):
            return False
        for name, part in value.items():
            if name.startswith("_"):
                if not self._sibling(value, name[1:], part):
                    return False
            elif f"_{name}" not in value and not self.whole[name](part):
                return False
        return all(test(value) for test in self.extra) and all(
            rule.plainly(value) for rule in self.rules
        )

    def _sibling(self, owner: Mapping[str, Any], name: str, beside: Any) -> bool:
        """A simple element together with what stands beside it."""
        field = self.fields.get(name)
        if field is None or not field.is_simple:
            return False
        if not field.is_many:
            return self._pair(field, name in owner, owner.get(name), beside)
        values = owner.get(name, [None])
        if type(values) is not list or type(beside) is not list or not values or not beside:
            return False
        size = max(len(values), len(beside))
        rows = zip(_padded(values, size), _padded(beside, size), strict=True)
        return all(
            field.one(one) if other is None else self._pair(field, one is not None, one, other)
            for one, other in rows
        )

    def _pair(self, field: Field, has_value: bool, value: Any, beside: Any) -> bool:
        if not self.beside_test()(beside):
            return False
        return bool(field.one(value)) if has_value else beside.keys() != {"id"}


def _padded(values: list[Any], size: int) -> list[Any]:
    return values + [None] * (size - len(values))


def _counts(type_name: str) -> list[PresenceTest]:
    """What must be there, what may be there once, and that there is more than an id."""
    tests: list[PresenceTest] = []
    for element in definitions.elements(type_name).values():
        keys = frozenset(element.json_key(kind) for kind in element.types)
        if element.is_required or element.is_choice:
            tests.append(_between(keys, int(element.is_required)))
    if definitions.kind(type_name) != "resource" and type_name != "Element":
        tests.append(lambda names: names != {"id"})
    return tests


def _between(keys: frozenset[str], least: int) -> PresenceTest:
    return lambda names: least <= len(names & keys) <= 1
