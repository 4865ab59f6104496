"""What the server says it can do is what it does."""

from __future__ import annotations

from typing import Any

from tests.web.fhir.calling import Api, said, words


def test_anybody_may_ask_what_there_is(api: Api) -> None:
    answer = api.get("/metadata", authorization="")

    statement = said(answer)
    assert answer.status_code == 200
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://testserver/fhir"
    assert len(statement["rest"][0]["resource"]) == 146


def test_what_is_said_of_a_type_is_done(api: Api) -> None:
    listed = said(api.get("/metadata"))["rest"][0]["resource"]
    person: Any = next(one for one in listed if one["type"] == "Patient")
    codes = {one["code"] for one in person["interaction"]}

    assert {"read", "vread", "update", "patch", "delete", "history-instance", "create"} <= codes
    assert ("search-type" in codes) == (api.get("/Patient").status_code == 200)


def test_nothing_is_said_of_audit_events_that_is_refused(api: Api) -> None:
    listed = said(api.get("/metadata"))["rest"][0]["resource"]
    trace: Any = next(one for one in listed if one["type"] == "AuditEvent")

    assert [one["code"] for one in trace["interaction"]] == ["read", "search-type"]
    assert not any(trace[name] for name in ("updateCreate", "conditionalCreate", "readHistory"))
    assert api.put("/AuditEvent/x", {"resourceType": "AuditEvent", "id": "x"}).status_code == 405
    values = {"action": "R", "outcome": "0", "date": "2026", "_id": "1"}
    for parameter in trace["searchParam"]:
        name = parameter["name"]
        assert api.get(f"/AuditEvent?{name}={values.get(name, 'x')}").status_code == 200, name


def test_every_operation_said_to_be_there_answers(api: Api) -> None:
    rest = said(api.get("/metadata"))["rest"][0]
    for resource in rest["resource"]:
        for operation in resource.get("operation", []):
            answer = api.post(f"/{resource['type']}/${operation['name']}", "{")
            other = api.post(f"/{resource['type']}/x/${operation['name']}", "{")
            assert {answer.status_code, other.status_code} != {404}, operation["name"]


def test_the_description_for_developers_names_the_same_addresses(api: Api) -> None:
    document = said(api.get("/openapi.json"))

    assert document["openapi"].startswith("3.")
    assert {"get", "put", "patch", "delete"} <= set(document["paths"]["/{type}/{id}"])
    assert "get" in document["paths"]["/{type}/{id}/_history/{version}"]


def test_the_front_door_says_where_to_go(api: Api) -> None:
    told = words(api.get(""))

    assert "http://testserver/fhir/metadata" in told
    assert words(api.get("/")) == told
