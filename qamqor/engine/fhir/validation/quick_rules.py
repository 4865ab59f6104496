"""Gives the quick twin its rules: compiled ones where there are, FHIRPath for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.validation import compiled, content, invariants, rulebook
from qamqor.engine.fhir.validation.agreeing import AGREEMENTS
from qamqor.engine.fhir.validation.compiled import Names
from qamqor.engine.fhir.validation.nested import Test
from qamqor.engine.fhir.validation.rulebook import Invariant

PresenceTest = Callable[[Names], bool]
# Rules of a part that look at the whole resource; they are asked there.
OF_THE_WHOLE: Final = frozenset({"sdf-8", "sdf-8a"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on an object.

    Attributes:
        needs: the properties without which it cannot be broken.
        test: quick; it may look past ids and extensions of simple values.
        plainly: the same for every object.
    """

    needs: Names
    test: Test
    plainly: Test


def errors_of(place: str) -> list[Invariant]:
    """The invariants of a place that make a resource invalid."""
    return [rule for rule in rulebook.rules_of(place) if rule.severity == "error"]


def found_in(table: Mapping[str, Any], rule: Invariant, place: str) -> Any:
    """What a table has for a rule; a key that two types use is written with its place."""
    return table.get(f"{place} {rule.key}", table.get(rule.key))


def presence_tests(type_name: str) -> list[PresenceTest]:
    """The rules that the properties of an object decide."""
    found = [found_in(compiled.PRESENCE, rule, type_name) for rule in errors_of(type_name)]
    tests = [test for test in found if test is not None]
    if type_name == "Extension":
        tests.append(lambda names: compiled.some(names, "value") != ("extension" in names))
    return tests


def value_rules(type_name: str) -> list[Rule]:
    """The rules on an object that also its values decide."""
    rules = [
        _rule(rule, type_name)
        for rule in errors_of(type_name)
        if found_in(compiled.PRESENCE, rule, type_name) is None and rule.key not in OF_THE_WHOLE
    ]
    for asked in AGREEMENTS.get(type_name, ()):
        rules.append(Rule(asked.needs, asked.holds, asked.holds))
    return rules + _hoisted(type_name)


def _rule(rule: Invariant, place: str) -> Rule:
    plainly = _by_path(rule, place)
    entry = found_in(compiled.VALUES, rule, place)
    if entry is None:
        return Rule(compiled.ANY, plainly, plainly)
    needs, quick = entry

    def test(value: Any) -> object:
        verdict = quick(value)
        return plainly(value) if verdict is None else verdict

    return Rule(needs, test, plainly)


def _by_path(rule: Invariant, type_name: str) -> Test:
    return lambda value: not invariants.is_broken(rule, value, type_name, value)


def _hoisted(type_name: str) -> list[Rule]:
    """Rules of a part that are asked of the resource it is in."""
    rules = []
    for name in definitions.elements(type_name):
        place = f"{type_name}.{name}"
        for rule in errors_of(place):
            if rule.key in OF_THE_WHOLE:
                test = _of_part(rule, place, name)
                rules.append(Rule(frozenset({name}), test, test))
    return rules


def _of_part(rule: Invariant, place: str, name: str) -> Test:
    def test(value: Mapping[str, Any]) -> bool:
        return name not in value or not invariants.is_broken(rule, value[name], place, value)

    return test


def place_tests(path: str, kind: str) -> tuple[Test, ...]:
    """The rules of one element, beside those of its type."""
    tests: list[Test] = []
    binding = rulebook.bindings().get(path)
    if kind == "Quantity" and path in rulebook.simple_quantities():
        tests.append(lambda value: not value.keys() & {"comparator", "_comparator"})
    if binding is not None and binding.pairs:
        tests.append(lambda value: content.has_coding(value, binding))
    if path != kind:
        tests += [_place_test(rule, path, kind) for rule in errors_of(path)]
    return tuple(tests)


def _place_test(rule: Invariant, path: str, kind: str) -> Test:
    presence = found_in(compiled.PRESENCE, rule, path)
    if presence is not None:
        return lambda value: presence(frozenset(name.removeprefix("_") for name in value))
    quick = _rule(rule, kind)

    def test(value: Any) -> object:
        if type(value) is dict and not any(name.startswith("_") for name in value):
            return not quick.needs <= value.keys() or quick.test(value)
        return quick.plainly(value)

    return test
