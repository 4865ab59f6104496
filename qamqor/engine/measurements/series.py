"""A person's numbers over time: the last one, which way it goes, and what it is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from qamqor.engine.words import Words
from qamqor.errors import InvalidPack, Problem

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
_NEEDED: Final = {"id", "table", "columns", "label"}
_KNOWN: Final = _NEEDED | {
    "told", "unit", "decimals", "better", "steady", "old_after_days", "always", "goals", "target",
}  # fmt: skip
IS: Final = ("below", "up_to", "above")
BETTER: Final = ("", "lower", "higher")


class Way(StrEnum):
    """Which way a number goes, compared with the one before it."""

    first = "first"
    level = "level"
    up = "up"
    down = "down"


class Point(NamedTuple):
    """One measuring: its day, a value for each column, and the reference of its record."""

    on: date
    values: tuple[float, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the last number is held to.

    Attributes:
        compare: ``below`` (not reaching it), ``up_to`` (it included) or ``above``.
        values: one for each column.
        is_own: agreed with the person, not taken from a programme.
    """

    compare: str
    values: tuple[float, ...]
    is_own: bool = False

    def is_met(self, values: Sequence[float]) -> bool:
        """Whether every value is on the right side."""
        pairs = list(zip(values, self.values, strict=False))
        if self.compare == "below":
            return all(value < limit for value, limit in pairs)
        if self.compare == "up_to":
            return all(value <= limit for value, limit in pairs)
        return all(value > limit for value, limit in pairs)


@dataclass(frozen=True, slots=True)
class Number:
    """One line of a person's last numbers, as content describes it.

    Attributes:
        told: what it is called on paper for the person, where ``label`` is the team's word.
        better: ``lower``, ``higher`` or empty where neither is better by itself.
        steady: a smaller change than this is level.
        old_after_days: from then on the last number is old.
        is_always: shown, as never measured, for who has none.
        goals: LOINC codes of the person's own targets, one for each column.
        compare, parameters: the target of a programme, one parameter for each column.
    """

    id: str
    table: str
    columns: tuple[str, ...]
    label: Words
    unit: Words
    told: Words = field(default_factory=dict)
    decimals: int = 0
    better: str = ""
    steady: float = 0
    old_after_days: int | None = None
    is_always: bool = False
    goals: tuple[str, ...] = ()
    compare: str = "below"
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A number of one person.

    Attributes:
        points: oldest first; empty where it was never measured.
        is_good: whether the change is for the better; None where it is neither.
        is_at_target: None without a target or a number.
    """

    number: Number
    points: tuple[Point, ...]
    way: Way
    is_good: bool | None
    target: Target | None
    is_at_target: bool | None
    is_old: bool


def read_numbers(raw: Any, where: str) -> tuple[Number, ...]:
    """The lines of a pack, in the order of its file.

    Raises:
        InvalidPack: everything wrong with it, each by place.
    """
    problems: list[Problem] = []
    found = []
    for place, one in enumerate(raw or []):
        at = f"{where}: [{place}]"
        missing = _NEEDED - one.keys()
        unknown = one.keys() - _KNOWN
        target = one.get("target") or {}
        if missing or unknown:
            problems.append(Problem(at, f"missing {sorted(missing)}, unknown {sorted(unknown)}"))
        elif target.get("is", "below") not in IS or one.get("better", "") not in BETTER:
            problems.append(Problem(at, f"target is one of {IS}, better one of {BETTER}"))
        else:
            found.append(_number(one, target))
    if problems:
        raise InvalidPack(problems)
    return tuple(found)


def _number(one: Mapping[str, Any], target: Mapping[str, Any]) -> Number:
    return Number(
        id=str(one["id"]),
        table=str(one["table"]),
        columns=tuple(one["columns"]),
        label=one["label"],
        unit=one.get("unit", {}),
        told=one.get("told", {}),
        decimals=int(one.get("decimals", 0)),
        better=str(one.get("better", "")),
        steady=float(one.get("steady", 0)),
        old_after_days=one.get("old_after_days"),
        is_always=bool(one.get("always", False)),
        goals=tuple(map(str, one.get("goals", ()))),
        compare=str(target.get("is", "below")),
        parameters=tuple(target.get("parameters", ())),
    )


def series(
    number: Number, rows: Rows, *, parameters: Sequence[Mapping[str, Any]], as_of: date
) -> Series:
    """One number of one person on a day.

    Args:
        rows: table → the person's rows; dates as ISO text.
        parameters: of each programme the person is in, the first that has the target counts.
    """
    points = _points(number, rows, as_of)
    target = _own(number, rows, as_of) or _of_programme(number, parameters)
    last = points[-1] if points else None
    way = _way(points, number.steady)
    return Series(
        number=number,
        points=points,
        way=way,
        is_good=_is_good(number.better, way),
        target=target,
        is_at_target=None if last is None or target is None else target.is_met(last.values),
        is_old=bool(
            last and number.old_after_days and (as_of - last.on).days > number.old_after_days
        ),
    )


def _points(number: Number, rows: Rows, as_of: date) -> tuple[Point, ...]:
    found = []
    for row in rows.get(number.table, ()):
        values = tuple(row.get(column) for column in number.columns)
        on = str(row.get("effective_on") or "")
        if on and None not in values and on <= as_of.isoformat():
            known = tuple(float(value) for value in values if value is not None)
            reference = f"Observation/{row.get('observation_id', '')}"
            found.append(Point(date.fromisoformat(on), known, reference))
    return tuple(sorted(found))


def _way(points: Sequence[Point], steady: float) -> Way:
    if len(points) < 2:
        return Way.first
    change = points[-1].values[0] - points[-2].values[0]
    if abs(change) < steady or change == 0:
        return Way.level
    return Way.up if change > 0 else Way.down


def _is_good(better: str, way: Way) -> bool | None:
    if not better or way in (Way.first, Way.level):
        return None
    return (better == "higher") == (way is Way.up)


def _own(number: Number, rows: Rows, as_of: date) -> Target | None:
    """The target agreed with the person: for the first column at least, the newest one."""
    newest: dict[str, tuple[str, float]] = {}
    for row in rows.get("goal", ()):
        code, value = str(row.get("measure", "")), row.get("target_value")
        from_on = str(row.get("from_on") or "")
        if code in number.goals and value is not None and from_on <= as_of.isoformat():
            newest[code] = max(newest.get(code, ("", 0.0)), (from_on, float(value)))
    values = tuple(newest[code][1] for code in number.goals if code in newest)
    if not number.goals or number.goals[0] not in newest:
        return None
    return Target(number.compare, values, is_own=True)


def _of_programme(number: Number, parameters: Sequence[Mapping[str, Any]]) -> Target | None:
    for known in parameters:
        values = [known[name] for name in number.parameters if name in known]
        if values and len(values) == len(number.parameters):
            return Target(number.compare, tuple(map(float, values)))
    return None
