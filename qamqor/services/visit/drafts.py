"""Keeps what is typed at a visit before it is signed, so that nothing is lost on the way.

A draft is not the record: nobody else acts on it, it is not in FHIR, and signing deletes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from qamqor.errors import Issue, NotAllowed, Unusable
from qamqor.services import audit
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir.write import EPOCH
from qamqor.store import drafts as store
from qamqor.store import node
from qamqor.store.accounts import Account
from qamqor.store.node import Transaction

LARGEST: Final = 64 * 1024
KIND: Final = "visit"
RECENT: Final = timedelta(hours=12)
NEVER: Final = 2**31 - 2
"""A version no draft comes to, whose next one the stores can still hold."""
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed.

    Attributes:
        version: 0 = not kept yet.
        fields: name of the field → text.
    """

    key: str
    version: int
    agent: str
    account: int
    fields: Mapping[str, str]
    began_at: datetime
    saved_at: datetime


class Colleague(NamedTuple):
    """Somebody else who has a visit open with the same person; what they typed stays theirs."""

    name: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a draft; ``is_stale``: it went on elsewhere, and ``draft`` is that one."""

    draft: Draft
    is_stale: bool


def new(actor: Actor, at: datetime) -> Draft:
    """A draft nobody has typed into."""
    return Draft(str(uuid.uuid4()), 0, actor.reference, actor.account or 0, {}, at, at)


def keep(
    patient: str,
    key: str,
    fields: Mapping[str, str],
    *,
    seen: int,
    actor: Actor,
    at: datetime,
    anyway: bool = False,
    kind: str = KIND,
) -> Kept:
    """Keep what is typed over the version that was seen.

    Args:
        seen: the version the page knows; 0 = it has none yet.
        anyway: write over a newer version, which somebody has looked at.
        kind: which form it is of.

    Raises:
        NotThere: not a person of the actor's. Unusable: more text than a visit has.
        NotAllowed: an application, not a human, or another worker's draft.
    """
    if actor.account is None:
        raise NotAllowed("a draft belongs to somebody who signed in")
    seen = min(seen, NEVER)  # Whatever a page says that the store cannot count is none it knows.
    relation, facts = looks.at_one(Sights(actor, at), "Patient", patient)
    content = _ENCODE(dict(fields)).decode()
    if len(content) > LARGEST:
        raise Unusable([Issue("too-long", "a visit holds at most 64 KB of text")], status=422)
    now = microseconds(at)
    row = store.Draft(key, kind, actor.account, actor.reference, patient, seen, content, now, now)

    def put(tx: Transaction) -> store.Draft | None:
        over = seen
        if anyway:
            standing = store.read(key)
            over = standing.version if standing is not None else 0
        kept = store.put(tx, row, seen=over)
        if kept is not None and kept.version == 1:
            audit.note(tx, actor, "create", at=at, what=[f"Draft/{key}"], people=facts.people,
                       relation=relation)  # fmt: skip
        return kept

    kept = node.commit(put)
    if kept is not None:
        return Kept(_said(kept), is_stale=False)
    there = store.read(key)
    if there is None:
        # It was signed or thrown away elsewhere; the page must not bring it back unseen.
        return Kept(Draft(key, 0, actor.reference, actor.account, {}, at, at), is_stale=True)
    if (there.account, there.patient) != (actor.account, patient):
        raise NotAllowed("this draft is another worker's")
    if there.content == content:
        return Kept(_said(there), is_stale=False)
    return Kept(_said(there), is_stale=True)


def standing(patient: str, key: str, *, actor: Actor, at: datetime) -> Draft:
    """The actor's draft of a key, or a new one where nothing is kept.

    Raises:
        NotAllowed: another worker's, or about another person.
    """
    there = store.read(key)
    if there is None:
        return Draft(key, 0, actor.reference, actor.account or 0, {}, at, at)
    if (there.account, there.patient) != (actor.account, patient):
        raise NotAllowed("this draft is another worker's")
    return _said(there)


def own(patient: str, actor: Actor, kind: str = KIND) -> Draft | None:
    """The draft the actor has about a person, the newest if there are several."""
    return next((_said(d) for d in store.of_person(kind, patient) if d.account == actor.account),
                None)  # fmt: skip


def of_others(patient: str, actor: Actor, *, at: datetime) -> list[Colleague]:
    """Visits that colleagues have had open with a person for less than half a day."""
    since = microseconds(at - RECENT)
    open_now = {
        d.account: _moment(d.began_at)
        for d in store.of_person(KIND, patient)
        if d.account != actor.account and d.saved_at >= since
    }
    names = {one.pk: one.get_full_name() for one in Account.objects.filter(pk__in=list(open_now))}
    return [Colleague(names.get(account, ""), began) for account, began in open_now.items()]


def throw_away(patient: str, key: str, *, actor: Actor, at: datetime) -> None:
    """Forget a draft of the actor's; nothing where it is gone already."""
    relation, facts = looks.at_one(Sights(actor, at), "Patient", patient)
    there = store.read(key)
    if there is None or (there.account, there.patient) != (actor.account, patient):
        return

    def forget(tx: Transaction) -> None:
        store.delete(tx, key)
        audit.note(tx, actor, "delete", at=at, what=[f"Draft/{key}"], people=facts.people,
                   relation=relation)  # fmt: skip

    node.commit(forget)


def microseconds(at: datetime) -> int:
    """A moment as the store keeps it."""
    return round((at - EPOCH).total_seconds() * 1_000_000)


def _moment(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1_000_000, UTC)


def _said(row: store.Draft) -> Draft:
    began, saved = _moment(row.began_at), _moment(row.saved_at)
    fields = _DECODE(row.content.encode())
    return Draft(row.id, row.version, row.agent, row.account, fields, began, saved)


def renew(patient: str, key: str, *, actor: Actor, at: datetime) -> None:
    """Go on with the same text under a new key, because what the old one named was taken back."""
    there = standing(patient, key, actor=actor, at=at)
    if there.version:
        keep(patient, str(uuid.uuid4()), there.fields, seen=0, actor=actor, at=at)
        throw_away(patient, key, actor=actor, at=at)
