"""What the server says it can do is what it does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from qamqor.engine.fhir.names import BASE
from qamqor.engine.fhir.validation import check
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
    values = {"action": "R", "outcome": "0", "date": "2026", "_lastUpdated": "2026"}
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


def test_what_is_said_is_a_statement_that_keeps_the_rules_of_fhir(api: Api) -> None:
    for mode in ("full", "normative", "terminology"):
        errors = [
            i for i in check(said(api.get(f"/metadata?mode={mode}"))) if i.severity == "error"
        ]
        assert errors == [], mode
    assert api.get("/metadata?mode=other").status_code == 400


def test_the_terminology_that_is_said_to_be_here_is_here(api: Api) -> None:
    known = said(api.get("/metadata?mode=terminology"))
    parameters = {one["name"] for one in known["expansion"]["parameter"]}

    assert {"filter", "offset", "count"} <= parameters
    for system in known["codeSystem"]:
        assert api.get(f"/ValueSet/$expand?url={system['uri']}&count=1").status_code == 200


def test_every_search_parameter_and_include_said_of_a_type_is_taken(api: Api) -> None:
    listed = said(api.get("/metadata"))["rest"][0]["resource"]
    values = {"quantity": "1", "number": "1", "date": "2026", "special": "1|2"}
    for resource in listed:
        if resource["type"] not in {"Patient", "Observation", "Location", "ValueSet"}:
            continue
        pairs = [
            (one["name"], values.get(one["type"], "x"))
            for one in resource["searchParam"]
            if one["type"] != "composite"
        ]
        pairs += [("_include", one) for one in resource.get("searchInclude", [])]
        pairs += [("_revinclude", one) for one in resource.get("searchRevInclude", [])]
        for n in range(0, len(pairs), 50):
            query = urlencode(pairs[n : n + 50])
            answer = api.get(f"/{resource['type']}?{query}", prefer="handling=strict")
            assert answer.status_code == 200, words(answer)


def test_older_clients_find_here_where_to_ask_for_a_token(api: Api) -> None:
    security = said(api.get("/metadata"))["rest"][0]["security"]
    told = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    known = said(api.get("/.well-known/smart-configuration"))

    assert told["authorize"] == known["authorization_endpoint"]
    assert told["token"] == known["token_endpoint"]


def test_references_that_may_be_included_backwards_are_listed(api: Api) -> None:
    listed = said(api.get("/metadata"))["rest"][0]["resource"]
    person: Any = next(one for one in listed if one["type"] == "Patient")

    assert "Observation:subject" in person["searchRevInclude"]
    assert "Encounter:location" not in person["searchRevInclude"]


def test_an_operation_of_our_own_is_defined_here(api: Api) -> None:
    rest = said(api.get("/metadata"))["rest"][0]
    told = [*rest["operation"], *(o for r in rest["resource"] for o in r.get("operation", []))]
    ours = {one["name"] for one in told if one["definition"].startswith(BASE)}

    assert "care-due" in ours
    for name in ours:
        answer = api.get(f"/OperationDefinition/{name}")
        definition = said(answer)
        assert answer.status_code == 200, name
        assert definition["url"] == f"{BASE}/OperationDefinition/{name}"
        assert [i for i in check(definition) if i.severity == "error"] == []
    assert api.get("/OperationDefinition/validate").status_code == 404
    assert api.get("/OperationDefinition/care-due", authorization="Bearer x").status_code == 401
