"""An export of everybody waits until a second person says yes, on a page of their own."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect

from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir import bulk
from qamqor.services.fhir.write import Change, save
from qamqor.store import audit
from qamqor.store.accounts import Account
from qamqor.store.audit import Wanted
from qamqor.store.fhir import jobs
from tests.browser import LANGUAGES, SIZES, faults
from tests.pages import signed_in
from tests.services.access.village import AT
from tests.web.fhir.calling import Api, words

pytestmark = pytest.mark.django_db(transaction=True)
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, data=tmp_path)
    save([Change("PUT", "Patient", "amina", {"resourceType": "Patient", "id": "amina"})],
         actor=PLATFORM, at=AT)  # fmt: skip


def asked(api: Api, path: str = "/$export?_type=Patient") -> str:
    answer = api.get(path, **ASYNC)
    assert answer.status_code == 202, answer.content
    return answer.headers["Content-Location"].partition("/fhir")[2]


def somebody(role: str) -> Client:
    account = Account.objects.create_user(
        f"x-{role}", role=role, practitioner_role_id="x", is_demo=True
    )
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["began"] = session["seen"] = time.time()
    session["second_step"] = True
    session.save()
    return client


def decided(client: Client, address: str, answer: str) -> int:
    id_ = address.rsplit("/", 1)[1]
    return int(client.post(f"/exports/{id_}", {"answer": answer}).status_code)


def finished(api: Api, address: str) -> dict[str, Any]:
    for _ in range(3_000):
        answer = api.get(address)
        if answer.status_code == 200:
            return dict(json.loads(answer.content))
        time.sleep(0.02)
    raise AssertionError(answer.headers)


@pytest.mark.parametrize("role", ["head", "administrator"])
def test_it_begins_when_a_second_person_has_confirmed_it(role: str) -> None:
    api = Api()
    address = asked(api)
    assert "second person" in api.get(address).headers["X-Progress"]

    assert decided(somebody(role), address, "confirm") == 302

    assert finished(api, address)["output"][0]["count"] == 1
    kept = [row.entry for row in audit.find(Wanted(actions=("export",)), limit=5)]
    assert any("confirmed export" in entry for entry in kept)


def test_a_refused_one_never_begins_and_says_so() -> None:
    api = Api()
    address = asked(api)

    assert decided(somebody("head"), address, "refuse") == 302

    answer = api.get(address)
    assert answer.status_code == 403
    assert "second person has refused" in words(answer)
    assert decided(somebody("administrator"), address, "confirm") == 404


@pytest.mark.parametrize("role", ["gp", "practice_nurse", "registrar", "auditor"])
def test_nobody_else_may_confirm(role: str) -> None:
    api = Api()
    address = asked(api)

    client = somebody(role)

    assert decided(client, address, "confirm") == 403
    assert client.get("/exports").status_code == 403
    assert api.get(address).status_code == 202


def test_a_token_of_the_right_role_is_no_second_person() -> None:
    api = Api()
    address = asked(api)

    assert Client().post(f"/exports/{address.rsplit('/', 1)[1]}").status_code == 302  # sign in
    assert "second person" in api.get(address).headers["X-Progress"]


def test_who_asks_for_some_people_or_for_nobody_needs_no_second(db: None) -> None:
    api = Api()
    some = {"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueReference": {"reference": "Patient/amina"}}]}  # fmt: skip
    answer = api.post("/Patient/$export", some, **ASYNC)
    address = answer.headers["Content-Location"].partition("/fhir")[2]
    assert finished(api, address)["output"]
    assert finished(api, asked(api, "/$export?_type=Organization"))["output"] == []


@pytest.mark.parametrize(("named", "is_begun"), [(1, True), (3, True), (4, False)])
def test_naming_more_than_half_of_all_is_naming_everybody(
    monkeypatch: pytest.MonkeyPatch, named: int, is_begun: bool
) -> None:
    monkeypatch.setattr(bulk, "FEW_PEOPLE", 1)
    people = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(5)]
    save([Change("PUT", "Patient", one["id"], one) for one in people], actor=PLATFORM, at=AT)
    said = {"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueReference": {"reference": f"Patient/p{number}"}}
        for number in range(named)]}  # fmt: skip
    address = Api().post("/Patient/$export", said, **ASYNC).headers["Content-Location"]

    job = jobs.find(address.rsplit("/", 1)[1])

    assert job is not None
    assert (job.state != "unconfirmed") == is_begun


def test_after_a_week_it_must_be_asked_for_again() -> None:
    from datetime import timedelta

    from django.utils import timezone

    from qamqor.errors import NotThere
    from qamqor.services.access.actor import Actor
    from qamqor.services.fhir import bulk_confirmed

    address = asked(Api())
    head = Actor(7, "PractitionerRole/h", "head")
    later = timezone.now() + timedelta(days=8)

    assert bulk_confirmed.waiting(actor=head, at=later) == []
    with pytest.raises(NotThere):
        bulk_confirmed.confirm(address.rsplit("/", 1)[1], actor=head, at=later)


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole(
    village: None, live_server: Any, browser: Browser, language: str, size: str
) -> None:
    asked(Api())
    asked(Api(), "/$export?_since=2026-03-02T09:00:00Z")
    with signed_in(browser, live_server.url, language=language, size=size, role="head") as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/exports")
        expect(page.locator("form[action^='/exports/']")).to_have_count(2)
        assert faults(page) == []
        page.locator("button[value=refuse]").first.click()
        expect(page.locator("form[action^='/exports/']")).to_have_count(1)
        page.locator("button[value=confirm]").click()
        expect(page.locator("form[action^='/exports/']")).to_have_count(0)
        assert faults(page) == []


def test_the_number_of_questions_does_not_grow(django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        asked(Api())
    client = somebody("head")
    with django_assert_max_num_queries(25):
        assert client.get("/exports").content.count(b"q-card") >= 5
