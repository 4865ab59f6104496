"""What the index holds of a resource: one list of rows for each kind of value."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

# System of a token whose type implies it (a FHIR ``code``): it answers to any system.
IMPLIED: Final = -1
NO_SYSTEM: Final = 0

Token = tuple[int, str, int]
"""parameter, code in small letters, number of the system (0 = none, -1 = implied)."""
Label = tuple[int, int]
"""parameter, number of the folded text beside a code."""
String = tuple[int, str, str]
"""parameter, folded text, text as written."""
Date = tuple[int, int, int]
"""parameter, first and after the last microsecond."""
Amount = tuple[int, float, float, str, int, str, str, float, float]
"""parameter, low, high, code, system, unit text, canonical unit, canonical low, high."""
Reference = tuple[int, str, str]
"""parameter, id (or whole address), type (empty = not a resource of this server by its form)."""
Uri = tuple[int, str]
"""parameter, address."""
Composite = tuple[int, str, int, str, int, float, float, str, str, float, float, float, float]
"""parameter, code and system, second code and system, low, high, unit text, canonical unit,
canonical low, high, third low, high."""


LEAST_TEXT: Final = (0, 0.0, 0.0, "", "", 0.0, 0.0, 0.0, 0.0)
"""The rest of a composite row that ends with its second code."""


class Values:
    """Rows of one resource, by kind; no row twice, in order of their values once ``sorted_()``."""

    __slots__ = (
        "composites", "dates", "labels", "quantities", "references", "strings", "texts",
        "tokens", "uris",
    )  # fmt: skip

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.labels: list[Label] = []
        self.texts: dict[int, str] = {}
        self.strings: list[String] = []
        self.dates: list[Date] = []
        self.quantities: list[Amount] = []
        self.references: list[Reference] = []
        self.uris: list[Uri] = []
        self.composites: list[Composite] = []

    def by_kind(self) -> dict[str, list[Any]]:
        """Every kind with its distinct rows, sorted."""
        return {kind: sorted(set(getattr(self, kind))) for kind in KINDS}

    def of(self, numbers: Collection[int]) -> Values:
        """The rows of some parameters only."""
        some = Values()
        some.texts = self.texts
        for kind in KINDS:
            setattr(some, kind, [row for row in getattr(self, kind) if row[0] in numbers])
        return some


KINDS: Final = (
    "tokens", "labels", "strings", "dates", "quantities", "references", "uris", "composites",
)  # fmt: skip


class Read(NamedTuple):
    """What one element says: rows without their parameter, and texts beside codes."""

    rows: Iterable[tuple[Any, ...]]
    labels: Iterable[str] = ()
