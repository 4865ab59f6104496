"""AuditEvents, which are read from the audit chain and written by nobody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.errors import Issue, Unusable
from qamqor.services.access import trail
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.search import parameters as parameters_of

_SHAPING = {"_format", "_pretty", "_summary", "_elements", "_page"}


def read(request: HttpRequest, id_: str) -> HttpResponse:
    asked = exchange.wishes(request)
    event = trail.one(id_, actor=gate.actor_of(request), at=timezone.now())
    return exchange.answer(event, asked)


def search(request: HttpRequest) -> HttpResponse:
    asked = exchange.wishes(request)
    said = list(parameters_of(request))
    parameters = [(name, value) for name, value in said if name not in _SHAPING]
    page = trail.search(
        parameters, actor=gate.actor_of(request), at=timezone.now(), before=_before(said)
    )
    return exchange.answer(_bundle(page, parameters, exchange.address(request)), asked)


def refuse(request: HttpRequest, id_: str = "") -> HttpResponse:
    gate.actor_of(request)
    text = "AuditEvents are kept by the platform itself; nobody writes them"
    raise Unusable([Issue("not-supported", text, "AuditEvent")], status=405)


def _before(said: list[tuple[str, str]]) -> int | None:
    tokens = [value for name, value in said if name == "_page"]
    if not tokens:
        return None
    if not (tokens[-1].isdecimal() and len(tokens[-1]) < 18):
        raise Unusable([Issue("value", "_page is not a token this server gave; begin again")])
    return int(tokens[-1])


def _bundle(page: trail.Page, parameters: list[tuple[str, str]], address: str) -> dict[str, Any]:
    here = f"{address}/AuditEvent"
    links = [{"relation": "self", "url": f"{here}?{urlencode(parameters)}"}]
    if page.before is not None:
        following = urlencode([*parameters, ("_page", str(page.before))])
        links.append({"relation": "next", "url": f"{here}?{following}"})
    entries = [
        {
            "fullUrl": f"{here}/{event['id']}",
            "resource": event,
            "search": {"mode": "match"},
        }
        for event in page.events
    ]
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": page.total,
        "link": links,
    }
    return bundle | ({"entry": entries} if entries else {})
