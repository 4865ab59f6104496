"""What a FHIR request says beside its resource, and how an answer is put into HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.utils.http import http_date

from qamqor.engine.fhir import etag, json_text, summary
from qamqor.errors import Issue, Unusable
from qamqor.web.fhir import outcomes
from qamqor.web.fhir.outcomes import CONTENT_TYPE

JSON: Final = frozenset({"application/fhir+json", "application/json", "text/json", "json"})
ANY: Final = frozenset({"*/*", "application/*", "text/*", ""})
PATCHES: Final = JSON | {"application/json-patch+json"}
FORMS: Final = frozenset({"application/x-www-form-urlencoded"})
RETURNS: Final = frozenset({"minimal", "representation", "OperationOutcome"})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How the caller would like the answer.

    Attributes:
        returns: ``minimal``, ``representation`` or ``OperationOutcome``; empty = not said.
        is_strict: whether an unknown search parameter is an error.
        summary: of ``_summary``; empty = whole. elements: of ``_elements``.
    """

    returns: str = ""
    is_strict: bool = False
    is_pretty: bool = False
    summary: str = ""
    elements: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether stored text can be sent as it lies."""
        return not (self.summary or self.elements or self.is_pretty)


PLAIN: Final = Wishes()


_ASKS: Final = re.compile(
    "(?:_|%5f)(?:summary|pretty|elements)|%(?:5f|6[1-9a-f]|7[0-9a])", re.IGNORECASE
)
"""A name of a general parameter, or a letter written as a number, that may be part of one."""


def wishes(request: HttpRequest) -> Wishes:
    """What headers and general parameters ask for.

    Raises:
        Unusable: a format this server does not write (406), or a value it does not know.
    """
    said = request.META
    _accept(said.get("HTTP_ACCEPT", ""), request)
    if "HTTP_PREFER" not in said and not _ASKS.search(said.get("QUERY_STRING", "")):
        return PLAIN
    query = request.GET.dict()
    preferred = preferences(said.get("HTTP_PREFER", ""))
    returns = preferred.get("return", "")
    return Wishes(
        returns=returns if returns in RETURNS else "",
        is_strict=preferred.get("handling") == "strict",
        is_pretty=query.get("_pretty", "") == "true",
        summary=summary_of(query),
        elements=elements_of(query),
    )


def summary_of(query: Mapping[str, str]) -> str:
    """What ``_summary`` asks for; empty = the whole.

    Raises:
        Unusable: it is none of what can be asked for.
    """
    mode = query.get("_summary", "")
    if mode and mode not in summary.MODES:
        text = f"_summary is one of {', '.join(summary.MODES)}, not {mode[:40]!r}"
        raise Unusable([Issue("value", text)])
    return "" if mode == "false" else mode


def elements_of(query: Mapping[str, str]) -> tuple[str, ...]:
    """The elements that ``_elements`` names; none = all."""
    return tuple(e.strip() for e in query.get("_elements", "").split(",") if e.strip())


def preferences(header: str) -> dict[str, str]:
    """``return=minimal; handling=strict`` as a dictionary."""
    parts = (part.partition("=") for part in header.replace(",", ";").split(";"))
    return {name.strip(): value.strip().strip('"') for name, _, value in parts if name.strip()}


def _accept(accept: str, request: HttpRequest) -> None:
    asked = (
        request.GET.get("_format") if "_format" in request.META.get("QUERY_STRING", "") else None
    )
    named = accept if asked is None else asked.replace(" ", "+")
    if named in JSON or named in ANY:
        return
    if not any(_is_json(part) for part in named.split(",")):
        text = f"this server writes application/fhir+json, not {named[:100]!r}"
        raise Unusable([Issue("not-supported", text)], status=406)


def _is_json(part: str) -> bool:
    kind, _, rest = part.partition(";")
    is_other = _is_other_version(rest)
    is_refused = rest.replace(" ", "").lower() in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return kind.strip().lower() in JSON | ANY and not is_other and not is_refused


def _is_other_version(rest: str) -> bool:
    """Whether the parameters of a content type name another version of FHIR."""
    return "fhirversion" in rest.lower() and "4.0" not in rest


def body(request: HttpRequest, allowed: frozenset[str] = JSON) -> Any:
    """The JSON of the body.

    Raises:
        Unusable: another content type (415), or no body. NotJson: it is not JSON, or gives a
            name twice in one object.
    """
    kind, _, rest = request.META.get("CONTENT_TYPE", "").partition(";")
    if kind and kind.strip().lower() not in allowed:
        text = f"send {' or '.join(sorted(allowed - {'json', 'text/json'}))}, not {kind[:100]!r}"
        raise Unusable([Issue("not-supported", text)], status=415)
    if "charset" in rest.lower() and "utf-8" not in rest.lower():
        raise Unusable([Issue("not-supported", "send UTF-8")], status=415)
    if _is_other_version(rest):
        raise Unusable([Issue("not-supported", "this is a server of FHIR 4.0")], status=415)
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() not in {"identity", ""}:
        raise Unusable(
            [Issue("not-supported", "send the body as it is, not compressed")], status=415
        )
    read = request.body
    if not read:
        text = "there is no body, or its length was not said (Content-Length)"
        raise Unusable([Issue("required", text)])
    return json_text.decode_once(read)


_CONDITION: Final = re.compile(rb'"reference"\s*:\s*"[A-Z][A-Za-z]+\?')


def has_conditions(request: HttpRequest) -> bool:
    """Whether a reference in the body may be a condition: cheaper asked of the text than of it."""
    return b"?" in request.body and _CONDITION.search(request.body) is not None


def resource(request: HttpRequest) -> dict[str, Any]:
    """The resource of the body.

    Raises:
        Unusable: it is some other JSON.
    """
    said = body(request)
    if not isinstance(said, dict):
        raise Unusable([Issue("structure", "a resource is a JSON object with a resourceType")])
    return said


def address(request: HttpRequest) -> str:
    """The absolute address of the endpoint, as the caller reached it: ``https://host/fhir``."""
    return f"{request.scheme}://{host(request)}/fhir"


