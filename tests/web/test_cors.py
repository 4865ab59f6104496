"""Which pages of other origins may call the API from a browser, and what they may see."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.test import Client

from qamqor import settings as ours
from qamqor.errors import NotPossible
from tests.web.fhir.calling import Api, said

pytestmark = pytest.mark.django_db
APP = "https://growth.example"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def _one_origin(settings: Any) -> None:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, cors_origins=frozenset({APP}))


@pytest.mark.parametrize("path", ["/fhir/Patient/x", "/fhir/metadata", "/oauth/token"])
def test_a_browser_of_a_listed_origin_may_ask(path: str) -> None:
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    answer = Client().options(path, headers=headers)
    assert answer.status_code == 204
    assert answer.headers[ALLOWED] == APP
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "If-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_its_pages_read_answers_and_what_they_need_of_the_headers() -> None:
    answer = Api().get("/Patient/nobody", Origin=APP)
    assert (answer.status_code, answer.headers[ALLOWED]) == (404, APP)
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://other.example", "null", f"{APP}.evil.example"])
def test_others_are_told_nothing(origin: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    for answer in (Api().get("/Patient", Origin=origin), Client().options("/fhir", headers=asks)):
        assert ALLOWED not in answer.headers
        assert "Origin" in answer.headers["Vary"]


def test_pages_are_never_shared() -> None:
    answer = Client().get("/accounts/login/", headers={"Origin": APP})
    assert ALLOWED not in answer.headers


def test_the_capability_statement_says_so(settings: Any) -> None:
    security = said(Api().get("/metadata"))["rest"][0]["security"]
    assert security["cors"] is True


@pytest.mark.parametrize("wrong", ["*", "growth.example", "https://a/b", "https://*.example"])
def test_what_is_no_origin_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(NotPossible):
        ours._origins(wrong)
    assert ours._origins(f" {APP}/ , http://localhost:3000") == {APP, "http://localhost:3000"}
