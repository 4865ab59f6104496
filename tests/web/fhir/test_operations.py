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
        if "part" not in part
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


def test_of_a_code_only_the_properties_asked_for_are_said() -> None:
    answer = call("lookup", "CodeSystem", code="E11.9", system=ICD10, property="parent")
    parts = [one["part"] for one in answer["parameter"] if one["name"] == "property"]

    assert [(code["valueCode"], value["valueCode"]) for code, value in parts] == [("parent", "E11")]


@pytest.mark.django_db
def test_another_version_of_a_system_is_not_known() -> None:
    assert said(call("lookup", "CodeSystem", code="I10", system=ICD10, version="2019"))["display"]
    with pytest.raises(NotThere, match="version 2016"):
        call("lookup", "CodeSystem", code="I10", system=ICD10, version="2016")


def test_an_expansion_is_flat_and_of_what_is_in_use_whether_asked_or_not() -> None:
    plain = call("expand", "ValueSet", url=HYPERTENSION)["expansion"]
    asked = {"activeOnly": "true", "excludeNested": "true"}

    assert call("expand", "ValueSet", url=HYPERTENSION, **asked)["expansion"] == plain


def test_a_code_nobody_named_is_not_found() -> None:
    with pytest.raises(NotThere, match="does not name"):
        call("lookup", "CodeSystem", code="Z99.99", system=ICD10)


def test_a_diagnosis_is_looked_up_with_its_names_and_its_place_in_the_tree() -> None:
    answer = call("lookup", "CodeSystem", code="E11.9", system=ICD10, displayLanguage="ru")
    parts = [
        {one["name"]: next(v for k, v in one.items() if k != "name") for one in part["part"]}
        for part in answer["parameter"]
        if "part" in part
    ]

    assert said(answer) == {
        "name": "ICD-10",
        "version": "2019",
        "display": "Диабет 2-го типа без осложнений",
    }
    assert {"language": "kk", "value": "2-типті диабет, асқынусыз"} in parts
    assert {"code": "parent", "value": "E11"} in parts
    assert {"code": "abstract", "value": False} in parts


def test_what_only_stands_beside_another_code_is_known_but_abstract() -> None:
    answer = call("lookup", "CodeSystem", code="H36", system=ICD10)
    parts = [part["part"] for part in answer["parameter"] if "part" in part]

    flag = [{"name": "code", "valueCode": "abstract"}, {"name": "value", "valueBoolean": True}]
    child = [{"name": "code", "valueCode": "child"}, {"name": "value", "valueCode": "H36.0"}]
    assert flag in parts
    assert child in parts


@pytest.mark.parametrize(
    ("asked", "result", "of_it"),
    [
        ({"url": ICD10, "code": "I10"}, True, {"display": "Essential (primary) hypertension"}),
        ({"url": ICD10, "code": "I10", "displayLanguage": "kk"}, True,
         {"display": "Артериялық гипертензия"}),
        ({"url": ICD10, "code": "I10", "display": "артериальная гипертензия"}, True, {}),
        ({"url": ICD10, "code": "I10", "display": "Gout"}, False,
         {"message": "its name is Essential (primary) hypertension"}),
        ({"url": ICD10, "code": "I16"}, False,
         {"message": "ICD-10 has no code I16; the nearest are I11, I12, I13, I15, I20"}),
    ],
)  # fmt: skip
def test_a_code_of_the_classification_is_checked(
    asked: dict[str, str], result: bool, of_it: dict[str, str]
) -> None:
    answer = said(call("validate-code", "CodeSystem", **asked))

    assert answer["result"] is result
    assert of_it.items() <= answer.items()


@pytest.mark.django_db
def test_codes_of_a_system_nobody_lists_cannot_be_checked() -> None:
    with pytest.raises(NotThere, match="not known here"):
        call("validate-code", "CodeSystem", url="http://loinc.org", code="4548-4")


