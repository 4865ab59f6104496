"""Where the keys of a search come from: tables, and what their rows must meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qamqor.engine.fhir.search.query import Criterion
from qamqor.store.fhir.search_values import Sql, joined


@dataclass(frozen=True, slots=True)
class Plan:
    """Where keys come from: a ``with`` clause, a table of ``s.key``, and what is still asked."""

    before: Sql
    source: Sql
    where: Sql
    rest: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """An index that lists resources in the order of a value.

    Attributes:
        where: what its rows must meet, so that each resource is listed once, by its first value.
        number: of the parameter; None for what every resource has.
    """

    table: str
    column: str
    is_descending: bool
    where: Sql
    number: int | None = None

    @property
    def beyond(self) -> str:
        return "<" if self.is_descending else ">"

    @property
    def may_lack(self) -> bool:
        return self.number is not None

    def order(self) -> Sql:
        desc = " desc" if self.is_descending else ""
        return Sql(f" order by s.{self.column}{desc}, s.key{desc}")

    def plan(self, criteria: tuple[Criterion, ...], more: Sequence[Sql]) -> Plan:
        where = joined("and", [self.where, *more])
        return Plan(Sql(""), Sql(self.table), where, criteria)
