"""Operations keep the manners of HTTP: methods, formats and headers as every other answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.fhir.calling import Api, patient, said, words

CARE = "/Patient/p/$care-due"


@pytest.fixture
def person(api: Api) -> Api:
    api.put("/Patient/p", patient("p"))
    return api


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_operation_is_called_by_get_or_post_only(person: Api, method: str) -> None:
    answer = person.call(method, CARE)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_what_changes_something_is_called_by_post_only(person: Api, method: str) -> None:
    answer = person.call(
        method, "/Patient/$merge?source-patient=Patient/p&target-patient=Patient/p"
    )

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST, OPTIONS"


def test_asking_how_an_operation_is_called_does_not_call_it(person: Api) -> None:
    answer = person.call("OPTIONS", "/Patient/$validate")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("path", "headers"), [(CARE, {"accept": "application/fhir+xml"}), (f"{CARE}?_format=xml", {})]
)
def test_an_answer_in_xml_is_refused(person: Api, path: str, headers: dict[str, str]) -> None:
    assert person.get(path, **headers).status_code == 406


def test_an_input_in_xml_is_refused(api: Api) -> None:
    answer = api.post("/Patient/$validate", "<Patient/>", content_type="application/fhir+xml")

    assert answer.status_code == 415


def test_an_answer_is_laid_out_where_that_is_asked_for(person: Api) -> None:
    answer = person.get(f"{CARE}?_pretty=true")

    assert b'\n  "resourceType"' in answer.content
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_a_table_still_comes_in_the_format_asked_for(person: Api) -> None:
    view = {
        "resourceType": "ViewDefinition",
        "name": "people",
        "status": "active",
        "resource": "Patient",
        "select": [{"column": [{"name": "id", "path": "getResourceKey()"}]}],
    }
    asked: dict[str, Any] = {
        "resourceType": "Parameters",
        "parameter": [{"name": "viewResource", "resource": view}],
    }

    answer = person.post("/$viewdefinition-run", asked, accept="text/csv")

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.content == b'"id"\n"p"\n'


def test_what_a_post_sends_must_be_json_of_this_version(api: Api) -> None:
    kind = "application/fhir+json; fhirVersion=3.0"

    assert api.post("/Patient", patient(), content_type=kind).status_code == 415
    assert "malformed" in words(api.post("/Patient/$validate", "{,"))


def test_an_answer_without_a_body_names_no_type_of_it(person: Api) -> None:
    minimal = person.put("/Patient/p", patient("p"), prefer="return=minimal")
    gone = person.delete("/Patient/p")

    assert (minimal.content, "Content-Type" in minimal.headers) == (b"", False)
    assert (gone.status_code, "Content-Type" in gone.headers) == (204, False)


def test_who_may_not_delete_is_told_so_even_where_there_is_nothing(db: None) -> None:
    answer = Api("system/*.rs").delete("/Patient/never")

    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_token_that_is_not_good_is_called_so(api: Api) -> None:
    answer = api.get("/Patient/p", authorization="Bearer x")

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert said(answer)["issue"][0]["code"] == "login"


VALIDATE = "/Patient/p/$validate"


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/Patient/$validate?mode=create", patient(), "No rule is broken"),
        ("/Patient/$validate?mode=profile", patient(), "No rule is broken"),
        (f"{VALIDATE}?mode=update", patient("p"), "No rule is broken"),
        (f"{VALIDATE}?mode=update", patient("q"), "the address names 'p'"),
        (f"{VALIDATE}?mode=delete", None, "Nothing stands against deleting"),
    ],
)
def test_validation_asks_what_the_mode_says(person: Api, path: str, body: Any, says: str) -> None:
    answer = person.post(path, body)

    assert answer.status_code == 200
    assert says in words(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Patient/$validate?mode=delete", 400),
        ("/Patient/nobody/$validate?mode=delete", 404),
        ("/Patient/$validate?mode=destroy", 400),
        ("/Patient/$validate?profile=http://example.org/p", 400),
    ],
)
def test_validation_that_cannot_be_done_is_refused(person: Api, path: str, status: int) -> None:
    assert person.post(path, patient()).status_code == status


def test_the_base_definition_is_a_profile_that_is_known(api: Api) -> None:
    base = "http://hl7.org/fhir/StructureDefinition/Patient"

    assert "No rule is broken" in words(api.post(f"/Patient/$validate?profile={base}", patient()))
    claimed = patient(meta={"profile": [base, "http://example.org/p"]})
    told = words(api.post("/Patient/$validate", claimed))
    assert "http://example.org/p is not known here and was not checked" in told
    assert f"{base} is not known" not in told


def test_who_may_not_delete_is_told_by_validation(person: Api) -> None:
    assert Api("system/*.rs").post(f"{VALIDATE}?mode=delete", None).status_code == 403


def test_a_resource_by_itself_is_the_input_that_takes_its_type(api: Api) -> None:
    codes = {"system": "urn:s", "concept": [{"code": "a"}]}
    value_set = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [codes]},
    }

    expansion = said(api.post("/ValueSet/$expand", value_set))["expansion"]

    assert [one["code"] for one in expansion["contains"]] == ["a"]
