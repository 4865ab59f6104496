"""Writes the test of one combination of properties as Python and compiles it.

The source consists of the templates below and of numbers; what a client sends never gets into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from qamqor.engine.fhir.validation import primitives
from qamqor.engine.fhir.validation.nested import Test

_TEXT: Final = "(type({v}) is str and {v}.isprintable() and 0 < len({v}) <= 9999 or is_text({v}))"
_ADDRESS: Final = (
    "(type({v}) is str and {v}.isprintable() and ' ' not in {v} and 0 < len({v}) <= 9999"
    " or is_address({v}))"
)
# The common case of each simple type without a call; what it does not decide, the test does.
COMMON: Final[dict[str, str]] = {
    "string": _TEXT,
    "markdown": _TEXT,
    "uri": _ADDRESS,
    "url": _ADDRESS,
    "canonical": _ADDRESS,
    "code": "(type({v}) is str and {v}.isalnum() and len({v}) <= 99 or is_code({v}))",
    "boolean": "({v} is True or {v} is False)",
    "decimal": "(type({v}) is Decimal and {v}.is_finite() or is_decimal({v}))",
}
NAMES: Final[dict[str, Any]] = {
    "is_text": primitives.is_text,
    "is_address": primitives.is_address,
    "is_code": primitives.is_code,
    "is_decimal": primitives.is_decimal,
    "Decimal": Decimal,
}


class ObjectTest(Protocol):
    """What is known of the objects of one type: compiled tests, and one for all the rest."""

    ready: dict[tuple[str, ...], Test]

    def meet(self, value: dict[str, Any]) -> object: ...


@dataclass(frozen=True, slots=True)
class Field:
    """A property: what its values must be.

    Attributes:
        one: the test of one value.
        is_many: whether JSON has an array.
        is_simple: whether it may have a sibling.
        common: a key of COMMON that says the same as ``one``.
        shape: of the object that says the same as ``one``.
    """

    one: Test
    is_many: bool
    is_simple: bool
    common: str | None = None
    shape: ObjectTest | None = None

    def whole(self) -> Test:
        """The test of what JSON has under the property."""
        return _many(self.one) if self.is_many else self.one


def _many(one: Test) -> Test:
    def are_fine(value: Any) -> bool:
        if type(value) is not list or not value:
            return False
        return all(map(one, value))

    return are_fine


def compiled_test(fields: Sequence[Field | None], rules: Sequence[Test]) -> Test:
    """The test of objects with these properties, in this order; nothing tests a fixed one."""
    names = dict(NAMES)
    parts = [
        _part(field, number, names) for number, field in enumerate(fields) if field is not None
    ]
    for number, rule in enumerate(rules):
        names[f"rule_{number}"] = rule
        parts.append(f"rule_{number}(value)")
    values = "".join(f"v{number}, " for number in range(len(fields)))
    source = f"def is_fine(value):\n    {values}= value.values()\n    return " + (
        " and ".join(parts) or "True"
    )
    exec(source, names)  # noqa: S102 - only templates and numbers
    test: Test = names["is_fine"]
    return test


def _part(field: Field, number: int, names: dict[str, Any]) -> str:
    value = f"v{number}"
    if not field.is_many:
        return _one(field, number, value, names)
    names[f"many_{number}"] = field.whole()
    only = _one(field, number, f"{value}[0]", names)
    return f"({only} if type({value}) is list and len({value}) == 1 else many_{number}({value}))"


def _one(field: Field, number: int, value: str, names: dict[str, Any]) -> str:
    if field.common is not None:
        return COMMON[field.common].format(v=value)
    if field.shape is not None:
        names[f"ready_{number}"] = field.shape.ready.get
        names[f"meet_{number}"] = field.shape.meet
        known = f"(ready_{number}(tuple({value})) or meet_{number})"
        return f"(type({value}) is dict and {known}({value}))"
    names[f"test_{number}"] = field.one
    return f"test_{number}({value})"
