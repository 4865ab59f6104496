"""Finds resources by the search index: one page after another, in an order that stays.

The source a search reads first is chosen by counting, up to a limit, how much each criterion
would list. Where the smallest is short it is read whole; else keys are taken in their order from
an index, or from the resources of the type, until the page is full. Pages go on behind the last
row of the page before (its sort values and key), so what is written meanwhile moves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from qamqor.engine.fhir.search.query import Criterion, IdIn, Query, Sort
from qamqor.store import quick
from qamqor.store.fhir.search_from import Index, Plan
from qamqor.store.fhir.search_sql import InSight, Writer, everything, in_order_of_key
from qamqor.store.fhir.search_values import ALWAYS, Sql, joined


@dataclass(slots=True)
class Limits:
    """How many rows a criterion may list to be read whole.

    Attributes:
        few: where another criterion could give keys in their order instead.
        many: where every resource of the type would be looked at instead.
        counted: where an estimate is enough, how many are counted.
    """

    few: int = 1_000
    many: int = 20_000
    counted: int = 10_000


LIMITS: Final = Limits()
Position = tuple[Any, ...]
"""Sort values and, last, the key of a row; the next page begins behind it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Keys of one page in order, and where the next one goes on; None behind the last."""

    keys: list[int]
    next: Position | None


def page(
    query: Query, *, limit: int, after: Position | None = None, sight: InSight = everything
) -> Page:
    """One page of a search.

    Args:
        limit: most resources to return, at least 1.
        after: ``next`` of the page before.
        sight: what the asker may see; the rest is as if it were not there.
    """
    rows: list[Position] = []
    for resource_type in _types(query):
        one = Search(resource_type, query.criteria[resource_type], query.sort, sight)
        rows += one.rows(limit + 1, after)
    if len(query.criteria) > 1:
        is_descending = bool(query.sort) and query.sort[0].is_descending
        rows.sort(reverse=is_descending)
    kept = rows[:limit]
    return Page([row[-1] for row in kept], kept[-1] if len(rows) > limit else None)


def count(query: Query, *, sight: InSight = everything) -> int:
    """How many resources a search finds."""
    return sum(
        Search(t, query.criteria[t], (), sight).count() for t in _types(query)
    )  # fmt: skip


def estimate(query: Query, *, sight: InSight = everything) -> int:
    """About how many resources a search finds, at a cost that does not grow with what is stored.

    So many as ``LIMITS.counted`` of a type are counted; beyond, it is taken that what follows is as
    dense as what was counted.
    """
    return sum(
        Search(t, query.criteria[t], (), sight).estimate() for t in _types(query)
    )  # fmt: skip


def _types(query: Query) -> list[str]:
    """The types asked for; of many only those of which something is here."""
    if len(query.criteria) == 1:
        return list(query.criteria)
    here = rows_of(
        Sql(
            """with recursive t(type) as (
                select min(type) from fhir_resource union all
                select (select min(type) from fhir_resource r where r.type > t.type) from t
                where t.type is not null)
            select type from t where type is not null"""
        )
    )
    return [name for (name,) in here if name in query.criteria]


SORTED_BY: Final = {
    "token": ("search_token", "code"),
    "string": ("search_string", "text"),
    "date": ("search_date", "low"),
    "number": ("search_quantity", "low"),
    "quantity": ("search_quantity", "low"),
    "reference": ("search_reference", "id"),
    "uri": ("search_uri", "uri"),
}
_OF_ROW: Final = re.compile(r"\br\.(?:id|at|type)\b")
OF_THE_ROW: Final = {"_id": "id", "_lastUpdated": "at"}


class Search:
    """The search of one resource type."""

    def __init__(
        self,
        resource_type: str,
        criteria: tuple[Criterion, ...],
        sort: tuple[Sort, ...],
        sight: InSight,
        *,
        is_literal: bool = False,
    ) -> None:
        self.type, self.criteria, self.sort = resource_type, criteria, sort
        self.writer = Writer(sight, is_literal=is_literal)

    def rows(self, limit: int, after: Position | None) -> list[Position]:
        """Sort values and key of the next resources, in order."""
        if self.sort:
            return self._sorted(limit, after)
        more = Sql("s.key > %s", (after[-1],)) if after else ALWAYS
        small = None if self._is_one_stream() else self._small(LIMITS.few)
        if small is not None:
            return self._by_key(small, limit, more)
        plan = self._stream() or self._walk()
        if plan.rest:
            found = self._by_key(_first(plan, more, LIMITS.few), limit, ALWAYS)
            if len(found) == limit:
                return found
            plan = self._small(LIMITS.many) or plan
        return self._by_key(plan, limit, more)

    def _by_key(self, plan: Plan, limit: int, more: Sql) -> list[Position]:
        found = self._statement("select distinct s.key", plan, more)
        return rows_of(found + Sql(" order by s.key limit %s", (limit,)))

    def count(self) -> int:
        small = None if self._is_one_stream() else self._small(LIMITS.many)
        plan = small or self._stream() or self._walk()
        return int(rows_of(self._statement("select count(distinct s.key)", plan, ALWAYS))[0][0])

    def estimate(self) -> int:
        small = None if self._is_one_stream() else self._small(LIMITS.few)
        plan = small or self._stream() or self._walk()
        first = self._statement("select distinct s.key", plan, ALWAYS)
        first = first + Sql(" order by s.key limit %s", (LIMITS.counted,))
        counted = Sql("select count(*), coalesce(max(key), 0) from (") + first + ") n"
        ((found, reached),) = rows_of(counted)
        if found < LIMITS.counted:
            return int(found)
        here = "from fhir_resource where type = %s and is_deleted = 0"
        least, most = rows_of(
            Sql(
                f"select (select min(key) {here}), (select max(key) {here})",
                (self.type, self.type),
            )
        )[0]
        return max(int(found), int(found * (most - least + 1) / (reached - least + 1)))

    # where keys come from

    def _is_one_stream(self) -> bool:
        return len(self.criteria) == 1 and in_order_of_key(self.criteria[0]) is not None

    def short(self, limit: int, after: Any, most: int) -> Iterator[tuple[Sql, Sql, str]]:
        """For each way to find a page: a ``with`` clause, the keys of the page in their order, and
        whether what is read first lists fewer than so many, in SQL; which one is decides.

        Args:
            after: key of the last row of the page before.
        """
        more = ALWAYS if after is None else Sql("s.key > %s", (after,))
        if self._is_one_stream() or not self.criteria:
            plan = self._stream() or self._walk()
            yield plan.before, self._keys(plan, limit, more), "1 = 1"
            return
        for criterion, sources in self._sources():
            rest = tuple(c for c in self.criteria if c is not criterion)
            before = (
                Sql("with d as materialized (select distinct key from (")
                + _union(sources)
                + f") u limit {most})"
            )
            plan = Plan(Sql(""), Sql("d"), ALWAYS, rest)
            yield before, self._keys(plan, limit, more), f"(select count(*) from d) < {most}"

    def streams(self, limit: int, after: Any) -> Iterator[Sql]:
        """Keys of a page in their order along the index of one criterion, those alone that are in
        the lists of all others; each list is read once. For each criterion with such an index.
        """
        listed = self._sources()
        if len(listed) < 2 or len(listed) < len(self.criteria) or isinstance(listed[0][0], IdIn):
            return
        more = ALWAYS if after is None else Sql("s.key > %s", (after,))
        lists = [Sql("+s.key in (") + _union(sources) + ")" for _, sources in listed]
        for place, (criterion, _) in enumerate(listed):
            plan = self._along_one(criterion)
            if plan is not None:
                others = [each for n, each in enumerate(lists) if n != place]
                plan = replace(plan, rest=())
                yield self._keys(plan, limit, joined("and", [*others, more]))

    def _keys(self, plan: Plan, limit: int, more: Sql) -> Sql:
        found = self._statement("select distinct s.key", plan, more)
        return found + f" order by s.key limit {limit}"

    def _sources(self) -> list[tuple[Criterion, list[Sql]]]:
        """What each criterion lists, where it can be listed; names of resources first."""
        listed = [
            (criterion, sources)
            for criterion in self.criteria
            if (sources := self.writer.sources(criterion, self.type)) is not None
        ]
        return sorted(listed, key=lambda pair: not isinstance(pair[0], IdIn))

    def _small(self, most: int) -> Plan | None:
        """A criterion that lists so few resources that they are read whole."""
        for criterion, sources in self._sources():
            if isinstance(criterion, IdIn) or _fewer(sources, most):
                return self._listed(criterion, sources)
        return None

    def _listed(self, criterion: Criterion, sources: list[Sql]) -> Plan:
        rest = tuple(c for c in self.criteria if c is not criterion)
        with_ = (
            Sql("with d as materialized (select distinct key from (") + _union(sources) + ") u) "
        )
        return Plan(with_, Sql("d"), ALWAYS, rest)

    def _stream(self) -> Plan | None:
        """Keys in their order from the index of one criterion."""
        found = (self._along_one(criterion) for criterion in self.criteria)
        return next((plan for plan in found if plan is not None), None)

    def _along_one(self, criterion: Criterion) -> Plan | None:
        source = in_order_of_key(criterion)
        if source is None:
            return None
        rest = tuple(c for c in self.criteria if c is not criterion)
        table, where = source.text.removeprefix(" from ").split(" a where ", 1)
        on_s = Sql(re.sub(r"\ba\.", "s.", where), source.values)
        return Plan(Sql(""), Sql(table), on_s, rest)

    def _walk(self) -> Plan:
        """Keys in their order from the resources of the type."""
        where = Sql("s.type = %s and s.is_deleted = 0", (self.type,))
        return Plan(Sql(""), Sql("fhir_resource"), where, self.criteria)

    def _statement(self, select: str, plan: Plan, more: Sql, *, needs_row: bool = False) -> Sql:
        """A statement over a plan's source: its other criteria, what may be seen, and more."""
        seen = self.writer.sight(self.type, "r.key")
        asked = joined("and", [self.writer.within("r", plan.rest), seen])
        if needs_row or _OF_ROW.search(asked.text):
            from_ = Sql(" s cross join fhir_resource r where r.key = s.key and ")
        else:
            from_ = Sql(" s where ")
            asked = Sql(asked.text.replace("r.key", "s.key"), asked.values)
        head = plan.before + f"{select} from " + plan.source
        return head + from_ + joined("and", [plan.where, asked, more])

    # order

    def _sorted(self, limit: int, after: Position | None) -> list[Position]:
        """Few are put in order as a whole; of many, those at the front of the index of the order.

        Where the front does not fill a page, what is asked for is rare, and is read whole instead.
        """
        plan = self._small(LIMITS.few)
        if plan is not None:
            return self._all_sorted(plan, limit, after)
        walk = self._walk_sorted if len(self.sort) == 1 else self._walk_several
        if self.criteria:
            found = walk(limit, after, LIMITS.few)
            if len(found) == limit:
                return found
            plan = self._small(LIMITS.many)
            if plan is not None:
                return self._all_sorted(plan, limit, after)
        return walk(limit, after, None)

    def _all_sorted(self, plan: Plan, limit: int, after: Position | None) -> list[Position]:
        """Everything found is put in order: for few resources, or several keys of order."""
        columns: list[str] = []
        values: list[Any] = []
        for place, sort in enumerate(self.sort):
            column = self._value(sort)
            columns.append(f"{column.text} as k{place}")
            values += column.values
        head = Sql(f"select distinct {', '.join(columns)}, s.key as key", tuple(values))
        inner = self._with_values(plan, head)
        order = [
            f"k{n} is null, k{n}{' desc' if s.is_descending else ''}"
            for n, s in enumerate(self.sort)
        ]
        tie = " desc" if self.sort[0].is_descending else ""
        names = ", ".join(f"k{n}" for n in range(len(self.sort)))
        behind = self._behind(after) if after else ALWAYS
        return rows_of(
            Sql(f"select {names}, key from (")
            + inner
            + ") q where "
            + behind
            + Sql(f" order by {', '.join(order)}, key{tie} limit %s", (limit,))
        )

    def _with_values(self, plan: Plan, head: Sql) -> Sql:
        needs_row = any(sort.code in OF_THE_ROW for sort in self.sort)
        body = self._statement("\0", plan, ALWAYS, needs_row=needs_row)
        before, _, after = body.text.partition("\0")
        with_values = len(plan.before.values)
        return Sql(
            before + head.text + after,
            body.values[:with_values] + head.values + body.values[with_values:],
        )

    def _value(self, sort: Sort) -> Sql:
        if sort.code in OF_THE_ROW:
            return Sql(f"r.{OF_THE_ROW[sort.code]}")
        table, column = SORTED_BY[sort.parameters[self.type].type]
        pick = "max" if sort.is_descending else "min"
        return Sql(
            f"(select {pick}(v.{column}) from {table} v where v.key = s.key and v.param = %s)",
            (sort.parameters[self.type].number,),
        )

    def _behind(self, after: Position) -> Sql:
        """True for what comes behind a row in the order of several values, nothing last."""
        ways: list[Sql] = []
        same: list[Sql] = []
        for place, sort in enumerate(self.sort):
            name, value = f"k{place}", after[place]
            if value is not None:
                sign = "<" if sort.is_descending else ">"
                behind = Sql(f"({name} {sign} %s or {name} is null)", (value,))
                ways.append(joined("and", [*same, behind]))
                same.append(Sql(f"{name} = %s", (value,)))
            else:
                same.append(Sql(f"{name} is null"))
        sign = "<" if self.sort[0].is_descending else ">"
        ways.append(joined("and", [*same, Sql(f"key {sign} %s", (after[-1],))]))
        return joined("or", ways)

    def _walk_sorted(self, limit: int, after: Position | None, most: int | None) -> list[Position]:
        """Resources in the order of an index, then those that have no value.

        Args:
            most: rows of the index to look at; None = until the page is full.
        """
        index = self._index()
        found: list[Position] = []
        if after is None or after[0] is not None:
            more = Sql(f"(s.{index.column}, s.key) {index.beyond} (%s, %s)", after or ())
            found = self._along(index, limit, more if after else ALWAYS, most)
            after = None
        if len(found) < limit and index.may_lack and most is None:
            found += self._walk_without(limit - len(found), after)
        return found

    def _walk_several(self, limit: int, after: Position | None, most: int | None) -> list[Position]:
        """Of the resources at the front of the index of the first key, those first by all keys.

        The front reaches as far as the value at which a page is full, and holds all of that value.
        """
        index = self._index()
        found: list[Position] = []
        if after is None or after[0] is not None:
            column = f"s.{index.column}"
            more = Sql(f"{column} {index.beyond} %s", after[:1]) if after else ALWAYS
            ahead = self._along(index, limit, more, most)
            if most is not None and len(ahead) < limit:
                return []
            ends = [Sql(f"{column} {index.beyond}= %s", after[:1])] if after else []
            if len(ahead) == limit:
                ends.append(Sql(f"%s {index.beyond}= {column}", ahead[-1][:1]))
            found = self._all_sorted(index.plan(self.criteria, ends), limit, after)
            after = None
        if len(found) < limit and index.may_lack and most is None:
            where = [self._walk().where, self._lacks(index)]
            plan = Plan(Sql(""), Sql("fhir_resource"), joined("and", where), self.criteria)
            found += self._all_sorted(plan, limit - len(found), after)
        return found

    def _index(self) -> Index:
        """The index in the order of the first key."""
        sort = self.sort[0]
        if sort.code in OF_THE_ROW:
            column = OF_THE_ROW[sort.code]
            return Index("fhir_resource", column, sort.is_descending, self._walk().where)
        table, column = SORTED_BY[sort.parameters[self.type].type]
        number = sort.parameters[self.type].number
        nearer = ">" if sort.is_descending else "<"
        where = Sql(
            f"""s.param = %s and not exists (select 1 from {table} w where w.key = s.key
            and w.param = s.param and w.{column} {nearer} s.{column})""",
            (number,),
        )
        return Index(table, column, sort.is_descending, where, number)

    def _along(self, index: Index, limit: int, more: Sql, most: int | None) -> list[Position]:
        """The next rows of an index, each with its value and key."""
        order = index.order()
        plan = index.plan(self.criteria, [more])
        if most is not None:
            inner = Sql(f"(select s.* from {index.table} s where ") + plan.where + order
            plan = Plan(plan.before, inner + Sql(" limit %s)", (most,)), ALWAYS, plan.rest)
        found = self._statement(f"select distinct s.{index.column}, s.key", plan, ALWAYS)
        return rows_of(found + order + Sql(" limit %s", (limit,)))

    def _lacks(self, index: Index) -> Sql:
        """True for resources without a value to be put in order by."""
        text = f"not exists (select 1 from {index.table} w where w.key = s.key and w.param = %s)"
        return Sql(text, (index.number,))

    def _walk_without(self, limit: int, after: Position | None) -> list[Position]:
        index = self._index()
        more = self._lacks(index)
        if after:
            more = joined("and", [more, Sql(f"s.key {index.beyond} %s", (after[-1],))])
        found = self._statement("select s.key", self._walk(), more)
        desc = " desc" if index.is_descending else ""
        rows = rows_of(found + Sql(f" order by s.key{desc} limit %s", (limit,)))
        return [(None, key) for (key,) in rows]


def _first(plan: Plan, more: Sql, most: int) -> Plan:
    """The first rows of a plan in order of key: where much is found, they fill a page."""
    rows = (
        Sql("(select distinct s.key from ")
        + plan.source
        + Sql(" s where ")
        + joined("and", [plan.where, more])
        + Sql(" order by s.key limit %s)", (most,))
    )
    return Plan(plan.before, rows, ALWAYS, plan.rest)


def _union(sources: Sequence[Sql]) -> Sql:
    first, *others = sources
    for each in others:
        first = first + " union all " + each
    return first


def _fewer(sources: Sequence[Sql], most: int) -> bool:
    """Whether sources list fewer than so many rows; reads no more than that."""
    counted = Sql("select count(*) from (select 1 from (") + _union(sources)
    return int(rows_of(counted + Sql(") u limit %s) n", (most,)))[0][0]) < most


def rows_of(statement: Sql) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    return quick.rows(statement.text, statement.values)
