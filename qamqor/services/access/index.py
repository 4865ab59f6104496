"""Keeps the index of access in the transaction that saves resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qamqor.engine.fhir import relations, subjects
from qamqor.services.access.sights import facts_of, zone
from qamqor.store import access
from qamqor.store.node import Transaction

Saved = tuple[int, str, Mapping[str, Any] | None, bool]
"""Key, type, content (None when deleted), and whether it was indexed before."""


def keep(tx: Transaction, saved: Sequence[Saved]) -> dict[int, frozenset[str]]:
    """Index what was saved: whose it is, how sensitive, whom it brings near to whom.

    A deleted resource keeps its people and labels, because its history stays readable; its
    relations end.

    Returns:
        whose record each key is.
    """
    there = [(key, content) for key, _, content, _ in saved if content is not None]
    facts = {key: facts_of(content) for key, content in there}
    here = zone()
    links = [(k, link) for k, c in there for link in relations.links(c, zone=here)]
    gone = [key for key, _, content, _ in saved if content is None]
    touched = _shared(tx, saved)
    people = {key: one.people for key, one in facts.items()} | _through(tx, there, facts)
    access.forget_relations(tx, gone)
    access.replace(
        tx,
        [key for key, _, content, is_old in saved if is_old and content is not None],
        subjects=[(key, person) for key, some in people.items() for person in sorted(some)],
        labels=[(k, label) for k, f in facts.items() for label in sorted(f.labels)],
        links=links,
    )
    _after(tx, there, links, touched)
    return people | {key: one.people for key, one in access.facts(gone).items()}


def _through(
    tx: Transaction,
    there: Iterable[tuple[int, Mapping[str, Any]]],
    facts: Mapping[int, access.Facts],
) -> dict[int, frozenset[str]]:
    """The people of resources that name none but point to resources that do."""
    found: dict[int, frozenset[str]] = {}
    for key, content in there:
        if not facts[key].people and (references := subjects.targets(content)):
            found[key] = frozenset().union(*access.people_of(tx, references).values())
    return found


def _shared(tx: Transaction, saved: Sequence[Saved]) -> set[str]:
    """People whose household or consent changes, before it does."""
    keys = [key for key, type_, _, is_old in saved if is_old and type_ in {"Consent", "Group"}]
    return access.people_with_links(tx, keys)


def _after(
    tx: Transaction,
    there: Sequence[tuple[int, Mapping[str, Any]]],
    links: Sequence[tuple[int, relations.Link]],
    touched: set[str],
) -> None:
    touched |= {one.patient for _, one in links if one.link.startswith(("member:", "shares:"))}
    if touched:
        access.share_households(tx, touched)
    children = {one.patient for _, one in links if one.link.startswith("parent:")}
    children |= {str(content["id"]) for _, content in there if content["resourceType"] == "Patient"}
    days = {child: relations.adult_day(born) for child, born in access.births(tx, children).items()}
    if days:
        access.end_childhood(tx, days)
