"""Gathers one person's whole record: what speaks of them, and what that refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.envelope import microseconds
from qamqor.engine.fhir.references import mentioned
from qamqor.engine.fhir.search import ranges as ranges_
from qamqor.engine.fhir.search.extract import values
from qamqor.engine.fhir.search.parameters import KEPT_ELSEWHERE, defined
from qamqor.errors import GoneBefore, NotThere
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.store import access, mentions
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version

SUPPORT: Final = frozenset(
    {
        "Device",
        "HealthcareService",
        "Location",
        "Medication",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Substance",
    }
)
"""What a record refers to and cannot be read without; shown beside it, never counted in it."""


LASTING: Final = frozenset({"AllergyIntolerance", "Condition", "FamilyMemberHistory"})
"""What holds from its beginning on, until it says that it ended."""
ENDS: Final = frozenset({"abatement-date"})


class Period(NamedTuple):
    """The time of care, in microseconds since 1970, from ``start`` up to ``end``."""

    start: int
    end: int

    def holds(self, version: Version) -> bool:
        """Whether a resource has a date of care in it, or none at all.

        Dates of care are those it can be searched by; an allergy or condition goes on until it
        says that it ended.
        """
        if self == ALWAYS:
            return True
        numbers = _dates(version.type)
        resource = json_text.decode(version.content or "{}")
        ranges = [row for row in values(resource).dates if row[0] in numbers]
        if not ranges:
            return True
        if version.type in LASTING:
            ended = [high for number, _, high in ranges if numbers[number] in ENDS]
            low, high = min(row[1] for row in ranges), max(ended, default=ranges_.FOREVER)
            return low < self.end and high > self.start
        return any(low < self.end and high > self.start for _, low, high in ranges)


ALWAYS: Final = Period(ranges_.ALWAYS, ranges_.FOREVER)


@cache
def _dates(type_: str) -> dict[int, str]:
    """The numbers and names of the dates by which a type can be searched, but for its versions."""
    return {
        one.number: one.code
        for one in defined(type_).values()
        if one.type == "date" and one.code not in KEPT_ELSEWHERE
    }


class Entry(NamedTuple):
    """One resource of a record: ``match`` speaks of the person, ``include`` is referred to."""

    type: str
    id: str
    content: str
    mode: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a record.

    Attributes:
        entries: the person first, then in the order it was first kept, then what those refer to.
        after: the key of the last resource in it, 0 for the person alone; None = this was the last.
        total: how many resources speak of the person, of those that may be seen.
    """

    entries: tuple[Entry, ...]
    after: int | None
    total: int


def of_person(
    patient: str,
    *,
    actor: Actor,
    at: datetime,
    types: Sequence[str] = (),
    since: datetime | None = None,
    care: Period = ALWAYS,
    count: int | None = None,
    after: int | None = None,
) -> Part:
    """One person's record, as far as the actor may see it; kept in the audit before it is given.

    Args:
        types: only these; empty = all.
        since: only what changed at or after this moment.
        care: only what is about care within this time, or says nothing of time.
        count: how many resources at most; None = all.
        after: ``Part.after`` of the part before; what is deleted meanwhile moves nothing.

    Raises:
        NotThere: no such person, or not the actor's to see. GoneBefore: deleted.
    """
    sights = Sights(actor, at)
    relation, _ = looks.at_one(sights, "Patient", patient)
    person = versions.read("Patient", patient)
    if person is None:
        raise NotThere(f"Patient/{patient} is not here")
    if person.content is None:
        raise GoneBefore(f"Patient/{patient} is deleted")
    of_others = [v for v in mentions.of(f"Patient/{patient}") if v.type != "Patient"]
    found = [person, *looks.at_each(sights, of_others, action="search")]
    earliest = microseconds(since) or 0
    wanted = [
        v
        for v in found
        if (not types or v.type in types) and v.at >= earliest and (v is person or care.holds(v))
    ]
    own, following = _part(wanted, person, count=count, after=after)
    support = looks.at_each(sights, _support(own, types), action="search")
    looks.keep(sights, "operation", [*own, *support], relation=relation, query="$everything")
    entries = [_entry(v, "match") for v in own] + [_entry(v, "include") for v in support]
    return Part(tuple(entries), following, len(wanted))


def _part(
    wanted: list[Version], person: Version, *, count: int | None, after: int | None
) -> tuple[list[Version], int | None]:
    """Some of what is wanted, and the key behind which the rest lies; None = there is no rest."""
    if count is None and after is None:
        return wanted, None
    keys = access.keys_of((v.type, v.id) for v in wanted if v is not person)
    placed = [(0 if v is person else keys[v.type, v.id], v) for v in wanted]
    rest = [(key, v) for key, v in placed if after is None or key > after]
    some = rest if count is None else rest[:count]
    return [v for _, v in some], some[-1][0] if len(some) < len(rest) else None


def _entry(version: Version, mode: str) -> Entry:
    return Entry(version.type, version.id, version.content or "{}", mode)


def _support(own: Sequence[Version], types: Sequence[str]) -> list[Version]:
    named = {
        reference for version in own for reference in mentioned(version.content or "", SUPPORT)
    }
    found = (versions.read(*reference.split("/", 1)) for reference in sorted(named))
    return [v for v in found if v and v.content and (not types or v.type in types)]
