"""Lets an export of the whole population begin, or ends it, by the word of a second person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from qamqor.engine.fhir.envelope import microseconds
from qamqor.errors import NotAllowed, NotThere
from qamqor.services import audit, smart
from qamqor.services.access import policy
from qamqor.services.access.actor import Actor
from qamqor.store import node
from qamqor.store.fhir import jobs
from qamqor.store.fhir.jobs import Job
from qamqor.store.node import Transaction

TWO_PEOPLE_DAYS: Final = 7
"""So long an export of everybody waits for a second person; then it must be asked for again."""
EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Waiting(NamedTuple):
    """An export that waits: who asked, when, for which types, changed since when (None = all)."""

    id: str
    client: str
    at: datetime
    types: tuple[str, ...]
    since: datetime | None


def waiting(*, actor: Actor, at: datetime) -> list[Waiting]:
    """Exports that wait for a second person, the oldest first.

    Raises:
        NotAllowed: the actor may confirm none.
    """
    _must_be_second(actor)
    return [_shown(job) for job in jobs.unconfirmed(since=_since(at))]


def _shown(job: Job) -> Waiting:
    since = job.asked["since"]
    return Waiting(
        id=job.id,
        client=smart.name_of(job.client),
        at=datetime.fromisoformat(job.asked["at"]),
        types=tuple(job.asked["types"]),
        since=EPOCH + timedelta(microseconds=since) if since else None,
    )


def confirm(id_: str, *, actor: Actor, at: datetime) -> None:
    """Let an export of everybody begin, as the second person; somebody must then work on it.

    Raises:
        NotAllowed: the actor may not, or asked for it themselves.
        NotThere: it waits for nobody.
    """
    _decide(id_, "waiting", "confirmed", actor, at)


def refuse(id_: str, *, actor: Actor, at: datetime) -> None:
    """End an export of everybody before it begins.

    Raises:
        NotAllowed, NotThere: as for ``confirm``.
    """
    _decide(id_, "refused", "refused", actor, at)


def _decide(id_: str, state: str, word: str, actor: Actor, at: datetime) -> None:
    _must_be_second(actor)
    job = jobs.find(id_)
    if job is not None and job.asked.get("account") == actor.account:
        raise NotAllowed("whoever asked for an export does not confirm it")

    def work(tx: Transaction) -> None:
        if not jobs.decide(tx, id_, state=state, since=_since(at)):
            raise NotThere("no such export waits for a second person")
        audit.note(tx, actor, "export", at=at, detail=f"{word} export {id_}")

    node.commit(work)


def _must_be_second(actor: Actor) -> None:
    if not policy.may_confirm_export(actor):
        raise NotAllowed("exports are confirmed by a head or an administrator, signed in here")


def _since(at: datetime) -> int:
    return microseconds(at - timedelta(days=TWO_PEOPLE_DAYS)) or 0
