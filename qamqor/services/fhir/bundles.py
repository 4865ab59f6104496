"""Does what a bundle asks: all of it or nothing (transaction), or each by itself (batch)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, Final, NamedTuple

from qamqor.engine.fhir import bundle, links
from qamqor.engine.fhir.bundle import Entry
from qamqor.engine.fhir.links import Link
from qamqor.errors import Issue, NotAllowed, NotThere, QamqorError, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import conditional, interact
from qamqor.services.fhir.asked import Ask, Result
from qamqor.services.fhir.write import Change
from qamqor.store import node
from qamqor.store.node import Transaction

Got = Any
Look = Callable[[Entry], Got]
TOGETHER: Final = 64
"""Entries of a batch in one commit of the database; others may come between."""


class Pointing(NamedTuple):
    """A link of an entry that has to be pointed at where its target will be."""

    link: Link
    base: str


def transaction(
    entries: Sequence[Entry | Unusable], *, look: Look, actor: Actor, at: datetime
) -> list[Result | Got]:
    """Do everything a transaction bundle asks, in FHIR's order, or nothing of it.

    Args:
        look: answers an entry that only reads or calls an operation; asked when everything else
            is done.
    Returns:
        one answer for each entry, in the order of the entries.
    Raises:
        Unusable: what is wrong with any entry, all of it; nothing was changed.
        VersionConflict, NotThere, GoneBefore, NotAllowed: as for single interactions.
    """
    asks = {n: _ask(entry, at) for n, entry in _changing(entries)}
    _refuse(entries, asks.values())
    known = [entry for entry in entries if isinstance(entry, Entry)]
    names = _names(known)
    pointings = {n: _pointings(asks[n], known[n], names) for n in asks}

    def work(tx: Transaction) -> list[Result | Got]:
        done = _change(tx, asks, pointings, names, actor=actor, at=at)
        return [done[n] if n in done else look(entry) for n, entry in enumerate(known)]

    try:
        return node.commit(work)
    except (NotAllowed, NotThere) as refusal:
        interact.keep_refusal(refusal, list(asks.values()), actor=actor, at=at)
        raise


def batch(
    entries: Sequence[Entry | Unusable],
    *,
    look: Look,
    actor: Actor,
    at: datetime,
    has_conditions: bool = True,
) -> list[Result | Got | Exception]:
    """Do each entry of a batch bundle by itself; what fails is its error, and changes nothing.

    Args:
        has_conditions: whether a reference of any entry may be a condition.
    """
    some = partial(_some, look=look, actor=actor, at=at, has_conditions=has_conditions)
    answers: list[Result | Got | Exception] = []
    for start in range(0, len(entries), TOGETHER):
        answers += node.commit(partial(some, entries[start : start + TOGETHER]))
    return answers


def _some(
    entries: Sequence[Entry | Unusable],
    _: Transaction,
    *,
    look: Look,
    actor: Actor,
    at: datetime,
    has_conditions: bool,
) -> list[Result | Got | Exception]:
    """Some entries in their order; what only makes something new is written together."""
    meant = [_meant(entry, at, has_conditions=has_conditions) for entry in entries]
    answers: list[Result | Got | Exception] = []
    for is_plain, some in groupby(
        zip(entries, meant, strict=True), key=lambda one: _is_new(one[1])
    ):
        if is_plain:
            asks = [ask for _, ask in some if isinstance(ask, Ask)]
            answers += interact.create_each(asks, actor=actor, at=at)
        else:
            answers += [_alone(entry, ask, look, actor=actor, at=at) for entry, ask in some]
    return answers


def _meant(
    entry: Entry | Unusable, at: datetime, *, has_conditions: bool
) -> Ask | QamqorError | None:
    """The change an entry asks for, or what is wrong with it; None: it changes nothing itself."""
    if isinstance(entry, Unusable) or entry.is_reading or entry.is_operation:
        return entry if isinstance(entry, Unusable) else None
    ask = replace(_ask(entry, at), has_conditions=has_conditions)
    try:
        _check(ask)
    except QamqorError as error:
        return error
    return ask


def _is_new(meant: Ask | QamqorError | None) -> bool:
    return isinstance(meant, Ask) and not meant.has_conditions and interact.is_plain_creation(meant)


def _alone(
    entry: Entry | Unusable,
    meant: Ask | QamqorError | None,
    look: Look,
    *,
    actor: Actor,
    at: datetime,
) -> Result | Got | Exception:
    if isinstance(meant, QamqorError):
        return meant
    try:
        if isinstance(meant, Ask):
            return interact.do(meant, actor=actor, at=at)
        return look(entry) if isinstance(entry, Entry) else entry
    except QamqorError as error:
        return error


def _changing(entries: Sequence[Entry | Unusable]) -> Iterator[tuple[int, Entry]]:
    for n, entry in enumerate(entries):
        if isinstance(entry, Entry) and not entry.is_reading:
            yield n, entry


def _ask(entry: Entry, at: datetime) -> Ask:
    address = entry.address
    is_post = entry.method == "POST"
    return Ask(
        method=entry.method,
        type=address.type or "",
        id=address.id,
        new_id=interact.new_id(at) if is_post or address.id is None else "",
        query="" if is_post else address.query,
        resource=entry.resource,
        if_match=entry.if_match,
        if_none_match=entry.if_none_match,
        if_none_exist=entry.if_none_exist,
        where=entry.where,
        is_operation=entry.is_operation,
    )


def _refuse(entries: Sequence[Entry | Unusable], asks: Any) -> None:
    """Say everything that can be seen to be wrong before anything is done."""
    issues = [i for entry in entries if isinstance(entry, Unusable) for i in entry.issues]
    statuses = [entry.status for entry in entries if isinstance(entry, Unusable)]
    for ask in asks:
        try:
            _check(ask)
        except Unusable as error:
            issues += error.issues
            statuses.append(error.status)
    if issues:
        raise Unusable(issues, status=400 if 400 in statuses else statuses[0])


def _check(ask: Ask) -> None:
    where = f"{ask.where}.request.url"
    if ask.is_operation:
        text = "an operation that changes something stands in a batch, not in a transaction"
        raise Unusable([Issue("not-supported", text, where)])
    if not ask.type:
        text = f"{ask.method} needs a resource type in its url"
        raise Unusable([Issue("not-supported", text, where)])
    if ask.method == "POST" and ask.id is not None:
        text = f"POST to {ask.type} gives the id itself; to say the id, PUT"
        raise Unusable([Issue("invalid", text, where)])
    if ask.method != "POST" and ask.id is None and not ask.query:
        text = f"{ask.method} needs {ask.type}/id or a condition, {ask.type}?identifier=…"
        raise Unusable([Issue("required", text, where)])
    try:
        interact.check(ask)
    except Unusable as error:
        raise Unusable([_placed(i, ask) for i in error.issues], status=error.status) from None


def _placed(issue: Issue, ask: Ask) -> Issue:
    inner = issue.expression.removeprefix(ask.where).removeprefix(ask.type)
    return replace(issue, expression=f"{ask.where}.resource{inner}")


def _names(entries: Sequence[Entry]) -> dict[str, int]:
    """By what names entries may be pointed to: a fullUrl, or the condition that finds them."""
    names: dict[str, int] = {}
    for n, entry in enumerate(entries):
        if entry.is_reading:
            continue
        condition = entry.if_none_exist or (entry.address.query if entry.method == "PUT" else "")
        if condition:
            names.setdefault(f"{entry.address.type}?{condition}", n)
        name = links.normal(entry.full_url)
        if not name:
            continue
        if names.setdefault(name, n) != n:
            text = f"fullUrl {entry.full_url[:100]} is also that of entry {names[name]}"
            raise Unusable([Issue("duplicate", text, f"{entry.where}.fullUrl")])
    return names


def _pointings(ask: Ask, entry: Entry, names: dict[str, int]) -> list[Pointing]:
    """Links that name something of this bundle, or something by a condition."""
    if not isinstance(ask.resource, dict):
        return []
    base = bundle.base_of(entry.full_url)
    return [
        Pointing(link, base)
        for link in links.links(ask.resource)
        if link.kind == "div" or _target(link.text, base, names) is not None or link.is_condition
    ]


def _target(text: str, base: str, names: dict[str, int]) -> int | None:
    found = names.get(links.normal(text))
    return names.get(f"{base}/{text}") if found is None and base else found


def _change(
    tx: Transaction,
    asks: dict[int, Ask],
    pointings: dict[int, list[Pointing]],
    names: dict[str, int],
    *,
    actor: Actor,
    at: datetime,
) -> dict[int, Result]:
    """Settle what each entry means, point links there, and write."""
    deletions = [n for n in asks if asks[n].method == "DELETE"]
    settled = {n: interact.settle(asks[n], actor, at) for n in deletions}
    going = frozenset(f"{one.type}/{one.id}" for one in settled.values() if isinstance(one, Change))
    asks = {n: replace(ask, besides=going) for n, ask in asks.items()}
    plain = [n for n in asks if asks[n].method in {"POST", "PUT"}]
    settled |= {n: interact.settle(asks[n], actor, at) for n in plain}
    twins = _twins(asks, settled)
    targets = {n: f"{asks[n].type}/{asks[n].id or _id(settled.get(n))}" for n in asks}
    targets |= {n: targets[first] for n, first in twins.items()}
    leads = partial(_lead, targets=targets, names=names, found={}, actor=actor, at=at)
    waiting = {n for n in pointings if leads(pointings[n], asks[n])}
    mine = [n for n in asks if n not in twins]
    done: dict[int, Result] = {}
    for is_later in (False, True):
        order = [n for n in mine if (n in waiting) is is_later]
        if is_later:
            _see_what_was_made(order, asks, pointings, leads)
        settled |= {n: interact.settle(asks[n], actor, at) for n in order if n not in settled}
        interact.no_two_alike(
            (named, asks[n].where)
            for n, one in settled.items()
            if n not in twins and (named := _identity(asks[n], one)) is not None
        )
        some, meant = [asks[n] for n in order], [settled[n] for n in order]
        written = interact.write_all(tx, some, meant, actor=actor, at=at)
        done |= dict(zip(order, written, strict=True))
    return done | {n: Result(200, done[first].version) for n, first in twins.items()}


def _lead(
    listed: Sequence[Pointing],
    ask: Ask,
    *,
    targets: dict[int, str],
    names: dict[str, int],
    found: dict[str, str],
    actor: Actor,
    at: datetime,
) -> list[Pointing]:
    """Point the links of an entry; returns those on a condition that nothing meets yet."""

    def by_condition(text: str) -> str | None:
        if text not in found:
            meant = conditional.reference(text, ask, actor=actor, at=at)
            if meant is None:
                return None
            found[text] = meant
        return found[text]

    for pointing in listed:
        _point(pointing, targets, names, by_condition)
    return [
        one
        for one in listed
        if one.link.is_condition
        and _target(one.link.text, one.base, names) is None
        and one.link.text not in found
    ]


def _see_what_was_made(
    order: Sequence[int],
    asks: dict[int, Ask],
    pointings: dict[int, list[Pointing]],
    leads: Callable[[Sequence[Pointing], Ask], list[Pointing]],
) -> None:
    """Point what waited, now that everything else of the transaction is written.

    Raises:
        Unusable: nothing meets a condition even so (412).
    """
    for n in order:
        for pointing in leads(pointings[n], asks[n]):
            raise conditional.nothing_matches(pointing.link.text, asks[n])


def _twins(asks: dict[int, Ask], settled: dict[int, Change | Result]) -> dict[int, int]:
    """Entries that would make what an earlier one makes on the same condition, and that one.

    Raises:
        Unusable: two updates by one condition would both make it.
    """
    first: dict[tuple[str, str], int] = {}
    twins: dict[int, int] = {}
    for n, ask in asks.items():
        condition = ask.if_none_exist or (ask.query if ask.method == "PUT" else "")
        if not condition or not isinstance(settled.get(n), Change):
            continue
        maker = first.setdefault((ask.type, condition), n)
        if maker != n and ask.method == "PUT":
            text = f"{ask.type}?{condition[:100]} is already meant by {asks[maker].where}"
            raise Unusable([Issue("duplicate", text, ask.where)])
        if maker != n:
            twins[n] = maker
    return twins


def _identity(ask: Ask, settled: Change | Result) -> tuple[str, str] | None:
    """Which resource an entry changes; what it deletes by its id also where that is not here."""
    if isinstance(settled, Change):
        return settled.type, settled.id
    return (ask.type, ask.id) if ask.method == "DELETE" and ask.id is not None else None


def _id(settled: Change | Result | None) -> str:
    if isinstance(settled, Change):
        return settled.id
    return settled.version.id if settled and settled.version else ""


def _point(
    pointing: Pointing,
    targets: dict[int, str],
    names: dict[str, int],
    by_condition: Callable[[str], str | None],
) -> None:
    def new(text: str) -> str | None:
        target = _target(text, pointing.base, names)
        if target is not None:
            return targets[target]
        return by_condition(text) if pointing.link.kind == "reference" else None

    pointing.link.point(new)
