"""Opens every operation: who calls, what they send, what they get."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.bundle import Entry
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.web.fhir import gate
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Answer, Call, Operation


@csrf_exempt
def call(
    request: HttpRequest, name: str, type_: str | None = None, id_: str | None = None
) -> HttpResponse:
    actor = gate.actor_of(request)
    level = "instance" if id_ else "type" if type_ else "system"
    found = registry.find(name, level=level, type_=type_)
    answer = found.run(
        Call(
            actor=actor,
            at=timezone.now(),
            inputs=registry.read_inputs(found, query=_query(request), body=_body(request, found)),
            type=type_,
            id=id_,
            accept=request.GET.get("_format") or request.headers.get("Accept", ""),
            prefer=request.headers.get("Prefer", ""),
            address=request.build_absolute_uri("/fhir"),
        )
    )
    return _response(answer)


NOT_IN_BUNDLES: Final = frozenset({"export", "import"})
"""They answer with an address to ask again, which an entry of a bundle has no place for."""


def entry(asked: Entry, actor: Actor, *, base: str) -> tuple[dict[str, Any], int]:
    """The answer to an operation called in a bundle, and its status.

    Raises:
        Unusable: there is no such operation, or it cannot be called so.
    """
    address, name = asked.address, asked.address.rest[0][1:]
    level = "instance" if address.id else "type" if address.type else "system"
    found = registry.find(name, level=level, type_=address.type)
    _must_fit(asked, found)
    body = asked.resource if asked.method == "POST" else None
    query = parse_qs(address.query, keep_blank_values=True)
    answer = found.run(
        Call(
            actor=actor,
            at=timezone.now(),
            inputs=registry.read_inputs(found, query=query, body=body),
            type=address.type,
            id=address.id,
            accept=(query.get("_format") or [""])[0],
            address=base,
        )
    )
    if answer.resource is not None:
        return dict(answer.resource), answer.status
    data = base64.b64encode(answer.body or b"").decode()
    binary = {"resourceType": "Binary", "contentType": answer.content_type, "data": data}
    return binary, answer.status


def _must_fit(asked: Entry, found: Operation) -> None:
    where = f"{asked.where}.request"
    if found.name in NOT_IN_BUNDLES or len(asked.address.rest) > 1:
        text = f"${found.name} cannot be called in a bundle"
        raise Unusable([Issue("not-supported", text, f"{where}.url")], status=404)
    allowed = ("POST",) if found.changes else ("GET", "POST")
    if asked.method not in allowed:
        text = f"${found.name} is called by {' or '.join(allowed)}, not {asked.method}"
        raise Unusable([Issue("not-supported", text, f"{where}.method")], status=405)


def _query(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [str(v) for v in values] for name, values in request.GET.lists()}


def _body(request: HttpRequest, found: Operation) -> object:
    if request.method == "GET" and found.changes:
        text = f"${found.name} changes data; call it by POST"
        raise Unusable([Issue("not-supported", text)], status=405)
    if request.method == "GET" or not request.body:
        return None
    return json_text.decode(request.body)


def _response(answer: Answer) -> HttpResponse:
    body = answer.body
    if body is None:
        body = b"" if answer.resource is None else json_text.encode(answer.resource)
    response = HttpResponse(body, status=answer.status, content_type=answer.content_type)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
