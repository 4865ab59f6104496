"""The shortest way from the web server to /fhir: past everything Django does for pages.

A caller with a token needs no session, no language and no form token, so that the request goes to
the door without Django's chain of middleware. Whoever brings a cookie takes the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse

from qamqor.web.fhir import door
from qamqor.web.node.watching import watched

Environ = dict[str, Any]
Start = Callable[..., Any]
Server = Callable[[Environ, Start], Iterable[bytes]]


def with_shortest_way(pages: Server) -> Server:
    """Answer calls of /fhir here and hand everything else to Django's own way."""
    watch = watched(door.answer)
    safe = _safe_for_browsers()
    transport = _strict_transport()

    def serve(environ: Environ, start: Start) -> Iterable[bytes]:
        if not door.is_behind(environ.get("PATH_INFO", "")) or door.is_page(environ):
            return pages(environ, start)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        request = WSGIRequest(environ)
        response = watch(request)
        headers = [*response.items(), *safe]
        if transport and request.is_secure():
            headers += transport
        start(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content] if isinstance(response, HttpResponse) else response

    return serve


def _safe_for_browsers() -> list[tuple[str, str]]:
    """What Django's SecurityMiddleware says on every answer."""
    return [
        ("Referrer-Policy", str(settings.SECURE_REFERRER_POLICY)),
        ("Cross-Origin-Opener-Policy", str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)),
    ]


def _strict_transport() -> list[tuple[str, str]]:
    if not settings.SECURE_HSTS_SECONDS:
        return []
    return [
        (
            "Strict-Transport-Security",
            f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains",
        )
    ]
