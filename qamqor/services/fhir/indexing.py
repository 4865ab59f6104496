"""Keeps the search index in step with what is saved, and makes it anew from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.values import Values
from qamqor.services.fhir import own_parameters
from qamqor.store import node
from qamqor.store.fhir import search_index, versions
from qamqor.store.node import Transaction

TOGETHER = 2_000


class Saved(NamedTuple):
    """What a save left of a resource: None when deleted; and the text it had before, if any."""

    key: int
    resource: Mapping[str, Any] | None
    before: str | None


def follow(tx: Transaction, saved: Iterable[Saved]) -> None:
    """Index what was saved, inside the transaction that saves it."""
    own_parameters.for_writing(tx)
    has_parameters = False
    changes: dict[int, tuple[int, Values | None, Values | None]] = {}
    for key, resource, before in saved:
        old = changes[key][1] if key in changes else _values(before)
        if resource is not None:
            has_parameters = has_parameters or resource["resourceType"] == "SearchParameter"
        elif before is not None:
            has_parameters = has_parameters or '"SearchParameter"' in before[:200]
        changes[key] = (key, old, None if resource is None else values(resource))
    search_index.replace(tx, changes.values())
    if has_parameters:
        own_parameters.follow(tx)


def _values(content: str | None) -> Values | None:
    return None if content is None else values(json_text.decode(content.encode()))


def rebuild(progress: Any = None) -> int:
    """Make the whole index anew; searches meanwhile find a part. Returns how many resources.

    Args:
        progress: called with the number of resources done so far.
    """
    node.commit(search_index.clear)
    done, last = 0, 0
    while keys := versions.keys_after(last, limit=TOGETHER):
        last = keys[-1]
        node.commit(lambda tx, keys=keys: _fill(tx, keys))  # type: ignore[misc]
        done += len(keys)
        if progress is not None:
            progress(done)
    node.commit(own_parameters.all_ready)
    return done


def _fill(tx: Transaction, keys: Sequence[int]) -> None:
    own_parameters.for_writing(tx)
    current = versions.read_by_keys(keys)
    search_index.replace(
        tx,
        [
            (key, None, _values(version.content))
            for key, version in current.items()
            if version.content is not None
        ],
    )
