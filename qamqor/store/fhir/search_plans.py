"""Pages of searches in one statement each, whose text is written once for searches of one shape.

Two searches have the same shape where only their values differ. A statement lists what the first
criterion that is short finds, or goes along an index in the order of keys, keeps what meets the
other criteria, and brings the resources of the page with it, all in one row; so that nothing is
written anew, and SQLite prepares nothing anew. The statement that took least of late is asked.
What has no such statement, or finds no short criterion, is found by ``search.page``; a page is the
same either way.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import Any, Final, NamedTuple

from django.db import OperationalError
from psycopg.errors import QueryCanceled

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
    Query,
    ReferenceTest,
    StringTest,
    Test,
    Through,
    TokenTest,
    Updated,
)
from qamqor.store import quick
from qamqor.store.fhir.search import LIMITS, Position, Search
from qamqor.store.fhir.search_many import Many
from qamqor.store.fhir.search_sql import InSight
from qamqor.store.fhir.search_values import Slot, Sql
from qamqor.store.fhir.versions import COLUMNS, Seen, Version

MOST_KEPT: Final = 1_000
"""Shapes whose statements are kept; whoever asks in ever new shapes pays for each."""
MOST_SIGHTS: Final = 64
"""Of each shape, for how many kinds of askers."""
Views = Callable[[str], Hashable | None]
"""What is hidden from the asker of a type, as something to tell askers apart by: the same gives the
same condition, at any moment; None where that cannot be said."""


class NoPlan(Exception):
    """A search that has no statement of its own."""


class Wanted(NamedTuple):
    """A page of a search of one type: the arguments of ``page``."""

    query: Query
    limit: int
    after: Position | None
    views: Views
    sight: InSight


class Ready(NamedTuple):
    """Keys of one page in order, where the next one goes on, and the resources of the page."""

    keys: list[int]
    next: Position | None
    seen: dict[int, Seen]


def page(
    query: Query,
    *,
    limit: int,
    after: Position | None,
    views: Views,
    sight: InSight,
) -> Ready | None:
    """One page of a search of one type, as ``search.page`` with ``access.seen_by_keys``.

    Args:
        views: what is hidden from the asker, by type: decides, with the shape, which statement.
        sight: the same as conditions.

    Returns:
        None where it must be found by ``search.page``.
    """
    values: list[Any] = []
    try:
        plan = _plan(Wanted(query, limit, after, views, sight), values)
    except NoPlan:
        return None
    return plan.page(values, limit)


def pages(searches: Sequence[Wanted]) -> list[Ready | None]:
    """As ``page`` for each of many: one statement for all that have one shape; PostgreSQL's only.

    Returns:
        None also where one of a shape took too long, or where others should be found by another
        criterion than most: ``page`` may find it.
    """
    found: list[Ready | None] = [None] * len(searches)
    alike: dict[_Plan, list[tuple[int, list[Any]]]] = defaultdict(list)
    for place, wanted in enumerate(searches):
        values: list[Any] = []
        with suppress(NoPlan):
            alike[_plan(wanted, values)].append((place, values))
    for plan, some in alike.items():
        limit = searches[some[0][0]].limit
        ready = plan.pages([values for _, values in some], limit)
        for (place, _), one in zip(some, ready, strict=True):
            found[place] = one
    return found


def _plan(wanted: Wanted, values: list[Any]) -> _Plan:
    """How to find a page; its values are added.

    Raises:
        NoPlan: in no such way.
    """
    query, limit, after, views, sight = wanted
    shape = _shape_of(query, limit, after, values)
    return _plans(shape).of(query, limit, after, views, sight)


AGAIN: Final = 256
"""After so many searches of a shape another of its statements is asked, whatever it took before."""
EARLY: Final = 16
"""The same while a shape is new: what a statement took once may have been the machine's doing."""
TRIALS: Final = 2
"""The first time a statement is asked it is prepared as well, which says nothing about it."""


