"""Merges two records of one person, whole or not at all, with a trace."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import IDENTIFIERS
from qamqor.engine.identity.compare import Likeness, compare
from qamqor.engine.identity.person import identity_of
from qamqor.services.access import people as rights
from qamqor.services.access.actor import Actor
from qamqor.services.empanelment import day_of
from qamqor.services.fhir.write import Change, apply
from qamqor.services.merge.plan import Plan, plan
from qamqor.services.merge.trace import MERGE, trace_of
from qamqor.store import node
from qamqor.store.node import Transaction


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did, or would do.

    Attributes:
        trace_id: of the Provenance; empty for a preview.
        result: the record that stays, as it is afterwards.
        likeness: how alike the two records were, with reasons.
        linked: how many resources of each type now lead to the record that stays.
        ended: references of episodes that ended because both records had the same one open.
    """

    trace_id: str
    winner_id: str
    loser_id: str
    result: dict[str, Any]
    likeness: Likeness
    linked: Mapping[str, int]
    ended: tuple[str, ...]


def preview(loser_id: str, winner_id: str, *, actor: Actor, at: datetime) -> Merged:
    """Say what ``merge`` would do, and change nothing; it refuses what ``merge`` refuses."""
    rights.acting_on([loser_id, winner_id], actor=actor, at=at)
    seen = _merged("", loser_id, winner_id, plan(loser_id, winner_id, day=_day(at)))
    rights.keep([loser_id, winner_id], asked="merge", actor=actor, at=at)
    return seen


def merge(loser_id: str, winner_id: str, *, actor: Actor, at: datetime, reason: str = "") -> Merged:
    """Make one record of two.

    Every resource that speaks of the one replaced leads to the one that stays; the one replaced
    goes out of use and points to it. Of an episode that both have open, the one that stays keeps
    its own. A Provenance lists each version as it was, so ``unmerge`` can bring it back.

    Args:
        loser_id: the Patient that is replaced.
        winner_id: the Patient that stays.
        actor: who decided.
        at: when.
        reason: why, in their words.
    Raises:
        NotThere: one of the two is not here. CannotMerge: they cannot become one.
        NotAllowed: the actor may not change both records.
    """
    service = rights.acting_on([loser_id, winner_id], actor=actor, at=at)

    def work(tx: Transaction) -> Merged:
        planned = plan(loser_id, winner_id, day=_day(at), tx=tx)
        trace = trace_of(
            MERGE,
            winner_id=winner_id,
            loser_id=loser_id,
            replaced=planned.replaced,
            reason=reason,
            actor=actor,
            at=at,
        )
        trace_id = str(uuid.uuid4())
        changes = [
            Change("PUT", version.type, version.id, resource, if_version=version.version)
            for version, resource in zip(planned.replaced, planned.resources, strict=True)
        ]
        apply(tx, [*changes, Change("POST", "Provenance", trace_id, trace)], actor=service, at=at)
        return _merged(trace_id, loser_id, winner_id, planned)

    return node.commit(work)


def _merged(trace_id: str, loser_id: str, winner_id: str, planned: Plan) -> Merged:
    winner, loser = (
        identity_of(json_text.decode(version.content or "{}"), iin_system=f"{IDENTIFIERS}/iin")
        for version in planned.replaced[:2]
    )
    linked = Counter(version.type for version in planned.replaced[2:])
    result = planned.resources[0]
    return Merged(
        trace_id, winner_id, loser_id, result, compare(loser, winner), linked, planned.ended
    )


def _day(at: datetime) -> str:
    return day_of(at).isoformat()
