"""FHIRPath Patch adds, inserts, deletes, replaces and moves by path."""

from __future__ import annotations

from typing import Any

import pytest

from qamqor.engine.fhir.patch.fhirpath_patch import apply
from qamqor.errors import Unusable

PERSON = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1970-05-01",
    "_birthDate": {"id": "b"},
    "deceasedBoolean": False,
    "name": [{"family": "A", "given": ["x", "y"]}, {"use": "old", "family": "B"}],
    "contact": [{"name": {"text": "mother"}}],
}


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    listed = [
        {
            "name": "operation",
            "part": [
                part if isinstance(part, dict) else {"name": name, "valueString": part}
                for name, part in operation.items()
            ],
        }
        for operation in operations
    ]
    return apply(PERSON, {"resourceType": "Parameters", "parameter": listed})


def value(**said: Any) -> dict[str, Any]:
    return {"name": "value", **said}


def number(name: str, at: int) -> dict[str, Any]:
    return {"name": name, "valueInteger": at}


def test_a_simple_element_is_replaced_by_its_path() -> None:
    found = patched(
        {"type": "replace", "path": "Patient.birthDate", "value": value(valueDate="1971-01-01")},
        {"type": "replace", "path": "Patient.name[0].given[1]", "value": value(valueString="z")},
    )

    assert found["birthDate"] == "1971-01-01"
    assert found["name"][0]["given"] == ["x", "z"]
    assert PERSON["birthDate"] == "1970-05-01"


def test_a_condition_finds_the_element() -> None:
    found = patched(
        {
            "type": "replace",
            "path": "Patient.name.where(use = 'old').family",
            "value": value(valueString="C"),
        },
        {"type": "delete", "path": "Patient.name.where(family = 'A')"},
    )

    assert found["name"] == [{"use": "old", "family": "C"}]


def test_a_choice_takes_another_type_in_its_old_place() -> None:
    found = patched(
        {"type": "replace", "path": "Patient.deceased", "value": value(valueDateTime="2020")}
    )

    assert found["deceasedDateTime"] == "2020"
    assert "deceasedBoolean" not in found
    assert list(found)[4] == "deceasedDateTime"


def test_deleting_takes_what_lies_beside_it_and_what_is_not_there_is_no_error() -> None:
    found = patched(
        {"type": "delete", "path": "Patient.birthDate"},
        {"type": "delete", "path": "Patient.maritalStatus"},
        {"type": "delete", "path": "Patient.contact[0]"},
    )

    assert not {"birthDate", "_birthDate", "contact"} & set(found)


def test_adding_fills_an_empty_element_or_goes_to_the_end_of_a_list() -> None:
    found = patched(
        {"type": "add", "path": "Patient", "name": "gender", "value": value(valueCode="female")},
        {
            "type": "add",
            "path": "Patient",
            "name": "name",
            "value": value(valueHumanName={"family": "C"}),
        },
    )

    assert found["gender"] == "female"
    assert [name["family"] for name in found["name"]] == ["A", "B", "C"]


def test_an_element_without_a_type_of_its_own_is_made_of_parts() -> None:
    parts = [
        {"name": "name", "valueHumanName": {"text": "father"}},
        {"name": "relationship", "valueCodeableConcept": {"text": "father"}},
        {
            "name": "extension",
            "part": [
                {"name": "url", "valueUri": "http://x"},
                {"name": "value", "valueString": "v"},
            ],
        },
    ]

    found = patched(
        {"type": "add", "path": "Patient", "name": "contact", "value": value(part=parts)}
    )

    assert found["contact"][1] == {
        "name": {"text": "father"},
        "relationship": [{"text": "father"}],
        "extension": [{"url": "http://x", "valueString": "v"}],
    }


def test_inserting_and_moving_keep_the_rest_in_order() -> None:
    found = patched(
        {
            "type": "insert",
            "path": "Patient.name",
            "index": number("index", 1),
            "value": value(valueHumanName={"family": "C"}),
        },
        {
            "type": "move",
            "path": "Patient.name",
            "source": number("source", 2),
            "destination": number("destination", 0),
        },
    )

    assert [name["family"] for name in found["name"]] == ["B", "A", "C"]


def op(type_: str, path: str, **parts: Any) -> dict[str, Any]:
    """An operation; ``text``, ``index``, ``source`` and the like are put into their parts."""
    text = parts.pop("text", None)
    said = {k: number(k, v) if isinstance(v, int) else v for k, v in parts.items()}
    brought = {} if text is None else {"value": value(valueString=text)}
    return {"type": type_, "path": path, **said, **brought}


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (op("explode", "Patient"), 400),
        ({"type": "delete"}, 400),
        (op("delete", "Patient..x"), 400),
        (op("delete", "Patient.name.given.first()"), 400),
        (op("delete", "Patient.name"), 422),
        (op("replace", "Patient.gender", text="male"), 422),
        (op("replace", "Patient.birthDate"), 400),
        (op("replace", "Patient.deceased", text="x"), 400),
        (op("add", "Patient.name", name="family", text="x"), 422),
        (op("add", "Patient", name="dragon", text="x"), 422),
        (op("add", "Patient", name="active", text="x"), 422),
        (op("insert", "Patient.name", index=9, text="x"), 422),
        (op("insert", "Patient.birthDate", index=0), 422),
        (op("move", "Patient.name", source=5, destination=0), 422),
        (op("move", "Patient.name", source=-1, destination=0), 400),
        (op("add", "Patient", name="contact", value=value(part=[{"name": "x"}])), 400),
    ],
)
def test_what_cannot_be_done_says_so(operation: dict[str, Any], status: int) -> None:
    with pytest.raises(Unusable) as refused:
        patched(operation)

    assert refused.value.status == status, refused.value
    assert "Parameters.parameter[0]" in str(refused.value)


@pytest.mark.parametrize("listed", [None, [], [1], "x", [{"name": "operation"}]])
def test_parameters_without_operations_are_refused(listed: Any) -> None:
    with pytest.raises(Unusable):
        apply(PERSON, {"resourceType": "Parameters", "parameter": listed})
