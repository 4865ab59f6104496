"""Turns one resource into rows in microseconds: a view's checked paths as Python functions.

For the record, where a saved resource becomes rows before the answer. Views and resources that it
cannot serve are left to the plain way, whose rows it always equals.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from qamqor.engine.fhir.fhirpath.library import REFERENCE
from qamqor.engine.fhir.fhirpath.steps import Step
from qamqor.engine.tables import dates
from qamqor.engine.tables import rows as plain
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.rows import Row
from qamqor.engine.tables.view import Column, Select, View

Find = Callable[[Any], Any]
"""What a path finds from a focus: a list where it may find several, else a value or None."""
ToRows = Callable[[Mapping[str, Any]], list[Row]]


class _NotQuick(Exception):
    """A view with an operation, or a resource of a shape, that only the plain way serves."""


def quick(view: View, *, zone: timedelta = NATIONAL) -> ToRows:
    """A function that gives the rows one resource adds to a table, as ``rows.rows`` does.

    Args:
        view: from ``definition.read_view``.
        zone: how far business dates are from UTC.
    Raises:
        BadInput: by the function given back, where a path found several values for one.
    """

    def plainly(resource: Mapping[str, Any]) -> list[Row]:
        return plain.rows(view, resource, zone=zone)

    try:
        conditions = [_find(_truth(path.step)) for path in view.where]
        select = _select(view.select, zone)
    except _NotQuick:
        return plainly
    kind, names = view.resource, [column.name for column in view.columns]

    def to_rows(resource: Mapping[str, Any]) -> list[Row]:
        if resource.get("resourceType") != kind:
            return []
        try:
            if not all(condition(resource) is True for condition in conditions):
                return []
            return [{name: row[name] for name in names} for row in select(resource)]
        except (_NotQuick, ArithmeticError, AttributeError, TypeError, ValueError):
            return plainly(resource)

    return to_rows


def _select(select: Select, zone: timedelta) -> Callable[[Any], list[Row]]:
    """The rows of one select from a focus; see ``rows._select``."""
    if select.repeat is not None:
        raise _NotQuick
    foci = _foci(select)
    cells = [(column.name, _cell(column, zone)) for column in select.columns]
    inner = [_select(one, zone) for one in select.selects]
    branches = [_select(one, zone) for one in select.branches]
    nothing = {column.name: None for column in select.every_column}

    def to_rows(focus: Any) -> list[Row]:
        found: list[Row] = []
        here = foci(focus)
        if not here and select.is_or_null:
            return [dict(nothing)]
        for each in here:
            parts = [part(each) for part in inner]
            if branches:
                parts.append([row for branch in branches for row in branch(each)])
            if not all(parts):
                continue
            own = {name: cell(each) for name, cell in cells}
            if not parts:
                found.append(own)
            for combination in itertools.product(*parts) if parts else ():
                row = dict(own)
                for part in combination:
                    row.update(part)
                found.append(row)
        return found

    return to_rows


def _foci(select: Select) -> Callable[[Any], list[Any]]:
    if select.for_each is None:
        return lambda focus: [focus]
    return _listed(select.for_each.step)


def _listed(step: Step) -> Callable[[Any], list[Any]]:
    find = _find(step)
    if step.many:
        return find

    def listed(focus: Any) -> list[Any]:
        found = find(focus)
        return [] if found is None else [found]

    return listed


def _cell(column: Column, zone: timedelta) -> Find:
    find = _find(column.path.step)
    if column.is_collection or column.path.step.many:
        raise _NotQuick
    if column.is_business_date:
        return lambda focus: _day(find(focus), zone)
    if column.is_precision:
        return lambda focus: None if (text := find(focus)) is None else dates.precision(text)
    if column.sql_type == "DOUBLE":
        return lambda focus: None if (number := find(focus)) is None else float(number)
    return find


def _day(text: Any, zone: timedelta) -> Any:
    return None if text is None else dates.business_date(text, zone)


def _find(step: Step) -> Find:
    write = _WRITERS.get(step.op)
    if write is None:
        raise _NotQuick
    return write(step)


def _focus(_: Step) -> Find:
    return lambda focus: focus


def _literal(step: Step) -> Find:
    value = float(step.value) if isinstance(step.value, Decimal) else step.value
    return lambda focus: value


def _member(step: Step) -> Find:
    (source,), key = step.args, step.value
    find = _find(source)
    if source.many:
        return lambda focus: [part for one in find(focus) for part in _parts(one.get(key))]
    if step.many:
        return lambda focus: _parts((find(focus) or {}).get(key))
    if source.op == "focus":
        return lambda focus: _one(focus.get(key))
    return lambda focus: None if (one := find(focus)) is None else _one(one.get(key))


def _one(value: Any) -> Any:
    """A value that JSON must not repeat."""
    if type(value) is list:
        raise _NotQuick
    return value


def _parts(value: Any) -> list[Any]:
    if value is None:
        return []
    return [one for one in value if one is not None] if type(value) is list else [value]


def _where(step: Step) -> Find:
    source, test = step.args
    find, condition = _find(source), _find(_truth(test))
    if source.many:
        return lambda focus: [one for one in find(focus) if condition(one) is True]

    def kept(focus: Any) -> Any:
        one = find(focus)
        return one if one is not None and condition(one) is True else None

    return kept


def _exists(step: Step) -> Find:
    listed, is_there = _listed(step.args[0]), step.op == "exists"
    return lambda focus: bool(listed(focus)) is is_there


def _count(step: Step) -> Find:
    listed = _listed(step.args[0])
    return lambda focus: len(listed(focus))


def _at(step: Step) -> Find:
    (source,), index = step.args, step.value
    if not source.many or index < 0:
        raise _NotQuick
    find = _find(source)
    return lambda focus: found[index] if len(found := find(focus)) > index else None


def _equality(step: Step) -> Find:
    left, right = step.args
    same = left.category == right.category and left.category in {"text", "boolean"}
    if not same or left.many or right.many:
        raise _NotQuick
    first, second, wanted = _find(left), _find(right), step.op == "eq"

    def compare(focus: Any) -> bool | None:
        one, other = first(focus), second(focus)
        return None if one is None or other is None else (one == other) is wanted

    return compare


def _truth(step: Step) -> Step:
    """A step that is a condition as it stands."""
    if step.many or step.type != "boolean":
        raise _NotQuick
    return step


def _logic(step: Step) -> Find:
    """``and`` and ``or`` of three values: what one side decides alone needs no other."""
    left, right = (_find(_truth(part)) for part in step.args)
    decisive = step.op == "or"

    def both(focus: Any) -> bool | None:
        one: bool | None = left(focus)
        if one is decisive:
            return decisive
        other: bool | None = right(focus)
        if other is decisive:
            return decisive
        return None if one is None or other is None else not decisive

    return both


def _arithmetic(step: Step) -> Find:
    left, right = step.args
    if step.type != "decimal" or left.many or right.many:
        raise _NotQuick
    first, second, is_sum = _find(left), _find(right), step.op == "add"

    def calculate(focus: Any) -> float | None:
        one, other = first(focus), second(focus)
        if one is None or other is None:
            return None
        result = float(one) + float(other) if is_sum else float(one) * float(other)
        return result if isfinite(result) else None

    return calculate


def _reference_key(step: Step) -> Find:
    (source,), wanted = step.args, step.value
    if source.many:
        raise _NotQuick
    find = _find(source)

    def key(focus: Any) -> str | None:
        one = find(focus)
        if one is None:
            return None
        found = REFERENCE.fullmatch(str(one.get("reference") or ""))
        return found["id"] if found and wanted in {None, found["type"]} else None

    return key


_WRITERS: Final[dict[str, Callable[[Step], Find]]] = {
    "focus": _focus,
    "literal": _literal,
    "member": _member,
    "where": _where,
    "exists": _exists,
    "empty": _exists,
    "count": _count,
    "at": _at,
    "eq": _equality,
    "ne": _equality,
    "and": _logic,
    "or": _logic,
    "add": _arithmetic,
    "mul": _arithmetic,
    "reference_key": _reference_key,
}
