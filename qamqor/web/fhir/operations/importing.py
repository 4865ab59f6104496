"""$import: NDJSON sent as it is, stored in the background, asked after until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from qamqor.errors import Issue, Unusable
from qamqor.services.fhir import importing
from qamqor.web.fhir import exchange, gate
from qamqor.web.fhir.operations.registry import Answer, Call, operation

NDJSON: Final = "application/fhir+ndjson"
_FORMS: Final = {NDJSON, "application/ndjson", "application/x-ndjson"}


@operation(
    "import",
    title="Import resources in bulk",
    text=(
        "Stores the resources of the body: NDJSON, one a line, as application/fhir+ndjson, by "
        "update or create under the ids they have. Needs Prefer: respond-async; answers 202 and "
        "where to ask how far it is. What cannot be stored is kept apart with its reason."
    ),
    levels=("system",),
    returns="Binary",
    changes=True,
)
def run(_: Call) -> Answer:
    text = f"send the resources themselves as {NDJSON}, by POST to $import"
    raise Unusable([Issue("not-supported", text)], status=415)


def take_import(request: HttpRequest) -> HttpResponseBase:
    actor = gate.actor_of(request)
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        raise Unusable([Issue("not-supported", f"send {NDJSON}, not {kind[:100]!r}")], status=415)
    if "respond-async" not in request.META.get("HTTP_PREFER", ""):
        raise Unusable([Issue("invalid", "an import needs the header Prefer: respond-async")])
    if not request.META.get("CONTENT_LENGTH"):
        raise Unusable([Issue("required", "say how much comes: Content-Length")], status=411)
    packing = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    job = importing.ask(actor=actor, clock=timezone.now, read=request.read, packing=packing)
    where = f"{exchange.address(request)}/$import-job/{job.id}"
    return HttpResponse(status=202, headers={"Content-Location": where})


def status(request: HttpRequest, id_: str) -> HttpResponseBase:
    actor = gate.actor_of(request)
    job = importing.find(id_, actor=actor)
    if job.state == "failed":
        text = "this import ended early; its reason is in the server's log; what it stored stays"
        raise Unusable([Issue("exception", text)], status=500)
    if job.state != "done":
        importing.go_on(id_, clock=timezone.now)
        return _not_yet(job.so_far)
    address = exchange.address(request)
    files = f"{address}/$import-file/{id_}"
    return JsonResponse(importing.manifest(job, request=f"{address}/$import", address=files))


def cancel(request: HttpRequest, id_: str) -> HttpResponse:
    importing.cancel(id_, actor=gate.actor_of(request))
    return HttpResponse(status=202)


def _not_yet(so_far: Mapping[str, Any]) -> HttpResponse:
    apart = sum(so_far["apart"].values())
    headers = {"X-Progress": f"{so_far['read']} read, {apart} kept apart", "Retry-After": "2"}
    return HttpResponse(status=202, headers=headers)


def file(request: HttpRequest, id_: str, name: str) -> HttpResponseBase:
    opened = importing.open_file(id_, name, actor=gate.actor_of(request))
    if hasattr(opened, "read"):
        return FileResponse(opened, content_type="application/ndjson")
    return StreamingHttpResponse(opened, content_type=NDJSON)
