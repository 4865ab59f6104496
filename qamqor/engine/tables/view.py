"""A ViewDefinition after reading: every path checked, every type known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.fhir.fhirpath.syntax import Literal, Node
from qamqor.errors import Problem

AS_TYPE: Final = "ansi/type"
AS_WHAT: Final = "qamqor/as"


@dataclass(frozen=True, slots=True)
class Path:
    """One FHIRPath of a view: as written, as parsed, as checked, and where it stands."""

    text: str
    node: Node
    step: Step
    where: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes:
        fhir_type: the FHIR type of its values; empty when its path never finds anything.
        sql_type: ``TEXT``, ``BOOLEAN``, ``BIGINT``, ``DOUBLE`` or ``DATE``, without ``[]``.
        is_collection: whether a cell is a list.
        tags: the view's own remarks, by name.
    """

    name: str
    path: Path
    fhir_type: str
    sql_type: str
    is_collection: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    @property
    def is_precision(self) -> bool:
        """Whether the cell says how exact a date is: ``day``, ``month`` or ``year``."""
        return self.tags.get(AS_WHAT) == "precision"

    @property
    def is_business_date(self) -> bool:
        """Whether the cell is a calendar date made from a FHIR date or moment."""
        return self.sql_type == "DATE"


@dataclass(frozen=True, slots=True)
class Repeat:
    """How to walk down a tree of elements, however deep.

    Attributes:
        texts: the paths as written, for the plain engine.
        nodes: the paths as parsed.
        first: the paths as checked from where the walk starts; None where one finds nothing.
        again: the paths as checked from each element found.
        types: the one type of what is found; empty if nothing ever is.
    """

    nodes: tuple[Node, ...]
    first: tuple[Step | None, ...]
    again: tuple[Step | None, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """One ``select`` or branch: at most one way of iterating, then what it adds to each row."""

    for_each: Path | None = None
    is_or_null: bool = False
    repeat: Repeat | None = None
    columns: tuple[Column, ...] = ()
    selects: tuple[Select, ...] = ()
    branches: tuple[Select, ...] = ()

    @property
    def every_column(self) -> tuple[Column, ...]:
        """Its columns in the order of the table: own, nested, then of the first branch."""
        nested = (column for select in self.selects for column in select.every_column)
        united = self.branches[0].every_column if self.branches else ()
        return (*self.columns, *nested, *united)

    def every(self) -> Iterator[Select]:
        """This select and all inside it."""
        yield self
        for inner in (*self.selects, *self.branches):
            yield from inner.every()


@dataclass(frozen=True, slots=True)
class View:
    """A table's definition, ready to run.

    Attributes:
        where: conditions that a resource must meet, all of them.
        constants: values of ``%name``.
        warnings: what is allowed but probably not meant.
        risks: columns and conditions that stop the run when a record holds several values where
            one is needed; a view without risks cannot be stopped by a record.
        raw: the JSON it was read from.
    """

    name: str
    resource: str
    select: Select
    columns: tuple[Column, ...]
    where: tuple[Path, ...] = ()
    constants: Mapping[str, Literal] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    risks: tuple[Problem, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
