"""The audit over FHIR: searched and read as AuditEvent, written by nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from qamqor.errors import Unusable
from qamqor.services.access import glass
from qamqor.services.access.actor import Actor
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Call
from tests.services.access.village import actor, people, resident
from tests.tokens import bearer
from tests.web.fhir.calling import Api

pytestmark = pytest.mark.django_db


def get(address: str, scopes: str = "system/*.rs", **said: Any) -> Any:
    return Client(headers=bearer(scopes)).get(f"/fhir/{address}", said)


def test_events_are_searched_page_by_page() -> None:
    people()
    first = get("AuditEvent", patient="Patient/amina", _count=1).json()

    assert (first["type"], first["total"], len(first["entry"])) == ("searchset", 3, 1)
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = Client(headers=bearer("system/*.rs")).get(following.split("testserver")[1]).json()
    assert second["entry"][0]["resource"]["id"] < first["entry"][0]["resource"]["id"]


def test_one_event_is_read_by_its_number() -> None:
    people()
    event = get("AuditEvent/1").json()

    assert (event["resourceType"], event["action"]) == ("AuditEvent", "C")
    assert get("AuditEvent/999999").status_code == 404
    assert get("AuditEvent", _page="x").status_code == 400


def test_a_search_may_come_by_post() -> None:
    people()
    client = Client(headers=bearer("system/*.rs"))

    found = client.post(
        "/fhir/AuditEvent/_search",
        "patient=amina",
        content_type="application/x-www-form-urlencoded",
    )
    assert found.json()["total"] == 3


@pytest.mark.parametrize(
    ("method", "address"),
    [("post", "AuditEvent"), ("put", "AuditEvent/1"), ("delete", "AuditEvent/1")],
)
def test_nobody_writes_the_audit(method: str, address: str) -> None:
    people()
    send = getattr(Client(headers=bearer()), method)
    answer = send(f"/fhir/{address}", {}, content_type="application/fhir+json")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_search_may_say_that_the_newest_come_first_and_when_they_were_kept() -> None:
    people()

    newest = get("AuditEvent", patient="amina", _sort="-date").json()["entry"]
    assert [int(e["resource"]["id"]) for e in newest] == sorted(
        (int(e["resource"]["id"]) for e in newest), reverse=True
    )
    assert get("AuditEvent", patient="amina", _lastUpdated="gt2200").json()["total"] == 0
    assert get("AuditEvent", patient="amina", _lastUpdated="lt2200").json()["total"] > 0
    assert get("AuditEvent", _sort="date").status_code == 400


@pytest.mark.parametrize("id_", ["9" * 60, "²", "a", "-1", "٣"])
def test_an_id_that_no_entry_has_finds_nothing(id_: str) -> None:
    people()

    assert get("AuditEvent", _id=id_).json()["total"] == 0
    assert get(f"AuditEvent/{id_}").status_code == 404


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("date", "soon", "value"),
        ("outcome", "5", "value"),
        ("action", "X", "value"),
        ("patient", "a\0b", "value"),
        ("patient", "a" * 3000, "value"),
        ("agent", "a\0b", "value"),
        ("_count", "many", "value"),
        ("entity", "Patient/amina", "not-supported"),
        ("patient:missing", "true", "not-supported"),
    ],
)
def test_what_the_audit_cannot_answer_is_said(name: str, value: str, code: str) -> None:
    people()
    answer = get("AuditEvent", **{name: value})

    assert answer.status_code == 400
    assert [issue["code"] for issue in answer.json()["issue"]] == [code]


def test_a_token_for_something_else_does_not_read_the_audit() -> None:
    people()

    assert get("AuditEvent", scopes="system/Patient.rs").status_code == 403


def run(name: str, who: Actor, **inputs: Any) -> dict[str, Any]:
    given = {key: [value] for key, value in inputs.items()}
    call = Call(actor=who, at=timezone.now(), inputs=given, type="Patient", id="dana")
    return dict(registry.find(name, level="instance", type_="Patient").run(call).resource or {})


def test_a_record_is_opened_in_need_by_an_operation_and_its_person_sees_it() -> None:
    people()
    nurse = actor("practice_nurse", account=43)
    answer = run("break-glass", nurse, reason="found unconscious at home")

    assert [part["name"] for part in answer["parameter"]] == ["until", "notice", "review"]
    assert glass.carried(nurse, timezone.now()).glasses == {"dana"}
    openings = [
        {part["name"]: next(v for k, v in part.items() if k != "name") for part in one["part"]}
        for one in run("who-opened", resident("dana"))["parameter"]
    ]
    assert ("practice_nurse", "found unconscious at home") in [
        (one["role"], one.get("reason")) for one in openings
    ]
    assert run("who-opened", resident("dana"), count=1)["parameter"][-1]["name"] == "before"


def test_a_reason_must_be_given() -> None:
    found = registry.find("break-glass", level="instance", type_="Patient")

    with pytest.raises(Unusable, match="reason is missing"):
        registry.read_inputs(found, query={}, body=None)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=", "text/plain"]
)
def test_a_search_that_is_no_form_is_refused_in_words(kind: str) -> None:
    answer = Api().post("/AuditEvent/_search", b"x", content_type=kind)

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "address",
    [
        "?_type=AuditEvent",
        "Patient?_revinclude=AuditEvent:entity",
        "Patient?_has:AuditEvent:patient:action=R",
    ],
)
def test_a_search_that_would_pass_over_the_audit_says_so(address: str) -> None:
    answer = Client(headers=bearer("system/*.rs")).get(f"/fhir/{address}")

    assert answer.status_code == 400
    assert "searched at AuditEvent?" in answer.json()["issue"][0]["diagnostics"]


def test_the_audit_is_in_no_compartment_and_has_no_history() -> None:
    for address in ("Patient/x/AuditEvent", "AuditEvent/_history", "AuditEvent/1/_history"):
        assert get(address).status_code == 404, address
