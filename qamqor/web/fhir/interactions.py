"""Read, create, update, patch, delete: what may be asked of one resource or type."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import parse_http_date_safe

from qamqor.engine.fhir import bundle, etag
from qamqor.engine.fhir.bundle import ID_RULE
from qamqor.engine.fhir.envelope import ID
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import interact, read, read_together, valid
from qamqor.services.fhir.asked import Ask, Result
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.exchange import Wishes
from qamqor.web.fhir.operations import registry


def read_one(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    asked = exchange.wishes(request)
    _must_be_named(type_, id_)
    ours = registry.own_definition(id_) if type_ == "OperationDefinition" else None
    if ours is not None:
        gate.actor_of(request)
        return exchange.answer(ours, asked)
    at, token, found = timezone.now(), gate.token_of(request), None
    if token is not None:
        found = read_together.one(gate.checksum_of(token), type_, id_, at=at)
    if found is None:
        found = read.one(type_, id_, actor=gate.actor_of(request), at=at)
    return _shown(request, found.content or "", asked, version=found.version, at=found.at)


def read_version(request: HttpRequest, type_: str, id_: str, version: str) -> HttpResponse:
    asked = exchange.wishes(request)
    _must_be_named(type_, id_)
    named = etag.versions(version)
    number = named[0] if len(named) == 1 else etag.NEVER
    found = read.version(type_, id_, number, actor=gate.actor_of(request), at=timezone.now())
    return _shown(request, found.content or "", asked, version=found.version, at=found.at)


def _shown(
    request: HttpRequest, content: str, asked: Wishes, *, version: int, at: int
) -> HttpResponse:
    if _is_known(request, version=version, at=at):
        return exchange.stamp(HttpResponse(status=304), version=version, at=at)
    return exchange.stamp(exchange.answer(content, asked), version=version, at=at)


def _is_known(request: HttpRequest, *, version: int, at: int) -> bool:
    """Whether the caller says that they hold this very version."""
    none_match = request.META.get("HTTP_IF_NONE_MATCH")
    if none_match is not None:
        return none_match.strip() == "*" or version in etag.versions(none_match)
    since = request.META.get("HTTP_IF_MODIFIED_SINCE")
    seconds = None if since is None else parse_http_date_safe(since)
    return seconds is not None and at // 1_000_000 <= seconds


def create(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    ask = _ask(request, "POST", type_, resource=exchange.resource(request))
    return _done(request, ask)


def update(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    _must_be_named(type_, id_)
    return _done(request, _ask(request, "PUT", type_, id_, resource=exchange.resource(request)))


def patch(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    _must_be_named(type_, id_)
    said = exchange.body(request, exchange.PATCHES)
    return _done(request, _ask(request, "PATCH", type_, id_, resource=said))


def delete(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    _must_be_named(type_, id_)
    return _done(request, _ask(request, "DELETE", type_, id_))


def update_where(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    return _done(request, _where(request, "PUT", type_, resource=exchange.resource(request)))


def patch_where(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    said = exchange.body(request, exchange.PATCHES)
    return _done(request, _where(request, "PATCH", type_, resource=said))


def delete_where(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    return _done(request, _where(request, "DELETE", type_))


def _where(request: HttpRequest, method: str, type_: str, *, resource: Any = None) -> Ask:
    query = conditions(request.META.get("QUERY_STRING", ""))
    if not query:
        text = f"say which {type_} is meant: {type_}/id, or a condition such as ?identifier=…"
        raise Unusable([Issue("required", text)], status=400)
    return _ask(request, method, type_, query=query, resource=resource)


def conditions(query: str) -> str:
    """A query string without the parameters that only shape the answer."""
    parts = query.split("&")
    return "&".join(p for p in parts if p and p.split("=")[0] not in {"_format", "_pretty"})


def _ask(
    request: HttpRequest,
    method: str,
    type_: str,
    id_: str | None = None,
    *,
    query: str = "",
    resource: Any = None,
) -> Ask:
    said = request.META
    return Ask(
        method=method,
        type=type_,
        id=id_,
        new_id=interact.new_id(timezone.now()) if id_ is None else "",
        query=query,
        resource=resource,
        if_match=said.get("HTTP_IF_MATCH", ""),
        if_none_match=said.get("HTTP_IF_NONE_MATCH", ""),
        has_conditions=method in {"POST", "PUT"} and exchange.has_conditions(request),
        if_none_exist=bundle.condition(said.get("HTTP_IF_NONE_EXIST", ""), type_),
    )


def _done(request: HttpRequest, ask: Ask) -> HttpResponse:
    asked = exchange.wishes(request)
    result = interact.do(ask, actor=gate.actor_of(request), at=timezone.now())
    return told(request, ask, result, asked)


def told(request: HttpRequest, ask: Ask, result: Result, asked: Wishes) -> HttpResponse:
    """The answer to a change: the resource, nothing, or words about it, as the caller prefers."""
    version = result.version
    if result.status == 204 or version is None or version.content is None:
        return _gone(asked)
    named = f"{ask.type}/{version.id}"
    if asked.returns == "minimal":
        response = HttpResponse(status=result.status)
    elif asked.returns == "OperationOutcome":
        word = "created" if result.status == 201 else "stored"
        text = f"{named} is {word} as version {version.version}"
        response = exchange.outcome(text, asked, status=result.status)
    else:
        response = exchange.answer(version.content, asked, status=result.status)
    where = f"{exchange.address(request)}/{named}/_history/{version.version}"
    if result.status == 201:
        response.headers["Location"] = where
    response.headers["Content-Location"] = where
    return exchange.stamp(response, version=version.version, at=version.at)


def _gone(asked: Wishes) -> HttpResponse:
    if asked.returns == "OperationOutcome":
        return exchange.outcome("deleted, or not here before", asked)
    return HttpResponse(status=204)


def _must_be_named(type_: str, id_: str) -> None:
    valid.type_must_exist(type_)
    if not ID.fullmatch(id_):
        raise Unusable([Issue("value", f"{id_[:64]!r} cannot be an id: {ID_RULE}")])
