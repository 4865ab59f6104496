"""Saves changes to resources: version, search index, audit and due care in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from qamqor.engine.fhir import json_text
from qamqor.errors import GoneBefore, NotAllowed, NotThere, QamqorError, VersionConflict
from qamqor.services import accounts, audit, derived
from qamqor.services.access import agent, gate, index
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import indexing
from qamqor.store import mentions, node, people, referrals
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Key, Standing, Version
from qamqor.store.node import Transaction

Method = Literal["POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change asked for.

    Attributes:
        method: POST a new resource, PUT a new version (or a first one with this id), PATCH a new
            version that was worked out from the last, DELETE.
        type: resource type.
        id: logical id; for POST made by the caller (``new_id``).
        resource: what to store, already validated; None for DELETE. Its ``id`` and
            ``meta.versionId``, ``meta.lastUpdated`` are set here.
        if_version: the version the caller saw; another one now means a conflict.
    """

    method: Method
    type: str
    id: str
    resource: dict[str, Any] | None = None
    if_version: int | None = None


class Stored(NamedTuple):
    """What a change became; ``before`` is the version it replaced, None for a first one."""

    key: int
    version: Version
    resource: dict[str, Any] | None
    before: Version | None
    is_new: bool


class Creation(NamedTuple):
    """A new resource that somebody asks for, by itself; ``change`` is a POST."""

    change: Change
    actor: Actor
    at: datetime


EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def save(changes: Sequence[Change], *, actor: Actor, at: datetime) -> list[Stored]:
    """Make all changes in one transaction, or none.

    Raises:
        VersionConflict: a resource is no longer the version the caller saw.
        NotThere, GoneBefore: something to delete was never here, or is deleted already; something
            to change is not the actor's to see.
        NotAllowed: the actor may not make one of the changes; that they tried is kept. NoPost:
            the same, where a resource would name an account that has no post.
    """
    try:
        return node.commit(lambda tx: apply(tx, changes, actor=actor, at=at))
    except (NotAllowed, NotThere) as refusal:
        keep_refusal(refusal, changes, actor=actor, at=at)
        raise


def keep_refusal(
    refusal: Exception, changes: Sequence[Change], *, actor: Actor, at: datetime
) -> None:
    """Keep in the audit that changes were asked for and refused, once they are undone."""
    what = [f"{change.type}/{change.id}" for change in changes[:100]]
    code = getattr(refusal, "code", "")
    audit.record(actor, "update", at=at, what=what, outcome="refused", detail=code)


def apply(
    tx: Transaction, changes: Sequence[Change], *, actor: Actor, at: datetime
) -> list[Stored]:
    """Make changes inside a transaction that may do more (bundles, merges, imports).

    A resource that is changed again is first written as it is after the change before.
    """
    stored: list[Stored] = []
    for together in _each_once(changes):
        stored += _apply(tx, together, actor=actor, at=at)
    return stored


