"""The shortest way from the web server to /fhir: past everything Django does for pages.

A caller with a token needs no session, no language and no form token, so that the request goes to
the door without Django's chain of middleware. Whoever brings a cookie takes the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.utils.module_loading import import_string

from qamqor.web.fhir import door

DOOR: Final = "qamqor.web.fhir.door.fhir_door"
Environ = dict[str, Any]
Start = Callable[..., Any]
Server = Callable[[Environ, Start], Iterable[bytes]]


def with_shortest_way(pages: Server) -> Server:
    """Answer calls of /fhir here and hand everything else to Django's own way."""
    answer = _outside_the_door(door.answer)

    def serve(environ: Environ, start: Start) -> Iterable[bytes]:
        if not door.is_behind(environ.get("PATH_INFO", "")) or door.is_page(environ):
            return pages(environ, start)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        response = answer(WSGIRequest(environ))
        start(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return [response.content] if isinstance(response, HttpResponse) else response

    return serve


def _outside_the_door(answer: door.Answer) -> door.Answer:
    """With the middleware that stands before the door, which counts, protects and shares."""
    outside = settings.MIDDLEWARE[: settings.MIDDLEWARE.index(DOOR)]
    for name in reversed(outside):
        answer = import_string(name)(answer)
    return answer
