"""What is measured, in which unit, and which numbers are doubted or refused: content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from qamqor.engine.words import Words, read_words
from qamqor.errors import InvalidPack, Problem

_KEYS: Final = {
    "id", "code", "unit", "shown_unit", "label", "decimals", "hard", "soft", "change", "high",
    "below", "advance", "parts", "again_when_high", "quick", "also",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advance:
    """When the next field takes over by itself: so many digits, fewer after another first one."""

    digits: int
    if_first: str
    else_digits: int

    def digits_after(self, first: str) -> int:
        """How many digits the field holds, knowing its first."""
        return self.digits if first in self.if_first else self.else_digits


@dataclass(frozen=True, slots=True)
class Measure:
    """One number to type.

    Attributes:
        unit: UCUM code, as stored; ``shown_unit`` is what people read.
        hard: smallest and largest number that is stored at all.
        soft: smallest and largest that is taken without asking again.
        change: a step from the last value that is asked about.
        high: from which value on a second reading is offered.
        below: id of the other part that must be larger.
    """

    id: str
    code: str
    unit: str
    shown_unit: Words
    label: Words
    hard: tuple[Decimal, Decimal]
    soft: tuple[Decimal, Decimal]
    change: Decimal | None = None
    high: Decimal | None = None
    below: str = ""
    decimals: int = 0
    advance: Advance | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing measured: one number, or a panel of several under one code.

    Attributes:
        again_when_high: whether a second reading is taken when the first is high.
        also: other codes under which the same is sent by others.
        is_quick: whether it stands open on every visit; the others are a click away.
    """

    id: str
    code: str
    label: Words
    parts: tuple[Measure, ...]
    is_panel: bool
    again_when_high: bool = False
    is_quick: bool = False
    also: tuple[str, ...] = ()


def read_measurements(raw: Any, where: str) -> tuple[Measurement, ...]:
    """What a pack measures, in the order of its file.

    Raises:
        InvalidPack: everything wrong with it, each by place.
    """
    problems: list[Problem] = []
    found = tuple(
        _measurement(one, f"{where}: [{number}]", problems) for number, one in enumerate(raw or [])
    )
    ids = [one.id for one in found]
    problems += [
        Problem(f"{where}: {id_}", "stands twice") for id_ in sorted(set(ids)) if ids.count(id_) > 1
    ]
    if problems:
        raise InvalidPack(problems)
    return found


def _measurement(one: Mapping[str, Any], where: str, problems: list[Problem]) -> Measurement:
    parts = one.get("parts")
    measures = tuple(
        _measure(part, f"{where}.parts[{number}]", problems)
        for number, part in enumerate(parts or [])
    ) or (_measure(one, where, problems),)
    known = {measure.id for measure in measures}
    problems += [
        Problem(where, f"{measure.id} must be below {measure.below}, which is not measured with it")
        for measure in measures
        if measure.below and measure.below not in known
    ]
    return Measurement(
        id=str(one.get("id", "")),
        code=str(one.get("code", "")),
        label=read_words(one.get("label"), f"{where}.label", problems),
        parts=measures,
        is_panel=parts is not None,
        again_when_high=bool(one.get("again_when_high", False)),
        is_quick=bool(one.get("quick", False)),
        also=tuple(one.get("also", ())),
    )


def _measure(one: Mapping[str, Any], where: str, problems: list[Problem]) -> Measure:
    problems += [Problem(f"{where}.{key}", "is not known here") for key in set(one) - _KEYS]
    for key in ("id", "code", "unit"):
        if not isinstance(one.get(key), str) or not one[key]:
            problems.append(Problem(f"{where}.{key}", "is missing"))
    hard, soft = _pair(one, "hard", where, problems), _pair(one, "soft", where, problems)
    if not hard[0] <= soft[0] <= soft[1] <= hard[1]:
        problems.append(Problem(where, "soft limits must lie within the hard ones"))
    advance = one.get("advance")
    return Measure(
        id=str(one.get("id", "")),
        code=str(one.get("code", "")),
        unit=str(one.get("unit", "")),
        shown_unit=read_words(one.get("shown_unit"), f"{where}.shown_unit", problems),
        label=read_words(one.get("label"), f"{where}.label", problems),
        hard=hard,
        soft=soft,
        change=_number(one.get("change")),
        high=_number(one.get("high")),
        below=str(one.get("below", "")),
        decimals=int(one.get("decimals", 0)),
        advance=Advance(**advance) if advance else None,
    )


def _pair(
    one: Mapping[str, Any], key: str, where: str, problems: list[Problem]
) -> tuple[Decimal, Decimal]:
    raw = one.get(key)
    numbers = [_number(n) for n in raw] if isinstance(raw, Sequence) else []
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        problems.append(Problem(f"{where}.{key}", "must be two numbers, smallest and largest"))
        return Decimal(0), Decimal(0)
    return numbers[0], numbers[1]


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(str(value))
