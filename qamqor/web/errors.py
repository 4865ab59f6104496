"""Answers what went wrong by a page: what happened, why, what is safe, and the way on."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from qamqor.errors import NotAllowed, NotPossible, NotThere, OtherRole, TooMany
from qamqor.services.access.policy import CLINICIANS
from qamqor.web.access import STAFF
from qamqor.web.components import words
from qamqor.web.error_words import Words, words_for

logger = logging.getLogger(__name__)
TOO_LARGE: Final = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
OUT_OF_REACH: Final = (OperationalError, InterfaceError)
"""What a database says that cannot be reached or does not get round to answer."""
NUL: Final = "\x00"
AGAIN_SECONDS: Final = 60
"""After how long an attempt to sign in is free again."""


class Way(NamedTuple):
    """A way on from an error page."""

    name: str
    href: str


def page(
    request: HttpRequest,
    code: str,
    *,
    reference: str = "",
    roles: frozenset[str] = frozenset(),
    seconds: int = 0,
) -> HttpResponse:
    """The error page for a code, in the reader's language.

    A page that cannot ask who reads it is shown as to somebody who is not signed in.

    Args:
        roles: who may open what was asked for; empty = not said.
        seconds: after how long to try again; 0 = not said.
    """
    said = words_for(code)
    context: dict[str, Any] = {
        "words_of_error": said,
        "stays": "Qamqor-Stays" in request.headers,
        "is_newer": code == "fhir.version-conflict",
        "reference": reference,
        "roles": [words.role(one) for one in words.ROLES if one in roles],
        "again_at": timezone.now() + timedelta(seconds=seconds) if seconds else None,
    }
    stays = "Qamqor-Stays" in request.headers
    is_part = stays or request.headers.get("HX-Request")
    template = "error_part.html" if is_part else "error.html"
    try:
        context |= _of_reader(request, said)
        answer = render(request, template, context, status=said.status)
    except Error:
        request.user = AnonymousUser()
        context |= _of_reader(request, said)
        answer = render(request, template, context, status=said.status)
    if stays:
        answer.headers["Qamqor-Refused"] = code
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


def _of_reader(request: HttpRequest, said: Words) -> dict[str, Any]:
    role = getattr(getattr(request, "user", None), "role", "")
    about, closed = words_for("not-there.of-a-person"), words_for("not-there.person")
    return {
        "own_role": words.role(role) if role else "",
        "may_break_glass": said is about and role in CLINICIANS,
        "openers": [words.role(one) for one in CLINICIANS] if said is closed else [],
        "ways": list(_ways(request, said, role)),
    }


def _ways(request: HttpRequest, said: Words, role: str) -> Iterator[Way]:
    here, before = request.get_full_path(), _page_before(request)
    if said.is_for_now and request.method == "GET":
        yield Way(gettext("Try again"), here)
    if said is words_for("not-there.of-a-person") and role in STAFF:
        href = reverse("person", args=[_patient(request)])
        yield Way(gettext("To this person's page"), href)
    elif before and before != here:
        yield Way(gettext("Back to the page before"), before)
    if role:
        yield Way(gettext("To the start page"), "/")
    else:
        if said.status == 429:
            yield Way(gettext("I cannot sign in"), reverse("account_help"))
        yield Way(gettext("Sign in"), reverse("account_login"))


def _page_before(request: HttpRequest) -> str:
    """The page of ours from which somebody came; empty where there is none."""
    came = urlsplit(request.headers.get("Referer", ""))
    own = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME")
    if came.netloc != own or not came.path.startswith("/") or came.path.startswith("//"):
        return ""
    return urlunsplit(("", "", came.path, came.query, ""))


def _patient(request: HttpRequest) -> str:
    """Of which person an address is; empty where of none."""
    match = request.resolver_match
    return str(match.kwargs.get("patient", "")) if match else ""


def errors_in_words(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that answers every error raised on purpose by a page with its words.

    The FHIR API answers its own errors as OperationOutcome.
    """
    return _InWords(get_response)


class _InWords:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        reads = "text/html" in request.headers.get("Accept", "")
        if getattr(response, "status_code", 0) != 405 or not reads:
            return response
        said = page(request, "request.other-way")
        said.headers["Allow"] = response.headers.get("Allow", "")
        return said

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, named: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse the sign NUL, which no text of a record may have and not every database takes."""
        if request.path.startswith("/fhir"):
            return None
        if any(NUL in str(one) for one in named.values()):
            return page(request, "not-there")
        said = (one for form in (request.GET, request.POST) for one in form.lists())
        if any(NUL in text for name, values in said for text in (name, *values)):
            return page(request, "request.wrong")
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The words of an error raised on purpose; anything else goes on to Django."""
        if isinstance(error, NotPossible) and not request.path.startswith("/fhir"):
            return _raised(request, error)
        return None


def _raised(request: HttpRequest, error: NotPossible) -> HttpResponse:
    if isinstance(error, OtherRole):
        return page(request, error.code, roles=frozenset(error.roles))
    if isinstance(error, TooMany):
        return page(request, error.code, seconds=error.seconds)
    match = request.resolver_match
    hidden = words_for(error.code) is words_for("not-there")
    if match and hidden and isinstance(error, NotThere | NotAllowed) and _patient(request):
        is_page = match.url_name == "person"
        return page(request, "not-there.person" if is_page else "not-there.of-a-person")
    return page(request, error.code)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, "not-there")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    too_large = isinstance(exception, TOO_LARGE)
    return page(request, "request.too-large" if too_large else "request.wrong")


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, "not-there")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, "request.forged")


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, "request.too-many", seconds=AGAIN_SECONDS)


def broken(request: HttpRequest) -> HttpResponse:
    """A bug, or a database out of reach: the page carries a reference that stands in the log."""
    reference = f"QM-{secrets.token_hex(3).upper()}"
    logger.error("a page failed", extra={"reference": reference})
    if isinstance(sys.exc_info()[1], OUT_OF_REACH):
        return page(request, "unavailable", reference=reference, seconds=30)
    return page(request, "unexpected", reference=reference)
