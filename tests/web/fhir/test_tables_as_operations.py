"""Views and queries are run as operations: over what is stored, or over what is handed in."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from qamqor.engine.fhir.names import BASE
from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir import views
from qamqor.services.fhir.write import Change, save
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Answer, Call

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NURSE = Actor(account=1, reference="PractitionerRole/n", role="practice_nurse")
VIEW = {
    "resourceType": "ViewDefinition",
    "resource": "Patient",
    "status": "active",
    "name": "people",
    "select": [
        {
            "column": [
                {"name": "id", "path": "getResourceKey()"},
                {"name": "sex", "path": "gender"},
                {"name": "born_on", "path": "birthDate", "type": "date"},
            ]
        }
    ],
}
AMINA = {"resourceType": "Patient", "id": "amina", "gender": "female", "birthDate": "1970-05-01"}
BOLAT = {"resourceType": "Patient", "id": "bolat", "gender": "male"}


def run(
    name: str, *parameters: dict[str, Any], actor: Actor = PLATFORM, id_: str | None = None
) -> Answer:
    type_ = "Library" if name == "sqlquery-run" else "ViewDefinition"
    found = registry.find(name, level="instance" if id_ else "type", type_=type_)
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    inputs = registry.read_inputs(found, query={}, body=body)
    return found.run(Call(actor=actor, at=AT, inputs=inputs, type=type_, id=id_))


def rows(answer: Answer) -> Any:
    return json.loads(answer.body or b"")


def keep(*people: dict[str, Any]) -> None:
    save([Change("PUT", p["resourceType"], p["id"], p) for p in people], actor=PLATFORM, at=AT)


THE_VIEW = {"name": "viewResource", "resource": VIEW}


def test_resources_handed_in_are_used_instead_of_stored_ones() -> None:
    answer = run("viewdefinition-run", THE_VIEW, {"name": "resource", "resource": AMINA})

    assert rows(answer) == [{"id": "amina", "sex": "female", "born_on": "1970-05-01"}]


def test_csv_can_come_without_its_header() -> None:
    answer = run(
        "viewdefinition-run",
        THE_VIEW,
        {"name": "resource", "resource": AMINA},
        {"name": "_format", "valueCode": "csv"},
        {"name": "header", "valueBoolean": False},
    )

    assert answer.body == b'"amina","female","1970-05-01"\n'
    assert answer.content_type.startswith("text/csv")


@pytest.mark.django_db
def test_rows_of_one_person_leave_out_everybody_else() -> None:
    keep(AMINA, BOLAT)

    everyone = run("viewdefinition-run", THE_VIEW)
    one = {"name": "patient", "valueReference": {"reference": "Patient/bolat"}}

    assert [row["id"] for row in rows(everyone)] == ["amina", "bolat"]
    assert [row["id"] for row in rows(run("viewdefinition-run", THE_VIEW, one))] == ["bolat"]


@pytest.mark.django_db
def test_rows_of_a_group_are_those_of_its_members() -> None:
    group = {
        "resourceType": "Group",
        "id": "home",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": "Patient/amina"}}],
    }
    keep(AMINA, BOLAT, group)
    asked = {"name": "group", "valueReference": {"reference": "Group/home"}}

    assert [row["id"] for row in rows(run("viewdefinition-run", THE_VIEW, asked))] == ["amina"]


@pytest.mark.django_db
def test_who_may_not_read_everything_gets_no_rows() -> None:
    keep(AMINA)

    with pytest.raises(NotAllowed):
        run("viewdefinition-run", THE_VIEW, actor=NURSE)


@pytest.mark.django_db
def test_a_view_of_the_pack_is_run_by_its_id() -> None:
    keep(AMINA)

    assert rows(run("viewdefinition-run", id_="patient"))[0]["patient_id"] == "amina"


def test_a_wrong_view_is_refused_naming_the_place() -> None:
    wrong = {**VIEW, "select": [{"column": [{"name": "x", "path": "nonsense"}]}]}

    with pytest.raises(Unusable, match=r"select\[0\]") as refused:
        run("viewdefinition-run", {"name": "viewResource", "resource": wrong})
    assert refused.value.status == 422


def library(sql: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Library",
        "status": "active",
        "type": {"coding": [{"code": "sql-query"}]},
        "relatedArtifact": [
            {
                "type": "depends-on",
                "resource": f"{BASE}/ViewDefinition/patient",
                "label": "patient",
            }
        ],
        **({"parameter": list(parameters)} if parameters else {}),
        "content": [
            {"contentType": "application/sql", "data": base64.b64encode(sql.encode()).decode()}
        ],
    }


def ask(sql: str, *declared: dict[str, Any], **values: Any) -> Answer:
    said = [{"name": k, ("valueInteger" if isinstance(v, int) else "valueString"): v}
            for k, v in values.items()]  # fmt: skip
    return run(
        "sqlquery-run",
        {"name": "queryResource", "resource": library(sql, *declared)},
        *(
            [{"name": "parameters", "resource": {"resourceType": "Parameters", "parameter": said}}]
            if said
            else []
        ),
    )


SEX = {"name": "sex", "use": "in", "min": 1, "max": "1", "type": "string"}


@pytest.mark.django_db
def test_a_query_sees_its_tables_and_its_values() -> None:
    keep(AMINA, BOLAT)

    answer = ask("select patient_id, ':sex' as said from patient where sex = :sex", SEX, sex="male")

    assert rows(answer) == [{"patient_id": "bolat", "said": ":sex"}]


@pytest.mark.django_db
def test_a_value_cannot_become_sql() -> None:
    keep(AMINA, BOLAT)

    answer = ask("select patient_id from patient where sex = :sex", SEX, sex="x' or 1=1 --")

    assert rows(answer) == []


@pytest.mark.django_db
def test_an_answer_that_becomes_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views.LIMITS, "answer", 1024 * 1024)

    assert len(rows(ask("select n from range(1000) t(n)"))) == 1000
    for sql in ("select n from range(1000000) t(n)", "select repeat('a', 2000000) as a"):
        with pytest.raises(Unusable, match="larger than 1 MB"):
            ask(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "said_of_it"),
    [
        ("drop table patient", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("select * from read_text('/etc/passwd')", "disabled|not allowed|Permission"),
        ("copy patient to 'x.csv'", "one SELECT"),
        ("select nothing from patient", "nothing"),
        ("select * from patient where sex = :other", "other, which has no value"),
    ],
)
def test_a_query_that_reaches_out_or_fails_is_refused(sql: str, said_of_it: str) -> None:
    with pytest.raises(Unusable, match=said_of_it):
        ask(sql)


@pytest.mark.django_db
def test_missing_unknown_and_wrong_values_are_all_named() -> None:
    age = {"name": "age", "use": "in", "min": 1, "max": "1", "type": "integer"}

    with pytest.raises(Unusable) as refused:
        ask("select 1 as one", SEX, age, age="old", more=1)

    assert len(refused.value.issues) == 3


@pytest.mark.django_db
def test_rows_can_come_as_parameters() -> None:
    keep(AMINA)
    body = library("select patient_id, born_on, 3000000000 as large from patient")
    answer = run(
        "sqlquery-run",
        {"name": "queryResource", "resource": body},
        {"name": "_format", "valueCode": "fhir"},
    )

    assert answer.resource is not None
    assert answer.resource["parameter"][0]["part"] == [
        {"name": "patient_id", "valueString": "amina"},
        {"name": "born_on", "valueDate": "1970-05-01"},
        {"name": "large", "valueDecimal": 3000000000},
    ]


@pytest.mark.django_db
def test_a_query_of_the_pack_runs_as_it_is_exported() -> None:
    keep(AMINA)
    from qamqor.services.fhir.terminology import content_resources

    name = next(url for _, url in content_resources() if "Library/breast_screening.popul" in url)
    found = content_resources()["Library", name]
    values = [
        {"name": p["name"], "valueDate": "2026-03-02"}
        if p["type"] == "date"
        else {"name": p["name"], "valueInteger": int(p["documentation"].rsplit(" ", 1)[1])}
        for p in found["parameter"]
    ]
    answer = run(
        "sqlquery-run",
        {"name": "queryReference", "valueReference": {"reference": name}},
        {"name": "parameters", "resource": {"resourceType": "Parameters", "parameter": values}},
    )

    assert [row["evidence"] for row in rows(answer)] == ["Patient/amina"]


@pytest.mark.django_db
def test_a_view_that_is_nowhere_is_not_there() -> None:
    with pytest.raises(NotThere):
        run("viewdefinition-run", id_="nowhere")
