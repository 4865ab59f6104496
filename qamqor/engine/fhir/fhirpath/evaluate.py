"""Follows a FHIRPath expression through one resource, plainly, one value at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.fhir import definitions
from qamqor.engine.fhir.fhirpath import arithmetic, library
from qamqor.engine.fhir.fhirpath.items import (
    Double,
    Item,
    Items,
    alike,
    children,
    distinct,
    made,
    order,
    same,
    truth_value,
)
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


@dataclass(slots=True)
class Budget:
    """Steps and items a path may still take: one inside another asks for them all again and again.

    Attributes:
        left: what is left; a whole large resource has some ten thousand items.
    """

    left: int = 500_000

    def spend(self, amount: int) -> None:
        """Take some away.

        Raises:
            PathError: nothing is left.
        """
        self.left -= amount
        if self.left < 0:
            raise PathError("asks for too much; say it with fewer paths inside each other")


@dataclass(frozen=True, slots=True)
class Context:
    """What a path may look at.

    Attributes:
        this: what the nearest function is looking at; at first, where the path starts.
        root: the resource, for ``%resource``.
        constants: values of ``%name``.
        index: ``$index``; total: ``$total``; row_index: ``%rowIndex``.
        is_tabular: how views see a resource: an element without a value is not there, and
            calculations are done in double precision, as databases do.
        budget: how much a path may ask for that somebody sent; None = as much as it takes.
    """

    this: Items
    root: Items
    constants: Mapping[str, Items] = field(default_factory=dict)
    index: int | None = None
    total: Items = field(default_factory=list)
    row_index: int | None = None
    is_tabular: bool = False
    budget: Budget | None = None

    def looking_at(self, item: Item, index: int | None = None) -> Context:
        return replace(self, this=[item], index=index)


def start(resource: Mapping[str, Any], **extra: Any) -> Context:
    """A context at the top of one resource."""
    items = [Item(resource, str(resource.get("resourceType", "Element")))]
    return Context(items, items, **extra)


def evaluate(node: Node, context: Context) -> Items:
    """What the expression finds, in order.

    Raises:
        PathError: several values where one is needed, kinds that cannot be mixed, or a function
            that does not exist.
    """
    found = HANDLERS[type(node)](node, context)
    if context.budget is not None:
        context.budget.spend(1 + len(found))
    return found


def _literal(node: Literal, context: Context) -> Items:
    value: Any = node.value
    if context.is_tabular and isinstance(value, Decimal):
        value = Double.of(value)
    return [Item(value, node.type, is_system=True, unit=node.unit)]


def _nothing(_: Nothing, __: Context) -> Items:
    return []


def _this(_: This, context: Context) -> Items:
    return context.this


def _variable(node: Variable, context: Context) -> Items:
    if node.name == "$total":
        return context.total
    return [] if context.index is None else made(context.index, "integer")


ADDRESSES: Final = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}


def _constant(node: Constant, context: Context) -> Items:
    if node.name in context.constants:
        return context.constants[node.name]
    if node.name == "rowIndex" and context.row_index is not None:
        return made(context.row_index, "integer")
    if node.name in {"resource", "rootResource", "context"}:
        return context.root
    if node.name in ADDRESSES:
        return made(ADDRESSES[node.name], "string")
    prefix, _, rest = node.name.partition("-")
    if prefix in {"vs", "ext"} and rest:
        kind = "ValueSet" if prefix == "vs" else "StructureDefinition"
        return made(f"http://hl7.org/fhir/{kind}/{rest}", "string")
    raise PathError(f"there is no constant %{node.name}", node.at)


def _member(node: Member, context: Context) -> Items:
    if node.source is None:
        named = _named(node, context)
        if named:
            return named
        return step(context.this, node.name, context)
    if node.name in WITHOUT_VALUE:
        return step(even_without_value(node.source, context), node.name, context)
    return step(evaluate(node.source, context), node.name, context)


def _named(node: Member, context: Context) -> Items:
    """The resources a path begins with by their type: ``Patient`` of ``Patient.name``."""
    if definitions.kind(node.name) != "resource":
        return []
    return [item for item in context.this if definitions.is_a(item.type, node.name)]


WITHOUT_VALUE: Final = frozenset({"extension", "id"})


def even_without_value(node: Node, context: Context) -> Items:
    """What a path finds, with simple elements that have extensions but no value."""
    if isinstance(node, Call) and node.name in {"ofType", "as"} and node.source is not None:
        found = even_without_value(node.source, context)
        return library.FUNCTIONS[node.name](library.Asked(node, found, context, evaluate))
    if not isinstance(node, Member):
        return evaluate(node, context)
    if node.source is None and (named := _named(node, context)):
        return named
    source = context.this if node.source is None else evaluate(node.source, context)
    return [part for item in source for part in children(item, node.name)]


def step(items: Sequence[Item], name: str, context: Context) -> Items:
    """The parts of every element under one name."""
    found = [part for item in items for part in children(item, name)]
    if not context.is_tabular:
        return found
    return [
        replace(part, value=Double.of(part.value)) if isinstance(part.value, Decimal) else part
        for part in found
        if part.value is not None
    ]


def _call(node: Call, context: Context) -> Items:
    if node.source is None:
        source = context.this
    elif node.name == "extension":
        source = even_without_value(node.source, context)
    else:
        source = evaluate(node.source, context)
    function = library.FUNCTIONS.get(node.name)
    if function is None:
        raise PathError(f"the function {node.name}() is not known", node.at)
    try:
        return function(library.Asked(node, source, context, evaluate))
    except IndexError:
        raise PathError(f"{node.name}() needs more arguments", node.at) from None


def _index(node: Index, context: Context) -> Items:
    items, index = evaluate(node.source, context), evaluate(node.index, context)
    at = one(index, node.at)
    if at is None or not 0 <= at.value < len(items):
        return []
    return [items[at.value]]


def one(items: Sequence[Item], at: int = 0) -> Item | None:
    """The only value, or nothing.

    Raises:
        PathError: there are several.
    """
    if len(items) > 1:
        raise PathError(f"{len(items)} values where one is needed", at)
    return items[0] if items else None


def _sign(node: Sign, context: Context) -> Items:
    item = one(evaluate(node.operand, context), node.at)
    if item is None or node.operator == "+":
        return [] if item is None else [item]
    if not isinstance(item.value, (int, float, Decimal)) or isinstance(item.value, bool):
        raise PathError("- needs a number", node.at)
    return [replace(item, value=-item.value, is_system=True)]


def truth(items: Sequence[Item], at: int) -> bool | None:
    """A value as a condition: one value that is no boolean counts as true."""
    item = one(items, at)
    if item is None:
        return None
    return item.value if isinstance(item.value, bool) else True


def _conjunction(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _either(left: bool | None, right: bool | None) -> bool | None:
    return _negated(_conjunction(_negated(left), _negated(right)))


LOGIC: Final[dict[str, Callable[[bool | None, bool | None], bool | None]]] = {
    "and": _conjunction,
    "or": _either,
    "implies": lambda left, right: _either(_negated(left), right),
    "xor": lambda left, right: None if left is None or right is None else left != right,
}


def equal(left: Sequence[Item], right: Sequence[Item]) -> bool | None:
    """Equality of whole collections, in order; nothing if either is empty."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    return _all([same(a, b) for a, b in zip(left, right, strict=True)])


