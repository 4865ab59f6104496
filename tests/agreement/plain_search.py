"""Search in plain Python over resources in memory: what the SQL must find, said once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from qamqor.engine.fhir.search import folding
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.query import (
    AllOf,
    AmountTest,
    AnyOf,
    CompositeTest,
    DateTest,
    IdIn,
    LabelTest,
    Match,
    Missing,
    NearTest,
    Not,
    PointedAt,
    Query,
    ReferenceTest,
    StringTest,
    Through,
    TokenTest,
    TypedTest,
    Updated,
    UriTest,
)
from qamqor.engine.fhir.search.values import IMPLIED

KIND = {
    TokenTest: "tokens",
    LabelTest: "labels",
    TypedTest: "composites",
    StringTest: "strings",
    DateTest: "dates",
    AmountTest: "quantities",
    ReferenceTest: "references",
    UriTest: "uris",
    CompositeTest: "composites",
    NearTest: "composites",
}


@dataclass
class Kept:
    """One resource in memory."""

    key: int
    type: str
    id: str
    at: int
    rows: dict[str, list[Any]]
    texts: Mapping[int, str]


@dataclass
class Memory:
    """Every resource, by type and id."""

    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def add(self, key: int, resource: dict[str, Any], at: int) -> None:
        found = values(resource)
        one = Kept(key, resource["resourceType"], resource["id"], at, found.by_kind(), found.texts)
        self.kept[one.type, one.id] = one

    def search(self, query: Query) -> list[int]:
        """Keys of everything found, in order."""
        found = [
            one
            for one in self.kept.values()
            if one.type in query.criteria
            and all(self.meets(one, c) for c in query.criteria[one.type])
        ]
        return [one.key for one in sorted(found, key=cmp_to_key(lambda a, b: order(query, a, b)))]

    def meets(self, one: Kept, criterion: Any) -> bool:
        match criterion:
            case Match():
                return any(passes(one, criterion.parameter.number, t) for t in criterion.tests)
            case Missing():
                return not any(
                    row[0] == criterion.parameter.number
                    for kind in KEPT_IN[criterion.parameter.type]
                    for row in one.rows[kind]
                )
            case IdIn():
                return one.id in criterion.ids
            case Updated():
                return any(in_range(one.at, one.at + 1, t) for t in criterion.tests)
            case Not():
                return not self.meets(one, criterion.criterion)
            case AllOf():
                return all(self.meets(one, c) for c in criterion.criteria)
            case AnyOf():
                return any(self.meets(one, c) for c in criterion.criteria)
            case Through():
                return self._through(one, criterion)
            case PointedAt():
                return any(
                    self.meets(other, criterion.inner)
                    for other in self.kept.values()
                    if (criterion.parameter.number, one.id, one.type) in other.rows["references"]
                )
        raise AssertionError(criterion)

    def _through(self, one: Kept, through: Through) -> bool:
        inner = dict(through.inner)
        for number, id_, type_ in one.rows["references"]:
            target = self.kept.get((type_, id_))
            is_asked = number == through.parameter.number and target is not None
            if is_asked and target and type_ in inner and self.meets(target, inner[type_]):
                return True
        return False


def passes(one: Kept, number: int, test: Any) -> bool:
    """Whether one of the values under a parameter passes."""
    return any(
        row_passes(row[1:], test, one.texts)
        for row in one.rows[KIND[type(test)]]
        if row[0] == number
    )


def row_passes(row: tuple[Any, ...], test: Any, texts: Mapping[int, str]) -> bool:  # noqa: C901
    match test:
        case TokenTest():
            return token(row[0], row[1], test)
        case LabelTest():
            return texts[row[0]].startswith(test.text)
        case TypedTest():
            return row[:3] == (test.code, test.system, test.value)
        case StringTest():
            return string(row[0], row[1], test)
        case DateTest():
            return in_range(row[0], row[1], test)
        case AmountTest():
            return amount(row, test)
        case ReferenceTest():
            return (
                bool(test.id)
                and row[0] == test.id
                and (row[1] == test.type if test.type is not None else row[1] != "")
            )
        case UriTest():
            return uri(row[0], test)
        case CompositeTest():
            return composite(row, test)
        case NearTest():
            x, y, z = row[4], row[5], row[10]
            return (x - test.x) ** 2 + (y - test.y) ** 2 + (z - test.z) ** 2 <= test.within
    raise AssertionError(test)


def token(code: str, system: int, test: TokenTest) -> bool:
    if test.code is not None:
        same = code.startswith(test.code) if test.is_prefix else code == test.code
        return same and (test.system is None or system in {test.system, IMPLIED})
    return system == test.system


def string(folded: str, exact: str, test: StringTest) -> bool:
    if test.how == "exact":
        return exact == test.text and folded == folding.folded(test.text)
    return folded.startswith(test.text) if test.how == "starts" else test.text in folded


def in_range(low: int, high: int, test: DateTest) -> bool:
    inside = test.low <= low and high <= test.high
    above, below = high > test.high, low < test.low
    return {
        "eq": inside,
        "ne": not inside,
        "gt": above,
        "lt": below,
        "ge": above or inside,
        "le": below or inside,
        "sa": low >= test.high,
        "eb": high <= test.low,
        "ap": low < test.high and high > test.low,
    }[test.prefix]


def amount(row: tuple[Any, ...], test: AmountTest) -> bool:
    low, high, code, system, text, kind, least, most = row
    if test.unit:
        if kind != test.unit:
            return False
        low, high = least, most
    if (
        test.code is not None
        and code != test.code
        and (test.system is not None or text != folding.folded(test.code))
    ):
        return False
    if test.system is not None and system != test.system:
        return False
    return numbers(low, high, test)


def numbers(low: float, high: float, test: AmountTest) -> bool:
    inside = test.low <= low and high < test.high
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > test.exact,
        "lt": low < test.exact,
        "ge": high >= test.exact,
        "le": low <= test.exact,
        "sa": low > test.exact,
        "eb": high < test.exact,
        "ap": low <= test.high and high >= test.low,
    }[test.prefix]


def uri(kept: str, test: UriTest) -> bool:
    same = kept == test.uri or ("|" not in test.uri and kept.startswith(test.uri + "|"))
    if test.how == "is":
        return same
    if test.how == "below":
        return same or kept.startswith(test.uri.rstrip("/") + "/")
    if kept in {test.uri, test.uri.split("|")[0]}:
        return True
    start = test.uri.find("://") + 3 if "://" in test.uri else 0
    inside = test.uri.startswith(kept) and len(kept) >= start
    return inside and (kept.endswith("/") or test.uri[len(kept) : len(kept) + 1] == "/")


def composite(row: tuple[Any, ...], test: CompositeTest) -> bool:
    code, system, code2, system2, low, high, text, kind, least, most, third, fourth = row
    if isinstance(test.first, ReferenceTest):
        name = f"{test.first.type}/{test.first.id}" if test.first.type else test.first.id
        first = code == name
    else:
        first = token(code, system, test.first)
    match test.second:
        case TokenTest():
            wanted = test.second
            second = (wanted.code is None or code2 == wanted.code) and (
                wanted.system is None or system2 in {wanted.system, IMPLIED}
            )
        case StringTest():
            second = code2.startswith(test.second.text)
        case DateTest():
            second = in_range(low, high, test.second)
        case AmountTest():
            second = amount((low, high, code2, system2, text, kind, least, most), test.second)
    return first and second and (test.third is None or numbers(third, fourth, test.third))


KEPT_IN = {
    "token": ["tokens"], "string": ["strings"], "date": ["dates"], "number": ["quantities"],
    "quantity": ["quantities"], "reference": ["references", "tokens"], "uri": ["uris"],
    "composite": ["composites"], "special": ["composites"],
}  # fmt: skip
COLUMN = {
    "token": "tokens", "string": "strings", "date": "dates", "number": "quantities",
    "quantity": "quantities", "reference": "references", "uri": "uris",
}  # fmt: skip


def order(query: Query, one: Kept, other: Kept) -> int:
    for sort in query.sort:
        first, second = value(sort, one), value(sort, other)
        if first != second:
            if first is None or second is None:
                return 1 if first is None else -1
            return (1 if first > second else -1) * (-1 if sort.is_descending else 1)
    back = bool(query.sort) and query.sort[0].is_descending
    return (1 if one.key > other.key else -1) * (-1 if back else 1)


def value(sort: Any, one: Kept) -> Any:
    if sort.code == "_id":
        return one.id.encode()
    if sort.code == "_lastUpdated":
        return one.at
    parameter = sort.parameters[one.type]
    found = [row[1] for row in one.rows[COLUMN[parameter.type]] if row[0] == parameter.number]
    found = [v.encode() if isinstance(v, str) else v for v in found]
    return (max if sort.is_descending else min)(found) if found else None
