"""Turns one resource into rows, plainly: what the fast way must agree with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from qamqor.engine.fhir.fhirpath.evaluate import Context, evaluate, one, start, truth
from qamqor.engine.fhir.fhirpath.items import Double, Item, Items
from qamqor.engine.fhir.fhirpath.syntax import PathError
from qamqor.engine.tables import dates
from qamqor.engine.tables.dates import NATIONAL
from qamqor.engine.tables.view import Column, Path, Repeat, Select, View
from qamqor.errors import BadInput

Row = dict[str, Any]


def rows(view: View, resource: Mapping[str, Any], *, zone: timedelta = NATIONAL) -> list[Row]:
    """The rows one resource adds to a table.

    Args:
        view: from ``definition.read_view``.
        resource: parsed JSON; of another type than the view's, it gives no rows. Decimals may be
            ``float`` or, to keep how exactly they were written, ``Decimal``.
        zone: how far business dates are from UTC.
    Returns:
        one dict a row, keys in the view's column order, None where a value is missing.
    Raises:
        BadInput: a path found several values where one is needed.
    """
    if resource.get("resourceType") != view.resource:
        return []
    context = start(resource, constants=_constants(view), row_index=0, is_tabular=True)
    try:
        if not all(truth(evaluate(p.node, context), 0) is True for p in view.where):
            return []
        found = list(_select(view.select, context, zone))
    except PathError as error:
        raise BadInput(f"{view.resource}/{resource.get('id')}: {error.message}") from None
    names = [column.name for column in view.columns]
    return [{name: row[name] for name in names} for row in found]


def passes(view: View, resource: Mapping[str, Any]) -> bool:
    """Whether a resource meets the view's conditions, rows or not."""
    if resource.get("resourceType") != view.resource:
        return False
    context = start(resource, constants=_constants(view), row_index=0, is_tabular=True)
    try:
        return all(truth(evaluate(path.node, context), 0) is True for path in view.where)
    except PathError as error:
        raise BadInput(f"{view.resource}/{resource.get('id')}: {error.message}") from None


def _constants(view: View) -> dict[str, Items]:
    def plain(value: Any) -> Any:
        return Double.of(value) if isinstance(value, Decimal) else value

    return {
        name: [Item(plain(literal.value), literal.type, is_system=True)]
        for name, literal in view.constants.items()
    }


def _select(select: Select, context: Context, zone: timedelta) -> Iterator[Row]:
    """The rows of one select: for each element looked at, its parts multiplied together."""
    foci = list(_foci(select, context))
    if not foci and select.is_or_null:
        yield {column.name: None for column in select.every_column}
    for focus in foci:
        parts = [list(_select(inner, focus, zone)) for inner in select.selects]
        if select.branches:
            parts.append(
                [row for branch in select.branches for row in _select(branch, focus, zone)]
            )
        # A select without rows shows no cell, so none is looked up that might not be single.
        if not all(parts):
            continue
        own = {column.name: _cell(column, focus, zone) for column in select.columns}
        for combination in itertools.product(*parts):
            yield {**own, **{k: v for part in combination for k, v in part.items()}}


def _foci(select: Select, context: Context) -> Iterator[Context]:
    if select.repeat is not None:
        found = _walk(select.repeat, context)
    elif select.for_each is not None:
        found = evaluate(select.for_each.node, context)
    else:
        yield context
        return
    for index, item in enumerate(found):
        yield replace(context, this=[item], row_index=index)


def _walk(repeat: Repeat, context: Context) -> Items:
    """Every element of a tree, each before its own children."""
    found: Items = []
    for node in repeat.nodes:
        for item in evaluate(node, context):
            found.append(item)
            found += _walk(repeat, replace(context, this=[item]))
    return found


def _cell(column: Column, context: Context, zone: timedelta) -> Any:
    values = [_plain(item, column) for item in evaluate(column.path.node, context)]
    if column.is_collection:
        return values
    item = one([Item(value, "string") for value in values])
    if item is None:
        return None
    if column.is_business_date:
        return dates.business_date(item.value, zone)
    return dates.precision(item.value) if column.is_precision else item.value


def _plain(item: Item, column: Column) -> Any:
    if column.sql_type == "DOUBLE" and item.value is not None:
        return float(item.value)
    return item.value


__all__ = ["NATIONAL", "Path", "Row", "passes", "rows"]