@pytest.mark.parametrize("url", [ICD10, f"{ICD10}?fhir_vs", f"{ICD10}|2019"])
def test_the_classification_is_searched_in_three_languages(url: str) -> None:
    query = {"url": url, "filter": "астм", "count": "2", "displayLanguage": "kk"}
    found = call("expand", "ValueSet", **query, includeDesignations="true")["expansion"]

    assert found["contains"][0]["code"] == "J45"
    assert found["contains"][0]["display"] == "Бронх демікпесі"
    assert {"language": "ru", "value": "Бронхиальная астма"} in found["contains"][0]["designation"]
    assert found["total"] > len(found["contains"]) == 2


def test_the_whole_classification_is_only_given_page_by_page() -> None:
    with pytest.raises(Unusable, match="give filter"):
        call("expand", "ValueSet", url=ICD10)
    page = call("expand", "ValueSet", url=ICD10, count="3", offset="1")["expansion"]

    assert [one["code"] for one in page["contains"]] == ["A00.0", "A00.1", "A00.9"]
    assert page["total"] > 11_000


@pytest.mark.parametrize(("code", "belongs"), [("E11.9", True), ("E10", False), ("E11", True)])
def test_a_value_set_may_take_what_stands_below_a_code(code: str, belongs: bool) -> None:
    below = {"property": "concept", "op": "is-a", "value": "E11"}
    resource = {
        "resourceType": "ValueSet",
        "status": "draft",
        "compose": {"include": [{"system": ICD10, "filter": [below]}]},
    }
    parameter = [
        {"name": "valueSet", "resource": resource},
        {"name": "code", "valueCode": code},
        {"name": "system", "valueUri": ICD10},
    ]
    body = {"resourceType": "Parameters", "parameter": parameter}

    assert said(call("validate-code", "ValueSet", body=body))["result"] is belongs
    del parameter[1:]
    contains = call("expand", "ValueSet", body=body)["expansion"]["contains"]
    assert [one["code"] for one in contains] == ["E11", *(f"E11.{n}" for n in range(10))]


def test_a_filter_of_the_classification_that_is_not_known_is_refused() -> None:
    odd = {"property": "title", "op": "regex", "value": ".*"}
    resource = {
        "resourceType": "ValueSet",
        "status": "draft",
        "compose": {"include": [{"system": ICD10, "filter": [odd]}]},
    }
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "valueSet", "resource": resource}],
    }

    with pytest.raises(Unusable, match="only the filter concept is-a"):
        call("expand", "ValueSet", body=body)


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


FURS: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": "urn:fur",
    "version": "2",
    "name": "Fur",
    "status": "active",
    "content": "complete",
    "concept": [
        {
            "code": "dark",
            "display": "Dark fur",
            "designation": [{"language": "ru", "value": "Тёмная шерсть"}],
            "concept": [{"code": "black", "concept": [{"code": "jet"}]}, {"code": "brown"}],
        },
        {"code": "white", "display": "White fur"},
    ],
}


@pytest.fixture
def furs() -> None:
    save([Change("PUT", "CodeSystem", "fur", FURS)], actor=PLATFORM, at=AT)


def stored_value_set(**include: Any) -> None:
    compose = {"include": [{"system": "urn:fur", **include}]}
    resource = {"resourceType": "ValueSet", "url": "urn:set", "status": "active"}
    changes = [Change("PUT", "ValueSet", "set", {**resource, "compose": compose})]
    save(changes, actor=PLATFORM, at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("system", "one", "other", "outcome"),
    [
        (ICD10, "E11", "E11.9", "subsumes"),
        (ICD10, "E11.9", "E11", "subsumed-by"),
        (ICD10, "E11", "E11", "equivalent"),
        (ICD10, "E11", "E10", "not-subsumed"),
        ("urn:fur", "dark", "jet", "subsumes"),
        ("urn:fur", "jet", "dark", "subsumed-by"),
        ("urn:fur", "jet", "jet", "equivalent"),
        ("urn:fur", "black", "brown", "not-subsumed"),
    ],
)
def test_two_codes_stand_to_each_other(
    furs: None, system: str, one: str, other: str, outcome: str
) -> None:
    answer = call("subsumes", "CodeSystem", system=system, codeA=one, codeB=other)

    assert answer["parameter"] == [{"name": "outcome", "valueCode": outcome}]


