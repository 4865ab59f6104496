"""Opens every operation: who calls, what they send, what they get."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from qamqor.engine.fhir.bundle import Entry
from qamqor.errors import Issue, Unusable
from qamqor.services.access.actor import Actor
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.exchange import Wishes
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Answer, Call, Operation
from qamqor.web.fhir.outcomes import WrongMethod


@csrf_exempt
def call(
    request: HttpRequest, name: str, type_: str | None = None, id_: str | None = None
) -> HttpResponse:
    actor = gate.actor_of(request)
    level = "instance" if id_ else "type" if type_ else "system"
    found = registry.find(name, level=level, type_=type_)
    allowed = [*found.methods, *(["HEAD"] if "GET" in found.methods else []), "OPTIONS"]
    if request.method not in allowed:
        raise WrongMethod(str(request.method), allowed)
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": ", ".join(allowed)})
    asked = Wishes() if found.has_formats else exchange.wishes(request)
    prefer = request.headers.get("Prefer", "")
    inputs = registry.read_inputs(
        found,
        query=_query(request),
        body=_body(request),
        is_lenient=exchange.preferences(prefer).get("handling") == "lenient",
    )
    answer = found.run(
        Call(
            actor=actor,
            at=timezone.now(),
            inputs=inputs,
            type=type_,
            id=id_,
            accept=request.GET.get("_format") or request.headers.get("Accept", ""),
            prefer=prefer,
            address=exchange.address(request),
            url=request.build_absolute_uri(),
        )
    )
    return _response(answer, asked)


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
    if asked.method not in found.methods:
        text = f"${found.name} is called by {' or '.join(found.methods)}, not {asked.method}"
        raise Unusable([Issue("not-supported", text, f"{where}.method")], status=405)


def _query(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [str(v) for v in values] for name, values in request.GET.lists()}


def _body(request: HttpRequest) -> object:
    if request.method != "POST" or not request.body:
        return None
    return exchange.body(request)


def _response(answer: Answer, asked: Wishes) -> HttpResponse:
    if answer.resource is not None:
        pretty = Wishes(is_pretty=asked.is_pretty)
        response = exchange.answer(dict(answer.resource), pretty, status=answer.status)
    else:
        kind = answer.content_type
        response = HttpResponse(answer.body or b"", status=answer.status, content_type=kind)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
