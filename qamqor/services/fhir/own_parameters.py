"""Makes stored SearchParameters searchable: their names at once, what is stored in steps.

Whoever saves one gets it indexed in the same commit where there is little to index. Where there is
much, a thread does it a thousand resources a commit, between other people's saves; until it is
done a search by the parameter is told to come back. When the process dies, the next process that
looks at the parameters goes on from where it came to.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.search import own, parameters
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.values import Values
from qamqor.store import node
from qamqor.store.fhir import own_parameters as store
from qamqor.store.fhir import search_index, versions
from qamqor.store.fhir.own_parameters import READY, Row
from qamqor.store.node import Transaction

logger = logging.getLogger(__name__)
FEW: Final = 2_000
"""So many resources are indexed in the commit that brings a parameter."""
TOGETHER: Final = 1_000
LOOK_AGAIN: Final = timedelta(seconds=1)
"""Readers in another process may not know a parameter for so long."""


class _Known(threading.local):
    """Which set this thread has installed, when it last looked, and after how many changes."""

    generation: int | None = None
    looked: datetime | None = None
    changes: int = 0


_known: Final = _Known()
_filling: Final = threading.Lock()
_last_change = [0]
"""How many times this process changed the set: its own readers need not wait a second."""


def for_reading(at: datetime) -> None:
    """See that this thread knows the parameters that may be asked."""
    since = None if _known.looked is None else at - _known.looked
    is_fresh = since is not None and timedelta(0) <= since < LOOK_AGAIN
    if is_fresh and _known.changes == _last_change[0]:
        return
    _known.changes = _last_change[0]
    _install(store.generation())
    _known.looked = at


def for_writing(tx: Transaction) -> None:
    """See that this thread indexes by exactly the parameters of this commit."""
    if _known.generation != tx.parameters or tx.parameters is None:
        _install(tx.parameters)


def forget() -> None:
    """Look again at the next question; for whoever takes the database away below it."""
    _known.generation = _known.looked = None


def _install(generation: int | None) -> None:
    if generation is not None and generation == _known.generation:
        return
    rows = store.listed()
    parameters.install(row.parameter() for row in rows)
    _known.generation, _known.looked = generation, None
    if generation is not None and any(row.filled_to != READY for row in rows):
        start()


def follow(tx: Transaction) -> None:
    """Bring the parameters in step with the SearchParameters stored, inside a commit."""
    wanted = _wanted()
    rows = store.listed()
    kept = [row for row in rows if wanted.get((row.resource_type, row.code)) == _said(row)]
    gone = [row.number for row in rows if row not in kept]
    there = {(row.resource_type, row.code) for row in kept}
    new = [
        Row(
            store.next_number(tx, first=own.FIRST_NUMBER),
            *one[:4],
            " ".join(one.targets),
            one.url,
            0,
        )
        for name, one in wanted.items()
        if name not in there
    ]
    if not new and not gone:
        return
    store.remove(tx, gone)
    store.add(tx, new)
    types = {row.resource_type for row in new}
    parameters.install(row.parameter() for row in store.listed())
    if new and store.count(types, most=FEW + 1) <= FEW:
        _fill(tx, new, store.keys(types, -1, limit=FEW))
        store.filled(tx, [row.number for row in new], to=READY)
    elif new:
        transaction.on_commit(start)
    _changed(tx)


def _changed(tx: Transaction) -> None:
    store.changed(tx)
    forget()
    transaction.on_commit(_tell_readers)


def _tell_readers() -> None:
    _last_change[0] += 1


def _wanted() -> dict[tuple[str, str], own.Wanted]:
    """By type and name; where two resources want one name, the older keeps it."""
    found: dict[tuple[str, str], own.Wanted] = {}
    for version in versions.current_of_type("SearchParameter"):
        for one in own.read(json_text.decode(version.content or "")):
            if not own.is_taken(one):
                found.setdefault((one.resource_type, one.code), one)
    return found


def _said(row: Row) -> own.Wanted:
    return own.Wanted(
        row.resource_type, row.code, row.type, row.path, tuple(row.targets.split()), row.url
    )


def _fill(tx: Transaction, rows: Iterable[Row], keys: Sequence[int]) -> None:
    """Index some resources by some parameters, which this thread knows, and by nothing else."""
    numbers = {row.number for row in rows}
    changes: list[tuple[int, None, Values]] = []
    for key, version in versions.read_by_keys(keys).items():
        if version.content is not None:
            found = values(json_text.decode(version.content))
            changes.append((key, None, found.of(numbers)))
    search_index.replace(tx, changes, is_all=False)


def start() -> None:
    """Have a thread of this process index what is stored, if none does already."""
    if _filling.acquire(blocking=False):
        threading.Thread(target=_work, name="index-parameters", daemon=True).start()


def _work() -> None:
    try:
        fill_all()
    except Exception:
        logger.exception("indexing by a node's own search parameters failed")
    finally:
        _filling.release()
        connection.close()


def fill_all() -> None:
    """Index everything stored by every parameter that is not ready, a commit a step."""
    while node.commit(_step):
        pass


def _step(tx: Transaction) -> bool:
    """One step of the parameters that are least far; false when all are ready."""
    rows = [row for row in store.listed() if row.filled_to != READY]
    if not rows:
        return False
    for_writing(tx)
    least = min(row.filled_to for row in rows)
    behind = [row for row in rows if row.filled_to == least]
    keys = store.keys({row.resource_type for row in behind}, least, limit=TOGETHER)
    _fill(tx, behind, keys)
    is_ready = len(keys) < TOGETHER
    store.filled(tx, [row.number for row in behind], to=READY if is_ready else keys[-1])
    if is_ready:
        _changed(tx)
    return True


def all_ready(tx: Transaction) -> None:
    """The whole index has just been made anew, by these parameters too."""
    store.filled(tx, [row.number for row in store.listed()], to=READY)
    _changed(tx)
