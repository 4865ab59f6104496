"""Errors in words: what happened, what is safe, what next; and the headers of every answer."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from qamqor.errors import NotAllowed, NotThere, VersionConflict
from qamqor.web import errors

pytestmark = pytest.mark.django_db


def test_what_is_hidden_and_what_is_missing_read_the_same() -> None:
    assert errors.words_for(NotAllowed.code) == errors.words_for(NotThere.code)


def test_an_unknown_address_gets_a_page_in_the_readers_language(client: Client) -> None:
    answer = client.get("/nowhere", headers={"accept-language": "ru"})

    assert answer.status_code == 404
    assert "Здесь нечего показать." in answer.content.decode()


def test_an_error_raised_on_purpose_becomes_its_page() -> None:
    said = errors.errors_in_words(lambda request: None)  # type: ignore[arg-type, return-value]
    with translation.override("en"):
        answer = said.process_exception(  # type: ignore[attr-defined]
            RequestFactory().get("/people/x"), VersionConflict("Patient", "x", seen=1)
        )

    assert answer.status_code == 409
    assert "Somebody changed this meanwhile." in answer.content.decode()
    assert "Patient" not in answer.content.decode()


def test_a_bug_carries_a_reference_that_also_stands_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with translation.override("en"):
        answer = errors.broken(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert caplog.records[0].reference in answer.content.decode()  # type: ignore[attr-defined]


def test_a_form_from_elsewhere_is_refused_in_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/language", {"language": "ru"})

    assert answer.status_code == 403
    assert "<h1>" in answer.content.decode()


def test_no_page_is_kept_framed_or_given_scripts_of_others(client: Client) -> None:
    answer = client.get("/components")

    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
