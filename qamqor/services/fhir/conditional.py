"""Finds the one resource that a condition means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from qamqor.engine.fhir import links
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import search
from qamqor.services.fhir.asked import Ask
from qamqor.store.fhir.versions import Version


def match(ask: Ask, query: str, *, actor: Actor, at: datetime) -> Version | None:
    """The one resource that matches, or None.

    Raises:
        Unusable: several match (412), or the condition cannot be searched for (400).
    """
    most = 2 + len(ask.besides)
    found = [
        one
        for one in search.matches(ask.type, query, actor=actor, at=at, most=most)
        if f"{one.type}/{one.id}" not in ask.besides
    ]
    if len(found) > 1:
        text = f"several {ask.type} match; a condition must mean one"
        raise Unusable([Issue("multiple-matches", text, ask.where)], status=412)
    return found[0] if found else None


def reference(text: str, ask: Ask, *, actor: Actor, at: datetime) -> str | None:
    """``Type/id`` of the one resource that a conditional reference means; None: nothing matches.

    Raises:
        Unusable: several match (412).
    """
    type_, _, query = text.partition("?")
    found = match(replace(ask, type=type_), query, actor=actor, at=at)
    return found and f"{found.type}/{found.id}"


def lead(ask: Ask, *, actor: Actor, at: datetime) -> None:
    """Point each reference of a single resource that is a condition to the one it means.

    Raises:
        Unusable: nothing, or several, match (412).
    """
    for link in links.links(ask.resource) if isinstance(ask.resource, dict) else ():
        if link.is_condition:
            meant = reference(link.text, ask, actor=actor, at=at)
            if meant is None:
                raise nothing_matches(link.text, ask)
            link.holder[link.key] = meant


def nothing_matches(text: str, ask: Ask) -> Unusable:
    """What is said of a conditional reference that leads nowhere."""
    type_ = text.partition("?")[0]
    return Unusable([Issue("not-found", f"no {type_} matches {text!r}", ask.where)], status=412)
