"""The door to /fhir: the shortest way from a request to its answer, and never a broken page.

Another system brings a bearer token and needs no session, no language and no form token, so that
all Django would do for a page is left out. A signed-in page brings a cookie; then its session is
read and every change needs the form token, as on any page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from qamqor.web.fhir import exchange, outcomes, paths
from qamqor.web.fhir.outcomes import NobodyKnown, WrongMethod

Answer = Callable[[HttpRequest], HttpResponseBase]
PREFIX: Final = "/fhir"
ALWAYS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)


def fhir_door(rest: Answer) -> Answer:
    """The outermost middleware: answers /fhir itself, hands everything else on."""
    with_session = SessionMiddleware(AuthenticationMiddleware(_as_page))

    def open_(request: HttpRequest) -> HttpResponseBase:
        if not is_behind(request.path_info):
            return rest(request)
        is_signed_in = is_page(request.META) and settings.SESSION_COOKIE_NAME in request.COOKIES
        return with_session(request) if is_signed_in else answer(request)  # type: ignore[return-value]

    return open_


def is_behind(path: str) -> bool:
    """Whether a path is one of /fhir."""
    return path.startswith(PREFIX) and path[5:6] in {"", "/"}


def is_page(said: Mapping[str, Any]) -> bool:
    """Whether a request may come from a signed-in page: it has cookies and no token."""
    return bool(said.get("HTTP_COOKIE")) and "HTTP_AUTHORIZATION" not in said


def answer(request: HttpRequest) -> HttpResponseBase:
    """The answer to a request behind the door, whatever happens on the way."""
    try:
        exchange.host(request)
        found = paths.resolve(request.path_info[5:])
        response: HttpResponseBase = found.view(request, **found.words)
    except Exception as error:
        response = outcomes.response(error, has_token="HTTP_AUTHORIZATION" in request.META)
    for name, value in ALWAYS:
        response.headers.setdefault(name, value)
    if isinstance(response, HttpResponse):
        if not response.content:
            response.headers.pop("Content-Type", None)
        if response.status_code not in {204, 304}:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            response.content = b""
    return response


def _as_page(request: HttpRequest) -> HttpResponseBase:
    guard = CsrfViewMiddleware(answer)
    guard.process_request(request)
    if guard.process_view(request, answer, (), {}) is not None:
        return outcomes.response(
            NobodyKnown("the form token is missing or old; load the page again")
        )
    return answer(request)


def by_method(**views: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """One view that hands a request to the view of its method; others are told what is possible."""
    allowed = [*views, *(["HEAD"] if "GET" in views else []), "OPTIONS"]

    def view(request: HttpRequest, **names: str) -> HttpResponseBase:
        method = str(request.method)
        if method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": ", ".join(allowed)})
        chosen = views.get("GET" if method == "HEAD" else method)
        if chosen is None:
            raise WrongMethod(method, allowed)
        said: HttpResponseBase = chosen(request, **names)
        return said

    view.csrf_exempt = True  # type: ignore[attr-defined]
    view.methods = views  # type: ignore[attr-defined]
    return view
