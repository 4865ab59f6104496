"""Searches for several systems at once, in the commit that keeps in the audit that they did.

Each of them waits for that commit anyway. Whoever makes it looks up the tokens of all who wait, and
then searches for one after another on a connection that still holds the pages it read before.
Changes wait meanwhile, so that a search which takes more than its share is stopped there, and
whoever asked goes the plain way to the same answer: ``search.find``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from django.db import connection

from qamqor.engine.fhir.search.query import Query, breadth
from qamqor.engine.fhir.search.wanted import Setting
from qamqor.errors import NotAllowed, TooMany, Unusable
from qamqor.services.access import limits
from qamqor.services.access.in_search import hidden, in_sight
from qamqor.services.access.sights import Sights
from qamqor.services.audit import entries
from qamqor.services.audit.entries import Entry
from qamqor.services.fhir import own_parameters, read_together, search
from qamqor.services.fhir.search import Asked, Found
from qamqor.store import quick, tokens
from qamqor.store.quick import Steps
from qamqor.store.tokens import Token

LARGEST_PAGE: Final = 100
MOST_INCLUDED: Final = 200
MOST_VALUES: Final = 200
"""SQLite counts no steps while it reads a statement: 8 ms for the 10,000 codes of ICD-10."""
EACH: Final = 3
"""Portions of SQLite's steps that one search may take: some milliseconds."""
ALL: Final = 25
"""The same for all searches of one commit."""


class _Search:
    """One search: what is asked and, once it is done, how it ended."""

    __slots__ = ("asked", "at", "checksum", "found", "query", "refusal", "setting")

    def __init__(
        self, checksum: str, asked: Asked, query: Query, setting: Setting, at: datetime
    ) -> None:
        self.checksum, self.asked, self.query = checksum, asked, query
        self.setting, self.at = setting, at
        self.found: Found | None = None
        self.refusal: Exception | None = None


def find(checksum: str, asked: Asked, *, at: datetime) -> Found | None:
    """One page of a search for the system behind a token, as ``search.find``.

    Returns:
        None where nothing was searched or kept, and the plain way is to be gone: the token is not,
        or no longer, a system's own; its scopes carry queries; or the search cannot be done, may
        be long or turned out to be.

    Raises:
        NotAllowed, TooMany: as ``search.find``.
    """
    if not read_together.is_system(checksum) or len(asked.types) != 1:
        return None
    if connection.in_atomic_block:
        return None
    own_parameters.for_reading(at)
    setting = search.setting(asked.bases, at)
    try:
        query = search.read(asked, setting)
    except Unusable:
        return None
    if _may_be_long(query):
        return None
    one = _Search(checksum, asked, query, setting, at)
    if quick.is_sqlite():
        entries.keep_answered(one, _answer)
    else:
        _alone(one)
    if one.refusal is not None:
        raise one.refusal
    return one.found


def _may_be_long(query: Query) -> bool:
    size = search.PAGE if query.count is None else query.count
    return (
        query.total in {"accurate", "estimate"}
        or query.summary == "count"
        or not 0 < size <= LARGEST_PAGE
        or sum(map(breadth, chain.from_iterable(query.criteria.values()))) > MOST_VALUES
    )


def _answer(everyone: Sequence[_Search]) -> list[Entry]:
    """What each asked for, and the lines to keep."""
    known, left = tokens.by_checksums({one.checksum for one in everyone}), ALL
    lines: list[Entry] = []
    for one in everyone:
        sights = _sights(one, known)
        if sights is None or left <= 0:
            continue
        steps = Steps(min(EACH, left))
        before = steps.left
        line = _one(one, sights, steps)
        left -= before - steps.left
        if line is not None:
            lines.append(line)
    return lines


def _alone(one: _Search) -> None:
    """The same for one: PostgreSQL searches for several beside each other, before their commit."""
    sights = _sights(one, tokens.by_checksums({one.checksum}))
    line = None if sights is None else _one(one, sights, None)
    if line is not None:
        entries.keep(line)


def _sights(one: _Search, known: Mapping[str, Token]) -> Sights | None:
    """What the asker may see; None where the plain way is to be gone."""
    sights = read_together.sights(one.checksum, known.get(one.checksum), one.at)
    if sights is None:
        return None
    view = sights.of("search", one.asked.types[0])
    return None if view is not None and view.criteria else sights


def _one(one: _Search, sights: Sights, steps: Steps | None) -> Entry | None:
    try:
        limits.SEARCHES.take(sights.actor, one.at)
    except TooMany as refusal:
        one.refusal = refusal
        return None
    try:
        sights.need("search", one.asked.types[0])
    except NotAllowed as refusal:
        one.refusal = refusal
        return search.refusal_line(sights, one.asked, refusal)
    if steps is None:
        found = _found(one, sights, None)
    else:
        try:
            with quick.at_most(steps):
                found = _found(one, sights, MOST_INCLUDED)
        except Exception:  # it ends here for this one only, who asks the plain way
            if not quick.is_in_transaction():
                raise
            limits.SEARCHES.give_back(sights.actor)
            return None
    one.found = found
    return search.line(sights, one.asked, found)


def _found(one: _Search, sights: Sights, most: int | None) -> Found:
    sight = in_sight(sights, one.setting)
    views = partial(hidden, sights)
    return search.found(one.query, one.asked, sight, views=views, most=most)
