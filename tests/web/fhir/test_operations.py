"""Operations say what they take, refuse what they do not, and answer from the content pack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qamqor.engine.fhir.names import BASE
from qamqor.errors import NotThere, Unusable
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir.write import Change, save
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Call

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HYPERTENSION = f"{BASE}/ValueSet/hypertension_diagnosis"
ICD10 = "http://hl7.org/fhir/sid/icd-10"


def call(
    name: str, type_: str, *, id_: str | None = None, body: Any = None, **query: str
) -> dict[str, Any]:
    level = "instance" if id_ else "type"
    found = registry.find(name, level=level, type_=type_)
    given = {key: [value] for key, value in query.items()}
    inputs = registry.read_inputs(found, query=given, body=body)
    answer = found.run(Call(actor=PLATFORM, at=AT, inputs=inputs, type=type_, id=id_))
    return dict(answer.resource or {})


def said(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        part["name"]: next(v for key, v in part.items() if key.startswith("value"))
        for part in answer["parameter"]
    }


def test_a_value_set_of_the_pack_is_expanded_with_its_names() -> None:
    expansion = call("expand", "ValueSet", url=HYPERTENSION)["expansion"]

    assert {"system": ICD10, "code": "I10", "display": "Essential (primary) hypertension"} in (
        expansion["contains"]
    )
    assert expansion["total"] == len(expansion["contains"])


def test_an_expansion_can_be_filtered_and_paged() -> None:
    whole = call("expand", "ValueSet", url=HYPERTENSION, filter="heart")["expansion"]
    second = call("expand", "ValueSet", url=HYPERTENSION, filter="heart", offset="1", count="1")

    assert all("heart" in c["display"].casefold() for c in whole["contains"])
    assert second["expansion"]["contains"] == whole["contains"][1:2]
    assert second["expansion"]["total"] == whole["total"]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "belongs"), [("I10", True), ("E11.9", False)])
def test_a_code_is_in_a_value_set_or_not(code: str, belongs: bool) -> None:
    answer = call("validate-code", "ValueSet", url=HYPERTENSION, code=code, system=ICD10)

    assert said(answer)["result"] is belongs


def test_a_code_is_called_what_the_pack_calls_it() -> None:
    answer = call("lookup", "CodeSystem", code="I10", system=ICD10)

    assert said(answer)["display"] == "Essential (primary) hypertension"


def test_a_code_nobody_named_is_not_found() -> None:
    with pytest.raises(NotThere, match="does not name"):
        call("lookup", "CodeSystem", code="Z99.99", system=ICD10)


@pytest.mark.django_db
def test_a_stored_value_set_that_lists_its_codes_is_expanded() -> None:
    include = [{"system": "urn:x", "concept": [{"code": "a"}, {"code": "b"}]}]
    exclude = [{"system": "urn:x", "concept": [{"code": "b"}]}]
    resource = {
        "resourceType": "ValueSet",
        "url": "urn:mine",
        "status": "active",
        "compose": {"include": include, "exclude": exclude},
    }
    save([Change("PUT", "ValueSet", "mine", resource)], actor=PLATFORM, at=AT)

    assert call("expand", "ValueSet", url="urn:mine")["expansion"]["contains"] == [
        {"system": "urn:x", "code": "a"}
    ]
    assert call("expand", "ValueSet", id_="mine")["expansion"]["total"] == 1


@pytest.mark.django_db
def test_a_value_set_that_takes_a_whole_system_is_refused_with_the_reason() -> None:
    whole = {
        "resourceType": "ValueSet",
        "status": "draft",
        "compose": {"include": [{"system": "http://loinc.org"}]},
    }
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "valueSet", "resource": whole}],
    }

    with pytest.raises(Unusable, match="cannot be expanded"):
        call("expand", "ValueSet", body=body)


@pytest.mark.parametrize(
    ("query", "said_of_it"),
    [
        ({"url": HYPERTENSION, "nonsense": "1"}, "takes no nonsense"),
        ({"url": HYPERTENSION, "count": "many"}, "count must be of type integer"),
        ({"url": HYPERTENSION, "count": "-1"}, "zero or more"),
        ({}, "say which value set"),
    ],
)
def test_wrong_inputs_are_named(query: dict[str, str], said_of_it: str) -> None:
    with pytest.raises(Unusable, match=said_of_it):
        call("expand", "ValueSet", **query)


def test_a_resource_that_breaks_rules_is_told_every_one_and_where() -> None:
    wrong = {"resourceType": "Patient", "gender": "woman", "birthDate": "1970-13-01", "colour": 1}

    issues = call("validate", "Patient", body=wrong)["issue"]

    named = {e for issue in issues for e in issue.get("expression", [])}
    assert {"Patient.gender", "Patient.birthDate"} <= named
    assert any("colour" in issue["diagnostics"] for issue in issues)


def test_a_good_resource_is_told_so() -> None:
    issues = call("validate", "Patient", body={"resourceType": "Patient", "gender": "female"})

    assert [issue["severity"] for issue in issues["issue"]] == ["information"]


@pytest.mark.django_db
def test_a_stored_resource_is_checked_where_none_is_sent() -> None:
    save([Change("PUT", "Patient", "amina", {"resourceType": "Patient"})], actor=PLATFORM, at=AT)

    assert call("validate", "Patient", id_="amina")["issue"][0]["severity"] == "information"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"resourceType": "Parameters", "parameter": 5},
        {"resourceType": "Parameters", "parameter": [5]},
        {"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": 5}]},
        {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": {"a": 1}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": 7}]},
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "valueSet", "resource": {"resourceType": "ValueSet", "compose": []}}
            ],
        },
    ],
)
def test_a_body_that_breaks_rules_is_refused_before_anything_runs(body: Any) -> None:
    with pytest.raises(Unusable):
        call("validate-code", "ValueSet", body=body)


def test_an_operation_that_is_not_there_is_refused_naming_those_that_are() -> None:
    with pytest.raises(Unusable, match=r"there is \$expand") as refused:
        registry.find("explode", level="type", type_="ValueSet")
    assert refused.value.status == 404


def test_every_operation_lists_its_inputs_in_its_definition() -> None:
    for one in registry.registered():
        definition = one.definition()
        names = [p["name"] for p in definition["parameter"] if p["use"] == "in"]
        assert names == [input_.name for input_ in one.inputs]
        assert definition["code"] == one.name
