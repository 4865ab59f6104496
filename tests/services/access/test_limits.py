"""Whoever asks too often is told when to come again; nobody else notices."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qamqor.errors import TooMany
from qamqor.services.access import limits
from qamqor.services.access.actor import PLATFORM, Actor
from tests.web.fhir.calling import Api, said

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NURSE = Actor(1, "PractitionerRole/n", "practice_nurse")
OTHER = dataclasses.replace(NURSE, account=2)
APP = dataclasses.replace(NURSE, client="growth")


def limit() -> limits.Limit:
    return limits.Limit("things", 60, lambda _: 6)


def test_a_minutes_worth_at_once_then_one_every_ten_seconds() -> None:
    some = limit()
    for _ in range(6):
        some.take(NURSE, AT)
    with pytest.raises(TooMany) as told:
        some.take(NURSE, AT)
    assert told.value.seconds == 10
    some.take(NURSE, AT + timedelta(seconds=10))
    with pytest.raises(TooMany):
        some.take(NURSE, AT + timedelta(seconds=11))
    for _ in range(6):
        some.take(NURSE, AT + timedelta(minutes=5))


def test_each_account_and_each_application_counts_for_itself() -> None:
    some = limit()
    for _ in range(6):
        some.take(NURSE, AT)
    some.take(OTHER, AT)
    some.take(APP, AT)
    for _ in range(100):
        some.take(PLATFORM, AT)


def test_a_clock_set_back_gives_nothing_away_and_takes_nothing() -> None:
    some = limit()
    some.take(NURSE, AT)
    for _ in range(5):
        some.take(NURSE, AT - timedelta(hours=1))
    with pytest.raises(TooMany):
        some.take(NURSE, AT - timedelta(hours=1))


def test_it_remembers_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KNOWN", 10)
    some = limit()
    for number in range(100):
        some.take(dataclasses.replace(NURSE, account=number), AT)
    assert len(some._used) <= 10


@pytest.fixture
def _few(settings: Any) -> Iterator[None]:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, searches_a_minute=0.3)
    limits.SEARCHES.forget()
    yield
    limits.SEARCHES.forget()
    limits.EXPORTS.forget()


@pytest.mark.django_db
@pytest.mark.usefixtures("_few")
def test_the_api_says_when_to_come_again() -> None:
    api = Api()
    answers = [api.get("/Patient") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert said(answers[3])["issue"][0]["code"] == "throttled"
    assert api.get("/Patient/x").status_code == 404, "reading is not limited"
    again = api.post("/Patient/_search", "", content_type="application/x-www-form-urlencoded")
    assert again.status_code == 429


@pytest.mark.django_db
@pytest.mark.usefixtures("_few")
def test_exports_are_counted_by_the_hour() -> None:
    api = Api()
    codes = [
        api.get("/$export?_type=Organization", Prefer="respond-async").status_code
        for _ in range(limits.EXPORTS_AN_HOUR + 1)
    ]
    assert codes == [202] * limits.EXPORTS_AN_HOUR + [429]