class _Plan:
    """The statements for one shape and sight, each another way to the same page.

    There is one for each criterion that may be short, and on SQLite one along each index in the
    order of keys. Which takes least follows from what is stored and what is asked for, so that the
    processor time of each is kept, and the one that took least of late is asked first.
    """

    __slots__ = ("asked", "costs", "many", "statements", "tried")

    def __init__(self, statements: list[_Statement], many: list[Many]) -> None:
        self.statements, self.many = statements, many
        self.costs = [0.0] * len(statements)
        self.tried = [0] * len(statements)
        self.asked = 0

    def pages(self, searches: list[list[Any]], limit: int) -> list[Ready | None]:
        """The pages of several by the statement that is asked first."""
        rows = None
        if self.many:
            try:
                rows = self.many[self._order()[0]].rows(searches)
            except OperationalError as error:
                if not isinstance(error.__cause__, QueryCanceled):
                    raise
                self.many = []
        return [
            _unpacked(packed, limit) if is_short else None
            for is_short, packed in rows or [(False, None)] * len(searches)
        ]

    def page(self, values: list[Any], limit: int) -> Ready | None:
        """The page by the first statement that finds it in short; None also where there is none."""
        if not self.statements:
            return None
        self.asked += 1
        order = self._order()
        usual, every = order[0], AGAIN if self.asked > 4 * AGAIN else EARLY
        if self.asked % every == 0 and len(order) > 1:
            order.insert(0, order.pop(1 + self.asked // every % (len(order) - 1)))
        begun: list[tuple[int, float]] = []
        for number in order:
            begun.append((number, time.thread_time()))
            is_short, packed = self.statements[number].asked(values)
            if is_short:
                break
        else:
            is_short, packed = False, None
        ended = time.thread_time()
        for number, since in begun:
            self._took(number, ended - since, 8 if number == usual else 2)
        return _unpacked(packed, limit) if is_short else None

    def _order(self) -> list[int]:
        return sorted(range(len(self.costs)), key=self.costs.__getitem__)

    def _took(self, number: int, seconds: float, times: int) -> None:
        """What a statement took, with those after it where it did not find the page.

        Args:
            times: how often it must take that until it is believed, about.
        """
        if self.tried[number] < TRIALS:
            self.tried[number] += 1
            self.costs[number] = seconds if self.tried[number] == TRIALS else 0.0
        else:
            self.costs[number] += (seconds - self.costs[number]) / times


class _Statement:
    """A statement and where its values come from.

    Attributes:
        is_stopped: it says nothing of how long it is, and is stopped where it is long.
    """

    __slots__ = ("constants", "is_stopped", "slots", "text")

    def __init__(self, sql: Sql, *, is_stopped: bool = False) -> None:
        self.text, self.is_stopped = sql.text, is_stopped
        self.slots = [(n, v) for n, v in enumerate(sql.values) if isinstance(v, Slot)]
        self.constants = [None if isinstance(v, Slot) else v for v in sql.values]

    def asked(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Whether it was short, and the page."""
        if not self.is_stopped:
            return quick.rows(self.text, self.bound(values))[0]
        try:
            with quick.at_most(quick.Steps(1)):
                return quick.rows(self.text, self.bound(values))[0]
        except quick.TakesLong:
            return False, None

    def bound(self, values: Sequence[Any]) -> list[Any]:
        """Its values for one search."""
        found = self.constants.copy()
        for place, slot in self.slots:
            found[place] = slot.of(values)
        return found


class _Plans:
    """The plans of one shape, by what may be seen of the types it looks at."""

    __slots__ = ("plans", "types")

    def __init__(self) -> None:
        self.types: tuple[str, ...] = ()
        self.plans: dict[tuple[Hashable, ...], _Plan] = {}

    def of(
        self, query: Query, limit: int, after: Position | None, views: Views, sight: InSight
    ) -> _Plan:
        """The plan for somebody; written where there is none."""
        key = _all_known(views, self.types)
        plan = self.plans.get(key) if key else None
        if plan is None:
            types: dict[str, None] = {}

            def noted(resource_type: str, row: str) -> Sql:
                types[resource_type] = None
                return sight(resource_type, row)

            statements = [_Statement(one) for one in _written(query, limit, after, noted)]
            many: list[Many] = []
            if quick.is_sqlite():
                streams = _streams(query, limit, after, noted)
                statements += [_Statement(one, is_stopped=True) for one in streams]
            else:
                many = [Many(one) for one in _written(query, limit, after, noted, is_literal=True)]
            plan = _Plan(statements, many)
            if not self.types:
                self.types = tuple(sorted(types))
            if len(self.plans) >= MOST_SIGHTS:
                self.plans.clear()
            self.plans[_all_known(views, self.types)] = plan
        return plan


def _all_known(views: Views, types: Sequence[str]) -> tuple[Hashable, ...]:
    found = tuple([views(name) for name in types])
    if None in found:
        raise NoPlan
    return found


@lru_cache(maxsize=MOST_KEPT)
def _plans(shape: Any) -> _Plans:
    return _Plans()


# shapes: what the text of a statement depends on, and the values beside it


def _shape_of(query: Query, limit: int, after: Position | None, values: list[Any]) -> Any:
    if len(query.criteria) != 1 or query.sort:
        raise NoPlan
    ((resource_type, criteria),) = query.criteria.items()
    shape = tuple([_shape(one, values) for one in criteria])
    if after is not None:
        values.append(after[-1])
    return resource_type, limit, LIMITS.few, after is None, shape


def _shape(criterion: Criterion, values: list[Any]) -> Any:
    if isinstance(criterion, Match):
        return criterion.parameter.number, *_tests(criterion.tests, values)
    if isinstance(criterion, Through):
        inner = tuple([(name, _shape(one, values)) for name, one in criterion.inner])
        return "through", criterion.parameter.number, inner
    if isinstance(criterion, PointedAt):
        return "pointed", criterion.parameter.number, _shape(criterion.inner, values)
    if isinstance(criterion, IdIn) and criterion.ids:
        values += criterion.ids
        return "id", len(criterion.ids)
    if isinstance(criterion, AllOf | AnyOf):
        return type(criterion).__name__, tuple([_shape(one, values) for one in criterion.criteria])
    if isinstance(criterion, Not):
        return "not", _shape(criterion.criterion, values)
    if isinstance(criterion, Missing):
        return "missing", criterion.parameter.number
    if isinstance(criterion, Updated):
        return "updated", *_tests(criterion.tests, values)
    raise NoPlan


def _tests(tests: Sequence[Test], values: list[Any]) -> tuple[Any, ...]:
    """The shape of the one test of a criterion; alternatives have no statement."""
    if len(tests) != 1:
        raise NoPlan
    test = tests[0]
    if isinstance(test, TokenTest) and test.code is not None and not test.is_prefix:
        if test.system is None:
            values.append(test.code)
            return ("code",)
        values += (test.code, test.system)
        return ("code", "system")
    if isinstance(test, DateTest):
        values += (test.low, test.high)
        return "date", test.prefix
    if isinstance(test, StringTest) and test.how != "contains":
        values.append(test.text)
        return "text", test.how
    if isinstance(test, ReferenceTest) and test.id:
        values.append(test.id)
        return "reference", test.type
    raise NoPlan


class _Slots:
    """Puts slots where values stand, in the order in which shapes list them."""

    def __init__(self) -> None:
        self.number = -1

    def next(self) -> Any:
        self.number += 1
        return Slot(self.number)

    def criterion(self, one: Criterion) -> Criterion:
        if isinstance(one, Match):
            return replace(one, tests=tuple(self.test(test) for test in one.tests))
        if isinstance(one, Updated):
            return Updated(tuple(self.date(test) for test in one.tests))
        if isinstance(one, Through):
            return replace(one, inner=tuple((n, self.criterion(each)) for n, each in one.inner))
        if isinstance(one, PointedAt):
            return replace(one, inner=self.criterion(one.inner))
        if isinstance(one, IdIn):
            return IdIn(tuple(self.next() for _ in one.ids))
        if isinstance(one, AllOf | AnyOf):
            return replace(one, criteria=tuple(self.criterion(each) for each in one.criteria))
        if isinstance(one, Not):
            return Not(self.criterion(one.criterion))
        return one

    def date(self, test: DateTest) -> DateTest:
        return replace(test, low=self.next(), high=self.next())

    def test(self, test: Test) -> Test:
        if isinstance(test, TokenTest):
            code = self.next()
            return replace(test, code=code, system=None if test.system is None else self.next())
        if isinstance(test, DateTest):
            return self.date(test)
        if isinstance(test, StringTest):
            return replace(test, text=self.next())
        if isinstance(test, ReferenceTest):
            return replace(test, id=self.next())
        raise NoPlan


# statements


def _written(
    query: Query,
    limit: int,
    after: Position | None,
    sight: InSight,
    *,
    is_literal: bool = False,
) -> list[Sql]:
    one, behind = _slotted(query, after, sight, is_literal=is_literal)
    return [
        _whole(first, keys, is_short)
        for first, keys, is_short in one.short(limit + 1, behind, LIMITS.few)
    ]


def _streams(query: Query, limit: int, after: Position | None, sight: InSight) -> list[Sql]:
    one, behind = _slotted(query, after, sight)
    return [_whole(Sql(""), keys, "1 = 1") for keys in one.streams(limit + 1, behind)]


def _slotted(
    query: Query, after: Position | None, sight: InSight, *, is_literal: bool = False
) -> tuple[Search, Any]:
    """The search with slots in place of values, and the slot of where the page before ended."""
    slots = _Slots()
    ((resource_type, criteria),) = query.criteria.items()
    slotted = tuple(slots.criterion(one) for one in criteria)
    behind = None if after is None else slots.next()
    return Search(resource_type, slotted, (), sight, is_literal=is_literal), behind


def _whole(before: Sql, keys: Sql, is_short: str) -> Sql:
    """Whether the criterion read first is short, and then the page in one text."""
    head = before + ", " if before.text else Sql("with ")
    return (
        head
        + "p as materialized ("
        + keys
        + f""") select n.is_short as is_short, case when n.is_short then
        (select {_packed()} from p cross join fhir_resource r cross join fhir_change c
        where r.key = p.key and c.sequence = r.sequence) end as packed
        from (select {is_short} as is_short) n"""
    )


def _unpacked(packed: str | None, limit: int) -> Ready:
    seen = _rows_of(packed)
    keys = sorted(seen)
    if len(keys) <= limit:
        return Ready(keys, None, seen)
    del seen[keys.pop()]
    return Ready(keys, (keys[-1],), seen)


_NEXT_ROW: Final = "\x1d"
_NOTHING: Final = "\x1c"
_BETWEEN: Final = "\x1e"
_PEOPLE: Final = "\x1f"


@cache
def _packed() -> str:
    """SQL of all rows ``r`` of fhir_resource with their ``c`` of fhir_change, as one text.

    A thread that asks a database waits its turn again for every row. No text of these columns holds
    the characters that stand between them: JSON has them escaped, and ids cannot have them.
    """
    join, char = quick.joining()
    columns = [
        "r.key",
        *COLUMNS.replace("c.content", "coalesce(c.content, '')").split(", ", 6),
        f"""coalesce((select {join}(s.patient, {char}(31)) from access_subject s
            where s.key = r.key), {char}(28))""",
    ]
    return f"{join}({f' || {char}(30) || '.join(columns)}, {char}(29))"


_VERSION: Final = partial(tuple.__new__, Version)
_SEEN: Final = partial(tuple.__new__, Seen)
"""Made of all their parts in order, in a third of the time that giving each takes."""


def _rows_of(text: str | None) -> dict[int, Seen]:
    """What ``_packed`` brought: by key, the current versions and the people they are about."""
    found: dict[int, Seen] = {}
    for row in [] if text is None else text.split(_NEXT_ROW):
        key, sequence, type_, id_, version, method, at, content, people = row.split(_BETWEEN)
        there = (int(sequence), type_, id_, int(version), method, int(at), content or None)
        about = frozenset() if people == _NOTHING else frozenset(people.split(_PEOPLE))
        found[int(key)] = _SEEN((_VERSION(there), about))
    return found
