"""The shape of a parsed FHIRPath expression."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


class PathError(Exception):
    """A path that cannot be read or used: what is wrong, and at which character."""

    def __init__(self, message: str, at: int = 0) -> None:
        self.message, self.at = message, at
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the path; ``type`` is a FHIR primitive or ``Quantity``."""

    value: str | bool | int | Decimal
    type: str
    at: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The empty collection, ``{}``."""

    at: int = 0


@dataclass(frozen=True, slots=True)
class This:
    """``$this``: what the nearest function is looking at."""

    at: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """``$index`` and ``$total``."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Constant:
    """``%name``: given from outside."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """``source.name``; without a source, of what the nearest function is looking at."""

    source: Node | None
    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """``source.name(arguments)``."""

    source: Node | None
    name: str
    arguments: tuple[Node, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """``source[index]``."""

    source: Node
    index: Node
    at: int = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """A leading ``+`` or ``-``."""

    operator: str
    operand: Node
    at: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: Node
    right: Node
    at: int = 0


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operand is Type`` and ``operand as Type``."""

    operator: str
    operand: Node
    type: str
    at: int = 0


Node = (
    Literal
    | Nothing
    | This
    | Variable
    | Constant
    | Member
    | Call
    | Index
    | Sign
    | Binary
    | TypeTest
)