@pytest.mark.django_db
def test_how_codes_stand_is_not_made_up(furs: None) -> None:
    parts = {**FURS, "url": "urn:part", "hierarchyMeaning": "part-of"}
    save([Change("PUT", "CodeSystem", "part", parts)], actor=PLATFORM, at=AT)
    asked = {"codeA": "dark", "codeB": "jet"}

    assert said(call("subsumes", "CodeSystem", id_="fur", **asked))["outcome"] == "subsumes"
    with pytest.raises(Unusable, match="no kind of it but part-of"):
        call("subsumes", "CodeSystem", system="urn:part", **asked)
    with pytest.raises(NotThere, match="does not name pink"):
        call("subsumes", "CodeSystem", system="urn:fur", codeA="dark", codeB="pink")
    with pytest.raises(NotThere, match="not known here"):
        call("subsumes", "CodeSystem", system="http://loinc.org", **asked)
    with pytest.raises(NotThere, match="version 1"):
        call("subsumes", "CodeSystem", system="urn:fur", version="1", **asked)
    with pytest.raises(Unusable, match="say codeB"):
        call("subsumes", "CodeSystem", system="urn:fur", codeA="dark")


@pytest.mark.django_db
def test_a_stored_code_system_says_what_its_codes_are_called(furs: None) -> None:
    answer = call("lookup", "CodeSystem", system="urn:fur", code="dark")
    parts = [one["part"] for one in answer["parameter"] if "part" in one]

    assert said(answer) == {"name": "Fur", "version": "2", "display": "Dark fur"}
    ru, *children = [[one[k] for one in part for k in one if k != "name"] for part in parts]
    assert ru == ["ru", "Тёмная шерсть"]
    assert children == [["child", "black"], ["child", "brown"]]
    assert said(call("lookup", "CodeSystem", id_="fur", code="jet"))["display"] == "jet"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"code": "white"}, {"result": True, "display": "White fur"}),
        ({"code": "black"}, {"result": True}),
        ({"code": "dark", "display": "тёмная шерсть"}, {"result": True, "display": "Dark fur"}),
        ({"code": "dark", "display": "Light"},
         {"result": False, "display": "Dark fur", "message": "its name is Dark fur"}),
        ({"code": "pink"}, {"result": False, "message": "Fur has no code pink"}),
    ],
)  # fmt: skip
def test_a_stored_code_system_says_whether_it_has_a_code(
    furs: None, asked: dict[str, str], expected: dict[str, Any]
) -> None:
    assert said(call("validate-code", "CodeSystem", url="urn:fur", **asked)) == expected
    assert said(call("validate-code", "CodeSystem", id_="fur", **asked)) == expected


@pytest.mark.django_db
def test_a_part_of_a_code_system_does_not_say_that_a_code_is_wrong() -> None:
    save(
        [Change("PUT", "CodeSystem", "fur", {**FURS, "content": "fragment"})],
        actor=PLATFORM,
        at=AT,
    )

    assert said(call("validate-code", "CodeSystem", url="urn:fur", code="white"))["result"] is True
    with pytest.raises(NotThere, match="not whole here"):
        call("validate-code", "CodeSystem", url="urn:fur", code="pink")
    stored_value_set()
    with pytest.raises(Unusable, match="cannot be expanded"):
        call("expand", "ValueSet", url="urn:set")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("include", "codes"),
    [
        ({}, ["dark", "black", "jet", "brown", "white"]),
        ({"filter": [{"property": "concept", "op": "is-a", "value": "black"}]}, ["black", "jet"]),
        ({"filter": [{"property": "concept", "op": "descendent-of", "value": "black"}]}, ["jet"]),
    ],
)
def test_a_value_set_may_take_a_stored_code_system(
    furs: None, include: dict[str, Any], codes: list[str]
) -> None:
    stored_value_set(**include)

    contains = call("expand", "ValueSet", url="urn:set")["expansion"]["contains"]
    assert [one["code"] for one in contains] == codes
    belongs = call("validate-code", "ValueSet", url="urn:set", code="jet", system="urn:fur")
    assert said(belongs) == {"result": True}


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
