"""Health, readiness and metrics, for whoever runs this node."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from qamqor.services import node_health

LOCAL = {"127.0.0.1", "::1", ""}


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    found = node_health.ready()
    is_ready = all(said == "ok" for said in found.values())
    shown = found if _is_operator(request) else {"ready": is_ready}
    return JsonResponse(shown, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _is_operator(request):
        raise Http404
    text, content_type = node_health.metrics()
    return HttpResponse(text, content_type=content_type)


def _is_operator(request: HttpRequest) -> bool:
    """Whoever knows the token; where none is set, whoever asks on this machine itself."""
    token = settings.QAMQOR.metrics_token
    if token:
        said = request.headers.get("Authorization", "")
        return hmac.compare_digest(said.encode(), f"Bearer {token}".encode())
    is_passed_on = {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers)
    return not is_passed_on and request.META.get("REMOTE_ADDR", "") in LOCAL
