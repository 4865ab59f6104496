"""The shape of a search once read: what is asked, and how the answer should look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qamqor.engine.fhir.search.parameters import Parameter

Comparison = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


@dataclass(frozen=True, slots=True)
class TokenTest:
    """A code: ``system`` None = any, 0 = none; ``code`` None = any; ``is_prefix``: begins so."""

    code: str | None
    system: int | None = None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class LabelTest:
    """A text beside a code that begins with ``text`` (folded)."""

    text: str


@dataclass(frozen=True, slots=True)
class TypedTest:
    """An identifier of a type: ``:of-type``."""

    system: int
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class StringTest:
    """A text: ``starts`` and ``contains`` compare folded texts, ``exact`` the written one."""

    text: str
    how: Literal["starts", "contains", "exact"] = "starts"


@dataclass(frozen=True, slots=True)
class DateTest:
    """A range of moments, half-open, in microseconds since 1970, and how to compare with it."""

    prefix: Comparison
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class AmountTest:
    """A number or quantity.

    Attributes:
        low, high: what the digits leave open, half-open; exact: the number itself.
        unit: kind of unit that all three are given in; empty = compare numbers as written.
        code: asked code of the unit (None = any); system: its system (None = any).
    """

    prefix: Comparison
    low: float
    high: float
    exact: float
    unit: str = ""
    code: str | None = None
    system: int | None = None


@dataclass(frozen=True, slots=True)
class ReferenceTest:
    """A reference: ``type`` None = any type, empty = ``id`` is a whole address."""

    id: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class UriTest:
    """An address; ``below``: it or what its path holds; ``above``: it or what holds it."""

    uri: str
    how: Literal["is", "below", "above"] = "is"


@dataclass(frozen=True, slots=True)
class CompositeTest:
    """A code, and what stands in the same element (``second``, ``third``)."""

    first: TokenTest | ReferenceTest
    second: TokenTest | StringTest | DateTest | AmountTest
    third: AmountTest | None = None


@dataclass(frozen=True, slots=True)
class NearTest:
    """A point on a ball of radius 1, and how far from it (a straight line, squared)."""

    x: float
    y: float
    z: float
    within: float


Test = (
    TokenTest
    | LabelTest
    | TypedTest
    | StringTest
    | DateTest
    | AmountTest
    | ReferenceTest
    | UriTest
    | CompositeTest
    | NearTest
)


@dataclass(frozen=True, slots=True)
class Match:
    """Resources with a value under the parameter that passes one of the tests."""

    parameter: Parameter
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Resources without any value under the parameter."""

    parameter: Parameter


@dataclass(frozen=True, slots=True)
class IdIn:
    """Resources with one of these ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """Resources last written in one of these ranges."""

    tests: tuple[DateTest, ...]


@dataclass(frozen=True, slots=True)
class Through:
    """Resources whose reference leads to a resource that meets the criterion of its type."""

    parameter: Parameter
    inner: tuple[tuple[str, Criterion], ...]


@dataclass(frozen=True, slots=True)
class PointedAt:
    """Resources that a reference of another resource leads to, where that one meets ``inner``."""

    parameter: Parameter
    inner: Criterion


@dataclass(frozen=True, slots=True)
class AllOf:
    """Resources that meet every one; all resources when there is none."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Resources that meet at least one; no resource when there is none."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Resources that do not meet it."""

    criterion: Criterion


Criterion = Match | Missing | IdIn | Updated | Through | PointedAt | AllOf | AnyOf | Not
NOTHING = AnyOf(())


def breadth(criterion: Criterion) -> int:
    """How many values a criterion compares with; a value set counts as all of its codes."""
    if isinstance(criterion, Match | Updated):
        return len(criterion.tests)
    if isinstance(criterion, IdIn):
        return len(criterion.ids)
    if isinstance(criterion, AllOf | AnyOf):
        return sum(map(breadth, criterion.criteria))
    if isinstance(criterion, Through):
        return sum(breadth(inner) for _, inner in criterion.inner)
    if isinstance(criterion, PointedAt):
        return breadth(criterion.inner)
    return breadth(criterion.criterion) if isinstance(criterion, Not) else 0


@dataclass(frozen=True, slots=True)
class Include:
    """Resources to add to a page.

    Attributes:
        parameters: reference parameters to follow (several when ``*`` was asked).
        target: resource type the reference must lead to; empty = any.
        is_reverse: ``_revinclude``: add what points at the page.
        is_iterated: follow from what was added as well.
    """

    parameters: tuple[Parameter, ...]
    target: str
    is_reverse: bool
    is_iterated: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of order: ``_id``, ``_lastUpdated`` or a parameter of every type asked."""

    code: str
    is_descending: bool
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a query that cannot be used: parameter, FHIR issue code, what and what to do."""

    parameter: str
    code: Literal["not-supported", "invalid", "not-found", "too-costly"]
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A search.

    Attributes:
        criteria: for every resource type asked, what its resources must meet.
        includes, sort, count, total, summary, elements: how the answer should look.
        used: the parameters that were understood, as given, for the self link.
        ignored: what was not understood and left out.
        refused: what makes the search impossible; empty = it can be run.
    """

    criteria: Mapping[str, tuple[Criterion, ...]]
    includes: tuple[Include, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int | None = None
    total: Literal["none", "estimate", "accurate"] | None = None
    summary: Literal["true", "text", "data", "count", "false"] = "false"
    elements: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[Problem, ...] = ()
    refused: tuple[Problem, ...] = field(default=())
