"""What every page lets a browser do, and how a page hears where a form it sent leads."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def strict_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that sets the headers on every answer that has none of its own."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(request))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(self), geolocation=(), microphone=()"
        )
        return response

    return answer


def policy(request: HttpRequest) -> str:
    """The content security policy; a consent page may also send its form to the asking client."""
    client = getattr(request, "form_may_reach", "")
    said = {**POLICY, "form-action": f"'self' {client}".strip()}
    return "; ".join(f"{name} {value}" for name, value in said.items())


def led_by_the_page(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware for forms that a script of the page sends, so that they cannot be lost with it.

    Such a request is told where to go (``Qamqor-Go``) instead of being led there, and that somebody
    has to sign in (401) instead of being shown the page for it.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        by_script = "Qamqor-Stays" in request.headers or "HX-Request" in request.headers
        if not by_script or response.status_code not in (302, 303):
            return response
        to = response.headers["Location"]
        if urlsplit(to).path == resolve_url(settings.LOGIN_URL):
            response.status_code = 401
            del response.headers["Location"]
        elif "Qamqor-Stays" in request.headers:
            response.status_code = 204
            del response.headers["Location"]
            response.headers["Qamqor-Go"] = to
        return response

    return answer
