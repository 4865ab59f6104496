"""Searches for several systems at once, in the commit that keeps in the audit that they did.

Each of them waits for that commit anyway. Whoever makes it looks up the tokens of all who wait, and
then searches for one after another on a connection that still holds the pages it read before.
Changes wait meanwhile, so that a search which takes more than its share is stopped there, and
whoever asked goes the plain way to the same answer: ``search.find``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final

from django.db import connection

from qamqor.engine.fhir.search.query import Query, breadth
from qamqor.engine.fhir.search.wanted import Setting
from qamqor.errors import NotAllowed, QamqorError, TooMany, Unusable
from qamqor.services.access import limits
from qamqor.services.access.in_search import hidden, in_sight
from qamqor.services.access.sights import Sights
from qamqor.services.audit import entries
from qamqor.services.audit.entries import Entry
from qamqor.services.fhir import own_parameters, read_together, search
from qamqor.services.fhir.search import Asked, Found
from qamqor.store import quick, tokens
from qamqor.store.fhir import search_plans
from qamqor.store.fhir.search_many import SEARCHING
from qamqor.store.quick import Steps
from qamqor.store.tokens import Token

logger = logging.getLogger(__name__)

LARGEST_PAGE: Final = 100
MOST_INCLUDED: Final = 200
MOST_VALUES: Final = 200
"""SQLite counts no steps while it reads a statement: 8 ms for the 10,000 codes of ICD-10."""
EACH: Final = 3
"""Portions of SQLite's steps that one search may take: some milliseconds."""
ALL: Final = 25
"""The same for all searches of one commit."""


class _Search:
    """One search: what is asked and, once it is done, how it ended.

    Attributes:
        refusal: why it may not be done. error: why nobody was answered.
        done: released when others have done it.
        left: what the asker may see, where others could not find it along with theirs.
    """

    __slots__ = (
        "asked", "at", "checksum", "done", "error", "found", "left", "query", "refusal", "setting"
    )  # fmt: skip

    def __init__(
        self, checksum: str, asked: Asked, query: Query, setting: Setting, at: datetime
    ) -> None:
        self.checksum, self.asked, self.query = checksum, asked, query
        self.setting, self.at = setting, at
        self.found: Found | None = None
        self.refusal: Exception | None = None
        self.error: BaseException | None = None
        self.left: Sights | None = None
        self.done = threading.Lock()
        self.done.acquire()


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
        _BESIDE.find(one)
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
    known, all_ = tokens.by_checksums({one.checksum for one in everyone}), Steps(ALL)
    lines: list[Entry] = []
    with quick.at_most(all_):
        for one in everyone:
            sights = _sights(one, known)
            if sights is not None and all_.left > 0:
                _one(one, sights, Steps(min(EACH, all_.left)), lines)
    return lines


class _Beside:
    """Searches of PostgreSQL's that wait at the same time, found together before their commit.

    The first of them leads: it looks up the tokens of all who wait, finds their pages on a
    connection that all share, and keeps their lines. Meanwhile the next who come wait together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Search] = []
        self._is_led = False

    def find(self, one: _Search) -> None:
        with self._lock:
            self._waiting.append(one)
            leads, self._is_led = not self._is_led, True
        if leads:
            self._lead()
        else:
            one.done.acquire()
        if one.left is not None:
            _alone(one, one.left)
        if one.error is not None:
            raise one.error

    def _lead(self) -> None:
        taken: list[_Search] = []
        error: BaseException | None = None
        try:
            with SEARCHING.at_work, SEARCHING.borrowed():
                taken = self._take()
                lines = _found_together(taken)
            if lines:
                entries.keep(*lines)
        except BaseException as failed:
            error = failed
            taken = taken or self._take()
        for one in taken:
            one.error = error
            one.done.release()

    def _take(self) -> list[_Search]:
        with self._lock:
            taken, self._waiting, self._is_led = self._waiting, [], False
        return taken


_BESIDE: Final = _Beside()


def _found_together(everyone: Sequence[_Search]) -> list[Entry]:
    """Find what can be found together; gives the lines to keep."""
    known = tokens.by_checksums({one.checksum for one in everyone})
    lines: list[Entry] = []
    open_ = [
        (one, sights)
        for one in everyone
        if (sights := _sights(one, known)) is not None and _is_open(one, sights, lines)
    ]
    simple = [pair for pair in open_ if not pair[0].query.includes]
    pages = search_plans.pages([_wanted(*pair) for pair in simple])
    ready = {id(one): page for (one, _), page in zip(simple, pages, strict=True)}
    for one, sights in open_:
        page = ready.get(id(one))
        if page is None:
            one.left = sights
        else:
            one.found = _found(one, sights, None, page)
            lines.append(search.line(sights, one.asked, one.found))
    return lines


def _wanted(one: _Search, sights: Sights) -> search_plans.Wanted:
    return search_plans.Wanted(
        one.query,
        search.size_of(one.query),
        one.asked.after,
        partial(hidden, sights),
        in_sight(sights, one.setting),
    )


def _alone(one: _Search, sights: Sights) -> None:
    """Find what could not be found with others."""
    one.found = _found(one, sights, None)
    entries.keep(search.line(sights, one.asked, one.found))


def _sights(one: _Search, known: Mapping[str, Token]) -> Sights | None:
    """What the asker may see; None where the plain way is to be gone."""
    sights = read_together.sights(one.checksum, known.get(one.checksum), one.at)
    if sights is None:
        return None
    view = sights.of("search", one.asked.types[0])
    return None if view is not None and view.criteria else sights


def _is_open(one: _Search, sights: Sights, lines: list[Entry]) -> bool:
    """Whether the search may be done; a refusal that is to be kept joins the lines."""
    try:
        limits.SEARCHES.take(sights.actor, one.at)
    except TooMany as refusal:
        one.refusal = refusal
        return False
    try:
        sights.need("search", one.asked.types[0])
    except NotAllowed as refusal:
        one.refusal = refusal
        lines.append(search.refusal_line(sights, one.asked, refusal))
        return False
    return True


def _one(one: _Search, sights: Sights, steps: Steps, lines: list[Entry]) -> None:
    if not _is_open(one, sights, lines):
        return
    try:
        with quick.at_most(steps):
            found = _found(one, sights, MOST_INCLUDED)
    except Exception as failed:  # it ends here for this one only, who asks the plain way
        if not quick.is_in_transaction():
            raise
        if not isinstance(failed, QamqorError | quick.TakesLong):
            logger.exception("a search among others failed; it is asked alone")
        limits.SEARCHES.give_back(sights.actor)
        return
    one.found = found
    lines.append(search.line(sights, one.asked, found))


def _found(
    one: _Search, sights: Sights, most: int | None, ready: search_plans.Ready | None = None
) -> Found:
    sight = in_sight(sights, one.setting)
    views = partial(hidden, sights)
    return search.found(one.query, one.asked, sight, views=views, most=most, ready=ready)
