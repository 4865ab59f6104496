"""One test on one value as a condition in SQL, the same for both databases; values are bound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.fhir.search import folding
from qamqor.engine.fhir.search.query import (
    AmountTest,
    CompositeTest,
    DateTest,
    LabelTest,
    NearTest,
    ReferenceTest,
    StringTest,
    Test,
    TokenTest,
    TypedTest,
    UriTest,
)
from qamqor.engine.fhir.search.values import IMPLIED

SPAN: Final = 172_800_000_000
"""Two days: what lasts longer has an index of its own (see the migration)."""
LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with the values of its ``%s``."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: Sql | str) -> Sql:
        if isinstance(other, str):
            return Sql(self.text + other, self.values)
        return Sql(self.text + other.text, self.values + other.values)


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands for a value of a search while the statement for all searches like it is written.

    Attributes:
        number: which of the search's values. change: what is made of it; None = it is as it is.
    """

    number: int
    change: Callable[[Any], Any] | None = None

    def of(self, values: Sequence[Any]) -> Any:
        """The value itself, of one search."""
        value = values[self.number]
        return value if self.change is None else self.change(value)

    def __add__(self, other: Any) -> Slot:
        return Slot(self.number, lambda value: value + other)

    def __sub__(self, other: Any) -> Slot:
        return Slot(self.number, lambda value: value - other)


NEVER, ALWAYS = Sql("1 = 0"), Sql("1 = 1")


def joined(word: str, parts: Iterable[Sql]) -> Sql:
    """Conditions under one ``and`` or ``or``, in brackets; none is true for and, false for or."""
    listed = list(parts)
    if not listed:
        return ALWAYS if word == "and" else NEVER
    if len(listed) == 1:
        return listed[0]
    text = f" {word} ".join(part.text for part in listed)
    return Sql(f"({text})", tuple(value for part in listed for value in part.values))


def marks(values: Sequence[Any]) -> str:
    return ",".join(["%s"] * len(values))


TABLE: Final[dict[type, str]] = {
    TokenTest: "search_token",
    LabelTest: "search_label",
    TypedTest: "search_composite",
    StringTest: "search_string",
    DateTest: "search_date",
    AmountTest: "search_quantity",
    ReferenceTest: "search_reference",
    UriTest: "search_uri",
    CompositeTest: "search_composite",
    NearTest: "search_composite",
}
KEPT_IN: Final[dict[str, tuple[str, ...]]] = {
    "token": ("search_token",),
    "string": ("search_string",),
    "date": ("search_date",),
    "number": ("search_quantity",),
    "quantity": ("search_quantity",),
    "reference": ("search_reference", "search_token"),
    "uri": ("search_uri",),
    "composite": ("search_composite",),
    "special": ("search_composite",),
}
"""The tables in which a parameter of a kind may have a row; none in any = it is missing."""


def by_table(tests: Iterable[Test]) -> dict[str, list[Sql]]:
    """The conditions of alternatives, by the table they look in (alias ``a``)."""
    found: dict[str, list[Sql]] = defaultdict(list)
    codes: dict[int | None, list[str]] = defaultdict(list)
    for test in tests:
        if isinstance(test, TokenTest) and test.code is not None and not test.is_prefix:
            codes[test.system].append(test.code)
        else:
            found[TABLE[type(test)]].append(condition(test))
    for system, listed in codes.items():
        unique = tuple(sorted(set(listed)))
        one = Sql(f"a.code in ({marks(unique)})" if unique[1:] else "a.code = %s", unique)
        found["search_token"].append(joined("and", [one, *_system(system)]))
    return found


def condition(test: Test) -> Sql:
    """What a row ``a`` of the test's table must meet."""
    if isinstance(test, AmountTest):
        return amount(test, second="")
    found: Sql = _CONDITIONS[type(test)](test)
    return found


def _system(system: int | None) -> list[Sql]:
    if system is None:
        return []
    return [Sql("a.system in (%s, %s)", (system, IMPLIED))]


def starts(column: str, text: str) -> Sql:
    return Sql(f"({column} >= %s and {column} < %s)", (text, text + LAST))


def _token(test: TokenTest) -> Sql:
    if test.code is None:
        return Sql("a.system = %s", (test.system,))
    code = starts("a.code", test.code) if test.is_prefix else Sql("a.code = %s", (test.code,))
    return joined("and", [code, *_system(test.system)])


def _label(test: LabelTest) -> Sql:
    found = starts("t.text", test.text)
    return Sql("a.label in (select t.label from search_label_text t where ") + found + ")"


def _typed(test: TypedTest) -> Sql:
    return Sql(
        "(a.code = %s and a.system = %s and a.code2 = %s)", (test.code, test.system, test.value)
    )


def _string(test: StringTest) -> Sql:
    if test.how == "exact":
        return Sql("(a.text = %s and a.exact = %s)", (_folded(test.text), test.text))
    if test.how == "starts":
        return starts("a.text", test.text)
    return Sql("a.text like %s escape '\\'", (part_of(test.text),))


def _folded(text: Any) -> Any:
    return Slot(text.number, folding.folded) if isinstance(text, Slot) else folding.folded(text)


