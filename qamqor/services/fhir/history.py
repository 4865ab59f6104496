"""Shows what happened to resources, as far as the one who asks may see it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.store.fhir import history
from qamqor.store.fhir.history import Wanted
from qamqor.store.fhir.versions import Version


class Page(NamedTuple):
    """One page: ``following`` is the token of the next, None where this is the last.

    ``made`` holds the numbers of those that made something: new, or again after it was deleted.
    """

    versions: list[Version]
    following: str | None
    total: int | None
    made: frozenset[int]


def page(wanted: Wanted, *, count: int, token: str | None, actor: Actor, at: datetime) -> Page:
    """The newest changes, or those behind a page's token.

    A token names the last change of its page, so that changes made meanwhile move nothing.

    Args:
        count: most changes on a page; 0 asks for the number of them only.
    Raises:
        NotThere: a resource that never was, or is not the actor's to see.
        Unusable: a token that this server did not give.
    """
    sights = Sights(actor, at)
    if wanted.id is not None:
        looks.at_one(sights, str(wanted.type), wanted.id, action="history")
    elif wanted.type is not None:
        sights.need("history", wanted.type)
    asked = replace(wanted, before=None if token is None else _read(token))
    found = history.find(asked, limit=count + 1) if count else []
    if wanted.id is not None and token is None and not found and not history.count(_all(wanted)):
        raise NotThere(f"{wanted.type}/{wanted.id} is not here")
    shown = looks.at_each(sights, found[:count], action="history")
    looks.keep(sights, "history", shown)
    following = _token(found[count - 1].sequence) if len(found) > count and count else None
    is_countable = wanted.id is not None or actor.is_platform
    made = {one.sequence for one in shown if one.version == 1} | history.brought_back(shown)
    total = history.count(wanted) if is_countable else None
    return Page(shown, following, total, frozenset(made))


def _all(wanted: Wanted) -> Wanted:
    return Wanted(type=wanted.type, id=wanted.id)


def _token(sequence: int) -> str:
    return base64.urlsafe_b64encode(json_text.encode({"before": sequence})).decode().rstrip("=")


def _read(token: str) -> int:
    try:
        said = json_text.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        number = said["before"]
    except (ValueError, KeyError, TypeError):
        number = None
    if not isinstance(number, int) or not 0 <= number < 2**62:
        raise Unusable([Issue("value", "_page is not a token this server gave; begin again")])
    return number


__all__ = ["Page", "Version", "Wanted", "page"]
