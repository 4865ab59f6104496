"""What SMART scopes, version 1 and 2, leave of the rights of whoever uses an application."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_SCOPE: Final = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.([a-z*]+)(?:\?(.+))?")
_LABEL: Final = re.compile(r"label/([A-Z]+|\*)")
_VERSION_1: Final = {"read": "rs", "write": "cud", "*": "cruds"}
_LETTER: Final = {
    "read": "r",
    "history": "r",
    "search": "s",
    "create": "c",
    "update": "u",
    "delete": "d",
    "export": "s",
}


@dataclass(frozen=True, slots=True)
class Granted:
    """What the scopes allow for one action on one type.

    Attributes:
        level: ``system`` by itself; ``user`` as far as the user; ``patient``: the user's rights to
            the one patient the application was started for; empty: no application.
        criteria: queries, one of which a resource must answer; empty = any resource.
        labels: sensitive labels the scopes name; ``*`` = all.
    """

    level: str
    criteria: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()


NO_APPLICATION: Final = Granted("")


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope in parts: whose records, which type, which of ``cruds``, which query."""

    level: str
    type: str
    letters: str
    query: str


@lru_cache(maxsize=4096)
def parse(text: str) -> Scope | None:
    """A clinical scope in parts; None for anything else, which then allows nothing."""
    match = _SCOPE.fullmatch(text)
    if match is None:
        return None
    level, type_, said, query = match.groups()
    letters = _VERSION_1.get(said, said)
    if said not in _VERSION_1 and not re.fullmatch("c?r?u?d?s?", said):
        return None
    return Scope(level, type_, letters, query or "")


def granted(scopes: frozenset[str] | None, action: str, type_: str) -> Granted | None:
    """What the scopes allow for an action on a type; None: nothing.

    Args:
        scopes: as in the token; None = no application stands between, all is allowed.
    """
    if scopes is None:
        return NO_APPLICATION
    return _granted(scopes, _LETTER[action], type_)


@lru_cache(maxsize=4096)
def _granted(scopes: frozenset[str], letter: str, type_: str) -> Granted | None:
    fitting = [
        scope
        for text in scopes
        if (scope := parse(text)) and letter in scope.letters and scope.type in {"*", type_}
    ]
    for level in ("system", "user", "patient"):
        of_level = [scope for scope in fitting if scope.level == level]
        if of_level:
            return Granted(
                level,
                criteria=_criteria(of_level),
                labels=_labels(scopes),
            )
    return None


def _criteria(fitting: Iterable[Scope]) -> tuple[str, ...]:
    queries = sorted({scope.query for scope in fitting})
    return () if "" in queries else tuple(queries)


def _labels(scopes: Iterable[str]) -> frozenset[str]:
    return frozenset(match[1] for text in scopes if (match := _LABEL.fullmatch(text)))
