"""A view is refused before any data is read, with every problem at once."""

# The tables of cases read better with long lines.
# ruff: noqa: E501

import json
from pathlib import Path
from typing import Any

import pytest

from qamqor.engine.tables.definition import read_view
from qamqor.errors import InvalidView

CONTENT = sorted((Path(__file__).parents[3] / "content/tables").glob("*.json"))


def view(*columns: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"resource": "Patient", "select": [{"column": list(columns)}], **rest}


def path(text: str, **rest: Any) -> dict[str, Any]:
    return view({"name": "c", "path": text, **rest})


def problems(raw: Any) -> list[str]:
    with pytest.raises(InvalidView) as caught:
        read_view(raw)
    return [str(problem) for problem in caught.value.problems]


ID = {"name": "id", "path": "id"}
WRONG = {
    "not an object": ([], "$: a ViewDefinition is a JSON object"),
    "no resource": ({"select": [{"column": [ID]}]}, "resource: missing"),
    "unknown resource": (view(ID, resource="Pacient"), "FHIR R4 has no resource 'Pacient'"),
    "abstract resource": (view(ID, resource="DomainResource"), "no resource 'DomainResource'"),
    "other FHIR version": (view(ID, fhirVersion=["5.0.0"]), "this platform reads FHIR 4.0.1"),
    "no select": ({"resource": "Patient"}, "select: a view needs at least one select"),
    "select no list": ({"resource": "Patient", "select": {}}, "select: must be a list"),
    "select of texts": ({"resource": "Patient", "select": ["id"]}, "select[0]: must be a JSON"),
    "empty select": ({"resource": "Patient", "select": [{}]}, "has no column, select or unionAll"),
    "misspelt key": (
        {"resource": "Patient", "select": [{"foreach": "name", "column": [ID]}]},
        "select[0].foreach: is not part of a ViewDefinition",
    ),
    "two iterations": (
        {"resource": "Patient",
         "select": [{"forEach": "name", "forEachOrNull": "name", "column": [{"name": "a", "path": "family"}]}]},
        "forEach and forEachOrNull cannot stand together",
    ),
    "view name": (view(ID, name="a-b"), "name: 'a-b' cannot name a table"),
    "column name": (view({"name": "1st", "path": "id"}), "'1st' cannot name a column"),
    "column name missing": (view({"path": "id"}), "None cannot name a column"),
    "path missing": (view({"name": "a"}), "select[0].column[0].path: a path is missing"),
    "twice one name": (view(ID, ID), "select: 2 columns are named 'id'"),
    "broken path": (path("name.("), "expected a name, found '('"),
    "unfinished path": (path("name."), "expected a name, found 'the end'"),
    "unreadable path": (path("na§me"), "cannot read"),
    "leftover": (path("id id"), "cannot use 'id' here"),
    "unclosed": (path("(id"), "expected ')', found 'the end'"),
    "unknown element": (path("nam.family"), "Patient has no element 'nam'"),
    "name in JSON": (path("deceasedBoolean"), "write deceased.ofType(boolean) instead"),
    "choice undecided": (path("deceased"), "say which type: deceased.ofType(boolean)"),
    "choice of a choice": (path("extension.value.code", collection=True), "say which type"),
    "never that type": (path("deceased.ofType(Quantity)"), "deceased is never a Quantity"),
    "type unknown": (path("deceased.ofType(Nonsense)"), "FHIR R4 has no type Nonsense"),
    "type of the undecided": (path("birthDate.ofType(string)"), "this is never a string"),
    "complex cell": (path("name.first()"), "HumanName has parts and cannot be a cell"),
    "wrong type said": (path("birthDate", type="integer"), "says integer, but the path gives date"),
    "no simple type said": (path("id", type="HumanName"), "is no simple FHIR type"),
    "text with boolean": (path("active = 'true'"), "cannot compare boolean with string"),
    "date with text": (path("birthDate > '2020'"), "write dates as @2025-01-31"),
    "order of booleans": (path("active > true"), "boolean has no order"),
    "order of parts": (path("name.first() = name.first()"), "HumanName has parts"),
    "sum of dates": (path("birthDate + 1"), "cannot calculate with date"),
    "minus a text": (path("-gender"), "- needs a number"),
    "and with text": (path("gender and active"), "and needs true or false"),
    "where with text": (path("name.where(family).family"), "where needs true or false"),
    "condition with text": (
        view(ID, where=[{"path": "name.family"}]),
        "where[0].path: where needs true or false",
    ),
    "quantity written out": (
        view({"name": "c", "path": "value.ofType(Quantity) > 5 'mg'"}, resource="Observation"),
        "quantities cannot be written here",
    ),
    "undefined constant": (path("id = %x"), "there is no constant %x (defined: none)"),
    "unknown function": (path("id.resolve()"), "the function resolve() is not supported"),
    "too many arguments": (path("id.exists(true, true)"), "exists() needs one argument"),
    "wrong arguments": (path("name.skip()"), "skip() takes 1 argument(s), not 0"),
    "index no number": (path("name[id]"), "an index must be a whole number"),
    "equivalence": (path("id ~ 'a'"), "the operator ~ is not supported"),
    "dollar index": (path("name.where($index = 1).family"), "$index is not supported"),
    "key of a part": (path("name.getResourceKey()"), "works on the resource itself"),
    "key of no reference": (path("name.getReferenceKey()"), "needs a Reference, this is HumanName"),
    "key of no resource": (
        path("managingOrganization.getReferenceKey(Clinic)"),
        "Clinic is not a resource type",
    ),
    "extension far away": (path("name.given.first().extension('x').exists()"), "right behind"),
    "join of numbers": (path("multipleBirth.ofType(integer).join(',')"), "join() needs texts"),
    "boundary of text": (path("gender.lowBoundary()"), "needs a number, date or time"),
    "mixed iif": (path("iif(active, 1, 'a')"), "simple values of one kind"),
    "is on the known": (path("gender.is(code)"), "is() decides a choice"),
    "dates in lists": (path("name.period.start = @2020"), "compared one by one"),
    "length of numbers": (path("(1).length()"), "length() works on texts"),
    "date tag on text": (
        path("gender", tag=[{"name": "ansi/type", "value": "DATE"}]),
        "ansi/type = DATE does not suit code",
    ),
    "precision of text": (
        path("gender", tag=[{"name": "qamqor/as", "value": "precision"}]),
        "precision is the only one, on dates",
    ),
    "unknown tag of ours": (path("id", tag=[{"name": "qamqor/x", "value": "y"}]), "unknown tag"),
    "tag without value": (path("id", tag=[{"name": "a"}]), "needs a name and a value"),
    "dates in a collection": (
        path("name.period.start", collection=True, tag=[{"name": "ansi/type", "value": "DATE"}]),
        "dates are made from single values",
    ),
    "repeat no list": (
        {"resource": "Patient", "select": [{"repeat": "link", "column": [ID]}]},
        "must be a list of paths",
    ),
    "repeat with a filter": (
        {"resource": "Questionnaire",
         "select": [{"repeat": ["item.where(true)"], "column": [{"name": "a", "path": "linkId"}]}]},
        "is more than element names",
    ),
    "repeat of two types": (
        {"resource": "Patient",
         "select": [{"repeat": ["name", "contact"], "column": [{"name": "a", "path": "id"}]}]},
        "finds elements of several types",
    ),
    "repeat unreadable": (
        {"resource": "Patient", "select": [{"repeat": ["("], "column": [ID]}]},
        "expected a value or a name",
    ),
    "constants no list": (view(ID, constant={}), "constant: must be a list"),
    "constant without name": (view(ID, constant=[{"valueString": "a"}]), "cannot name a constant"),
    "constant without value": (view(ID, constant=[{"name": "a"}]), "needs exactly one value"),
    "constant of no type": (
        view(ID, constant=[{"name": "a", "valueQuantity": {}}]),
        "is no type a constant can have",
    ),
    "constant of another type": (
        view(ID, constant=[{"name": "a", "valueInteger": "1"}]),
        "'1' is no integer",
    ),
    "constant twice": (
        view(ID, constant=[{"name": "a", "valueCode": "1"}, {"name": "a", "valueCode": "2"}]),
        "'a' is defined twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "what"), WRONG.values(), ids=WRONG)
def test_a_wrong_view_is_refused_with_the_reason(raw: Any, what: str) -> None:
    assert any(what in problem for problem in problems(raw)), problems(raw)


def test_every_problem_is_listed_with_its_place() -> None:
    raw = view({"name": "a b", "path": "nam"}, where=[{"path": "gender"}], name="x y")

    found = problems(raw)

    assert [problem.split(":")[0] for problem in found] == [
        "name",
        "where[0].path",
        "select[0].column[0].name",
        "select[0].column[0].path",
    ]


def test_branches_need_the_same_names_in_the_same_order() -> None:
    branches = [{"column": [ID, {"name": "a", "path": "gender"}]}, {"column": [ID]}]

    found = problems({"resource": "Patient", "select": [{"unionAll": branches}]})

    assert "has columns id; the first branch has id, a" in found[0]


def test_branches_need_values_of_one_kind() -> None:
    branches = [{"column": [ID]}, {"column": [{"name": "id", "path": "active"}]}]

    found = problems({"resource": "Patient", "select": [{"unionAll": branches}]})

    assert "the branches give 'id' as BOOLEAN and TEXT" in found[0]


def test_whole_numbers_and_decimals_meet_as_decimals() -> None:
    branches = [
        {"column": [{"name": "n", "path": "1"}], "select": [{"column": [ID]}]},
        {"unionAll": [{"column": [{"name": "n", "path": "1.5"}, ID]}]},
    ]

    found = read_view({"resource": "Patient", "select": [{"unionAll": branches}]})

    assert [(c.name, c.sql_type) for c in found.columns] == [("n", "DOUBLE"), ("id", "TEXT")]


def test_column_types_come_from_the_definitions() -> None:
    tag = [{"name": "ansi/type", "value": "DATE"}]
    raw = view(
        {"name": "a", "path": "gender", "type": "http://hl7.org/fhir/StructureDefinition/code"},
        {"name": "b", "path": "birthDate", "tag": tag},
        {"name": "c", "path": "multipleBirth.ofType(integer)", "type": "decimal"},
        {"name": "d", "path": "active"},
        {"name": "e", "path": "name.given", "collection": True},
        {"name": "f", "path": "multipleBirth.ofType(integer)"},
        {"name": "g", "path": "{}", "type": "boolean"},
    )

    found = read_view(raw)

    assert [(c.fhir_type, c.sql_type) for c in found.columns] == [
        ("code", "TEXT"),
        ("date", "DATE"),
        ("decimal", "DOUBLE"),
        ("boolean", "BOOLEAN"),
        ("string", "TEXT"),
        ("integer", "BIGINT"),
        ("boolean", "BOOLEAN"),
    ]
    assert [c.name for c in found.columns if c.is_collection] == ["e"]


def test_a_path_that_may_stop_a_run_is_named_as_a_risk() -> None:
    found = read_view(path("name.family"))

    assert [risk.where for risk in found.risks] == ["select[0].column[0].path"]
    assert not read_view(path("name.family.first()")).risks


def test_a_walk_that_never_finds_anything_is_a_warning() -> None:
    raw = {"resource": "Patient", "select": [{"repeat": ["items"], "column": [ID]}]}

    assert "'items' is no element of Patient" in str(read_view(raw).warnings[0])


@pytest.mark.parametrize("file", CONTENT, ids=lambda file: file.stem)
def test_no_table_of_care_can_be_stopped_by_a_record(file: Path) -> None:
    found = read_view(json.loads(file.read_text()))

    assert not found.risks
    assert not found.warnings