def _all(values: Sequence[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def equivalent(left: Sequence[Item], right: Sequence[Item]) -> bool:
    """Equivalence of whole collections, whatever the order."""
    rest = list(right)
    for item in left:
        match = next((other for other in rest if alike(item, other)), None)
        if match is None:
            return False
        rest.remove(match)
    return not rest


COMPARISONS: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _binary(node: Binary, context: Context) -> Items:
    operator = node.operator
    left, right = evaluate(node.left, context), evaluate(node.right, context)
    if operator in LOGIC:
        return truth_value(LOGIC[operator](truth(left, node.at), truth(right, node.at)))
    if operator in {"=", "!="}:
        verdict = equal(left, right)
        return truth_value(verdict if operator == "=" else _negated(verdict))
    if operator in {"~", "!~"}:
        return truth_value(equivalent(left, right) == (operator == "~"))
    if operator == "|":
        return distinct([*left, *right])
    if operator in {"in", "contains"}:
        return _among(*((left, right) if operator == "in" else (right, left)), node.at)
    first, second = one(left, node.at), one(right, node.at)
    if operator in COMPARISONS:
        return _compare(operator, first, second)
    return arithmetic.calculate(operator, first, second, context.is_tabular)


def _among(item: Items, listed: Items, at: int) -> Items:
    wanted = one(item, at)
    return [] if wanted is None else truth_value(any(same(wanted, other) for other in listed))


def _compare(operator: str, left: Item | None, right: Item | None) -> Items:
    if left is None or right is None:
        return []
    result = order(left, right)
    return [] if result is None else truth_value(COMPARISONS[operator](result))


def _type_test(node: TypeTest, context: Context) -> Items:
    items = evaluate(node.operand, context)
    if node.operator == "is":
        item = one(items, node.at)
        return [] if item is None else truth_value(library.is_type(item, node.type, node.at))
    one(items, node.at)
    return [item for item in items if library.is_exactly(item, node.type, node.at)]


HANDLERS: Final[dict[type, Callable[..., Items]]] = {
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
