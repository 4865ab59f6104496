"""What a piece of SQL made from a path is, and from where it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables.needs import Need, bound


@dataclass(frozen=True, slots=True)
class Value:
    """A piece of SQL and what it holds.

    Attributes:
        sql: an expression; a list where ``many``, without NULLs in it; NULL where nothing.
        need: what is read of it, so that steps into it can be noted.
        is_exact: a decimal kept as text.
        is_root: the resource itself, whose parts are columns; ``sql`` is then a condition that
            must hold for it to be there, or empty.
        written: the text of a decimal literal.
    """

    sql: str
    need: Need | None = None
    is_exact: bool = False
    is_root: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """From where a path is followed: the element, the resource, and ``%rowIndex``."""

    focus: Value
    root: Value
    row_index: str = "0"
    resource: str = ""


class Writer:
    """Turns steps into SQL; keeps the names of lambda variables apart."""

    def __init__(self, writers: Mapping[str, Write]) -> None:
        self.writers = writers
        self.variables = 0

    def variable(self) -> str:
        self.variables += 1
        return f"x{self.variables}"

    def write(self, step: Step, place: Place) -> Value:
        """The expression for a step; decimals kept as text stay text."""
        return self.writers[step.op](self, step, place)

    def sql(self, step: Step, place: Place) -> str:
        """The expression for a step, with decimals as numbers."""
        return self.as_number(self.write(step, place), many=step.many)

    def as_number(self, value: Value, *, many: bool) -> str:
        if not value.is_exact:
            return value.sql
        if not many:
            return f"cast({value.sql} as double)"
        x = self.variable()
        return f"list_transform({value.sql}, lambda {x}: cast({x} as double))"

    def as_list(self, step: Step, place: Place) -> str:
        """The expression as a list, whatever it is."""
        sql = self.sql(step, place)
        return f"coalesce({sql}, [])" if step.many else listed(sql)

    def each(self, source: Value, step: Step, place: Place) -> tuple[str, Place]:
        """A lambda variable for the elements of a list, and the place it stands for."""
        x = self.variable()
        focus = Value(x, source.need, source.is_exact)
        return x, replace(place, focus=focus)


def listed(sql: str) -> str:
    return bound(sql, lambda it: f"(case when {it} is null then [] else [{it}] end)")


Write = Callable[[Writer, Step, Place], Value]
