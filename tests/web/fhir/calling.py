"""Calls the FHIR API in the test's own process, inside the test's own transaction."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.tokens import bearer


class Api:
    """A client with a token for everything; ``api.get("/Patient/x")``."""

    def __init__(self, scopes: str = "system/*.cruds") -> None:
        self.client = Client(headers=bearer(scopes), raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        kind = said.pop("content-type", "application/fhir+json")
        return self.client.generic(method, f"/fhir{path}", sent, content_type=kind, headers=said)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, **headers)


def said(response: HttpResponse) -> Any:
    """The JSON of an answer."""
    return json.loads(response.content)


def words(response: HttpResponse) -> str:
    """What an OperationOutcome says, in one line."""
    outcome = said(response)
    assert outcome["resourceType"] == "OperationOutcome"
    return "; ".join(issue["diagnostics"] for issue in outcome["issue"])


def patient(id_: str | None = None, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **({"id": id_} if id_ else {}), **more}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Any = None, **more: Any) -> dict[str, Any]:
    """One entry: ``fullUrl`` stands beside the request, everything else inside it."""
    full_url = {"fullUrl": more.pop("fullUrl")} if "fullUrl" in more else {}
    held = {} if resource is None else {"resource": resource}
    return {**full_url, **held, "request": {"method": method, "url": url, **more}}
