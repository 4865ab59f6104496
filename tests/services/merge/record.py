"""The whole record as it stands, for comparing before and after."""

from __future__ import annotations

from typing import Any

from django.db import connection

from qamqor.engine.fhir import json_text

Resource = dict[str, Any]


def bare(resource: Resource) -> Resource:
    """A resource without what the server writes into ``meta``."""
    meta = {
        k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")
    }
    rest = {k: v for k, v in resource.items() if k != "meta"}
    return {**rest, "meta": meta} if meta else rest


def whole(*, with_traces: bool = False) -> dict[str, Resource]:
    """Every resource that is not deleted, by reference; traces of merges apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select c.content from fhir_resource r join fhir_change c on c.sequence = r.sequence
            where r.is_deleted = 0"""
        )
        found = [json_text.decode(content) for (content,) in cursor.fetchall()]
    return {
        f"{one['resourceType']}/{one['id']}": bare(one)
        for one in found
        if with_traces or one["resourceType"] != "Provenance"
    }


def index() -> list[list[tuple[Any, ...]]]:
    """What the people index and the mentions hold, traces of merges apart."""
    found = []
    with connection.cursor() as cursor:
        for sql in (
            "select * from person_index",
            "select * from person_key",
            """select m.target, m.key from mention m join fhir_resource r on r.key = m.key
            where r.type <> 'Provenance'""",
        ):
            cursor.execute(sql)
            found.append(sorted(cursor.fetchall()))
    return found
