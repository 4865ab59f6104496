"""Creates, updates, patches and deletes resources, one or several, whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from qamqor.engine.fhir import bundle, etag, summary
from qamqor.errors import GoneBefore, Issue, NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access import looks
from qamqor.services.access.actor import Actor
from qamqor.services.access.sights import Sights
from qamqor.services.fhir import conditional, patch, valid, write
from qamqor.services.fhir.asked import Ask, Result
from qamqor.services.fhir.fresh import FAR
from qamqor.services.fhir.write import Change, Creation
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.fhir.versions import Version
from qamqor.store.node import Transaction


def new_id(at: datetime) -> str:
    """An id nobody has: 48 bits of the time, so that new rows lie together, and 80 random ones."""
    milliseconds = int(at.timestamp() * 1000)
    return f"{milliseconds:012x}{secrets.token_hex(10)}"


def do(ask: Ask, *, actor: Actor, at: datetime) -> Result:
    """Do one thing.

    Raises:
        Unusable: the resource breaks a rule, or a condition does not hold (412).
        VersionConflict: it is no longer the version the caller saw.
        NotThere, GoneBefore: there is nothing to patch.
    """
    check(ask)
    if ask.has_conditions:
        conditional.lead(ask, actor=actor, at=at)
    try:
        if is_plain_creation(ask):
            change = Change("POST", ask.type, ask.new_id, ask.resource)
            made = node.commit_together(Creation(change, actor, at), write.create_each)
            return Result(201, made.version)
        return node.commit(lambda tx: do_all(tx, [ask], actor=actor, at=at)[0])
    except (NotAllowed, NotThere) as refusal:
        keep_refusal(refusal, [ask], actor=actor, at=at)
        raise


def create_each(asks: Sequence[Ask], *, actor: Actor, at: datetime) -> list[Result | Exception]:
    """Do several plain creations, each for itself, once ``check`` found nothing wrong with them.

    Returns:
        for each what came of it, or why it was refused.
    """
    changes = [Change("POST", ask.type, ask.new_id, ask.resource) for ask in asks]
    creations = [Creation(change, actor, at) for change in changes]
    answers: list[Result | Exception] = []
    for ask, made in zip(asks, node.commit_each(creations, write.create_each), strict=True):
        if isinstance(made, NotAllowed | NotThere):
            keep_refusal(made, [ask], actor=actor, at=at)
        answers.append(made if isinstance(made, Exception) else Result(201, made.version))
    return answers


def is_plain_creation(ask: Ask) -> bool:
    """Whether an ask makes something new whatever the record holds, and changes no rights."""
    return ask.method == "POST" and not ask.if_none_exist and ask.type not in FAR


def keep_refusal(refusal: Exception, asks: Sequence[Ask], *, actor: Actor, at: datetime) -> None:
    """Keep in the audit that something was asked for and refused, once it is undone."""
    changes = [Change("PUT", ask.type, ask.id or "") for ask in asks]
    write.keep_refusal(refusal, changes, actor=actor, at=at)


def check(ask: Ask) -> None:
    """Say what is wrong with a resource before anything waits for it.

    Raises:
        Unusable: with every issue found.
    """
    if ask.method in {"POST", "PUT"}:
        valid.must_be(ask.resource, type_=ask.type, where=ask.where)
    if ask.method == "PUT" and ask.id is not None:
        _same_id(ask, ask.id)


def _same_id(ask: Ask, id_: str) -> None:
    said = ask.resource.get("id")
    if said != id_:
        told = "has no id" if said is None else f"says it is {str(said)[:64]!r}"
        text = f"the address names {id_!r}, the resource {told}; they must be the same"
        raise Unusable([Issue("invalid", text, f"{ask.type}.id")])


def do_all(tx: Transaction, asks: Sequence[Ask], *, actor: Actor, at: datetime) -> list[Result]:
    """Do several things in one transaction, deletions first; conditions see how it was before.

    Raises:
        Unusable: also where two of them mean the same resource.
    """
    settled = [settle(ask, actor, at) for ask in asks]
    return write_all(tx, asks, settled, actor=actor, at=at)


def write_all(
    tx: Transaction,
    asks: Sequence[Ask],
    settled: Sequence[Change | Result],
    *,
    actor: Actor,
    at: datetime,
) -> list[Result]:
    """Write what was settled, deletions first; one result for each ask, in their order."""
    order = sorted(
        (n for n, change in enumerate(settled) if isinstance(change, Change)),
        key=lambda n: bundle.ORDER[asks[n].method],
    )
    changes = [change for n in order if isinstance(change := settled[n], Change)]
    stored = write.apply(tx, changes, actor=actor, at=at)
    results = {n: done for n, done in enumerate(settled) if isinstance(done, Result)}
    for n, done in zip(order, stored, strict=True):
        status = 204 if done.resource is None else 201 if done.is_new else 200
        results[n] = Result(status, done.version)
    return [results[n] for n in range(len(asks))]


def no_two_alike(named: Iterable[tuple[tuple[str, str], str]]) -> None:
    """Refuse that one resource is named by two entries.

    Args:
        named: type and id of each resource, and which entry names it.
    Raises:
        Unusable: one is named twice.
    """
    seen: dict[tuple[str, str], str] = {}
    for (type_, id_), place in named:
        before = seen.setdefault((type_, id_), place)
        if before is not place:
            text = f"{type_}/{id_} is already changed by {before}; name it once"
            raise Unusable([Issue("duplicate", text, place)])


def settle(ask: Ask, actor: Actor, at: datetime) -> Change | Result:
    """What an ask means as things stand: a change, or a result without one."""
    return _SETTLE[ask.method](ask, actor, at)


def _create(ask: Ask, actor: Actor, at: datetime) -> Change | Result:
    if ask.if_none_exist:
        found = conditional.match(ask, ask.if_none_exist, actor=actor, at=at)
        if found is not None:
            return Result(200, found)
    return Change("POST", ask.type, ask.new_id, ask.resource)


def _update(ask: Ask, actor: Actor, at: datetime) -> Change | Result:
    id_ = ask.id
    if id_ is None:
        found = conditional.match(ask, ask.query, actor=actor, at=at)
        said = ask.resource.get("id")
        id_ = found.id if found else said or ask.new_id
        if found is not None and said is not None:
            _same_id(ask, found.id)
        if found is None and said is not None and _now(ask.type, said) is not None:
            text = f"{ask.type}/{said} is here, but does not match {ask.query!r}"
            raise Unusable([Issue("conflict", text, ask.where)], status=409)
    if ask.if_none_match.strip() == "*" and _now(ask.type, id_) is not None:
        text = f"{ask.type}/{id_} is here already, and If-None-Match asks that it is not"
        raise Unusable([Issue("conflict", text, ask.where)], status=412)
    if summary.is_marked(ask.resource) and _now(ask.type, id_) is not None:
        text = "this is a part of the resource (SUBSETTED) and would replace the whole; send all"
        raise Unusable([Issue("business-rule", text, f"{ask.type}.meta.tag")], status=422)
    return Change("PUT", ask.type, id_, ask.resource, if_version=_seen(ask, id_))


def _patch(ask: Ask, actor: Actor, at: datetime) -> Change | Result:
    current = _meant(ask, actor, at)
    if current is None:
        raise NotThere(f"{ask.type}/{ask.id or '?' + ask.query} is not here")
    if current.content is None:
        raise GoneBefore(f"{ask.type}/{current.id} is deleted")
    looks.at_one(Sights(actor, at), ask.type, current.id)
    seen = _seen(ask, current.id)
    if seen is not None and seen != current.version:
        raise VersionConflict(ask.type, current.id, seen=seen)
    changed = patch.applied(current.content, ask.resource, where=ask.where)
    valid.must_be(changed, type_=ask.type, where=ask.where)
    if changed.get("id") != current.id:
        text = "a patch cannot change the id of a resource"
        raise Unusable([Issue("invalid", text, f"{ask.type}.id")], status=422)
    return Change("PATCH", ask.type, current.id, changed, if_version=current.version)


def _delete(ask: Ask, actor: Actor, at: datetime) -> Change | Result:
    current = _meant(ask, actor, at)
    if current is None or current.content is None:
        if not actor.is_platform:
            Sights(actor, at).need("delete", ask.type)
        return Result(204, None)
    return Change("DELETE", ask.type, current.id, if_version=_seen(ask, current.id))


def _meant(ask: Ask, actor: Actor, at: datetime) -> Version | None:
    """The resource that an id or a condition names."""
    if ask.id is not None:
        return versions.read(ask.type, ask.id)
    return conditional.match(ask, ask.query, actor=actor, at=at)


def _now(type_: str, id_: str) -> Version | None:
    """The resource as it stands, where it is not deleted."""
    found = versions.read(type_, id_)
    return None if found is None or found.content is None else found


def _seen(ask: Ask, id_: str) -> int | None:
    """The version the caller wants to change; None where any will do."""
    if not ask.if_match:
        return None
    if ask.if_match.strip() != "*":
        named = etag.versions(ask.if_match)
        return named[0] if len(named) == 1 else etag.NEVER
    current = _now(ask.type, id_)
    return etag.NEVER if current is None else current.version


_SETTLE: dict[str, Callable[[Ask, Actor, datetime], Change | Result]] = {
    "POST": _create,
    "PUT": _update,
    "PATCH": _patch,
    "DELETE": _delete,
}
