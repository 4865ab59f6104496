"""What resources that the record has never seen become, worked out before it stores them.

A load of many has this done by other processes: all rows of all indexes, each with the place of its
resource in a slice instead of a key. The committer adds one number to every place and inserts. What
follows from a resource beyond rows of its own (people's index, households, accounts, directories)
is left to ``write.apply``; what both write is the same, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from qamqor.engine.fhir import json_text, relations, subjects
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.parameters import own
from qamqor.services import audit, derived
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import facts_of, zone
from qamqor.services.fhir import own_parameters
from qamqor.services.fhir.write import micros, stamped
from qamqor.store import access, mentions, referrals
from qamqor.store import derived as kept
from qamqor.store.fhir import search_index, versions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

Row = tuple[Any, ...]
FAR: Final = frozenset(
    {"Patient", "PractitionerRole", "Group", "Consent", "RelatedPerson", "SearchParameter"}
)
"""Types from which more follows than rows of their own; so from those that speak for everybody."""


class Fresh(msgspec.Struct, array_like=True, gc=False):
    """Some resources as rows, with places from 0 where keys will be.

    Attributes:
        named: type and id of each; contents: its JSON as a first version.
        people: ids of everybody concerned, for the audit.
        search, texts: rows of the search index by kind; texts beside codes.
        subjects, labels, relations: rows of the access index.
        flat: person, rows of the tables of care as JSON. mentions: whom it speaks of.
    """

    named: list[tuple[str, str]] = []
    contents: list[str] = []
    people: list[str] = []
    search: dict[str, list[Row]] = {}
    texts: dict[int, str] = {}
    subjects: list[tuple[str, int]] = []
    labels: list[tuple[str, int]] = []
    relations: list[tuple[str, str, int, int, int]] = []
    flat: list[tuple[str, str, int]] = []
    mentions: list[tuple[str, int]] = []


def is_near(type_: str, resource: Mapping[str, Any]) -> bool:
    """Whether nothing follows from a resource but rows of its own."""
    is_far = type_ in FAR or type_ in derived.tables().shared
    return not is_far and not subjects.targets(resource)


def gather(resources: Iterable[tuple[str, str, Mapping[str, Any]]], *, at: datetime) -> Fresh:
    """All rows of some resources.

    Args:
        resources: type, id and content; each once, and ``is_near``.
        at: when they are stored.
    """
    made, here = Fresh(), zone()
    for place, (type_, id_, resource) in enumerate(resources):
        _gather(made, place, type_, stamped(resource, id_=id_, version=1, at=at), here)
    made.people = sorted({person for person, _ in made.subjects if person})
    for rows in (*made.search.values(), made.flat, made.mentions, made.relations):
        rows.sort()
    return made


def _gather(made: Fresh, place: int, type_: str, resource: dict[str, Any], here: ZoneInfo) -> None:
    content = json_text.encode(resource).decode()
    made.named.append((type_, resource["id"]))
    made.contents.append(content)
    read = values(resource)
    made.texts |= read.texts
    for kind, rows in search_index.rows_of(read, place):
        made.search.setdefault(kind, []).extend(rows)
    facts = facts_of(resource)
    made.subjects += [(person, place) for person in sorted(facts.people)]
    made.labels += [(label, place) for label in sorted(facts.labels)]
    made.relations += [
        (one.patient, one.link, one.from_day, one.until_day, place)
        for one in relations.links(resource, zone=here)
    ]
    flat = derived.flatten(type_, resource)
    made.flat += [(person, rows, place) for person, rows in flat.people.items()]
    made.mentions += [(target, place) for target in mentions.made_by(type_, content)]


def is_fresh(tx: Transaction, fresh: Fresh) -> bool:
    """Whether the record knows none of them, not even as deleted, nor more ways to find them."""
    own_parameters.for_writing(tx)
    has_more = any(own(type_) for type_ in {type_ for type_, _ in fresh.named})
    return not has_more and not versions.standing(tx, fresh.named)


def store(tx: Transaction, fresh: Fresh, *, actor: Actor, at: datetime) -> None:
    """Store resources that the record does not know, all their rows, and a line of the audit.

    Whose rows of care change are marked: whoever loads has them worked out afterwards.
    """
    first = tx.sequence(len(fresh.named))
    moment = micros(at)
    versions.write(
        tx,
        [
            (n, Version(n, type_, id_, 1, "PUT", moment, content))
            for n, ((type_, id_), content) in enumerate(
                zip(fresh.named, fresh.contents, strict=True), first
            )
        ],
    )
    search_index.add(tx, fresh.search, fresh.texts, first=first)
    added = access.Added(fresh.subjects, fresh.labels, fresh.relations)
    access.add(tx, added, first=first)
    kept.add_rows(tx, fresh.flat, first=first)
    kept.mark_stale(tx, sorted({person for person, _, _ in fresh.flat}))
    mentions.add(tx, fresh.mentions, first=first)
    carried = [
        (type_, id_, json_text.decode(content))
        for (type_, id_), content in zip(fresh.named, fresh.contents, strict=True)
        if type_ in referrals.TYPES
    ]
    if carried:
        referrals.refresh(tx, carried)
    audit.note(
        tx,
        actor,
        "create",
        at=at,
        what=[f"{type_}/{id_}/_history/1" for type_, id_ in fresh.named],
        people=fresh.people,
        relation="platform",
    )
