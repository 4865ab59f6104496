"""What each FHIRPath function and operator takes and gives, for tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath.steps import TEMPORAL, WHOLE, Step
from qamqor.engine.fhir.fhirpath.syntax import PathError

WITH_CRITERIA: Final = frozenset({"where", "exists", "all", "select"})
BOOLEAN: Final = ("boolean",)
INTEGER: Final = ("integer",)
STRING: Final = ("string",)


def decided(source: Step) -> Step:
    """Refuse a choice whose type was never said."""
    if source.op == "choice":
        name = source.value.name
        raise PathError(
            f"say which type: {name}.ofType({source.types[0]}) (it may be "
            f"{', '.join(source.types[:6])}{' …' if len(source.types) > 6 else ''})",
            source.at,
        )
    return source


def single(source: Step) -> Step:
    """At most one value: found out for each record where the definitions allow several."""
    source = decided(source)
    if not source.many:
        return source
    return Step("single", source.types, False, (source,), at=source.at)


def truth(source: Step, user: str) -> Step:
    """A value that must be true, false or missing."""
    source = single(source)
    if source.category not in {"boolean", "nothing"}:
        raise PathError(f"{user} needs true or false, this is {source.type}", source.at)
    return source


def equality(op: str, left: Step, right: Step, at: int) -> Step:
    """``=`` and ``!=``: whole collections are compared, in order; nothing gives nothing."""
    left, right = decided(left), decided(right)
    _same_category(left, right, at)
    if "complex" in {left.category, right.category}:
        raise PathError(f"{left.type} has parts: compare one of them", at)
    if {left.category, right.category} & {"date", "time"} and (left.many or right.many):
        raise PathError("dates and times are compared one by one: use first()", at)
    return Step(op, BOOLEAN, False, (left, right), at=at)


def _same_category(left: Step, right: Step, at: int) -> None:
    kinds = {left.category, right.category} - {"nothing"}
    if len(kinds) > 1:
        hint = ": write dates as @2025-01-31" if kinds == {"date", "text"} else ""
        raise PathError(f"cannot compare {left.type} with {right.type}{hint}", at)


def comparison(op: str, left: Step, right: Step, at: int) -> Step:
    """``<`` and its like: numbers, texts, dates or times with their own kind."""
    left, right = single(left), single(right)
    _same_category(left, right, at)
    if {left.category, right.category} & {"complex", "boolean"}:
        raise PathError(f"{left.type} has no order", at)
    return Step(op, BOOLEAN, False, (left, right), at=at)


def arithmetic(op: str, left: Step, right: Step, at: int) -> Step:
    """Numbers; ``+`` also joins texts. Whole numbers stay whole except under ``/``."""
    left, right = single(left), single(right)
    kinds = {left.category, right.category} - {"nothing"}
    if not kinds:
        return Step("nothing", (), False, at=at)
    if kinds == {"text"} and op == "add":
        return Step("concat", STRING, False, (left, right), at=at)
    if kinds != {"number"}:
        raise PathError(f"cannot calculate with {left.type or right.type}", at)
    whole = {*left.types, *right.types} <= WHOLE
    stays_whole = (whole and op != "div") or op == "idiv"
    return Step(op, INTEGER if stays_whole else ("decimal",), False, (left, right), at=at)


def concatenation(left: Step, right: Step, at: int) -> Step:
    """``&``: like ``+`` on texts, with the missing one taken as empty."""
    left, right = single(left), single(right)
    if {left.category, right.category} - {"nothing", "text"}:
        raise PathError("& joins texts", at)
    return Step("ampersand", STRING, False, (left, right), at=at)


def union(left: Step, right: Step, at: int) -> Step:
    """``|``: what is in either, each value once."""
    left, right = decided(left), decided(right)
    if not left.types or not right.types:
        present = left if left.types else right
        return Step("distinct", present.types, present.many, (present,), at=at)
    _same_category(left, right, at)
    if left.category == "complex":
        raise PathError(f"| needs simple values, {left.type} has parts", at)
    if left.category == "date":
        raise PathError("| cannot compare dates", at)
    types = left.types if left.types == right.types else _wider(left, right)
    return Step("union", types, True, (left, right), at=at)


def _wider(left: Step, right: Step) -> tuple[str, ...]:
    both = {*left.types, *right.types}
    if "decimal" in both:
        return ("decimal",)
    return INTEGER if both <= WHOLE else STRING


def membership(item: Step, listed: Step, at: int) -> Step:
    """``in``: whether one value is among others; ``contains`` is the same turned round."""
    item, listed = single(item), decided(listed)
    _same_category(item, listed, at)
    if {item.category, listed.category} & {"complex", "date"}:
        raise PathError(f"in needs simple values other than dates, this is {item.type}", at)
    return Step("among", BOOLEAN, False, (item, listed), at=at)


def is_type(source: Step, type_name: str, at: int) -> Step:
    """``is``: decided for a choice by which of its JSON keys is there."""
    if source.op == "choice":
        fitting = tuple(t for t in source.types if definitions.is_a(t, type_name))
        return Step("is_choice", BOOLEAN, False, (source,), fitting, at)
    raise PathError(f"is() decides a choice; this is always {source.type or 'nothing'}", at)


def with_criteria(name: str, source: Step, inside: Step, at: int) -> Step:
    """``where``, ``exists``, ``all`` (tests) and ``select`` (a path) on every element."""
    if name == "select":
        inside = decided(inside)
        return Step("select", inside.types, source.many or inside.many, (source, inside), at=at)
    kept = Step("where", source.types, source.many, (source, truth(inside, name)), at=at)
    if name == "exists":
        return Step("exists", BOOLEAN, False, (kept,), at=at)
    return Step("all", BOOLEAN, False, kept.args, at=at) if name == "all" else kept


def reference_key(source: Step, names: tuple[str, ...], at: int) -> Step:
    """``getReferenceKey(Type)``: the id a reference points to, if it is of that type."""
    if source.types != ("Reference",):
        raise PathError(f"getReferenceKey() needs a Reference, this is {source.type}", at)
    if len(names) > 1 or (names and not definitions.is_resource(names[0])):
        raise PathError(f"getReferenceKey(): {', '.join(names)} is not a resource type", at)
    return Step("reference_key", STRING, source.many, (source,), names[0] if names else None, at)


def call(name: str, source: Step, arguments: tuple[Step, ...], at: int) -> Step:
    """Any other function."""
    rule = RULES.get(name)
    if rule is None:
        raise PathError(f"the function {name}() is not supported in tables", at)
    fewest, most, make = rule
    if not fewest <= len(arguments) <= most:
        wanted = fewest if fewest == most else f"{fewest} to {most}"
        raise PathError(f"{name}() takes {wanted} argument(s), not {len(arguments)}", at)
    return make(name, source, arguments, at)


Rule = Callable[[str, Step, tuple[Step, ...], int], Step]


def _presence(name: str, source: Step, _: tuple[Step, ...], at: int) -> Step:
    return Step(name, BOOLEAN, False, (source,), at=at)


def _has_value(_: str, source: Step, __: tuple[Step, ...], at: int) -> Step:
    source = single(source)
    if source.category == "complex":
        raise PathError(f"hasValue() is for simple values, {source.type} has parts", at)
    return Step("exists", BOOLEAN, False, (source,), at=at)


def _negation(_: str, source: Step, __: tuple[Step, ...], at: int) -> Step:
    return Step("not", BOOLEAN, False, (truth(source, "not()"),), at=at)


def _count(_: str, source: Step, __: tuple[Step, ...], at: int) -> Step:
    return Step("count", INTEGER, False, (source,), at=at)


def _one_of(name: str, source: Step, _: tuple[Step, ...], at: int) -> Step:
    if source.op == "choice":
        return source
    if name == "single":
        return single(source)
    return Step("at", source.types, False, (source,), 0 if name == "first" else -1, at)


def _part_of(name: str, source: Step, arguments: tuple[Step, ...], at: int) -> Step:
    if source.op == "choice":
        decided(source)
    if arguments and (arguments[0].op != "literal" or arguments[0].type != "integer"):
        raise PathError(f"{name}() needs a whole number written out", at)
    start, count = {"tail": (1, None), "skip": (1, None), "take": (0, 1)}[name]
    if arguments:
        number = max(0, int(arguments[0].value))
        start, count = (number, None) if name == "skip" else (0, number)
    return Step("slice", source.types, source.many, (source,), (start, count), at)


def _distinct(_: str, source: Step, __: tuple[Step, ...], at: int) -> Step:
    source = decided(source)
    if source.category in {"complex", "date"}:
        raise PathError(f"distinct() needs simple values, this is {source.type}", at)
    return Step("distinct", source.types, source.many, (source,), at=at)


def _join(_: str, source: Step, arguments: tuple[Step, ...], at: int) -> Step:
    source = decided(source)
    if source.category not in {"text", "date", "time", "nothing"}:
        raise PathError(f"join() needs texts, this is {source.type}", at)
    if arguments and (arguments[0].op != "literal" or arguments[0].category != "text"):
        raise PathError("join() needs a text between the values", at)
    separator = arguments[0].value if arguments else ""
    return Step("join", STRING, False, (source,), separator, at)


def _key(_: str, source: Step, __: tuple[Step, ...], at: int) -> Step:
    if definitions.kind(source.type) != "resource":
        raise PathError("getResourceKey() works on the resource itself", at)
    return Step("member", STRING, source.many, (source,), "id", at)


def _boundary(name: str, source: Step, _: tuple[Step, ...], at: int) -> Step:
    source = single(source)
    if source.type not in TEMPORAL | WHOLE | {"decimal", "time", ""}:
        raise PathError(f"{name}() needs a number, date or time, this is {source.type}", at)
    if not source.types:
        return source
    op = "low" if name == "lowBoundary" else "high"
    types = ("decimal",) if source.category == "number" else source.types
    return Step(op, ("dateTime",) if types == ("instant",) else types, False, (source,), at=at)


def _text(name: str, source: Step, arguments: tuple[Step, ...], at: int) -> Step:
    operands = tuple(single(part) for part in (source, *arguments))
    if {part.category for part in operands} - {"text", "nothing"}:
        raise PathError(f"{name}() works on texts", at)
    types = {"length": INTEGER, "upper": STRING, "lower": STRING}.get(name, BOOLEAN)
    return Step(name, types, False, operands, at=at)


def _iif(_: str, source: Step, arguments: tuple[Step, ...], at: int) -> Step:
    test, *results = truth(arguments[0], "iif()"), *arguments[1:]
    results = [single(result) for result in results]
    kinds = {result.category for result in results} - {"nothing"}
    if len(kinds) > 1 or kinds == {"complex"}:
        raise PathError("both results of iif() must be simple values of one kind", at)
    types = next((result.types for result in results if result.types), ())
    if any(result.type == "decimal" for result in results):
        types = ("decimal",)
    return Step("iif", types, False, (test, *results), at=at)


RULES: Final[dict[str, tuple[int, int, Rule]]] = {
    "exists": (0, 0, _presence),
    "empty": (0, 0, _presence),
    "hasValue": (0, 0, _has_value),
    "not": (0, 0, _negation),
    "count": (0, 0, _count),
    "first": (0, 0, _one_of),
    "last": (0, 0, _one_of),
    "single": (0, 0, _one_of),
    "tail": (0, 0, _part_of),
    "skip": (1, 1, _part_of),
    "take": (1, 1, _part_of),
    "distinct": (0, 0, _distinct),
    "join": (0, 1, _join),
    "getResourceKey": (0, 0, _key),
    "lowBoundary": (0, 0, _boundary),
    "highBoundary": (0, 0, _boundary),
    "startsWith": (1, 1, _text),
    "endsWith": (1, 1, _text),
    "contains": (1, 1, _text),
    "length": (0, 0, _text),
    "upper": (0, 0, _text),
    "lower": (0, 0, _text),
    "iif": (2, 3, _iif),
}
