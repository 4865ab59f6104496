"""Counts and logs every request by what was asked, never by whom or about whom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from qamqor.engine.fhir.definitions import is_resource
from qamqor.services import node_health

logger = logging.getLogger("qamqor.access")
Answer = Callable[[HttpRequest], HttpResponseBase]
_AT_TYPE: Final = {"GET": "search", "POST": "create", "PUT": "update", "DELETE": "delete"}
_AT_ONE: Final = {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def watched(answer: Answer) -> Answer:
    """The outermost middleware: one line in the log and one more in the numbers."""

    def watch(request: HttpRequest) -> HttpResponseBase:
        started = node_health.now()
        response = answer(request)
        seconds = node_health.now() - started
        asked, kind = interaction(request)
        node_health.answered(asked, response.status_code, seconds)
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "request",
                extra={
                    "interaction": asked,
                    "resource_type": kind,
                    "method": request.method,
                    "status": response.status_code,
                    "milliseconds": round(seconds * 1000, 1),
                },
            )
        return response

    return watch


def interaction(request: HttpRequest) -> tuple[str, str]:
    """What was asked, in few words, and the resource type; no ids, no query."""
    parts = [part for part in request.path_info.split("/") if part]
    if not parts or parts[0] != "fhir":
        found = request.resolver_match
        return (found.view_name or "page") if found is not None else "unknown", ""
    method = str(request.method)
    kind = parts[1] if len(parts) > 1 and is_resource(parts[1]) else ""
    last = parts[-1]
    if last.startswith("$"):
        return "operation", kind
    if last == "_search":
        return "search", kind
    if "_history" in parts:
        return ("vread" if last != "_history" else "history"), kind
    if len(parts) == 1:
        return ("bundle" if method == "POST" else "search"), kind
    if last == "metadata":
        return "capabilities", kind
    chosen = _AT_ONE if len(parts) > 2 else _AT_TYPE
    return chosen.get(method, "other"), kind
