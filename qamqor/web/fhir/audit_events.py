"""AuditEvents, which are read from the audit chain and written by nobody."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.engine.fhir import summary
from qamqor.errors import Issue, Unusable
from qamqor.services.access import trail
from qamqor.services.access.actor import Actor
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.exchange import Wishes
from qamqor.web.fhir.outcomes import WrongMethod
from qamqor.web.fhir.search import Pairs
from qamqor.web.fhir.search import parameters as parameters_of

_SHAPING = {"_format", "_pretty", "_summary", "_elements", "_page"}


def read(request: HttpRequest, id_: str) -> HttpResponse:
    asked = exchange.wishes(request)
    event = trail.one(id_, actor=gate.actor_of(request), at=timezone.now())
    return exchange.answer(event, asked)


def search(request: HttpRequest) -> HttpResponse:
    asked = exchange.wishes(request)
    said = parameters_of(request)
    actor, base = gate.actor_of(request), exchange.address(request)
    return exchange.answer(bundle(said, actor=actor, base=base), Wishes(is_pretty=asked.is_pretty))


def bundle(said: Pairs, *, actor: Actor, base: str) -> dict[str, Any]:
    """One page of what was looked for, shown as ``_summary`` or ``_elements`` asks."""
    parameters = [(name, value) for name, value in said if name not in _SHAPING]
    page = trail.search(parameters, actor=actor, at=timezone.now(), before=_before(said))
    mode, elements = exchange.summary_of(dict(said)), exchange.elements_of(dict(said))
    if mode == "count":
        page = page._replace(events=[], before=None)
    page = page._replace(events=[summary.shown(one, mode, elements) for one in page.events])
    return _bundle(page, parameters, base)


def refuse(request: HttpRequest, id_: str = "") -> HttpResponse:
    gate.actor_of(request)
    raise WrongMethod(
        str(request.method),
        ("GET", "HEAD", "OPTIONS"),
        why="AuditEvents are kept by the platform itself",
    )


def _before(said: Pairs) -> int | None:
    tokens = [value for name, value in said if name == "_page"]
    if not tokens:
        return None
    if not (tokens[-1].isascii() and tokens[-1].isdecimal() and len(tokens[-1]) < 18):
        raise Unusable([Issue("value", "_page is not a token this server gave; begin again")])
    return int(tokens[-1])


def _bundle(page: trail.Page, parameters: list[tuple[str, str]], address: str) -> dict[str, Any]:
    here = f"{address}/AuditEvent"
    own = urlencode(parameters)
    links = [{"relation": "self", "url": f"{here}?{own}" if own else here}]
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
