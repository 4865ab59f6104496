"""Reads resources for several systems at once: one look at the record and one commit for all.

Each reader waits for the audit's commit anyway. Whoever makes that commit looks up, for all who
wait, their tokens and what they ask for, inside it; so that a token that has ended is refused now,
and each reading is in the audit before it is answered. ``read.one`` is the plain way to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from qamqor.errors import GoneBefore, NotAllowed, NotThere
from qamqor.services.access import looks, policy
from qamqor.services.access.actor import of_system
from qamqor.services.access.sights import Sights
from qamqor.services.audit import entries
from qamqor.services.audit.entries import Entry
from qamqor.store import access, tokens
from qamqor.store.access import Look
from qamqor.store.fhir.versions import Version
from qamqor.store.tokens import Token

MOST_KNOWN: Final = 10_000
_systems: Final[set[str]] = set()
"""Checksums of tokens seen to be a system's own: who to ask this way, not who may be answered."""


def remember(checksum: str) -> None:
    """This token was a system's own when it was last looked up."""
    if len(_systems) >= MOST_KNOWN:
        _systems.clear()
    _systems.add(checksum)


def forget() -> None:
    """Ask nobody this way until they have been looked up again."""
    _systems.clear()


def is_system(checksum: str) -> bool:
    """Whether a token was a system's own when it was last looked up."""
    return checksum in _systems


def sights(checksum: str, token: Token | None, at: datetime) -> Sights | None:
    """What the system behind a token may see; None where it is not, or no longer, a system's."""
    if token is None or token.account is not None or token.expires <= at:
        _systems.discard(checksum)
        return None
    return Sights(of_system(token.application, token.scope), at)


class _Asked:
    """One reading: what is asked and, once it is done, how it ended."""

    __slots__ = ("at", "checksum", "found", "id", "refusal", "type")

    def __init__(self, checksum: str, type_: str, id_: str, at: datetime) -> None:
        self.checksum, self.type, self.id, self.at = checksum, type_, id_, at
        self.found: Version | None = None
        self.refusal: Exception | None = None


def one(checksum: str, type_: str, id_: str, *, at: datetime) -> Version | None:
    """The current version of a resource for the system behind a token, as ``read.one``.

    Returns:
        None where nothing was read or kept, and the plain way is to be gone: the token is not, or
        no longer, a system's own, or decides more than a look at one resource can tell.

    Raises:
        NotThere, NotAllowed, GoneBefore: as ``read.one``; kept.
    """
    if checksum not in _systems or connection.in_atomic_block:
        return None
    asked = _Asked(checksum, type_, id_, at)
    entries.keep_answered(asked, _answer)
    if asked.refusal is not None:
        raise asked.refusal
    return asked.found


def _answer(everyone: Sequence[_Asked]) -> list[Entry]:
    """What each asked for, and the lines to keep."""
    known = tokens.by_checksums({asked.checksum for asked in everyone})
    open_ = [
        (asked, open_to)
        for asked in everyone
        if (open_to := _sights(asked, known.get(asked.checksum))) is not None
    ]
    seen = access.look_each({(asked.type, asked.id) for asked, _ in open_})
    lines = (_one(asked, open_to, seen[asked.type, asked.id]) for asked, open_to in open_)
    return [line for line in lines if line is not None]


def _sights(asked: _Asked, token: Token | None) -> Sights | None:
    """What the asker may see; None where the plain way is to be gone."""
    seen = sights(asked.checksum, token, asked.at)
    view = None if seen is None else seen.of("read", asked.type)
    is_more = view is not None and (view.criteria or policy.wanted(view))
    return None if is_more else seen


def _one(asked: _Asked, open_to: Sights, look: Look) -> Entry | None:
    name, actor = f"{asked.type}/{asked.id}", open_to.actor
    try:
        seen = looks.opened(open_to, "read", asked.type, asked.id, look)
    except (NotAllowed, NotThere) as refusal:
        asked.refusal = refusal
        people = look.facts.people
        return looks.refusal_line(open_to, "read", [name], people=people, refusal=refusal)
    if seen.version is None:
        asked.refusal = NotThere(f"{name} is not here")
        return None
    asked.found = seen.version
    if seen.version.content is None:
        asked.refusal = GoneBefore(f"{name} is deleted")
    return entries.entry(
        actor,
        "read",
        at=asked.at,
        what=(f"{name}/_history/{seen.version.version}",),
        people=look.facts.people,
        relation=seen.relation,
    )