def _each_once(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes in their order, in runs in which no resource comes twice."""
    run: list[Change] = []
    named: set[Key] = set()
    for change in changes:
        if (change.type, change.id) in named:
            yield run
            run, named = [], set()
        run.append(change)
        named.add((change.type, change.id))
    if run:
        yield run


def _apply(
    tx: Transaction, changes: Sequence[Change], *, actor: Actor, at: datetime
) -> list[Stored]:
    standing = versions.standing(tx, {(change.type, change.id): None for change in changes})
    relations = gate.check(_wishes(changes, standing), actor=actor, at=at)
    agent.must_be_nameable(actor, _made(changes, standing))
    moment = micros(at)
    stored: list[Stored] = []
    for change in changes:
        stored.append(_one(tx, change, standing.get((change.type, change.id)), at, moment))
    people = _write(tx, stored, actor, at)
    _keep_trace(tx, stored, people, relations, actor=actor, at=at)
    return stored


def create_each(tx: Transaction, asked: Sequence[Creation]) -> list[Stored | Exception]:
    """Create what several callers ask for, each for itself, as ``apply`` would one after another.

    Each is judged alone and has a line of its own in the audit; rows are written for all at once.

    Returns:
        for each what was stored, or why it was refused; then nothing of it is kept.
    """
    answers: dict[int, Stored | Exception] = {}
    relations: dict[Key, str] = {}
    standing = versions.standing(tx, {(one.change.type, one.change.id): None for one in asked})
    for number, (change, actor, at) in enumerate(asked):
        try:
            relations |= gate.check(_wishes([change], standing), actor=actor, at=at)
            agent.must_be_nameable(actor, _made([change], standing))
            now = standing.get((change.type, change.id))
            answers[number] = _one(tx, change, now, at, micros(at))
        except QamqorError as refusal:
            answers[number] = refusal
    stored = [done for done in answers.values() if isinstance(done, Stored)]
    if stored:
        people = _write(tx, stored, asked[0].actor, max(one.at for one in asked))
        for number, (_, actor, at) in enumerate(asked):
            done = answers[number]
            if isinstance(done, Stored):
                _keep_trace(tx, [done], people, relations, actor=actor, at=at)
    return list(answers.values())


def _write(
    tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime
) -> dict[int, frozenset[str]]:
    """Write versions and all that follows from them; whose record each key is."""
    versions.write(tx, [(done.key, done.version) for done in stored])
    people = index.keep(
        tx, [(d.key, d.version.type, d.resource, d.before is not None) for d in stored]
    )
    for follow in AFTER:
        follow(tx, stored, actor, at)
    return people


def _wishes(changes: Sequence[Change], standing: Mapping[Key, Standing]) -> list[gate.Wish]:
    wishes = []
    for change in changes:
        now = standing.get((change.type, change.id))
        is_there = now is not None and not now.is_deleted
        key = None if now is None else now.key
        wishes.append(gate.Wish(change.type, change.id, key, is_there, change.resource))
    return wishes


def _made(
    changes: Sequence[Change], standing: Mapping[Key, Standing]
) -> Iterator[dict[str, Any] | None]:
    """What is not there yet; what is there may name who wrote it in older days."""
    for change in changes:
        now = standing.get((change.type, change.id))
        if now is None or now.is_deleted:
            yield change.resource


def _one(
    tx: Transaction, change: Change, now: Standing | None, at: datetime, moment: int
) -> Stored:
    if change.if_version is not None and (now is None or now.version != change.if_version):
        raise VersionConflict(change.type, change.id, seen=change.if_version)
    if change.method == "DELETE" and now is None:
        raise NotThere(f"{change.type}/{change.id} is not here")
    if change.method == "DELETE" and now is not None and now.is_deleted:
        raise GoneBefore(f"{change.type}/{change.id} is deleted already")
    sequence = tx.sequence()
    number = 1 if now is None else now.version + 1
    resource = None
    if change.resource is not None:
        resource = stamped(change.resource, id_=change.id, version=number, at=at)
    content = None if resource is None else json_text.encode(resource).decode()
    version = Version(sequence, change.type, change.id, number, change.method, moment, content)
    before = None if now is None else _before(tx, now.sequence)
    return Stored(
        key=sequence if now is None else now.key,
        version=version,
        resource=resource,
        before=before,
        is_new=now is None or now.is_deleted,
    )


def stamped(resource: Mapping[str, Any], *, id_: str, version: int, at: datetime) -> dict[str, Any]:
    """The resource with its id and the server's part of ``meta``; the caller's stays as it is."""
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(at)}
    rest = {k: v for k, v in resource.items() if k not in {"resourceType", "id", "meta"}}
    return {"resourceType": resource["resourceType"], "id": id_, "meta": meta, **rest}


def micros(at: datetime) -> int:
    """A moment in microseconds since 1970 UTC."""
    return round((at - EPOCH).total_seconds() * 1_000_000)


@lru_cache(maxsize=16)
def instant(at: datetime) -> str:
    """A moment as FHIR writes it, in UTC to the millisecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _before(tx: Transaction, sequence: int) -> Version:
    rows = tx.rows(
        """select sequence, type, id, version, method, at, content
        from fhir_change where sequence = %s""",
        [sequence],
    )
    return Version(*rows[0])


def _file_people(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    changed = [(done.key, done.resource) for done in stored if done.version.type == "Patient"]
    if changed:
        people.refresh(tx, changed)


def _file_referrals(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    changed = [
        (done.version.type, done.version.id, done.resource)
        for done in stored
        if done.version.type in referrals.TYPES
    ]
    if changed:
        referrals.refresh(tx, changed)


def _file_mentions(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    mentions.refresh(
        tx,
        [
            mentions.Change(
                done.key,
                done.version.type,
                done.before and done.before.content,
                done.version.content,
            )
            for done in stored
        ],
    )


def _keep_trace(
    tx: Transaction,
    stored: Sequence[Stored],
    people: Mapping[int, frozenset[str]],
    relations: Mapping[Key, str],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """One entry in the audit for everything created, updated or deleted together."""
    for action in ("create", "update", "delete"):
        some = [done for done in stored if _action(done) == action]
        if some:
            audit.note(
                tx,
                actor,
                action,
                at=at,
                what=[
                    f"{d.version.type}/{d.version.id}/_history/{d.version.version}" for d in some
                ],
                people={person for done in some for person in people[done.key]},
                relation=" ".join(
                    sorted(
                        {relations.get((d.version.type, d.version.id), "platform") for d in some}
                    )
                ),
            )


def _action(done: Stored) -> str:
    if done.resource is None:
        return "delete"
    return "create" if done.is_new else "update"


def _derive(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    saved = [
        derived.Saved(
            done.key,
            done.version.type,
            done.version.id,
            done.resource,
            done.before is None,
            done.version.sequence,
        )
        for done in stored
    ]
    derived.follow(tx, saved, at)


def _index(tx: Transaction, stored: Sequence[Stored], actor: Actor, at: datetime) -> None:
    saved = [
        indexing.Saved(done.key, done.resource, done.before and done.before.content)
        for done in stored
    ]
    indexing.follow(tx, saved)


AFTER: Final[tuple[Any, ...]] = (
    _file_people,
    _file_referrals,
    _file_mentions,
    _derive,
    _index,
    accounts.follow,
)
"""What follows from a change, in this order, each ``(tx, stored, actor, at)``, all or nothing."""
