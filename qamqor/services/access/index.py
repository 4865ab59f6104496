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


def keep(tx: Transaction, saved: Sequence[Saved]) -> None:
    """Index what was saved: whose it is, how sensitive, whom it brings near to whom.

    A deleted resource keeps its people and labels, because its history stays readable; its
    relations end.
    """
    there = [(key, content) for key, _, content, _ in saved if content is not None]
    facts = {key: facts_of(content) for key, content in there}
    links = [(k, link) for k, c in there for link in relations.links(c, zone=zone())]
    gone = [key for key, _, content, _ in saved if content is None]
    touched = _shared(tx, saved)
    access.forget_relations(tx, gone)
    access.replace(
        tx,
        [key for key, _, content, is_old in saved if is_old and content is not None],
        subjects=[(k, p) for k, f in facts.items() for p in sorted(f.people)]
        + _through(tx, there, facts),
        labels=[(k, label) for k, f in facts.items() for label in sorted(f.labels)],
        links=links,
    )
    _after(tx, there, links, touched)


def _through(
    tx: Transaction,
    there: Iterable[tuple[int, Mapping[str, Any]]],
    facts: Mapping[int, access.Facts],
) -> list[tuple[int, str]]:
    """The people of resources that name none but point to resources that do."""
    found: list[tuple[int, str]] = []
    for key, content in there:
        if not facts[key].people and (references := subjects.targets(content)):
            people = access.people_of(tx, references).values()
            found += [(key, person) for person in sorted(set().union(*people))]
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


def people_of_keys(keys: Sequence[int]) -> dict[int, frozenset[str]]:
    """Whose record each resource is, as the index keeps it."""
    return {key: facts.people for key, facts in access.facts(keys).items()}
