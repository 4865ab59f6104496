"""Keeps the search index in step with what is saved, and makes it anew from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.values import Values
from qamqor.services.access.actor import Actor
from qamqor.store import node
from qamqor.store.fhir import search_index, versions
from qamqor.store.node import Transaction

if TYPE_CHECKING:
    from qamqor.services.fhir.write import Stored

TOGETHER = 2_000


def follow(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    """Index what was saved, inside the transaction that saves it."""
    changes: dict[int, tuple[int, Values | None, Values | None]] = {}
    for done in stored:
        after = None if done.resource is None else values(done.resource)
        earlier = changes.get(done.key)
        before = earlier[1] if earlier else _before(done.before)
        changes[done.key] = (done.key, before, after)
    search_index.replace(tx, changes.values())


def _before(version: versions.Version | None) -> Values | None:
    if version is None or version.content is None:
        return None
    return values(json_text.decode(version.content.encode()))


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
    return done


def _fill(tx: Transaction, keys: Sequence[int]) -> None:
    current = versions.read_by_keys(keys)
    search_index.replace(
        tx,
        [
            (key, None, values(json_text.decode(version.content.encode())))
            for key, version in current.items()
            if version.content is not None
        ],
    )
