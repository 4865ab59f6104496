"""Read, create, update, delete, history: what may be asked of one resource or type."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from qamqor.engine.fhir import json_text
from qamqor.services.fhir import read, write
from qamqor.web.fhir import gate


@csrf_exempt
def type_level(request: HttpRequest, type_: str) -> HttpResponse:
    actor = gate.actor_of(request)
    change = write.Change("POST", type_, str(uuid.uuid4()), json_text.decode(request.body))
    stored = write.save([change], actor=actor, at=timezone.now())[0]
    return _answer(stored.version.content or "", stored.version.version, status=201)


@csrf_exempt
def instance_level(request: HttpRequest, type_: str, id_: str) -> HttpResponse:
    found = read.one(type_, id_, actor=gate.actor_of(request), at=timezone.now())
    return _answer(found.content or "", found.version, status=200)


def _answer(body: str, version: int, *, status: int) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/fhir+json")
    response.headers["ETag"] = f'W/"{version}"'
    return response
