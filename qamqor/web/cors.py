"""Lets pages of listed other origins call the FHIR API and the token endpoint from a browser.

They bring a bearer token of their own. Cookies never count from elsewhere: no answer allows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

PATHS: Final = ("/fhir", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/oauth/.well-known/")
METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
TAKEN: Final = (
    "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, "
    "If-None-Match, Prefer"
)
SHOWN: Final = "Content-Location, ETag, Last-Modified, Location, Retry-After, X-Progress"
REMEMBERED_SECONDS: Final = 600


def from_other_origins(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that answers a browser's question before a call, and says who may read answers."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        origin = request.META.get("HTTP_ORIGIN")
        if origin is None or not request.path_info.startswith(PATHS):
            return get_response(request)
        is_question = (
            request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
        )
        is_listed = origin in settings.QAMQOR.cors_origins
        if is_question and is_listed:
            response: HttpResponseBase = HttpResponse(status=204)
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = TAKEN
            response.headers["Access-Control-Max-Age"] = str(REMEMBERED_SECONDS)
        else:
            response = get_response(request)
        if is_listed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = SHOWN
        patch_vary_headers(response, ["Origin"])
        return response

    return answer
