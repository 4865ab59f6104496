"""Takes a merge back: every linked resource as it was, later changes kept and reported."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.undo import undone
from qamqor.errors import CannotMerge, NotThere
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.fhir.write import Change, apply
from qamqor.services.merge.plan import replaced_by
from qamqor.services.merge.trace import (
    UNMERGE,
    activity_of,
    last_merge,
    trace_of,
    versions_of,
    winner_of,
)
from qamqor.store import mentions, node
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Since:
    """A resource that somebody changed after the merge.

    Attributes:
        reference: ``Type/id``.
        kept: paths where the later change stood in the way and stayed; empty where both could be.
        is_deleted: it was deleted since, and stays so.
    """

    reference: str
    kept: tuple[str, ...] = ()
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Unmerged:
    """What taking a merge back did, or would do.

    Attributes:
        trace_id: of the new Provenance; empty for a preview.
        restored: how many resources are as they were, or as they were but for later changes.
        changed_since: resources changed after the merge.
        new_since: references of resources made after the merge about the record that stayed;
            they stay there, and a person decides whose they are.
    """

    trace_id: str
    winner_id: str
    loser_id: str
    restored: int
    changed_since: tuple[Since, ...]
    new_since: tuple[str, ...]


@dataclass(slots=True)
class _Back:
    """The way back, worked out."""

    source: Version
    winner_id: str
    replaced: list[Version]
    resources: list[Resource]
    since: list[Since]
    new: tuple[str, ...]


def preview_unmerge(loser_id: str, *, actor: Actor, at: datetime) -> Unmerged:
    """Say what ``unmerge`` would do, and change nothing; it refuses what ``unmerge`` refuses."""
    _both(loser_id, actor, at)
    seen = _unmerged("", loser_id, _way_back(loser_id, None))
    rights.keep([loser_id, seen.winner_id], asked="unmerge", actor=actor, at=at)
    return seen


def unmerge(loser_id: str, *, actor: Actor, at: datetime, reason: str = "") -> Unmerged:
    """Take back the merge that replaced a record.

    Each resource that the merge changed is as it was before. What was changed after the merge
    stays changed, and is reported; so is what is new about the person since.

    Args:
        loser_id: the Patient that was replaced.
        actor: who decided.
        at: when.
        reason: why, in their words.
    Raises:
        NotThere: no such record.
        CannotMerge: it is not replaced, or the record that stayed was itself replaced since.
        NotAllowed: the actor may not change both records.
    """
    service = _both(loser_id, actor, at)

    def work(tx: Transaction) -> Unmerged:
        back = _way_back(loser_id, tx)
        trace = trace_of(
            UNMERGE,
            winner_id=back.winner_id,
            loser_id=loser_id,
            replaced=back.replaced,
            reason=reason,
            actor=actor,
            at=at,
            source=f"Provenance/{back.source.id}",
        )
        trace_id = str(uuid.uuid4())
        changes = [
            Change("PUT", version.type, version.id, resource, if_version=version.version)
            for version, resource in zip(back.replaced, back.resources, strict=True)
        ]
        apply(tx, [*changes, Change("POST", "Provenance", trace_id, trace)], actor=service, at=at)
        return _unmerged(trace_id, loser_id, back)

    return node.commit(work)


def _both(loser_id: str, actor: Actor, at: datetime) -> Actor:
    """The actor as a service, if they may change the record and the one that replaced it."""
    found = last_merge(loser_id, None)
    winner = [winner_of(found[1])] if found else []
    return rights.acting_on([loser_id, *winner], actor=actor, at=at)


def _way_back(loser_id: str, tx: Transaction | None) -> _Back:
    now = versions.read("Patient", loser_id)
    if now is None or now.content is None:
        raise NotThere(f"Patient/{loser_id} is not here")
    found = last_merge(loser_id, tx)
    stands_in = replaced_by(json_text.decode(now.content))
    if found is None or not stands_in:
        raise CannotMerge("not-merged", f"Patient/{loser_id} was not replaced by a merge")
    source, trace = found
    winner_id = winner_of(trace)
    if stands_in != f"Patient/{winner_id}":
        raise CannotMerge("merged-on", f"undo the later merge into {stands_in} first")
    back = _Back(source, winner_id, [], [], [], _new(winner_id, source, tx))
    for type_, id_, number in versions_of(trace):
        _one(back, type_, id_, number)
    return back


def _one(back: _Back, type_: str, id_: str, number: int) -> None:
    """Add one resource to the way back."""
    now = versions.read(type_, id_)
    before = versions.read_version(type_, id_, number)
    after = versions.read_version(type_, id_, number + 1)
    if now is None or before is None or after is None:
        raise NotThere(f"{type_}/{id_}/_history/{number} is not here")
    if now.content is None:
        back.since.append(Since(f"{type_}/{id_}", is_deleted=True))
        return
    present = _bare(now)
    done = undone(_bare(before), _bare(after), present)
    if now.version != number + 1:
        back.since.append(Since(f"{type_}/{id_}", tuple(done.kept)))
    if done.resource != present:
        back.replaced.append(now)
        back.resources.append(done.resource)


def _bare(version: Version) -> Resource:
    """A version's content without what the server writes into ``meta`` at each save."""
    resource: Resource = json_text.decode(version.content or "{}")
    meta = {
        name: value
        for name, value in resource.pop("meta", {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    return {**resource, "meta": meta} if meta else resource


def _new(winner_id: str, source: Version, tx: Transaction | None) -> tuple[str, ...]:
    """What was made about the record that stayed after the merge."""
    return tuple(
        f"{version.type}/{version.id}"
        for version in mentions.of(f"Patient/{winner_id}", tx, made_after=source.sequence)
        if not activity_of(json_text.decode(version.content or "{}"))
    )


def _unmerged(trace_id: str, loser_id: str, back: _Back) -> Unmerged:
    return Unmerged(
        trace_id=trace_id,
        winner_id=back.winner_id,
        loser_id=loser_id,
        restored=len(back.replaced),
        changed_since=tuple(back.since),
        new_since=back.new,
    )
