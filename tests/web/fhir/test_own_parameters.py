"""A stored SearchParameter can be searched by, on what was there before and what comes after."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from qamqor.services.fhir import indexing, own_parameters
from tests.web.fhir.calling import Api, said

pytestmark = pytest.mark.django_db


def parameter(code: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter",
        "id": code.strip("_"),
        "url": f"http://example.org/SearchParameter/{code}",
        "name": "Own",
        "status": "active",
        "description": "One of our own.",
        "code": code,
        "base": ["Patient"],
        "type": "token",
        "expression": path,
        **more,
    }


def patient(id_: str, use: str = "official", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, "name": [{"use": use, "text": "A"}], **more}


def put(api: Api, resource: dict[str, Any]) -> None:
    answer = api.put(f"/{resource['resourceType']}/{resource['id']}", resource)
    assert answer.status_code in {200, 201}, answer.content


def ids(api: Api, query: str) -> list[str]:
    bundle = said(api.get(quote(query, safe="/?=:&"), Prefer="handling=strict"))
    assert bundle["resourceType"] == "Bundle", bundle
    return [e["resource"]["id"] for e in bundle.get("entry", [])]


def names(api: Api, type_: str) -> dict[str, Any]:
    listed = said(api.get("/metadata"))["rest"][0]["resource"]
    found = next(one for one in listed if one["type"] == type_)
    return {one["name"]: one for one in found["searchParam"]}


NAME_USE = parameter("name-use", "Patient.name.use")


def test_finds_what_was_there_before_and_what_comes_after(api: Api) -> None:
    put(api, patient("before", "maiden"))
    put(api, NAME_USE)
    put(api, patient("after", "maiden"))
    put(api, patient("other"))
    assert ids(api, "/Patient?name-use=maiden") == ["before", "after"]
    put(api, patient("before", "old"))
    assert ids(api, "/Patient?name-use=maiden") == ["after"]
    assert ids(api, "/Patient?name-use:not=maiden") == ["before", "other"]


def test_is_in_the_capability_statement_only_while_it_is_in_use(api: Api) -> None:
    assert "name-use" not in names(api, "Patient")
    put(api, NAME_USE)
    stated = names(api, "Patient")["name-use"]
    assert stated == {"name": "name-use", "definition": NAME_USE["url"], "type": "token"}
    assert "name-use" not in names(api, "Practitioner")
    put(api, {**NAME_USE, "status": "retired"})
    assert "name-use" not in names(api, "Patient")


def test_is_unknown_again_once_it_is_retired_or_deleted(api: Api) -> None:
    put(api, patient("one", "maiden"))
    for end in ("retired", "deleted"):
        put(api, NAME_USE)
        assert ids(api, "/Patient?name-use=maiden") == ["one"]
        if end == "retired":
            put(api, {**NAME_USE, "status": "retired"})
        else:
            assert api.delete("/SearchParameter/name-use").status_code == 204
        refused = api.get("/Patient?name-use=maiden", Prefer="handling=strict")
        assert refused.status_code == 400


def test_a_new_expression_answers_by_the_new_one_only(api: Api) -> None:
    put(api, patient("one", "maiden", gender="female"))
    put(api, NAME_USE)
    put(api, {**NAME_USE, "expression": "Patient.gender"})
    assert ids(api, "/Patient?name-use=maiden") == []
    assert ids(api, "/Patient?name-use=female") == ["one"]


@pytest.mark.parametrize(
    ("kind", "path", "query"),
    [
        ("number", "(Patient.multipleBirth as integer)", "own=gt1"),
        ("string", "Patient.contact.name", "own:exact=Сауле"),
        ("string", "Patient.contact.name.given | Patient.contact.name.text", "own=сау"),
        ("reference", "Patient.contact.organization", "own=Organization/clinic"),
        ("reference", "Patient.contact.organization", "own:Organization._id=clinic"),
        ("uri", "Patient.extension.url", "own=http://example.org/x"),
        ("date", "Patient.identifier.period", "own=2020"),
        ("token", "Patient.name.where(use = 'official').exists()", "own=true"),
        ("quantity", "Patient.extension.value.ofType(Quantity)", "own=5||kg"),
    ],
)
def test_every_type_of_parameter_reads_its_expression(
    api: Api, kind: str, path: str, query: str
) -> None:
    put(api, {"resourceType": "Organization", "id": "clinic", "name": "Clinic"})
    full = {
        "multipleBirthInteger": 2,
        "contact": [
            {"name": {"text": "Сауле"}, "organization": {"reference": "Organization/clinic"}}
        ],
        "extension": [{"url": "http://example.org/x", "valueQuantity": {"value": 5, "unit": "kg"}}],
        "identifier": [{"value": "1", "period": {"start": "2020-02-01", "end": "2020-03-01"}}],
    }
    put(api, patient("full", **full))
    put(api, patient("empty", "old"))
    put(api, parameter("own", path, type=kind))
    assert ids(api, f"/Patient?{query}") == ["full"]
    put(api, patient("later", **full))
    assert ids(api, f"/Patient?{query}") == ["full", "later"]


def test_a_parameter_of_all_types_is_one_of_each(api: Api) -> None:
    put(api, patient("p", language="kk"))
    put(api, {"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "language": "kk"})
    put(api, parameter("tongue", "Resource.language", base=["Resource"]))
    assert ids(api, "/Patient?tongue=kk") == ["p"]
    assert ids(api, "/Basic?tongue=kk") == ["b"]


@pytest.mark.parametrize(
    "wrong",
    [
        parameter("own", "Patient.name.("),
        parameter("own", "Patient.name", type="composite", component=[
            {"definition": "http://example.org/a", "expression": "a"},
            {"definition": "http://example.org/b", "expression": "b"},
        ]),
        parameter("gender", "Patient.name.use"),
        parameter("_own", "Patient.name.use"),
        parameter("own", "Patient.name.use", status="unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_kept_but_not_searched_by(
    api: Api, wrong: dict[str, Any]
) -> None:
    put(api, patient("one", "old"))
    put(api, wrong)
    name = wrong["code"]
    answer = api.get(f"/Patient?{name}=old", Prefer="handling=strict")
    assert answer.status_code == (200 if name == "gender" else 400)
    assert said(answer).get("total", 0) == 0


def test_an_expression_that_fails_on_a_resource_does_not_keep_it_from_being_stored(
    api: Api,
) -> None:
    put(api, parameter("own", "Patient.name.use + 1"))
    put(api, patient("one"))
    put(api, {**patient("two"), "name": [{"use": "old"}, {"use": "maiden"}]})
    assert ids(api, "/Patient?own=1") == []


def test_much_is_indexed_in_steps_and_the_search_waits(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_parameters, "FEW", 2)
    monkeypatch.setattr(own_parameters, "TOGETHER", 3)
    monkeypatch.setattr(own_parameters, "start", lambda: None)
    for number in range(7):
        put(api, patient(f"p{number}", "maiden"))
    put(api, NAME_USE)
    waiting = api.get("/Patient?name-use=maiden")
    assert waiting.status_code == 400
    assert said(waiting)["issue"][0]["code"] == "transient"
    assert "name-use" not in names(api, "Patient")
    put(api, patient("p0", "old"))
    own_parameters.fill_all()
    assert ids(api, "/Patient?name-use=maiden") == [f"p{n}" for n in range(1, 7)]
    assert ids(api, "/Patient?name-use=old") == ["p0"]
    assert "name-use" in names(api, "Patient")


def test_a_new_index_holds_them_too(api: Api) -> None:
    put(api, patient("one", "maiden"))
    put(api, NAME_USE)
    indexing.rebuild()
    assert ids(api, "/Patient?name-use=maiden") == ["one"]


def test_a_bundle_that_brings_parameter_and_resources_finds_them(api: Api) -> None:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in (patient("one", "maiden"), NAME_USE, patient("two", "maiden"))
    ]
    answer = api.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert answer.status_code == 200
    assert ids(api, "/Patient?name-use=maiden") == ["one", "two"]
