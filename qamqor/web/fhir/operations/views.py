"""Opens every operation: who calls, what they send, what they get."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from qamqor.engine.fhir import json_text
from qamqor.errors import Issue, Unusable
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
