"""Criteria of a search in SQL, each in two forms.

As a *condition* on one known resource it looks in the index by key; as a *source* it lists the
keys of all resources that meet it. A search reads the smallest source and checks the other
criteria as conditions, so that its cost follows what it finds, not what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.fhir.search.own import FIRST_NUMBER
from qamqor.engine.fhir.search.parameters import indexed
from qamqor.engine.fhir.search.query import (
    AllOf,
    AnyOf,
    CompositeTest,
    Criterion,
    DateTest,
    IdIn,
    Match,
    Missing,
    Not,
    PointedAt,
    ReferenceTest,
    StringTest,
    Test,
    Through,
    TokenTest,
    Updated,
)
from qamqor.store.fhir import search_shapes
from qamqor.store.fhir.search_values import (
    ALWAYS,
    KEPT_IN,
    SPAN,
    Sql,
    by_table,
    condition,
    joined,
    marks,
    moments,
    part_of,
)

InSight = Callable[[str, str], Sql]
"""Resource type and SQL of a key: a condition that is true for what the asker may see."""


def everything(_type: str, _key: str) -> Sql:
    """The sight of somebody from whom nothing is hidden."""
    return ALWAYS


@dataclass(slots=True)
class Writer:
    """Writes criteria; names each table it joins differently from those around it.

    Attributes:
        sight: what the asker may see; applied to every resource that a criterion looks at.
        is_literal: PostgreSQL is to read what is written in the order in which it is written: a
            condition is checked for each resource, by its key.
    """

    sight: InSight
    depth: int = 0
    is_literal: bool = False

    @property
    def _by_key(self) -> str:
        """The parameter, so that no index but that by key can be taken."""
        return "param + 0" if self.is_literal else "param"

    @property
    def _end(self) -> str:
        """Of what must exist, so that it is not made into a join."""
        return " offset 0)" if self.is_literal else ")"

    def condition(self, criterion: Criterion, row: str) -> Sql:
        """True when the resource in ``row`` (an alias of fhir_resource) meets the criterion."""
        return _CONDITIONS[type(criterion)](self, criterion, row)

    def within(self, row: str, criteria: tuple[Criterion, ...]) -> Sql:
        return joined("and", [self.condition(each, row) for each in criteria])

    def alias(self, letter: str) -> str:
        self.depth += 1
        return f"{letter}{self.depth}"

    def sources(self, criterion: Criterion, resource_type: str) -> list[Sql] | None:
        """Statements that together list the keys that meet it; None where that is no gain."""
        write = _SOURCES.get(type(criterion))
        return None if write is None else write(self, criterion, resource_type)

    # conditions

    def _match(self, match: Match, row: str) -> Sql:
        return joined(
            "or",
            [
                Sql(
                    f"""exists (select 1 from {table} a
                    where a.key = {row}.key and a.{self._by_key} = %s and """,
                    (match.parameter.number,),
                )
                + joined("or", found)
                + self._end
                for table, found in by_table(match.tests).items()
            ],
        )

    def _missing(self, missing: Missing, row: str) -> Sql:
        number = missing.parameter.number
        return joined(
            "and",
            [
                Sql(
                    f"""not exists (select 1 from {t} a where a.key = {row}.key
                    and a.{self._by_key} = %s{self._end}""",
                    (number,),
                )
                for t in KEPT_IN[missing.parameter.type]
            ],
        )

    def _id_in(self, ids: IdIn, row: str) -> Sql:
        return Sql(f"{row}.id in ({marks(ids.ids)})", ids.ids) if ids.ids else joined("or", [])

    def _updated(self, updated: Updated, row: str) -> Sql:
        at = f"{row}.at"
        return joined("or", [moments(at, f"({at} + 1)", test) for test in updated.tests])

    def _through(self, through: Through, row: str) -> Sql:
        x, t = self.alias("x"), self.alias("t")
        ends = [
            joined(
                "and",
                [
                    Sql(f"{x}.type = %s", (name,)),
                    self.condition(inner, t),
                    self.sight(name, f"{t}.key"),
                ],
            )
            for name, inner in through.inner
        ]
        return (
            Sql(
                f"""exists (select 1 from search_reference {x} cross join fhir_resource {t}
                where {x}.key = {row}.key and {x}.{self._by_key} = %s
                and {t}.type = {x}.type and {t}.id = {x}.id and {t}.is_deleted = 0 and """,
                (through.parameter.number,),
            )
            + joined("or", ends)
            + self._end
        )

    def _pointed_at(self, pointed: PointedAt, row: str) -> Sql:
        x, t = self.alias("x"), self.alias("t")
        source = pointed.parameter.resource_type
        return (
            Sql(
                f"""exists (select 1 from search_reference {x} cross join fhir_resource {t}
                where {x}.param = %s and {x}.id = {row}.id and {x}.type = {row}.type
                and {t}.key = {x}.key and """,
                (pointed.parameter.number,),
            )
            + joined("and", [self.condition(pointed.inner, t), self.sight(source, f"{t}.key")])
            + self._end
        )

    def _all_of(self, every: AllOf, row: str) -> Sql:
        return joined("and", [self.condition(each, row) for each in every.criteria])

    def _any_of(self, any_: AnyOf, row: str) -> Sql:
        return joined("or", [self.condition(each, row) for each in any_.criteria])

    def _not(self, negated: Not, row: str) -> Sql:
        return Sql("not (") + self.condition(negated.criterion, row) + ")"

    # sources

    def _match_sources(self, match: Match, _: str) -> list[Sql]:
        number = match.parameter.number
        found = [held for test in match.tests if (held := _held(number, test)) is not None]
        tests = [test for test in match.tests if _held(number, test) is None]
        found += [
            Sql(f"select a.key from {table} a where a.param = %s and ", (number,)) + one
            for table, alternatives in by_table(tests).items()
            for one in alternatives
        ]
        if not any(isinstance(test, DateTest) for test in match.tests):
            return found or [Sql("select 0 as key where 1 = 0")]
        return [one for test in match.tests if isinstance(test, DateTest)
                for one in _date_sources(number, test)]  # fmt: skip

    def _missing_sources(self, missing: Missing, resource_type: str) -> list[Sql] | None:
        number = missing.parameter.number
        if number >= FIRST_NUMBER:
            return None
        numbers = sorted(
            one.number for one in indexed(resource_type).values() if one.number < FIRST_NUMBER
        )
        return [
            Sql(text, tuple(values))
            for text, values in search_shapes.lacking(number, numbers, resource_type)
        ]

    def _not_sources(self, negated: Not, _: str) -> list[Sql] | None:
        """Only of what is not missing: it is there."""
        if not isinstance(negated.criterion, Missing):
            return None
        parameter = negated.criterion.parameter
        return [
            Sql(f"select a.key from {table} a where a.param = %s", (parameter.number,))
            for table in KEPT_IN[parameter.type]
        ]

    def _id_sources(self, ids: IdIn, resource_type: str) -> list[Sql]:
        some = joined("and", [Sql("a.type = %s", (resource_type,)), self._id_in(ids, "a")])
        return [Sql("select a.key from fhir_resource a where a.is_deleted = 0 and ") + some]

    def _updated_sources(self, updated: Updated, resource_type: str) -> list[Sql]:
        head = "select a.key from fhir_resource a where a.type = %s and a.is_deleted = 0 and "
        return [Sql(head, (resource_type,)) + self._updated(updated, "a")]

    def _through_sources(self, through: Through, _: str) -> list[Sql] | None:
        found: list[Sql] = []
        for name, inner in through.inner:
            ends = self.sources(inner, name)
            if ends is None:
                return None
            d, t, x = self.alias("d"), self.alias("t"), self.alias("x")
            for end in ends:
                found.append(
                    Sql(f"select {x}.key as key from (")
                    + end
                    + Sql(
                        f""") {d} cross join fhir_resource {t} cross join search_reference {x}
                        where {t}.key = {d}.key and {t}.is_deleted = 0 and {x}.param = %s
                        and {x}.id = {t}.id and {x}.type = %s and """,
                        (through.parameter.number, name),
                    )
                    + self.sight(name, f"{t}.key")
                )
        return found

    def _pointed_sources(self, pointed: PointedAt, resource_type: str) -> list[Sql] | None:
        source = pointed.parameter.resource_type
        starts = self.sources(pointed.inner, source)
        if starts is None:
            return None
        d, x, r = self.alias("d"), self.alias("x"), self.alias("r")
        return [
            Sql(f"select {r}.key as key from (")
            + start
            + Sql(
                f""") {d} cross join search_reference {x} cross join fhir_resource {r}
                where {x}.key = {d}.key and {x}.param = %s and {x}.type = %s
                and {r}.type = {x}.type and {r}.id = {x}.id and """,
                (pointed.parameter.number, resource_type),
            )
            + self.sight(source, f"{x}.key")
            for start in starts
        ]

    def _any_sources(self, any_: AnyOf, resource_type: str) -> list[Sql] | None:
        listed = [self.sources(each, resource_type) for each in any_.criteria]
        if any(each is None for each in listed):
            return None
        return [one for each in listed if each for one in each] or [
            Sql("select 0 as key where 1 = 0")
        ]


def _held(number: int, test: Test) -> Sql | None:
    """A source for a part of a text by the index of its letters; None for any other test."""
    if not isinstance(test, StringTest) or test.how != "contains":
        return None
    held = search_shapes.holding(number, test.text, part_of(test.text))
    return None if held is None else Sql(*held)


def _date_sources(number: int, test: DateTest) -> Iterator[Sql]:
    """Comparisons with an end look among short ranges by their start, among long ones by end."""
    head = Sql("select a.key from search_date a where a.param = %s and ", (number,))
    compared = condition(test)
    if test.prefix not in {"gt", "ge", "ap"}:
        yield head + compared
        return
    from_ = test.high if test.prefix == "gt" else test.low
    yield head + Sql("a.low > %s and ", (from_ - SPAN,)) + compared
    yield (
        head
        + Sql(f"a.high - a.low > {SPAN} and a.high > %s and a.low <= %s and ",
              (from_, from_ - SPAN))
        + compared
    )  # fmt: skip


def in_order_of_key(criterion: Criterion) -> Sql | None:
    """A source that lists keys in their order straight from an index; None where there is none.

    Returns:
        what follows ``select a.key``, to which more conditions may be added.
    """
    if not isinstance(criterion, Match) or len(criterion.tests) != 1:
        return None
    test = criterion.tests[0]
    if isinstance(test, CompositeTest):
        first = test.first
        is_fixed = isinstance(first, TokenTest) and first.code is not None and not first.is_prefix
    elif isinstance(test, TokenTest):
        is_fixed = test.code is not None and not test.is_prefix
    else:
        is_fixed = isinstance(test, ReferenceTest) and bool(test.id)
    if not is_fixed:
        return None
    ((table, (one,)),) = by_table([test]).items()
    return Sql(f" from {table} a where a.param = %s and ", (criterion.parameter.number,)) + one


_CONDITIONS: Final[dict[type, Callable[[Writer, Any, str], Sql]]] = {
    Match: Writer._match,
    Missing: Writer._missing,
    IdIn: Writer._id_in,
    Updated: Writer._updated,
    Through: Writer._through,
    PointedAt: Writer._pointed_at,
    AllOf: Writer._all_of,
    AnyOf: Writer._any_of,
    Not: Writer._not,
}
_SOURCES: Final[dict[type, Callable[[Writer, Any, str], list[Sql] | None]]] = {
    Match: Writer._match_sources,
    IdIn: Writer._id_sources,
    Updated: Writer._updated_sources,
    Through: Writer._through_sources,
    PointedAt: Writer._pointed_sources,
    Missing: Writer._missing_sources,
    Not: Writer._not_sources,
    AnyOf: Writer._any_sources,
}
