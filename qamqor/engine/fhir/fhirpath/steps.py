"""A path after checking: steps whose types and number of values are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

TEMPORAL: Final = frozenset({"date", "dateTime", "instant"})
WHOLE: Final = frozenset({"integer", "positiveInt", "unsignedInt"})


def category(type_name: str) -> str:
    """Which values may be compared with which: by their meaning, not their name."""
    if type_name in WHOLE or type_name == "decimal":
        return "number"
    if type_name in TEMPORAL:
        return "date"
    if type_name in {"boolean", "time"}:
        return type_name
    return "text" if type_name[0].islower() else "complex"


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a checked path.

    Attributes:
        op: ``focus`` (what the path starts from), ``member``, ``where``, ``eq`` …
        types: FHIR types its values may have: one, or several for a choice not yet decided;
            none for a path that never finds anything.
        many: whether it may give more than one value.
        args: the steps it works on; the criteria of ``where`` start from the element looked at.
        value: what else the operation needs: a JSON key, a literal, a type name.
        at: the character of the path where it stands, for messages.
    """

    op: str
    types: tuple[str, ...]
    many: bool
    args: tuple[Step, ...] = ()
    value: Any = None
    at: int = 0

    @property
    def type(self) -> str:
        """Its one type; the empty text for a path that never finds anything."""
        return self.types[0] if self.types else ""

    @property
    def category(self) -> str:
        return category(self.type) if self.types else "nothing"

    def every(self) -> Iterator[Step]:
        """This step and all below it."""
        yield self
        for arg in self.args:
            yield from arg.every()


def may_fail(step: Step) -> bool:
    """Whether some record could hold several values where the path needs one."""
    return any(part.op == "single" for part in step.every())
