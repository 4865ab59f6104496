"""Every failure as an OperationOutcome, in one place."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse, UnreadablePostError

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.json_text import NotJson
from qamqor.errors import (
    ContentError,
    GoneBefore,
    Issue,
    NotAllowed,
    NotPossible,
    NotThere,
    QamqorError,
    TooMany,
    Unusable,
    VersionConflict,
)

log = logging.getLogger(__name__)
CONTENT_TYPE: Final = "application/fhir+json; charset=utf-8"
MOST_ISSUES: Final = 100
_CHALLENGE: Final = 'Bearer realm="fhir"'
_WRONG: Final = {401: ', error="invalid_token"', 403: ', error="insufficient_scope"'}


class WrongMethod(Unusable):
    """The address is right and the method is not; ``allowed`` are the methods it answers."""

    def __init__(self, method: str, allowed: Sequence[str], *, why: str = "") -> None:
        self.allowed = tuple(allowed)
        text = f"{method} is not possible here; {', '.join(allowed)} is"
        text = f"{why}: {text}" if why else text
        super().__init__([Issue("not-supported", text)], status=405)


class NobodyKnown(NotAllowed):
    """Nobody is signed in and no valid token came with the request."""


def outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """An OperationOutcome; of very many issues the first hundred, and how many more."""
    listed = [_issue(one) for one in issues[:MOST_ISSUES]]
    if len(issues) > MOST_ISSUES:
        text = f"{len(issues) - MOST_ISSUES} more issues are not listed"
        listed.append(_issue(Issue("informational", text, severity="information")))
    return {"resourceType": "OperationOutcome", "issue": listed}


def _issue(issue: Issue) -> dict[str, Any]:
    said: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.text},
        "diagnostics": issue.text,
    }
    if issue.expression:
        said["expression"] = [issue.expression]
    return said


def said_well(text: str, *, code: str = "informational") -> dict[str, Any]:
    """An OperationOutcome for something that went well."""
    return outcome([Issue(code, text, severity="information")])


def reading(error: Exception) -> tuple[int, list[Issue]]:
    """The HTTP status of an error and what to say of it; 500 and a reference for the unexpected."""
    if isinstance(error, Unusable):
        return error.status, list(error.issues)
    for family, status, code in _FAMILIES:
        if isinstance(error, family):
            return status, [Issue(code, _words(error))]
    reference = secrets.token_hex(4)
    log.error("unexpected error", exc_info=error, extra={"reference": reference})
    text = f"something went wrong on our side; nothing was changed; reference {reference}"
    return 500, [Issue("exception", text, severity="fatal")]


def _words(error: Exception) -> str:
    if isinstance(error, QamqorError | NotJson):
        return str(error)
    return next(words for family, words in _WORDS.items() if isinstance(error, family))


_FAMILIES: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (GoneBefore, 410, "deleted"),
    (NotThere, 404, "not-found"),
    (VersionConflict, 412, "conflict"),
    (NobodyKnown, 401, "login"),
    (NotAllowed, 403, "forbidden"),
    (TooMany, 429, "throttled"),
    (NotPossible, 409, "conflict"),
    (ContentError, 422, "processing"),
    (NotJson, 400, "structure"),
    (RequestDataTooBig, 413, "too-long"),
    (DisallowedHost, 400, "invalid"),
    (SuspiciousOperation, 400, "invalid"),
    (Http404, 404, "not-found"),
    (UnreadablePostError, 400, "incomplete"),
    (UnicodeError, 400, "structure"),
    (RecursionError, 400, "structure"),
)
_WORDS: Final[dict[type[Exception], str]] = {
    RequestDataTooBig: "the body is larger than this server takes; send it in parts, or by import",
    DisallowedHost: "this server does not answer to the name in the Host header",
    SuspiciousOperation: "the request is not well formed",
    Http404: "there is nothing at this address; see /fhir/metadata for what there is",
    UnreadablePostError: "the connection ended before the whole body was here",
    UnicodeError: "the request is not valid UTF-8",
    RecursionError: "the request is nested too deeply",
}


def response(error: Exception, *, has_token: bool = False) -> HttpResponse:
    """The answer to a request that failed; RFC 6750 says what to tell one that brought a token."""
    status, issues = reading(error)
    body = json_text.encode(outcome(issues))
    answer = HttpResponse(body, status=status, content_type=CONTENT_TYPE)
    if isinstance(error, WrongMethod):
        answer.headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.seconds)
    if status == 401 or (status == 403 and has_token):
        answer.headers["WWW-Authenticate"] = _CHALLENGE + (_WRONG[status] if has_token else "")
    return answer