def host(request: HttpRequest) -> str:
    """The name and port this server was called by.

    Raises:
        DisallowedHost: it is none of this server's.
    """
    said = str(request.META.get("HTTP_HOST", ""))
    return said if _is_ours(said, tuple(settings.ALLOWED_HOSTS)) else request.get_host()


@lru_cache(maxsize=64)
def _is_ours(said: str, ours: tuple[str, ...]) -> bool:
    name, _port = split_domain_port(said)
    return bool(name) and validate_host(name, ours)


def moment(at: int) -> datetime:
    """Microseconds since 1970 as a moment."""
    return EPOCH + timedelta(microseconds=at)


def answer(content: str | dict[str, Any], asked: Wishes, *, status: int = 200) -> HttpResponse:
    """A resource, as text that is sent as it lies or as JSON, in the form asked for."""
    if asked.is_whole and isinstance(content, str):
        return HttpResponse(content.encode(), status=status, content_type=CONTENT_TYPE)
    said = json_text.decode(content) if isinstance(content, str) else content
    said = summary.shown(said, asked.summary, asked.elements)
    written = json_text.encode(said)
    if asked.is_pretty:
        written = msgspec.json.format(written, indent=2)
    return HttpResponse(written, status=status, content_type=CONTENT_TYPE)


def stamp(response: HttpResponse, *, version: int, at: int) -> HttpResponse:
    """Say which version this is and when it became so."""
    response.headers["ETag"] = etag.tag(version)
    response.headers["Last-Modified"] = _date(at // 1_000_000)
    return response


@lru_cache(maxsize=4096)
def _date(seconds: int) -> str:
    return http_date(seconds)


def outcome(text: str, asked: Wishes, *, status: int = 200) -> HttpResponse:
    """An OperationOutcome for something that went well."""
    return answer(outcomes.said_well(text), Wishes(is_pretty=asked.is_pretty), status=status)
