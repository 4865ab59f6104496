"""Searches for somebody: what they may see of what they ask, page by page, kept in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from qamqor.engine.fhir.envelope import ID
from qamqor.engine.fhir.search.extract import NATIONAL
from qamqor.engine.fhir.search.grammar import in_compartment, read_query
from qamqor.engine.fhir.search.parameters import compartment
from qamqor.engine.fhir.search.query import Problem, Query
from qamqor.engine.fhir.search.wanted import Setting
from qamqor.errors import Issue, NotAllowed, NotThere, Unusable
from qamqor.services.access import limits, looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.in_search import in_sight
from qamqor.services.access.sights import Sights
from qamqor.services.audit import entries
from qamqor.services.audit.entries import Entry
from qamqor.services.fhir import own_parameters, terminology
from qamqor.store import access
from qamqor.store.fhir import search, search_include, search_plans
from qamqor.store.fhir.search_sql import InSight
from qamqor.store.fhir.versions import Seen, Version
from qamqor.store.quick import TakesLong

PAGE: Final = 50
LARGEST_PAGE: Final = 1_000
EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked.

    Attributes:
        types: resource types; empty = all.
        pairs: names and values of parameters.
        owner: type and id of a compartment to search in.
        after: where the page before ended.
        is_strict: unknown parameters are an error.
        bases: addresses of this server, below which references are its own.
    """

    types: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    owner: tuple[str, str] | None = None
    after: search.Position | None = None
    is_strict: bool = False
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer.

    Attributes:
        matches, included: current versions, in order.
        next: where the next page goes on; None behind the last.
        total: how many match; None where nobody asked and it is not known.
        notes: what was left out and why.
        people: ids of those whom anything shown is about.
    """

    query: Query
    matches: list[Version]
    included: list[Version]
    next: search.Position | None
    total: int | None
    notes: tuple[Issue, ...]
    people: frozenset[str] = frozenset()


def find(asked: Asked, *, actor: Actor, at: datetime) -> Found:
    """One page of a search, answered once the audit has kept who asked.

    Raises:
        Unusable: something in the search cannot be asked.
        NotAllowed: the actor may search no resource of the type.
        TooMany: the actor has searched too often of late.
    """
    limits.SEARCHES.take(actor, at)
    own_parameters.for_reading(at)
    sights, said = Sights(actor, at), setting(asked.bases, at)
    query = read(asked, said)
    _must_be_allowed(sights, asked)
    answer = found(query, asked, in_sight(sights, said))
    entries.keep(line(sights, asked, answer))
    return answer


def matches(
    type_: str,
    text: str,
    *,
    actor: Actor,
    at: datetime,
    bases: tuple[str, ...] = (),
    most: int = 2,
) -> list[Version]:
    """What a condition such as ``identifier=a|b`` means: ``most`` resources; two are too many.

    Raises:
        Unusable: it names no criterion, or one that cannot be used.
        NotAllowed: the actor may search no resource of the type.
    """
    asked = Asked((type_,), tuple(parse_qsl(text, True)), is_strict=True, bases=bases)
    own_parameters.for_reading(at)
    sights, said = Sights(actor, at), setting(bases, at)
    query = read(asked, said)
    if not query.criteria[type_]:
        raise Unusable([Issue("required", f"the condition {text[:100]!r} names no criterion")])
    _must_be_allowed(sights, asked)
    page = search.page(query, limit=most, sight=in_sight(sights, said))
    return _standing(page.keys, access.seen_by_keys(page.keys))


def read(asked: Asked, setting: Setting) -> Query:
    """A search that can be run.

    Raises:
        Unusable: something in it cannot be asked.
    """
    query = read_query(asked.types, asked.pairs, setting, is_strict=asked.is_strict)
    if query.refused:
        raise Unusable([_issue(problem) for problem in query.refused])
    if asked.owner is None:
        return query
    owner, id_ = asked.owner
    inside = {
        name: (*criteria, in_compartment(owner, id_, name))
        for name, criteria in query.criteria.items()
        if name == owner or compartment(owner, name) or len(query.criteria) == 1
    }
    return replace(query, criteria=inside)


def _issue(problem: Problem, severity: str = "error") -> Issue:
    return Issue(problem.code, problem.text, severity=severity)


def setting(bases: tuple[str, ...], at: datetime) -> Setting:
    """What reading the values of a search needs to know, at a moment."""
    moment = round((at - EPOCH).total_seconds() * 1_000_000)
    return Setting(at=moment, zone=NATIONAL, bases=bases, codes_in=partial(_codes, bases=bases))


def _codes(url: str, *, bases: tuple[str, ...]) -> Sequence[tuple[str, str]] | None:
    """The codes of a value set of the pack or the store; None where it is in neither.

    Args:
        url: its canonical address, or where it is kept: ``ValueSet/id``, from ``bases`` or not.
    """
    here = next((url.removeprefix(f"{base}/") for base in bases if url.startswith(base)), url)
    kind, _, id_ = here.partition("/")
    try:
        is_kept = kind == "ValueSet" and ID.fullmatch(id_) is not None
        value_set = (
            terminology.by_id(kind, id_) if is_kept else terminology.canonical("ValueSet", url)
        )
        found = terminology.codes(value_set)
        return [(code.system, code.code) for code in found]
    except NotThere:
        return None


def _must_be_allowed(sights: Sights, asked: Asked) -> None:
    if len(asked.types) != 1:
        return
    try:
        sights.need("search", asked.types[0])
    except NotAllowed as refusal:
        entries.keep(refusal_line(sights, asked, refusal))
        raise


def refusal_line(sights: Sights, asked: Asked, refusal: NotAllowed) -> Entry:
    """That somebody asked for what they may not search, for the audit; not yet kept."""
    return looks.refusal_line(sights, "search", list(asked.types), refusal=refusal)


def line(sights: Sights, asked: Asked, answer: Found) -> Entry:
    """What is about to be answered, for the audit; not yet kept."""
    return looks.line(
        sights,
        "search",
        [*answer.matches, *answer.included],
        query=_named(asked.types, answer.query),
        people=answer.people,
    )


def found(
    query: Query,
    asked: Asked,
    sight: InSight,
    *,
    views: search_plans.Views | None = None,
    most: int | None = None,
    ready: search_plans.Ready | None = None,
) -> Found:
    """One page of what somebody may see of a search; nothing is kept yet.

    Args:
        views: the sight as values, where the page may be found by a statement that is kept.
        ready: the page, where it is found already.
        most: how many resources may be added to the page where that is to be quick.

    Raises:
        TakesLong: more would be added.
    """
    is_count = query.summary == "count" or query.count == 0
    keys: list[int] = []
    after: search.Position | None = None
    added = search_include.Included([], False)
    seen: dict[int, Seen] = {}
    if not is_count:
        keys, after, seen = ready or _keys(query, asked, sight, size_of(query), views)
        added = search_include.included(keys, query.includes, sight=sight)
        if most is not None and len(added.keys) > most:
            raise TakesLong
    total = len(keys) if asked.after is None and after is None and not is_count else None
    if is_count or (total is None and query.total == "accurate"):
        total = search.count(query, sight=sight)
    elif total is None and query.total == "estimate":
        total = search.estimate(query, sight=sight)
    notes = [_issue(problem, "warning") for problem in query.ignored]
    if added.is_cut:
        text = f"more than {search_include.MOST} resources to include; the rest is left out"
        notes.append(Issue("incomplete", text, severity="warning"))
    unseen = [key for key in (*keys, *added.keys) if key not in seen]
    if unseen:
        seen |= access.seen_by_keys(unseen)
    return Found(
        query=query,
        matches=_standing(keys, seen),
        included=_standing(added.keys, seen),
        next=after,
        total=total if query.total != "none" or is_count else None,
        notes=tuple(notes),
        people=frozenset().union(*(one.people for one in seen.values())),
    )


def size_of(query: Query) -> int:
    """How many resources a page of a search holds."""
    return min(query.count or PAGE, LARGEST_PAGE)


def _keys(
    query: Query, asked: Asked, sight: InSight, size: int, views: search_plans.Views | None
) -> search_plans.Ready:
    """A page, with those of its resources that came along."""
    if views is not None:
        ready = search_plans.page(query, limit=size, after=asked.after, views=views, sight=sight)
        if ready is not None:
            return ready
    page = search.page(query, limit=size, after=asked.after, sight=sight)
    return search_plans.Ready(page.keys, page.next, {})


def _standing(keys: Iterable[int], seen: Mapping[int, Seen]) -> list[Version]:
    """Current versions in order; what was deleted since it was found is left out."""
    there = [seen[key].version for key in keys if key in seen]
    return [version for version in there if version.content is not None]


def _named(types: Sequence[str], query: Query) -> str:
    """What was asked, without what it was asked with: the values may say who somebody is."""
    names = dict.fromkeys(name for name, _ in query.used)
    return f"{','.join(types)}?{'&'.join(names)}"
