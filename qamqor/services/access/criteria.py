"""Reads the queries that SMART scopes carry, and says which resources answer one of them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from qamqor.engine.fhir.search.extract import NATIONAL
from qamqor.engine.fhir.search.grammar import read_query
from qamqor.engine.fhir.search.query import AllOf, AnyOf, Criterion
from qamqor.engine.fhir.search.wanted import Setting
from qamqor.store import quick
from qamqor.store.fhir.search_sql import Writer, everything
from qamqor.store.fhir.search_values import Sql, marks


def read(resource_type: str, queries: Iterable[str], setting: Setting) -> Criterion:
    """Any one of the queries; one that cannot be read lets nothing through."""
    ways: list[Criterion] = []
    for text in queries:
        query = read_query([resource_type], parse_qsl(text), setting, is_strict=True)
        if not query.refused:
            ways.append(AllOf(query.criteria[resource_type]))
    return AnyOf(tuple(ways))


def answering(
    resource_type: str, queries: Iterable[str], keys: Iterable[int], *, at_us: int
) -> set[int]:
    """Those of the keys whose resources, as they stand, answer one of the queries."""
    asked = read(resource_type, queries, Setting(at=at_us, zone=NATIONAL))
    listed = sorted(set(keys))
    found: set[int] = set()
    for start in range(0, len(listed), 500):
        some = tuple(listed[start : start + 500])
        head = f"select r.key from fhir_resource r where r.key in ({marks(some)}) and "
        statement = Sql(head, some) + Writer(everything).condition(asked, "r")
        found |= {row[0] for row in quick.rows(statement.text, statement.values)}
    return found
