"""Checks a path against the FHIR definitions and finds the type of every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath import functions
from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.fhir.fhirpath.syntax import (
    Binary,
    Call,
    Constant,
    Index,
    Literal,
    Member,
    Node,
    Nothing,
    PathError,
    Sign,
    This,
    TypeTest,
    Variable,
)

COMPARISONS: Final = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
LOGIC: Final = {"and", "or", "xor", "implies"}
ARITHMETIC: Final = {"+": "add", "-": "sub", "*": "mul", "/": "div", "div": "idiv", "mod": "mod"}
SYSTEM: Final = {
    "String": "string",
    "Boolean": "boolean",
    "Integer": "integer",
    "Decimal": "decimal",
    "Date": "date",
    "DateTime": "dateTime",
    "Time": "time",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a path starts and what it may name.

    Attributes:
        types: the types of the element it starts from.
        resource: the type of the resource it belongs to.
        constants: the values behind ``%name``.
        is_top: whether it starts from the resource itself (``getResourceKey`` needs that).
    """

    types: tuple[str, ...]
    resource: str
    constants: Mapping[str, Literal] = field(default_factory=dict)
    is_top: bool = False

    def inside(self, types: tuple[str, ...]) -> Scope:
        return replace(self, types=types, is_top=False)


def analyse(node: Node, scope: Scope) -> Step:
    """The checked steps of a parsed path.

    Raises:
        PathError: it names what FHIR does not have, mixes types, or uses a part of FHIRPath that
            tables do not support.
    """
    return HANDLERS[type(node)](node, scope)


def _literal(node: Literal, _: Scope) -> Step:
    if node.type == "Quantity":
        raise PathError("quantities cannot be written here: compare .value and .code", node.at)
    return Step("literal", (node.type,), False, value=node.value, at=node.at)


def _nothing(node: Nothing, _: Scope) -> Step:
    return Step("nothing", (), False, at=node.at)


def _this(node: This, scope: Scope) -> Step:
    return Step("focus", scope.types, False, value=scope.is_top, at=node.at)


def _variable(node: Variable, _: Scope) -> Step:
    raise PathError(f"{node.name} is not supported in tables", node.at)


def _constant(node: Constant, scope: Scope) -> Step:
    if node.name == "rowIndex":
        return Step("row_index", ("integer",), False, at=node.at)
    if node.name in scope.constants:
        return _literal(replace(scope.constants[node.name], at=node.at), scope)
    if node.name in {"resource", "rootResource"}:
        return Step("resource", (scope.resource,), False, at=node.at)
    known = ", ".join(f"%{name}" for name in scope.constants) or "none"
    raise PathError(f"there is no constant %{node.name} (defined: {known})", node.at)


def _member(node: Member, scope: Scope) -> Step:
    if node.source is None:
        named = node.name in {*scope.types, "Resource", "DomainResource"}
        if named and definitions.kind(scope.types[0] if scope.types else "") == "resource":
            return _this(This(node.at), scope)
        return member(_this(This(node.at), scope), node.name, node.at)
    return member(analyse(node.source, scope), node.name, node.at)


def member(source: Step, name: str, at: int) -> Step:
    """The step from an element to one of its parts, choices left open."""
    if not source.types:
        return source
    found = [(owner, definitions.element(owner, name)) for owner in source.types]
    known = [element for _, element in found if element is not None]
    if not known:
        raise PathError(_unknown_element(source.types, name), at)
    if len(source.types) > 1:
        return _member_of_choice(source, name, at)
    element, owner = known[0], source.types[0]
    if definitions.is_primitive(owner):
        source = _shadow(source, at)
    many = source.many or element.is_many
    if element.is_choice:
        return Step("choice", element.types, many, (source,), element, at)
    return Step("member", element.types, many, (source,), element.name, at)


def _unknown_element(types: tuple[str, ...], name: str) -> str:
    choices = [
        f"{element.name}.ofType({kind})"
        for owner in types
        for element in definitions.elements(owner).values()
        if element.is_choice
        for kind in element.types
        if element.json_key(kind) == name
    ]
    if choices:
        return f"write {choices[0]} instead of {name}"
    return f"{' or '.join(types[:3])} has no element {name!r}"


def _member_of_choice(source: Step, name: str, at: int) -> Step:
    """A part that only some types of a choice have: of whichever is there."""
    owners = [t for t in source.types if definitions.element(t, name) is not None]
    if source.op != "choice" or definitions.is_primitive(owners[0]):
        raise PathError(f"say which type: {_name(source)}.ofType({owners[0]}).{name}", at)
    if source.args[0].many:
        # Element by element, so that what is found stays in the order of the elements.
        each = replace(source, args=(Step("focus", source.args[0].types, False),), many=False)
        found = _member_of_choice(each, name, at)
        return Step("select", found.types, True, (source.args[0], found), at=at)
    parts = [member(of_type(source, owner, at), name, at) for owner in owners]
    if len(parts) == 1:
        return parts[0]
    if len({(part.types, part.many) for part in parts}) > 1 or parts[0].op == "choice":
        raise PathError(f"say which type: {_name(source)}.ofType({owners[0]}).{name}", at)
    return Step("either", parts[0].types, parts[0].many, tuple(parts), at=at)


def _name(source: Step) -> str:
    return source.value.name if source.op == "choice" else "value"


def _shadow(source: Step, at: int) -> Step:
    """The ``_name`` beside a simple value, where JSON keeps its id and extensions."""
    if source.op == "member" and not source.value.startswith("_"):
        return replace(source, types=("Element",), value=f"_{source.value}")
    raise PathError("extensions of a simple value can be read only right behind its name", at)


