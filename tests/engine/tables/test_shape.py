"""What is wrong with a resource is said before it reaches a table, and the same in both ways."""

# The tables of cases read better with long lines.
# ruff: noqa: E501

import json
from typing import Any

import pytest

from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.shape import Shape, problems

PATIENT = read_view(
    {
        "resource": "Patient",
        "select": [
            {
                "column": [
                    {"name": "id", "path": "id"},
                    {"name": "active", "path": "active"},
                    {"name": "born", "path": "birthDate"},
                    {"name": "family", "path": "name.family.first()"},
                    {"name": "given", "path": "name.given", "collection": True},
                    {"name": "births", "path": "multipleBirth.ofType(integer)"},
                    {"name": "height", "path": "extension('h').value.ofType(decimal).first()"},
                    {"name": "died", "path": "deceased.ofType(dateTime)"},
                    {"name": "inside", "path": "contained.ofType(Organization).name.first()"},
                ]
            }
        ],
    }
)
TREE = read_view(
    {
        "resource": "Questionnaire",
        "select": [{"repeat": ["item"], "column": [{"name": "text", "path": "text"}]}],
    }
)
SHAPE = Shape([PATIENT, TREE])

GOOD = {
    "nothing": {},
    "all right": {"id": "a", "active": True, "birthDate": "2024-02-29", "name": [{"family": "F"}]},
    "year": {"birthDate": "2024"},
    "month": {"birthDate": "2024-02"},
    "leap century": {"birthDate": "2000-02-29"},
    "moment": {"deceasedDateTime": "2024-02-29T23:59:59.123+05:00"},
    "moment without zone": {"deceasedDateTime": "2024-02-29T23:59:59"},
    "nulls beside extensions": {"name": [{"given": [None, "a"]}]},
    "whole for decimal": {"extension": [{"url": "h", "valueDecimal": 3}]},
    "unread parts are free": {"photo": 5, "telecom": "x"},
    "null": {"birthDate": None},
    "contained": {"contained": [{"resourceType": "Organization", "name": "N"}]},
    "contained, unread": {"contained": [{"resourceType": "Device", "name": 5}]},
}
BAD = {
    "text for boolean": ({"active": "true"}, ["active: expected true or false, found text"]),
    "number for text": ({"id": 5}, ["id: expected text, found a number"]),
    "object for list": ({"name": {}}, ["name: expected a list, found an object"]),
    "text in list": ({"name": ["x"]}, ["name[0]: expected an object, found text"]),
    "null in list": ({"name": [None]}, ["name[0]: expected an object, found null"]),
    "deep": (
        {"name": [{}, {"given": ["a", 5], "family": []}]},
        ["name[1].family: expected text, found a list", "name[1].given[1]: expected text, found a number"],
    ),
    "fraction": ({"multipleBirthInteger": 1.5}, ["multipleBirthInteger: expected a whole number, found a number"]),
    "too large": ({"multipleBirthInteger": 2**31}, ["multipleBirthInteger: 2147483648 is too large for a whole number"]),
    "boolean for number": (
        {"extension": [{"valueDecimal": True}]},
        ["extension[0].valueDecimal: expected a number, found true"],
    ),
    "no day": ({"birthDate": "2023-02-29"}, ["birthDate: '2023-02-29' is no date of the calendar"]),
    "no leap century": ({"birthDate": "1900-02-29"}, ["birthDate: '1900-02-29' is no date of the calendar"]),
    "no month": ({"birthDate": "2023-13"}, ["birthDate: '2023-13' is no date of the calendar"]),
    "line break": ({"birthDate": "2023\n"}, ["birthDate: '2023\\n' is no date of the calendar"]),
    "hour for date": ({"birthDate": "2023-01-01T00:00:00Z"}, ["birthDate: '2023-01-01T00:00:00Z' is no date of the calendar"]),
    "no hour": ({"deceasedDateTime": "2023-01-01T24:00:00Z"}, ["deceasedDateTime: '2023-01-01T24:00:00Z' is no dateTime of the calendar"]),
    "contained": (
        {"contained": [{"resourceType": "Organization", "name": 5}]},
        ["contained[0].name: expected text, found a number"],
    ),
}  # fmt: skip


def resource(parts: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Patient", **parts}


@pytest.mark.parametrize("parts", GOOD.values(), ids=GOOD)
def test_what_fhir_allows_is_fine(parts: dict[str, Any]) -> None:
    assert SHAPE.problems(resource(parts)) == []
    assert SHAPE.check(json.dumps(resource(parts)).encode()) == []


@pytest.mark.parametrize(("parts", "said"), BAD.values(), ids=BAD)
def test_the_wrong_element_is_named_with_its_path(parts: dict[str, Any], said: list[str]) -> None:
    assert sorted(problems([PATIENT], resource(parts))) == sorted(said)
    assert sorted(SHAPE.check(json.dumps(resource(parts)).encode())) == sorted(said)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[1]", b"5", b'{"resourceType": "Patient", "x": NaN}', b'{"a": 01}', b'"\xff"',
     b'{"resourceType": "Patient", "photo": "\xff"}', b'{"resourceType": "Patient", "a": "\\ud800"}',
     b'{"resourceType": "Patient", "a": "x\\udc00y"}', b"\xef\xbb\xbf{}",
     b'{"resourceType": "Patient", "x": "\x01"}'],
)  # fmt: skip
def test_a_line_that_is_no_json_object_is_a_problem(line: bytes) -> None:
    assert len(SHAPE.check(line)) == 1


def test_a_key_that_stands_twice_is_found_by_looking_thoroughly() -> None:
    line = b'{"resourceType": "Patient", "id": "a", "id": "b"}'

    assert SHAPE.check_thoroughly(line) == [
        "not JSON as FHIR needs it: 'id' stands twice in one object"
    ]


def test_other_types_of_resources_are_nobody_s_business() -> None:
    assert SHAPE.check(b'{"resourceType": "Group", "name": 5, "active": "x"}') == []
    assert SHAPE.check(b'{"id": 5}') == []


def test_a_tree_is_looked_at_to_its_leaves() -> None:
    tree = {"resourceType": "Questionnaire", "item": [{"item": [{"text": "a"}, {"text": 5}]}]}

    assert SHAPE.check(json.dumps(tree).encode()) == [
        "item[0].item[1].text: expected text, found a number"
    ]