def part_of(text: str) -> str:
    """A pattern for every text that holds another; a backslash stands before signs of patterns."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def _date(test: DateTest) -> Sql:
    return moments("a.low", "a.high", test)


def moments(low: str, high: str, test: DateTest) -> Sql:
    """A range in two columns compared with the range of a test, both half-open."""
    first, after = test.low, test.high
    inside = Sql(f"({low} >= %s and {low} < %s and {high} <= %s)", (first, after, after))
    match test.prefix:
        case "eq":
            return inside
        case "ne":
            return Sql("not ") + inside
        case "gt":
            return Sql(f"{high} > %s", (after,))
        case "lt":
            return Sql(f"{low} < %s", (first,))
        case "ge":
            return Sql(f"({low} >= %s or {high} > %s)", (first, after))
        case "le":
            return Sql(f"({low} < %s or {high} <= %s)", (first, after))
        case "sa":
            return Sql(f"{low} >= %s", (after,))
        case "eb":
            return Sql(f"({low} < %s and {high} <= %s)", (first, first))
        case _:
            return Sql(f"({low} < %s and {high} > %s)", (after, first))


def amount(test: AmountTest, *, second: str) -> Sql:
    """A quantity compared; in a composite its code and system stand in the ``second`` columns."""
    low, high = ("a.least", "a.most") if test.unit else ("a.low", "a.high")
    parts = [Sql("a.kind = %s", (test.unit,))] if test.unit else []
    if test.code is not None:
        code = Sql(f"a.code{second} = %s", (test.code,))
        if test.system is None:
            code = joined("or", [code, Sql("a.unit = %s", (folding.folded(test.code),))])
        parts.append(code)
    if test.system is not None:
        parts.append(Sql(f"a.system{second} = %s", (test.system,)))
    return joined("and", [*parts, _numbers(low, high, test)])


def _numbers(low: str, high: str, test: AmountTest) -> Sql:
    first, after, exact = test.low, test.high, test.exact
    inside = Sql(f"({low} >= %s and {low} < %s and {high} < %s)", (first, after, after))
    match test.prefix:
        case "eq":
            return inside
        case "ne":
            return Sql("not ") + inside
        case "gt":
            return Sql(f"{high} > %s", (exact,))
        case "lt":
            return Sql(f"{low} < %s", (exact,))
        case "ge":
            return Sql(f"{high} >= %s", (exact,))
        case "le":
            return Sql(f"{low} <= %s", (exact,))
        case "sa":
            return Sql(f"{low} > %s", (exact,))
        case "eb":
            return Sql(f"{high} < %s", (exact,))
        case _:
            return Sql(f"({low} <= %s and {high} >= %s)", (after, first))


def _reference(test: ReferenceTest) -> Sql:
    if not test.id:
        return NEVER
    if test.type is None:
        return Sql("(a.id = %s and a.type <> '')", (test.id,))
    return Sql("(a.id = %s and a.type = %s)", (test.id, test.type))


def _uri(test: UriTest) -> Sql:
    uri = test.uri
    same = Sql("a.uri = %s", (uri,))
    if test.how == "above":
        wider = tuple(sorted(containers(uri)))
        return Sql(f"a.uri in ({marks(wider)})", wider)
    versions = [] if "|" in uri else [Sql("(a.uri >= %s and a.uri < %s)", (uri + "|", uri + "}"))]
    if test.how == "is":
        return joined("or", [same, *versions])
    base = uri.rstrip("/")
    return joined(
        "or", [same, *versions, Sql("(a.uri >= %s and a.uri < %s)", (base + "/", base + "0"))]
    )


def containers(uri: str) -> set[str]:
    """The address itself and every address whose path holds it."""
    start = uri.find("://") + 3 if "://" in uri else 0
    cuts = [at for at, letter in enumerate(uri) if letter == "/" and at >= start]
    return {uri, uri.split("|")[0], *(uri[:at] for at in cuts), *(uri[: at + 1] for at in cuts)}


def _composite(test: CompositeTest) -> Sql:
    first, second = test.first, test.second
    if isinstance(first, ReferenceTest):
        name = f"{first.type}/{first.id}" if first.type else first.id
        parts = [Sql("a.code = %s", (name,))]
    else:
        parts = [_token(first)]
    if isinstance(second, TokenTest):
        parts += _second_token(second)
    elif isinstance(second, StringTest):
        parts.append(starts("a.code2", second.text))
    elif isinstance(second, DateTest):
        parts.append(moments("a.low", "a.high", second))
    else:
        parts.append(amount(second, second="2"))
    if test.third is not None:
        parts.append(_numbers("a.third_low", "a.third_high", test.third))
    return joined("and", parts)


def _second_token(test: TokenTest) -> list[Sql]:
    parts = [] if test.code is None else [Sql("a.code2 = %s", (test.code,))]
    if test.system is not None:
        parts.append(Sql("a.system2 in (%s, %s)", (test.system, IMPLIED)))
    return parts


def _near(test: NearTest) -> Sql:
    far = """(a.low - %s) * (a.low - %s) + (a.high - %s) * (a.high - %s)
        + (a.third_low - %s) * (a.third_low - %s) <= %s"""
    return Sql(far, (test.x, test.x, test.y, test.y, test.z, test.z, test.within))


_CONDITIONS: Final[dict[type, Any]] = {
    TokenTest: _token,
    LabelTest: _label,
    TypedTest: _typed,
    StringTest: _string,
    DateTest: _date,
    ReferenceTest: _reference,
    UriTest: _uri,
    CompositeTest: _composite,
    NearTest: _near,
}
