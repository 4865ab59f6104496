"""The short ways to /fhir lead where the long ways lead."""

from __future__ import annotations

import io
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.urls.resolvers import RegexPattern, URLResolver
from hypothesis import given
from hypothesis import strategies as st

from qamqor.services import warm
from qamqor.web.fhir import paths
from qamqor.web.fhir.shortest import with_shortest_way
from tests.tokens import bearer
from tests.web.fhir.calling import Api, patient

WORDS = (
    "Patient",
    "AuditEvent",
    "p1",
    "1",
    "_history",
    "_search",
    "metadata",
    "$everything",
    "$export-job",
    "$export-file",
    "$",
    "$2",
    "*",
    "",
    " ",
    ".well-known",
    "smart-configuration",
    "openapi.json",
)
OF_DJANGO = URLResolver(RegexPattern(r"^"), "qamqor.web.fhir.urls")


def of_django(path: str) -> Any:
    try:
        found = OF_DJANGO.resolve(path)
    except Http404:
        return None
    return found.func, found.kwargs


def of_ours(path: str) -> Any:
    try:
        return tuple(paths.resolve(path))
    except Http404:
        return None


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_a_path_leads_where_django_would_lead(words: list[str]) -> None:
    for path in ("/".join(words), "/" + "/".join(words)):
        assert of_ours(path) == of_django(path), path


def test_a_path_of_very_many_words_is_refused_at_once() -> None:
    assert of_ours("/Patient" * 100_000) is None


@cache
def application() -> Any:
    """What a web server opens; it does not settle the process of the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(warm, "begin", lambda _: None)
        return import_module("qamqor.wsgi").application


def called(path: str, **said: str) -> tuple[int, dict[str, str], bytes]:
    """What a web server gets."""
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
        **said,
    }
    body = b"".join(application()(environ, lambda status, headers: told.extend([status, headers])))
    return int(told[0].split()[0]), dict(told[1]), body


@pytest.mark.parametrize("path", ["/fhir/Patient/p1", "/fhir/Patient/nobody", "/fhir/x/y/z/é"])
def test_the_shortest_way_says_what_djangos_way_says(api: Api, path: str) -> None:
    api.put("/Patient/p1", patient("p1"))
    token = bearer("system/*.cruds")["Authorization"]
    origin = "https://growth.example"
    status, headers, body = called(path, HTTP_AUTHORIZATION=token, HTTP_ORIGIN=origin)
    usual = Client().get(
        path, headers={"Authorization": token, "Host": "localhost", "Origin": origin}
    )
    assert "Origin" in headers["Vary"]
    assert (status, body) == (usual.status_code, usual.content)
    assert {k.lower(): v for k, v in headers.items()} == {
        k.lower(): v for k, v in usual.headers.items()
    }


def test_a_name_that_is_not_ours_is_refused(api: Api) -> None:
    status, _, body = called("/fhir/metadata", HTTP_HOST="elsewhere.example")
    assert status == 400
    assert b"Host header" in body


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/today", {}),
        ("/fhirs", {}),
        ("/fhir/Patient/p1", {"HTTP_COOKIE": "qamqor_session=x"}),
    ],
)
def test_pages_and_whoever_is_signed_in_on_one_take_the_usual_way(
    path: str, said: dict[str, str]
) -> None:
    taken: list[str] = []

    def pages(environ: dict[str, Any], _start: Any) -> list[bytes]:
        taken.append(environ["PATH_INFO"])
        return []

    with_shortest_way(pages)({"PATH_INFO": path, **said}, lambda *_: None)
    assert taken == [path]
