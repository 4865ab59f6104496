"""Turns an error's code into words: what happened, why, what next."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qamqor.errors import NotPossible

logger = logging.getLogger(__name__)
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads when something did not work.

    Attributes:
        title: what happened. why: the reason. safe: whether anything was changed.
        next: what to do now. status: the HTTP status.
    """

    title: Text
    why: Text
    safe: Text
    next: Text = ""
    status: int = 409


NOTHING_CHANGED: Final = _("Nothing was changed.")
BY_CODE: Final = {
    "unexpected": Words(
        title=_("We could not open the page."),
        why=_("This is a mistake on our side, not yours."),
        safe=_("What was saved before is kept."),
        next=_("If it is urgent, write it on paper and enter it later."),
        status=500,
    ),
    # Where access is denied and where nothing exists, the words are the same.
    "not-there": Words(
        title=_("Nothing to show here."),
        why=_("There is no such page, or it is not among those you may open."),
        safe=NOTHING_CHANGED,
        next=_("Check the address, or begin from the start page."),
        status=404,
    ),
    "access.no-post": Words(
        title=_("Your account has no post."),
        why=_("What is done in care is kept under the post of whoever did it."),
        safe=NOTHING_CHANGED,
        next=_("Ask the administrator to join your account to your post."),
        status=403,
    ),
    "fhir.version-conflict": Words(
        title=_("Somebody changed this meanwhile."),
        why=_("The record is newer than what you saw."),
        safe=_("What you wrote was not saved; the other change is kept."),
        next=_("Go back, compare both, and save again."),
    ),
    "not-possible": Words(
        title=_("This cannot be done now."),
        why=_("The record is not in the state this needs."),
        safe=NOTHING_CHANGED,
        next=_("Go back and look at the record again."),
    ),
    "fhir.unusable": Words(
        title=_("This cannot be saved as written."),
        why=_("Something in it breaks a rule of the record."),
        safe=NOTHING_CHANGED,
        next=_("Go back, check what you entered, and save again."),
        status=422,
    ),
    "request.forged": Words(
        title=_("The page was open too long."),
        why=_("For safety a form works only for a while and only from our own pages."),
        safe=NOTHING_CHANGED,
        next=_("Go back, load the page again, and repeat."),
        status=403,
    ),
    "request.too-many": Words(
        title=_("Too many attempts."),
        why=_("For safety the number of attempts in a minute is limited."),
        safe=_("Nothing was changed; your account is not blocked for good."),
        next=_("Wait a minute and try again. If you forgot the password, ask the administrator."),
        status=429,
    ),
    "referral.too-late": Words(
        title=_("The referral has gone on already."),
        why=_("Somebody took this step, or another one, before you."),
        safe=NOTHING_CHANGED,
        next=_("Open the referral again and look how far it is."),
    ),
    "booking.over": Words(
        title=_("This booking has gone on already."),
        why=_("It was kept, missed or cancelled before you."),
        safe=NOTHING_CHANGED,
        next=_("Open the booking again and look how it stands."),
    ),
    "smart.no-pkce": Words(
        title=_("This application asks in an unsafe way."),
        why=_("It must protect its request by PKCE with the method S256."),
        safe=_("It was given nothing."),
        next=_("Tell the maker of the application."),
        status=400,
    ),
    "smart.other-audience": Words(
        title=_("This application asks for another server."),
        why=_("The address of the record in its request (aud) is not ours."),
        safe=_("It was given nothing."),
        next=_("Check which server the application is set up for."),
        status=400,
    ),
    "smart.launch-over": Words(
        title=_("Start the application once more."),
        why=_("A start works once and for five minutes."),
        safe=_("It was given nothing."),
        next=_("Go back to the person's page and open the application again."),
        status=400,
    ),
    "request.wrong": Words(
        title=_("We did not understand the request."),
        why=_("The address or the form was not complete."),
        safe=NOTHING_CHANGED,
        next=_("Go back and try again."),
        status=400,
    ),
}
SAME_WORDS: Final = {"access.not-allowed": "not-there", "fhir.gone": "not-there"}


def words_for(code: str) -> Words:
    """The words of a code; a longer code falls back to what it begins with."""
    code = SAME_WORDS.get(code, code)
    return BY_CODE.get(code) or BY_CODE["not-possible"]


def page(request: HttpRequest, code: str, *, reference: str = "") -> HttpResponse:
    """The error page for a code, in the reader's language."""
    said = words_for(code)
    context = {"words_of_error": said, "reference": reference}
    return render(request, "error.html", context, status=said.status)


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
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The words of an error raised on purpose; anything else goes on to Django."""
        if isinstance(error, NotPossible) and not request.path.startswith("/fhir"):
            return page(request, error.code)
        return None


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, "not-there")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, "request.wrong")


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, "not-there")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, "request.forged")


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    answer = page(request, "request.too-many")
    answer.headers["Retry-After"] = "60"
    return answer


def broken(request: HttpRequest) -> HttpResponse:
    """A bug: the page carries a reference that also stands in the log."""
    reference = f"QM-{secrets.token_hex(3).upper()}"
    logger.error("a page failed", extra={"reference": reference})
    return page(request, "unexpected", reference=reference)
