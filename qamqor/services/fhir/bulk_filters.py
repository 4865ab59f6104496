"""Leaves out of an export what does not answer the searches it was asked with (``_typeFilter``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl

from qamqor.engine.fhir.definitions import is_resource
from qamqor.engine.fhir.search.query import (
    AllOf,
    AnyOf,
    Criterion,
    Not,
    PointedAt,
    Query,
    Through,
)
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import own_parameters, search
from qamqor.services.fhir.search import Asked
from qamqor.store import quick
from qamqor.store.fhir.search_sql import Writer, everything
from qamqor.store.fhir.search_values import Sql, marks
from qamqor.store.fhir.versions import Version

_BETWEEN: Final = re.compile(r",(?=[A-Z][A-Za-z]+\?)")
SOME: Final = 500
"""So many resources are looked up in the index with one statement."""


def by_type(filters: Iterable[str], *, at: datetime) -> dict[str, list[str]]:
    """Searches by resource type: ``Observation?status=final`` is one; commas may part several.

    Raises:
        Unusable: it is no search, or one that an export cannot answer.
    """
    found: dict[str, list[str]] = {}
    for written in (one for text in filters for one in _BETWEEN.split(text)):
        type_, mark, query = written.strip().partition("?")
        if not mark or not is_resource(type_):
            raise _refused(f"write Type?parameter=value, not {written[:80]!r}")
        _read(type_, query, at)
        found.setdefault(type_, []).append(query)
    return found


def _read(type_: str, query: str, at: datetime) -> Criterion:
    own_parameters.for_reading(at)
    asked = Asked((type_,), tuple(parse_qsl(query, keep_blank_values=True)), is_strict=True)
    read = search.read(asked, search.setting((), at))
    if _shapes(read):
        raise _refused(f"{query[:80]!r} shapes a page (_include, _sort, _count), which is not done")
    if any(_leads_on(one) for one in read.criteria[type_]):
        raise _refused(f"{query[:80]!r} asks about other resources, which is not done here")
    return AllOf(read.criteria[type_])


def _shapes(query: Query) -> bool:
    is_shaped = query.includes or query.sort or query.elements or query.total
    return bool(is_shaped) or query.count is not None or query.summary != "false"


def _leads_on(criterion: Criterion) -> bool:
    """Whether it asks about other resources, which the client may not be allowed to see."""
    if isinstance(criterion, AllOf | AnyOf):
        return any(map(_leads_on, criterion.criteria))
    if isinstance(criterion, Not):
        return _leads_on(criterion.criterion)
    return isinstance(criterion, Through | PointedAt)


def _refused(text: str) -> Unusable:
    return Unusable([Issue("not-supported", f"_typeFilter: {text}")])


def answering(
    found: Iterable[Version], filters: Mapping[str, Sequence[str]], *, at: datetime
) -> Iterator[Version]:
    """Those that answer one of the searches of their type, and deletions, in their order.

    The index knows resources as they are now: what has changed since the moment of the export is
    judged by what it is now, and comes again, or for the first time, with the next ``_since``.
    """
    listed = iter(found)
    while some := list(islice(listed, SOME)):
        type_ = some[0].type
        if type_ not in filters:
            yield from some
            continue
        criterion = AnyOf(tuple(_read(type_, query, at) for query in filters[type_]))
        known = _ids(type_, [one.id for one in some], criterion)
        yield from (one for one in some if one.content is None or one.id in known)


def _ids(type_: str, ids: Sequence[str], criterion: Criterion) -> set[str]:
    head = f"select r.id from fhir_resource r where r.type = %s and r.id in ({marks(ids)}) and "
    statement = Sql(head, (type_, *ids)) + Writer(everything).condition(criterion, "r")
    return {row[0] for row in quick.rows(statement.text, statement.values)}
