"""Everything the programmes ask on one day: the queries in order, and what they read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

import sqlglot
from sqlglot import exp

from qamqor.engine.calendar import month_later
from qamqor.engine.programmes.cases import Query, queries
from qamqor.engine.programmes.schema import Measure, Pack, Programme, Table, Value, in_order

_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT: Final = re.compile(r"'(?:[^']|'')*'")
_WORD: Final = re.compile(r"[a-z_][a-z_0-9]*", re.IGNORECASE)
_STAR: Final = re.compile(r"(?:select|distinct|,)\s*\*|\.\*", re.IGNORECASE)
_JOINING: Final = (
    *(exp.EQ, exp.NEQ, exp.In, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Select, exp.Alias, exp.Group, exp.Ordered, exp.Window, exp.Paren, exp.Tuple),
    *(exp.Count, exp.Distinct, exp.Max, exp.Min, exp.Coalesce, exp.Subquery, exp.Case),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What the queries together read of one table.

    Attributes:
        columns: of the table's columns those that occur in a query that names the table.
        whole: the table itself is read.
        newest: ``latest_<table>`` is read.
        programmes: whose people's rows of the table are enough; null = everyone's are needed,
            because a query that finds people reads it.
        newest_programmes: the same of ``latest_<table>``.
    """

    table: Table
    columns: tuple[str, ...]
    whole: bool
    newest: bool
    programmes: tuple[Programme, ...] | None
    newest_programmes: tuple[Programme, ...] | None


@dataclass(frozen=True)
class Questions:
    """The queries of the programmes in force on a day.

    Attributes:
        known_at: also hide what was recorded after this day; null = as known since.
        people: population and eligible queries, those that others read first.
        states: the queries that say in what state each person is.
        due: the queries of the wanted programmes' actions.
        measures: the queries of the wanted programmes' measures.
    """

    pack: Pack = field(repr=False)
    as_of: date
    known_at: date | None
    programmes: tuple[Programme, ...] = field(repr=False)
    people: tuple[Query, ...] = field(repr=False)
    states: tuple[Query, ...] = field(repr=False)
    due: tuple[Query, ...] = field(repr=False)
    measures: tuple[Query, ...] = field(repr=False)

    @cached_property
    def every(self) -> tuple[Query, ...]:
        """All queries, in the order they are asked."""
        return (*self.people, *self.states, *self.due, *self.measures)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """What is read of each table, by name; tables that no query names are left out."""
        return tuple(what_is_read(self.pack.tables.values(), self.every))

    @cached_property
    def value_sets(self) -> tuple[str, ...]:
        """The value sets that a query names, by name."""
        words = set().union(*(words_in(one.sql) for one in self.every)) if self.every else set()
        return tuple(sorted(words & set(self.pack.value_sets)))

    @cached_property
    def only_joins_people(self) -> bool:
        """Whether no query looks into the text of a patient_id, or reads another person's."""
        others = any(c.endswith("_patient_id") for read in self.reads for c in read.columns)
        return not others and all(only_joins_people(one.sql) for one in self.every)

    def values(self, query: Query) -> dict[str, Value]:
        """What a query may bind: its programme's parameters, the day, the period of a measure."""
        values: dict[str, Value] = {**query.programme.values(), "as_of": self.as_of}
        if isinstance(query.owner, Measure):
            start, end = period(query.owner, self.as_of)
            values |= {"period_start": start, "period_end": end}
        return values


def ask(
    pack: Pack,
    as_of: date,
    *,
    known_at: date | None = None,
    programmes: Iterable[Programme] | None = None,
) -> Questions:
    """The questions of some programmes, or of all in force on a day.

    Args:
        programmes: those whose care and measures are wanted; the people of others are worked
            out only where a wanted one reads them.
    """
    in_force = pack.in_force(as_of)
    wanted = in_force if programmes is None else tuple(programmes)
    chosen = {one.id: one for one in (*in_force, *wanted)}
    needed = _needed(chosen, [one.id for one in wanted])
    ordered = [one for one in in_order(chosen)[0] if one.id in needed]
    every = [query for one in ordered for query in queries(one)]
    of_wanted = [query for query in every if query.programme in wanted]
    return Questions(
        pack=pack,
        as_of=as_of,
        known_at=known_at,
        programmes=tuple(one for one in ordered if one in wanted),
        people=tuple(query for query in every if query.kind == "population"),
        states=tuple(query for query in every if query.kind == "state"),
        due=tuple(query for query in of_wanted if query.kind in {"due", "schedule"}),
        measures=tuple(query for query in of_wanted if query.kind == "measure"),
    )


def _needed(programmes: Mapping[str, Programme], wanted: Sequence[str]) -> set[str]:
    needed: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in programmes and name not in needed:
            needed.add(name)
            waiting.extend(programmes[name].reads)
    return needed


def period(measure: Measure, as_of: date) -> tuple[date, date]:
    """The months of a measure that end with a day, half-open: that day counts."""
    end = as_of + timedelta(days=1)
    return month_later(end, -measure.period_months), end


def what_is_read(tables: Iterable[Table], asked: Sequence[Query]) -> Iterator[Read]:
    """What of each table some queries read, judged by the words they contain.

    A word may be a column of another table: too much is read then, never too little.
    """
    words = [words_in(query.sql) for query in asked]
    for table in sorted(tables, key=lambda one: one.name):
        naming = [i for i, found in enumerate(words) if found & {table.name, table.latest}]
        if naming:
            named = set().union(*(words[i] for i in naming))
            every = any(_STAR.search(_bare(asked[i].sql)) for i in naming)
            whole = [asked[i] for i in naming if table.name in words[i]]
            newest = [asked[i] for i in naming if table.has_latest and table.latest in words[i]]
            yield Read(
                table=table,
                columns=tuple(c for c in table.columns if every or c in named),
                whole=bool(whole),
                newest=bool(newest),
                programmes=_whose(whole),
                newest_programmes=_whose(newest),
            )


def _whose(asked: Sequence[Query]) -> tuple[Programme, ...] | None:
    """The programmes whose people's rows some queries read; null = they find people."""
    if any(query.kind == "population" for query in asked):
        return None
    return tuple({query.programme.id: query.programme for query in asked}.values())


def words_in(sql: str) -> set[str]:
    """The names a query contains, lower case; none from texts or comments."""
    return {word.lower() for word in _WORD.findall(_bare(sql))}


def _bare(sql: str) -> str:
    return _TEXT.sub("''", _COMMENT.sub(" ", sql))


def only_joins_people(sql: str) -> bool:
    """Whether a query only compares, groups and returns patient_id, or puts ``Patient/`` before it.

    Then a number may stand for each person while the query runs.
    """
    for column in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Column):
        if column.name.lower() == "patient_id" and not (
            _is_joined(column) or _is_reference(column)
        ):
            return False
    return True


def _is_joined(column: exp.Column) -> bool:
    """Whether the column is compared, grouped or returned, and with no text beside it."""
    beside = column.parent.iter_expressions() if column.parent else ()
    texts = any(isinstance(one, exp.Literal) and one.is_string for one in beside)
    return isinstance(column.parent, _JOINING) and not texts


def _is_reference(column: exp.Column) -> bool:
    """Whether the column stands in ``'Patient/' || patient_id``."""
    parent = column.parent
    if not isinstance(parent, exp.DPipe) or parent.expression is not column:
        return False
    before = parent.this.expression if isinstance(parent.this, exp.DPipe) else parent.this
    return bool(isinstance(before, exp.Literal) and before.this.endswith("Patient/"))
