"""Decides quickly whether a resource is valid: the twin of plain.py that explains nothing."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.definitions import Element
from qamqor.engine.fhir.validation import plain, primitives, rulebook, xhtml
from qamqor.engine.fhir.validation.nested import (
    Test,
    Undecided,
    contained_resource,
    deeper,
    own_resource,
    reference_test,
)
from qamqor.engine.fhir.validation.quick_rules import place_tests
from qamqor.engine.fhir.validation.shapes import Shape
from qamqor.engine.fhir.validation.written import COMMON, Field

ANYTHING: Final = frozenset[str]()


def is_valid(resource: Any) -> bool:
    """Whether ``check`` would find no error.

    Args:
        resource: as ``json_text.decode`` gives it.
    """
    try:
        return bool(_own(resource))
    except (Undecided, RecursionError):
        return not any(issue.severity == "error" for issue in plain.check(resource))


@cache
def shape(type_name: str, targets: frozenset[str] = ANYTHING) -> Shape:
    """The shape of the objects of one type; of a Reference, to one of these types."""
    fields = {
        element.json_key(kind): _field(type_name, element, kind)
        for element in definitions.elements(type_name).values()
        for kind in element.types
    }
    extra = [reference_test(targets)] if type_name == "Reference" else []
    return Shape(type_name, fields, extra, lambda: shape("Element").is_fine)


def object_test(type_name: str) -> Test:
    """The test of the objects of one type."""
    return shape(type_name).is_fine


_own = own_resource(object_test)
_contained = contained_resource(object_test)


def _field(owner: str, element: Element, kind: str) -> Field:
    path, is_simple = f"{owner}.{element.name}", definitions.is_primitive(kind)
    is_open = rulebook.may_repeat(owner, element.name, kind)
    one = _one(owner, element, kind)
    tests = place_tests(path, kind)
    if is_open:
        one = deeper(one)
    if tests:
        return Field(_all_of((one, *tests)), element.is_many, is_simple)
    if is_simple:
        is_bound = kind == "code" and path in rulebook.bindings()
        common = kind if kind in COMMON and not is_bound else None
        return Field(one, element.is_many, True, common)
    inner = None if is_open else shape(kind, _targets(owner, element, kind))
    return Field(one, element.is_many, False, shape=inner)


def _targets(owner: str, element: Element, kind: str) -> frozenset[str]:
    return rulebook.targets(owner, element) if kind == "Reference" else ANYTHING


def _one(owner: str, element: Element, kind: str) -> Test:
    """The test of one value of a type, without the rules of its place."""
    if kind == "Resource":
        return _contained if element.name == "contained" else _own
    if kind == "xhtml":
        return lambda value: primitives.is_text(value) and xhtml.problem(value) is None
    if definitions.is_primitive(kind):
        binding = rulebook.bindings().get(f"{owner}.{element.name}")
        return _listed(binding.codes) if binding and kind == "code" else primitives.TESTS[kind]
    targets = _targets(owner, element, kind)
    if rulebook.may_repeat(owner, element.name, kind):  # it may not be there yet
        return lambda value: shape(kind, targets).is_fine(value)
    return shape(kind, targets).is_fine


def _listed(codes: frozenset[str]) -> Test:
    return lambda value: type(value) is str and value in codes


def _all_of(tests: tuple[Test, ...]) -> Test:
    return lambda value: all(test(value) for test in tests)
