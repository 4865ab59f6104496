"""Takes a batch or a transaction, and answers it entry by entry."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from qamqor.engine.fhir import bundle, etag, json_text, summary
from qamqor.engine.fhir.bundle import Entry
from qamqor.errors import Issue, Unusable
from qamqor.services.access import trail
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import bundles, read
from qamqor.services.fhir.asked import Result
from qamqor.services.fhir.write import instant
from qamqor.web.fhir import (
    audit_events,
    capability,
    exchange,
    gate,
    history,
    outcomes,
    search,
)
from qamqor.web.fhir.exchange import Wishes
from qamqor.web.fhir.operations import views as operations

REASONS: Final = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified"}


def take(request: HttpRequest) -> HttpResponse:
    asked = exchange.wishes(request)
    actor = gate.actor_of(request)
    said = exchange.resource(request)
    kind = said.get("type")
    if said.get("resourceType") != "Bundle" or kind not in {"batch", "transaction"}:
        text = "send a batch or transaction Bundle here; single resources go to /fhir/<type>"
        raise Unusable([Issue("invalid", text, "Bundle.type")])
    entries = bundle.entries(said, base=exchange.address(request))
    look, at = partial(_look, request, actor=actor), timezone.now()
    if kind == "transaction":
        answers = bundles.transaction(entries, look=look, actor=actor, at=at)
    else:
        may_point = exchange.has_conditions(request)
        answers = bundles.batch(entries, look=look, actor=actor, at=at, has_conditions=may_point)
    told = [_told(one, entry, request, asked) for one, entry in zip(answers, entries, strict=True)]
    answer = {
        "resourceType": "Bundle",
        "type": f"{kind}-response",
        **({"entry": told} if told else {}),
    }
    return exchange.answer(answer, Wishes(is_pretty=asked.is_pretty))


def _told(
    answer: Any, entry: Entry | Unusable, request: HttpRequest, asked: Wishes
) -> dict[str, Any]:
    if isinstance(answer, Exception):
        status, issues = outcomes.reading(answer)
        return {"response": {"status": _status(status), "outcome": outcomes.outcome(issues)}}
    if isinstance(answer, Result) and isinstance(entry, Entry):
        return _changed(answer, str(entry.address.type), request, asked)
    found: dict[str, Any] = answer
    return found


def _changed(result: Result, type_: str, request: HttpRequest, asked: Wishes) -> dict[str, Any]:
    version = result.version
    if version is None or version.content is None:
        return {"response": {"status": _status(204)}}
    named = f"{type_}/{version.id}"
    response = {
        "status": _status(result.status),
        "location": f"{exchange.address(request)}/{named}/_history/{version.version}",
        "etag": etag.tag(version.version),
        "lastModified": instant(exchange.moment(version.at)),
    }
    if asked.returns == "representation":
        return {"resource": json_text.decode(version.content), "response": response}
    if asked.returns == "OperationOutcome":
        word = "created" if result.status == 201 else "stored"
        response["outcome"] = outcomes.said_well(f"{named} is {word}")  # type: ignore[assignment]
    return {"response": response}


def _status(status: int) -> str:
    return f"{status} {REASONS[status]}" if status in REASONS else str(status)


def _look(request: HttpRequest, entry: Entry, *, actor: Actor) -> dict[str, Any]:
    """The answer to an entry that reads, searches, asks for a history, or operates."""
    address, base = entry.address, exchange.address(request)
    if entry.is_operation:
        told, status = operations.entry(entry, actor, base=base)
        return {"resource": told, "response": {"status": _status(status)}}
    if address.id is not None and (not address.rest or _is_version(address.rest)):
        return _read(entry, actor)
    found = _listed(request, entry, actor, base)
    return {"resource": found, "response": {"status": _status(200)}}


def _is_version(rest: tuple[str, ...]) -> bool:
    return len(rest) == 2 and rest[0] == "_history"


def _read(entry: Entry, actor: Actor) -> dict[str, Any]:
    """One resource, or one version of it, as the entry's query asks to see it."""
    address, at = entry.address, timezone.now()
    type_, id_ = str(address.type), str(address.id)
    query = dict(parse_qsl(address.query))
    mode, elements = exchange.summary_of(query), exchange.elements_of(query)
    if type_ == "AuditEvent" and not address.rest:
        event = summary.shown(trail.one(id_, actor=actor, at=at), mode, elements)
        return {"resource": event, "response": {"status": _status(200)}}
    if address.rest:
        number = (etag.versions(address.rest[1]) or [etag.NEVER])[0]
        found = read.version(type_, id_, number, actor=actor, at=at)
    else:
        found = read.one(type_, id_, actor=actor, at=at)
    stamp = {"etag": etag.tag(found.version), "lastModified": instant(exchange.moment(found.at))}
    if _is_known(entry, found.version, found.at):
        return {"response": {"status": _status(304), **stamp}}
    resource = summary.shown(json_text.decode(found.content or ""), mode, elements)
    return {"resource": resource, "response": {"status": _status(200), **stamp}}


def _listed(request: HttpRequest, entry: Entry, actor: Actor, base: str) -> dict[str, Any]:
    """What an entry asks for that is no single resource: a search, a history, the statement."""
    address, pairs = entry.address, tuple(parse_qsl(entry.address.query, keep_blank_values=True))
    type_, id_, rest = address.type, address.id, address.rest
    if rest == ("_history",):
        strict = exchange.wishes(request).is_strict
        return history.bundle(type_, id_, dict(pairs), actor=actor, base=base, is_strict=strict)
    if rest == ("metadata",) and type_ is None:
        return capability.stated(request)
    if rest and rest[-1] == "_search" and entry.method == "POST":
        rest = rest[:-1]
    types: tuple[str, ...] = (type_,) if type_ else ()
    owner = None
    if type_ and id_ and len(rest) == 1:
        types, owner, rest = search.in_compartment(type_, id_, rest[0]), (type_, id_), ()
    if rest or (id_ and owner is None):
        raise _not_here(entry)
    if types == ("AuditEvent",):
        return audit_events.bundle(pairs, actor=actor, base=base)
    wishes = exchange.wishes(request)
    return search.entry(types, pairs, owner=owner, actor=actor, wishes=wishes, base=base)


def _is_known(entry: Entry, version: int, at: int) -> bool:
    if entry.if_none_match:
        return version in etag.versions(entry.if_none_match)
    seconds = parse_http_date_safe(entry.if_modified_since) if entry.if_modified_since else None
    return seconds is not None and at // 1_000_000 <= seconds


def _not_here(entry: Entry) -> Unusable:
    text = "there is nothing at this address to be asked for in a bundle"
    return Unusable([Issue("not-supported", text, f"{entry.where}.request.url")], status=404)
