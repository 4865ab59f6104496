"""What happened to one resource, to a type, or to the whole record."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.engine.fhir import etag, json_text
from qamqor.engine.fhir.search.ranges import date_range
from qamqor.engine.tables.dates import NATIONAL
from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import history, valid
from qamqor.services.fhir.history import Version, Wanted
from qamqor.services.fhir.write import instant
from qamqor.web.fhir import exchange, gate

USUAL: Final = 50
MOST: Final = 1000
_STATUS: Final = {"POST": "201 Created", "DELETE": "204 No Content"}
_STATUS_OF_PUT: Final = {True: "201 Created", False: "200 OK"}
_ZONE: Final = round(NATIONAL.total_seconds() * 1_000_000)


def of_all(request: HttpRequest) -> HttpResponse:
    return _page(request, None, None)


def of_type(request: HttpRequest, type_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    return _page(request, type_, None)


def of_one(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    valid.type_must_exist(type_)
    return _page(request, type_, id_)


def _page(request: HttpRequest, type_: str | None, id_: str | None) -> HttpResponse:
    asked = exchange.wishes(request)
    wanted = Wanted(type_, id_, since=_since(request), during=_during(request))
    found = history.page(
        wanted,
        count=_count(request),
        token=request.GET.get("_page"),
        actor=gate.actor_of(request),
        at=timezone.now(),
    )
    return exchange.answer(_bundle(request, found, exchange.address(request)), asked)


def _bundle(request: HttpRequest, found: history.Page, address: str) -> dict[str, Any]:
    here = f"{address}{request.path_info[5:]}"
    said = {name: value for name, value in request.GET.items() if name != "_page"}
    links = [{"relation": "self", "url": _url(here, {**request.GET.dict()})}]
    if found.following:
        links.append({"relation": "next", "url": _url(here, {**said, "_page": found.following})})
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": instant(timezone.now()),
        **({} if found.total is None else {"total": found.total}),
        "link": links,
        **({"entry": [_entry(one, address) for one in found.versions]} if found.versions else {}),
    }


def _url(here: str, said: dict[str, Any]) -> str:
    return f"{here}?{urlencode(said)}" if said else here


def _entry(version: Version, address: str) -> dict[str, Any]:
    named = f"{version.type}/{version.id}"
    content = version.content
    return {
        "fullUrl": f"{address}/{named}",
        **({} if content is None else {"resource": json_text.decode(content)}),
        "request": {
            "method": version.method,
            "url": version.type if version.method == "POST" else named,
        },
        "response": {
            "status": _STATUS.get(version.method) or _STATUS_OF_PUT[version.version == 1],
            "etag": etag.tag(version.version),
            "lastModified": instant(exchange.moment(version.at)),
        },
    }


def _count(request: HttpRequest) -> int:
    said = request.GET.get("_count")
    if said is None:
        return USUAL
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Unusable([Issue("value", f"_count is a whole number up to {MOST}")])
    return min(int(said), MOST)


def _since(request: HttpRequest) -> int | None:
    found = _range(request, "_since")
    return None if found is None else found[0]


def _during(request: HttpRequest) -> tuple[int, int] | None:
    return _range(request, "_at")


def _range(request: HttpRequest, name: str) -> tuple[int, int] | None:
    said = request.GET.get(name)
    if said is None:
        return None
    found = date_range(said.replace(" ", "+"), _ZONE)
    if found is None:
        text = f"{name} is a date or moment such as 2026-11-24T10:30:00Z, not {said[:40]!r}"
        raise Unusable([Issue("value", text)])
    return found
