"""Takes a batch or a transaction, and answers it entry by entry."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from qamqor.engine.fhir import bundle, etag, json_text
from qamqor.engine.fhir.bundle import Entry
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import bundles, read
from qamqor.services.fhir.asked import Result
from qamqor.services.fhir.write import instant
from qamqor.web.fhir import exchange, gate, outcomes, search
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
    run = bundles.transaction if kind == "transaction" else bundles.batch
    at = timezone.now()
    answers = run(entries, look=lambda entry: _look(request, entry, actor), actor=actor, at=at)
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


def _look(request: HttpRequest, entry: Entry, actor: Actor) -> dict[str, Any]:
    """The answer to an entry that reads one resource or version, searches, or operates."""
    address = entry.address
    if entry.is_operation:
        told, status = operations.entry(entry, actor, base=exchange.address(request))
        return {"resource": told, "response": {"status": _status(status)}}
    if address.type is not None and address.id is None and not address.rest:
        return _searched(request, entry, actor)
    if address.type is None or address.id is None:
        raise _not_here(entry)
    if not address.rest:
        found = read.one(address.type, address.id, actor=actor, at=timezone.now())
    elif address.rest[0] == "_history" and len(address.rest) == 2:
        number = (etag.versions(address.rest[1]) or [etag.NEVER])[0]
        at = timezone.now()
        found = read.version(address.type, address.id, number, actor=actor, at=at)
    else:
        raise _not_here(entry)
    stamp = {"etag": etag.tag(found.version), "lastModified": instant(exchange.moment(found.at))}
    if _is_known(entry, found.version, found.at):
        return {"response": {"status": _status(304), **stamp}}
    resource = json_text.decode(found.content or "")
    return {"resource": resource, "response": {"status": _status(200), **stamp}}


def _searched(request: HttpRequest, entry: Entry, actor: Actor) -> dict[str, Any]:
    query = entry.address.query
    asked = exchange.wishes(request)
    answer = search.entry(request, str(entry.address.type), query, actor=actor, wishes=asked)
    return {"resource": answer, "response": {"status": _status(200)}}


def _is_known(entry: Entry, version: int, at: int) -> bool:
    if entry.if_none_match:
        return version in etag.versions(entry.if_none_match)
    seconds = parse_http_date_safe(entry.if_modified_since) if entry.if_modified_since else None
    return seconds is not None and at // 1_000_000 <= seconds


def _not_here(entry: Entry) -> Unusable:
    text = "in a bundle this server reads one resource, one version, or searches one type"
    return Unusable([Issue("not-supported", text, f"{entry.where}.request.url")], status=404)