def type_named(name: str, at: int) -> str:
    """The FHIR type a type specifier means; System types count as their FHIR primitives."""
    short = name.removeprefix("FHIR.").removeprefix("System.")
    short = SYSTEM.get(short, short)
    if definitions.kind(short) is None:
        raise PathError(f"FHIR R4 has no type {name}", at)
    return short


def of_type(source: Step, type_name: str, at: int) -> Step:
    """Keep what is of one type; decides a choice."""
    if source.op == "choice":
        if type_name not in source.types:
            offered = ", ".join(source.types)
            raise PathError(f"{_name(source)} is never a {type_name} (it may be {offered})", at)
        key = source.value.json_key(type_name)
        return Step("member", (type_name,), source.many, source.args, key, at)
    if source.type in {"Resource", "DomainResource"} and definitions.is_resource(type_name):
        return Step("of_resource", (type_name,), source.many, (source,), type_name, at)
    if source.types == (type_name,) or not source.types:
        return source
    raise PathError(f"this is never a {type_name}: it is {' or '.join(source.types)}", at)


def _type_test(node: TypeTest, scope: Scope) -> Step:
    source = analyse(node.operand, scope)
    if node.operator == "as":
        return of_type(source, type_named(node.type, node.at), node.at)
    return functions.is_type(source, type_named(node.type, node.at), node.at)


def _index(node: Index, scope: Scope) -> Step:
    source, index = analyse(node.source, scope), node.index
    if not isinstance(index, Literal) or index.type != "integer":
        raise PathError("an index must be a whole number written out", node.at)
    source = functions.decided(source)
    return Step("at", source.types, False, (source,), index.value, node.at)


def _sign(node: Sign, scope: Scope) -> Step:
    operand = functions.single(analyse(node.operand, scope))
    if operand.category not in {"number", "nothing"}:
        raise PathError(f"{node.operator} needs a number", node.at)
    if node.operator == "+":
        return operand
    return Step("neg", operand.types, False, (operand,), at=node.at)


def _binary(node: Binary, scope: Scope) -> Step:
    left, right = analyse(node.left, scope), analyse(node.right, scope)
    operator = node.operator
    if operator in LOGIC:
        both = functions.truth(left, operator), functions.truth(right, operator)
        return Step(operator, ("boolean",), False, both, at=node.at)
    if operator in {"=", "!="}:
        return functions.equality("eq" if operator == "=" else "ne", left, right, node.at)
    if operator in COMPARISONS:
        return functions.comparison(COMPARISONS[operator], left, right, node.at)
    if operator in ARITHMETIC:
        return functions.arithmetic(ARITHMETIC[operator], left, right, node.at)
    if operator == "&":
        return functions.concatenation(left, right, node.at)
    if operator == "|":
        return functions.union(left, right, node.at)
    if operator in {"in", "contains"}:
        item, listed = (left, right) if operator == "in" else (right, left)
        return functions.membership(item, listed, node.at)
    raise PathError(f"the operator {operator} is not supported in tables", node.at)


def _call(node: Call, scope: Scope) -> Step:
    source = analyse(node.source, scope) if node.source is not None else _this(This(node.at), scope)
    if node.name in {"ofType", "as", "is"}:
        return _typed_call(node, source)
    if node.name == "extension":
        return _extension(node, source, scope)
    if node.name in functions.WITH_CRITERIA and node.arguments:
        return _with_criteria(node, source, scope)
    if node.name == "getReferenceKey":
        names = tuple(_dotted(argument) for argument in node.arguments)
        return functions.reference_key(source, names, node.at)
    arguments = tuple(analyse(argument, scope) for argument in node.arguments)
    return functions.call(node.name, source, arguments, node.at)


def _typed_call(node: Call, source: Step) -> Step:
    if len(node.arguments) != 1:
        raise PathError(f"{node.name}() needs one type", node.at)
    name = type_named(_dotted(node.arguments[0]), node.at)
    test = functions.is_type if node.name == "is" else of_type
    return test(source, name, node.at)


def _dotted(node: Node) -> str:
    if isinstance(node, Member):
        return f"{_dotted(node.source)}.{node.name}" if node.source is not None else node.name
    raise PathError("expected the name of a type", node.at)


def _extension(node: Call, source: Step, scope: Scope) -> Step:
    """``extension(url)`` is short for ``extension.where(url = …)``."""
    if len(node.arguments) != 1:
        raise PathError("extension() needs the address of one extension", node.at)
    every = member(source, "extension", node.at)
    address = functions.single(analyse(node.arguments[0], scope))
    if address.op != "literal" or address.category != "text":
        raise PathError("extension() needs a text or a constant", node.at)
    url = member(Step("focus", ("Extension",), False), "url", node.at)
    test = functions.equality("eq", url, address, node.at)
    return Step("where", every.types, every.many, (every, test), at=node.at)


def _with_criteria(node: Call, source: Step, scope: Scope) -> Step:
    if len(node.arguments) != 1:
        raise PathError(f"{node.name}() needs one argument", node.at)
    if source.op == "choice":
        raise PathError(f"say which type: {_name(source)}.ofType(…).{node.name}(…)", node.at)
    inner = scope if source.op == "focus" and source.value else scope.inside(source.types)
    inside = analyse(node.arguments[0], inner)
    return functions.with_criteria(node.name, source, inside, node.at)


HANDLERS: Final[dict[type, Callable[..., Step]]] = {
    Literal: _literal,
    Nothing: _nothing,
    This: _this,
    Variable: _variable,
    Constant: _constant,
    Member: _member,
    Call: _call,
    Index: _index,
    Sign: _sign,
    Binary: _binary,
    TypeTest: _type_test,
}
