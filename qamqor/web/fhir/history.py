"""What happened to one resource, to a type, or to the whole record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from qamqor.engine.fhir import etag, json_text, summary
from qamqor.engine.fhir.search.parameters import KEPT_APART
from qamqor.engine.fhir.search.ranges import date_range
from qamqor.engine.tables.dates import NATIONAL
from qamqor.errors import Issue, NotThere, Unusable
from qamqor.services.access.actor import Actor
from qamqor.services.fhir import history, valid
from qamqor.services.fhir.history import Version, Wanted
from qamqor.services.fhir.write import instant
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.exchange import Wishes

USUAL: Final = 50
MOST: Final = 1000
KNOWN: Final = frozenset(
    {"_since", "_at", "_count", "_page", "_summary", "_elements", "_format", "_pretty"}
)
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
    asked, query = exchange.wishes(request), request.GET.dict()
    actor, base = gate.actor_of(request), exchange.address(request)
    found = bundle(type_, id_, query, actor=actor, base=base, is_strict=asked.is_strict)
    return exchange.answer(found, Wishes(is_pretty=asked.is_pretty))


def bundle(
    type_: str | None,
    id_: str | None,
    said: Mapping[str, str],
    *,
    actor: Actor,
    base: str,
    is_strict: bool = False,
) -> dict[str, Any]:
    """One page of a history as a Bundle, shown as ``_summary`` or ``_elements`` asks.

    Args:
        type_, id_: of what; None = of every type, of every resource.
        said: the parameters, each once; what is not known is left out, or refused if strict.
        base: absolute address of the endpoint.
    """
    query = _known(said, is_strict=is_strict)
    if type_ in KEPT_APART:
        raise NotThere(f"{type_} is written once and has no history")
    mode = exchange.summary_of(query)
    found = history.page(
        Wanted(type_, id_, since=_since(query), during=_during(query)),
        count=0 if mode == "count" else _count(query),
        token=query.get("_page"),
        actor=actor,
        at=timezone.now(),
    )
    here = "/".join([base, *filter(None, (type_, id_)), "_history"])
    links = [{"relation": "self", "url": _url(here, query)}]
    if found.following:
        more = {**query, "_page": found.following}
        links.append({"relation": "next", "url": _url(here, more)})
    elements = exchange.elements_of(query)
    entries = [
        _entry(one, base, mode, elements, is_made=one.sequence in found.made)
        for one in found.versions
    ]
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": instant(timezone.now()),
        **({} if found.total is None else {"total": found.total}),
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _url(here: str, said: Mapping[str, str]) -> str:
    return f"{here}?{urlencode(said)}" if said else here


def _known(said: Mapping[str, str], *, is_strict: bool) -> dict[str, str]:
    other = [name for name in said if name not in KNOWN and (is_strict or name == "_list")]
    if other:
        takes = "it takes _since, _at, _count, _summary and _elements"
        raise Unusable(
            [Issue("not-supported", f"a history takes no {name}; {takes}") for name in other]
        )
    return {name: value for name, value in said.items() if name in KNOWN}


def _entry(
    version: Version, base: str, mode: str, elements: tuple[str, ...], *, is_made: bool
) -> dict[str, Any]:
    named = f"{version.type}/{version.id}"
    content = version.content
    shown = content and summary.shown(json_text.decode(content), mode, elements)
    return {
        "fullUrl": f"{base}/{named}",
        **({"resource": shown} if shown else {}),
        "request": {
            "method": version.method,
            "url": version.type if version.method == "POST" else named,
        },
        "response": {
            "status": "204 No Content"
            if content is None
            else "201 Created"
            if is_made
            else "200 OK",
            "etag": etag.tag(version.version),
            "lastModified": instant(exchange.moment(version.at)),
        },
    }


def _count(query: Mapping[str, str]) -> int:
    said = query.get("_count")
    if said is None:
        return USUAL
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Unusable([Issue("value", f"_count is a whole number up to {MOST}")])
    return min(int(said), MOST)


def _since(query: Mapping[str, str]) -> int | None:
    found = _range(query, "_since")
    return None if found is None else found[0]


def _during(query: Mapping[str, str]) -> tuple[int, int] | None:
    return _range(query, "_at")


def _range(query: Mapping[str, str], name: str) -> tuple[int, int] | None:
    said = query.get(name)
    if said is None:
        return None
    found = date_range(said.replace(" ", "+"), _ZONE)
    if found is None:
        text = f"{name} is a date or moment such as 2026-11-24T10:30:00Z, not {said[:40]!r}"
        raise Unusable([Issue("value", text)])
    return found
