"""Writes a rule as one query that stands alone: what it may see, its codes and its people included.

The tables it reads carry the suffix ``_rows``: they hold every row, and the query itself keeps
those known on ``$as_of``. So it can be run where only the tables are, as SQL on FHIR's SQLQuery.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from qamqor.engine.programmes.binding import ALWAYS, names_in, renamed
from qamqor.engine.programmes.cases import Query, queries
from qamqor.engine.programmes.filters import PEOPLE, belonging, known, latest, open_on, value_set
from qamqor.engine.programmes.schema import Pack, Programme, Table, Value

ROWS: Final = "_rows"
EVER: Final = "_ever"
DAY: Final = "$as_of"


# Who of a population a query sees: those who belong on the day, or everyone who ever did.
_SEEN_BY: Final = {
    "due": "open",
    "schedule": "open",
    "state": "open",
    "measure": "all",
    "population": "ever",
}


@dataclass(frozen=True, slots=True)
class Standalone:
    """One query that needs only tables and parameters.

    Attributes:
        tables: the tables it reads; in the text each is named with ``_rows``.
        parameters: the values it names besides the day and the period.
    """

    sql: str
    tables: tuple[Table, ...]
    parameters: Mapping[str, Value]
    always: tuple[str, ...]


def standalone(pack: Pack, query: Query, among: Mapping[str, Programme]) -> Standalone:
    """Put before a query, as ``with`` steps, everything the engine would make for it.

    Args:
        among: id → the version whose people and states the query may read, its own included.
    """
    writer = _Writer(pack, query.programme, among)
    body = query.sql.strip().rstrip(";")
    writer.need(body, people=_SEEN_BY[query.kind])
    if query.kind == "population":
        writer.table(PEOPLE)
        body = belonging(writer.seeing_all(body), PEOPLE + ROWS, DAY)
    steps = ",\n".join(f"{name} as (\n{text}\n)" for name, text in writer.steps.items())
    sql = f"with {steps}\nselect {', '.join(query.columns)} from (\n{body}\n)"
    named = names_in(sql)
    return Standalone(
        sql=sql,
        tables=tuple(writer.tables.values()),
        parameters={name: writer.values[name] for name in named if name not in ALWAYS},
        always=tuple(name for name in named if name in ALWAYS),
    )


@dataclass(slots=True)
class _Writer:
    """The steps written so far, each before those that read it."""

    pack: Pack
    own: Programme
    among: Mapping[str, Programme]
    steps: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values |= self.own.values()

    def need(self, sql: str, *, people: str) -> None:
        """Write every step a text names: tables, newest rows, codes, people and states."""
        words = set(re.findall(r"[a-z_][a-z_0-9]*", _without_comments(sql)))
        for name, table in self.pack.tables.items():
            if name in words:
                self.table(name)
            if table.has_latest and table.latest in words:
                self.newest(table)
        for name in self.pack.value_sets:
            if name in words and name not in self.steps:
                self.steps[name] = value_set(self.pack.value_sets[name])
        for made in self._made():
            if made.name in words:
                self.made(made, people)

    def table(self, name: str) -> None:
        """The rows of a table that were known on the day."""
        table = self.tables[name] = self.pack.tables[name]
        self.steps.setdefault(name, known(table, name + ROWS, DAY))

    def newest(self, table: Table) -> None:
        """Each person's newest row of a table."""
        self.table(table.name)
        self.steps.setdefault(table.latest, latest(table, table.name))

    def made(self, query: Query, people: str) -> None:
        """The people or states another query finds."""
        if query.kind == "state":
            self._state(query)
            return
        ever = query.name + EVER
        if ever not in self.steps:
            body = self._text_of(query)
            self.need(body, people="ever")
            self.table(PEOPLE)
            self.steps[ever] = belonging(self.seeing_all(body), PEOPLE + ROWS, DAY)
        if people == "open":
            self.steps.setdefault(query.name, open_on(ever, DAY))
        if people == "all":
            self.steps.setdefault(query.name, f"select * from {ever}")

    def _state(self, query: Query) -> None:
        if query.name not in self.steps:
            body = self._text_of(query)
            self.need(body, people="open")
            self.steps[query.name] = body

    def _text_of(self, query: Query) -> str:
        """A query's text; the parameters of another programme carry its id."""
        body = query.sql.strip().rstrip(";")
        programme = query.programme
        if programme.id == self.own.id:
            return body
        values = programme.values()
        self.values |= {f"{programme.id}__{name}": value for name, value in values.items()}
        return renamed(body, lambda name: f"{programme.id}__{name}" if name in values else name)

    def seeing_all(self, body: str) -> str:
        """A population's text reads the people of others whether they still belong or not."""
        words = set(re.findall(r"[a-z_][a-z_0-9]*", _without_comments(body)))
        names = [one.name for one in self._made() if one.kind == "population" and one.name in words]
        steps = ", ".join(f"{name} as (select * from {name}{EVER})" for name in names)
        return f"with {steps} select * from (\n{body}\n)" if names else body

    def _made(self) -> list[Query]:
        found = [query for one in self.among.values() for query in queries(one)]
        return [query for query in found if query.kind in {"population", "state"}]


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", " ", sql, flags=re.DOTALL)
