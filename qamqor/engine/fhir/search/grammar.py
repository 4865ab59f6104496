"""Reads the parameters of a search request into a query: what to find, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qamqor.engine.fhir.search import part_of, shape
from qamqor.engine.fhir.search.parameters import (
    KEPT_APART,
    Parameter,
    indexed,
    is_compartment_owner,
    parameters,
    searchable_types,
)
from qamqor.engine.fhir.search.query import (
    AllOf,
    AnyOf,
    Criterion,
    DateTest,
    IdIn,
    Match,
    Missing,
    Not,
    PointedAt,
    Problem,
    Query,
    Through,
    TokenTest,
    Updated,
)
from qamqor.engine.fhir.search.wanted import Setting, Unusable, plain, split, tests

REFUSED = ("_text", "_content", "_filter", "_query", "_list")
MODIFIERS = {
    "string": {"exact", "contains", "missing"},
    "token": {"text", "not", "above", "below", "in", "not-in", "of-type", "missing"},
    "reference": {"identifier", "missing"},
    "uri": {"above", "below", "missing"},
}
DEEPEST, WIDEST, LONGEST = 5, 15, 200


class Unknown(Exception):
    """A parameter the type does not have; lenient handling leaves it out."""


@dataclass(slots=True)
class Reading:
    """A request while it is read."""

    types: tuple[str, ...]
    setting: Setting
    criteria: dict[str, list[Criterion]] = field(default_factory=dict)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Problem] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)


def read_query(
    types: Sequence[str], pairs: Iterable[tuple[str, str]], setting: Setting, *, is_strict: bool
) -> Query:
    """A query from the names and values of a request, as decoded from its URL or form.

    Args:
        types: resource types to search; empty = all.
        pairs: names and values in order; names may repeat.
        is_strict: ``Prefer: handling=strict``: what is not known is refused, not left out.
    Returns:
        a query; where ``refused`` is not empty it must not be run.
    """
    pairs = list(pairs)
    reading = Reading(_searched(tuple(types), shape.asked_types(pairs)), setting)
    reading.criteria = {name: [] for name in reading.types}
    look = shape.Shape(reading.types)
    if len(pairs) > LONGEST:
        reading.refused.append(Problem("", "too-costly", f"more than {LONGEST} parameters"))
        pairs = []
    for name, value in pairs:
        _read_one(reading, look, name, value)
    if is_strict:
        reading.refused += reading.ignored
    return Query(
        criteria={name: tuple(found) for name, found in reading.criteria.items()},
        used=tuple(reading.used),
        ignored=tuple(reading.ignored),
        refused=tuple(reading.refused),
        **look.settled(),
    )


def _searched(given: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """Of the types of an address (none = all) those that ``_type`` names, or all where none is."""
    if not given:
        return named or searchable_types()
    return tuple(t for t in given if t in named) or given


def _read_one(reading: Reading, look: shape.Shape, name: str, value: str) -> None:
    try:
        if name in REFUSED or name.partition(":")[0] in REFUSED:
            raise Unusable("is not supported here; search by other parameters", "not-supported")
        if "\0" in name or "\0" in value:
            raise Unusable("holds a character that no text may hold (U+0000)")
        if not value:
            raise Unknown("has no value and was left out")
        if not look.takes(name, value):
            found = {t: criterion(t, name, value, reading.setting) for t in reading.types}
            for resource_type, one in found.items():
                reading.criteria[resource_type].append(one)
        elif name == "_type":
            _must_be_searched(reading.types, value)
        reading.used.append((name, value))
    except Unknown as missing:
        reading.ignored.append(Problem(name, "not-supported", f"{name} {missing}"))
    except Unusable as wrong:
        code = wrong.code
        reading.refused.append(Problem(name, code, f"{name} {wrong}"))  # type: ignore[arg-type]


def _must_be_searched(types: tuple[str, ...], value: str) -> None:
    """Let ``_type`` name something that this address searches."""
    if not set(types) & set(value.split(",")):
        text = "names no type that is searched at this address"
        raise Unknown(text) if len(types) == 1 else Unusable(text)


def criterion(
    resource_type: str, name: str, value: str, setting: Setting, depth: int = 0
) -> Criterion:
    """What one parameter asks of resources of a type.

    Raises:
        Unknown: the type has no such parameter.
        Unusable: a modifier, chain or value that the parameter cannot have.
    """
    if depth > DEEPEST:
        raise Unusable(f"goes over more than {DEEPEST} hops; ask in steps", "too-costly")
    if name.startswith("_has:"):
        return _reverse(resource_type, name, value, setting, depth)
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    parameter = parameters(resource_type).get(code)
    if parameter is None and code in indexed(resource_type):
        raise Unusable("is being indexed; ask again in a while", "transient")
    if parameter is None:
        raise Unknown(f"is no search parameter of {resource_type}")
    if dot:
        return _chain(parameter, modifier, rest, value, setting, depth)
    _check_modifier(parameter, modifier)
    if modifier == "missing":
        return _missing(parameter, value)
    if parameter.type == "reference" and modifier in part_of.MODIFIERS:
        return part_of.within(parameter, modifier, value, setting)
    return _compared(parameter, modifier, value, setting)


def _check_modifier(parameter: Parameter, modifier: str) -> None:
    if not modifier or modifier in MODIFIERS.get(parameter.type, {"missing"}):
        return
    if parameter.type == "reference" and modifier in searchable_types():
        return
    known = MODIFIERS.get(parameter.type, {"missing"})
    if part_of.trees(parameter):
        known = known | part_of.MODIFIERS
        if modifier in known:
            return
    allowed = ", ".join(f":{m}" for m in sorted(known))
    raise Unusable(
        f"cannot have :{modifier}; a {parameter.type} parameter takes {allowed}", "not-supported"
    )


def _missing(parameter: Parameter, value: str) -> Criterion:
    if value not in {"true", "false"}:
        raise Unusable(f"is {value!r}; write true or false")
    if parameter.code in {"_id", "_lastUpdated"}:
        return AnyOf(()) if value == "true" else AllOf(())
    return Missing(parameter) if value == "true" else Not(Missing(parameter))


def _compared(parameter: Parameter, modifier: str, value: str, setting: Setting) -> Criterion:
    if parameter.code == "_id":
        if modifier not in {"", "not"}:
            raise Unusable(f"cannot have :{modifier}; _id takes :not", "not-supported")
        found: Criterion = IdIn(tuple(plain(part) for part in split(value, ",") if part))
    else:
        asked = tests(parameter, modifier, value, setting)
        dates = tuple(test for test in asked if isinstance(test, DateTest))
        found = Updated(dates) if parameter.code == "_lastUpdated" else Match(parameter, asked)
    return Not(found) if modifier in {"not", "not-in"} else found


def _chain(
    parameter: Parameter, modifier: str, rest: str, value: str, setting: Setting, depth: int
) -> Criterion:
    """``subject:Patient.name``: what the resource at the other end must meet, type by type."""
    if parameter.type != "reference":
        raise Unusable(f"goes on behind {parameter.code}, which is no reference")
    if modifier and modifier not in searchable_types():
        raise Unusable(f"has :{modifier} in a chain; only a resource type can stand there")
    if modifier and not parameter.may_point_to(modifier):
        raise Unusable(f"asks for {modifier}, to which {parameter.code} cannot point")
    targets = (modifier,) if modifier else parameter.targets or searchable_types()
    inner, last = [], Unknown()
    for target in targets:
        try:
            inner.append((target, criterion(target, rest, value, setting, depth + 1)))
        except Unknown as missing:
            last = missing
    if not inner:
        raise Unknown(str(last) or "leads nowhere")
    if len(inner) > WIDEST:
        example = f"{parameter.code}:{inner[0][0]}.{rest}"
        raise Unusable(f"may lead to {len(inner)} types; name one, as in {example}", "too-costly")
    return Through(parameter, tuple(inner))


def _reverse(resource_type: str, name: str, value: str, setting: Setting, depth: int) -> Criterion:
    """``_has:Observation:patient:code``: what points here, and what that one must meet."""
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise Unusable("is not complete; write _has:Type:reference:parameter")
    _, source, code, rest = parts
    if source not in searchable_types():
        raise Unusable(f"names {source}, which is no resource type")
    if source in KEPT_APART:
        raise shape.apart(source)
    parameter = parameters(source).get(code)
    if parameter is None:
        raise Unknown(f"names {code}, which is no search parameter of {source}")
    if not parameter.may_point_to(resource_type):
        raise Unusable(f"names {source}:{code}, which cannot point to {resource_type}")
    return PointedAt(parameter, criterion(source, rest, value, setting, depth + 1))


def in_compartment(owner_type: str, owner_id: str, resource_type: str) -> Criterion:
    """What makes a resource of a type belong to the compartment of one owner."""
    from qamqor.engine.fhir.search.parameters import compartment
    from qamqor.engine.fhir.search.query import ReferenceTest

    if not is_compartment_owner(owner_type):
        raise Unknown(f"{owner_type} has no compartment")
    test = ReferenceTest(owner_id, owner_type)
    ways: list[Criterion] = [
        Match(parameters(resource_type)[code], (test,))
        for code in compartment(owner_type, resource_type)
    ]
    if owner_type == resource_type:
        ways.append(IdIn((owner_id,)))
    return ways[0] if len(ways) == 1 else AnyOf(tuple(ways))


def with_token(resource_type: str, code: str, test: TokenTest) -> Criterion:
    """Resources that carry a token, for rules such as labels of sensitive records."""
    return Match(parameters(resource_type)[code], (test,))
