"""A bulk export over HTTP: asked for, waited for, fetched and removed, as its guide says."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from qamqor.engine.fhir.names import IDENTIFIERS
from tests.web.fhir.calling import Api, patient, said, words

pytestmark = pytest.mark.django_db(transaction=True)
ASYNC = {"prefer": "respond-async", "accept": "application/fhir+json"}
ONE = "/$export?_type=Organization"


@pytest.fixture
def api(tmp_path: Path, settings: Any) -> Api:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, data=tmp_path)
    calling = Api()
    for name in ("Clinic", "Hospital"):
        stored = {"resourceType": "Organization", "id": name.lower(), "name": name}
        calling.put(f"/Organization/{name.lower()}", stored)
    return calling


def place(answer: Any) -> str:
    assert answer.status_code == 202, answer.content
    return str(answer.headers["Content-Location"].partition("/fhir")[2])


def finished(api: Api, where: str) -> Any:
    for _ in range(400):
        answer = api.get(where)
        if answer.status_code != 202:
            return answer
        assert answer.headers["Retry-After"]
        assert answer.headers["X-Progress"]
        time.sleep(0.02)
    raise AssertionError(where)


def test_the_manifest_says_what_was_asked_and_until_when_it_is_kept(api: Api) -> None:
    answer = finished(api, place(api.get(ONE, **ASYNC)))

    manifest = said(answer)
    assert manifest["request"] == f"http://testserver/fhir{ONE}"
    assert manifest["requiresAccessToken"] is True
    assert (manifest["error"], manifest["deleted"]) == ([], [])
    assert [one["type"] for one in manifest["output"]] == ["Organization"]
    assert answer.headers["Expires"].endswith("GMT")
    assert answer.headers["Content-Type"] == "application/json"


def test_only_what_answers_a_filter_is_exported(api: Api) -> None:
    asked = f"{ONE}&_typeFilter=Organization%3Fname%3Dclin"
    manifest = said(finished(api, place(api.get(asked, **ASYNC))))

    address = manifest["output"][0]["url"].partition("/fhir")[2]
    file = b"".join(api.get(address).streaming_content)  # type: ignore[attr-defined]
    assert manifest["output"][0]["count"] == 1
    assert b'"name":"Clinic"' in file


def test_nobody_is_named_by_number_in_a_filter(api: Api) -> None:
    query = quote(f"Patient?identifier={IDENTIFIERS}/iin|990101300017")
    asked = f"/$export?_typeFilter={query}"

    answer = api.get(asked, **ASYNC)

    assert answer.status_code == 400
    assert "not in an address" in words(answer)


def test_what_is_not_known_is_refused_or_left_out_as_the_caller_prefers(api: Api) -> None:
    asked = f"{ONE}&includeAssociatedData=x"

    assert api.get(asked, **ASYNC).status_code == 400
    lenient = {**ASYNC, "prefer": "respond-async, handling=lenient"}
    assert api.get(asked, **lenient).status_code == 202


def test_an_export_is_asked_after_and_removed_and_nothing_else(api: Api) -> None:
    where = place(api.get(ONE, **ASYNC))

    for method in ("POST", "PUT", "PATCH"):
        assert api.call(method, where).status_code == 405
    finished(api, where)
    assert api.delete(where).status_code == 202
    gone = api.get(where)
    assert gone.status_code == 404
    assert said(gone)["resourceType"] == "OperationOutcome"


def test_each_kind_of_export_is_defined_by_the_guide(api: Api) -> None:
    statement = said(api.get("/metadata"))
    on = {one["type"]: one.get("operation", []) for one in statement["rest"][0]["resource"]}
    defined = {
        type_: next(o["definition"] for o in on[type_] if o["name"] == "export")
        for type_ in ("Patient", "Group")
    }

    guide = "http://hl7.org/fhir/uv/bulkdata"
    assert defined["Patient"] == f"{guide}/OperationDefinition/patient-export"
    assert defined["Group"] == f"{guide}/OperationDefinition/group-export"
    assert f"{guide}/CapabilityStatement/bulk-data" in statement["instantiates"]


def test_who_may_read_nothing_is_refused_at_once(api: Api) -> None:
    api.put("/Patient/p", patient("p"))

    assert Api("system/Patient.c").get("/$export", **ASYNC).status_code == 403


def exported(api: Api, asked: str, **more: Any) -> list[dict[str, Any]]:
    """Every resource of an export, of whatever type."""
    sent = api.post(asked, more, **ASYNC) if more else api.get(asked, **ASYNC)
    manifest = said(finished(api, place(sent)))
    found: list[dict[str, Any]] = []
    for one in manifest["output"]:
        file = api.get(one["url"].partition("/fhir")[2])
        lines = b"".join(file.streaming_content).splitlines()  # type: ignore[attr-defined]
        found += [json.loads(line) for line in lines]
    return found


@pytest.fixture
def group(api: Api) -> str:
    for name in ("amina", "bolat", "dana"):
        api.put(f"/Patient/{name}", patient(name, gender="female", birthDate="1980-01-01"))
        about = {"subject": {"reference": f"Patient/{name}"}, "valueQuantity": {"value": 1}}
        seen = {"resourceType": "Observation", "id": name, "status": "final", "code": {"text": "x"}}
        api.put(f"/Observation/{name}", {**seen, **about})
    members = [{"entity": {"reference": f"Patient/{name}"}} for name in ("amina", "bolat")]
    cohort = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    api.put("/Group/g", {**cohort, "member": members})
    return "/Group/g/$export"


def test_only_the_elements_asked_for_are_exported_and_what_a_resource_must_have(
    api: Api, group: str
) -> None:
    asked = f"{group}?_type=Patient,Observation,Group&_elements=Patient.gender,Observation.value,id"

    found = {one["resourceType"]: one for one in exported(api, asked)}

    assert set(found["Patient"]) == {"resourceType", "id", "meta", "gender"}
    assert set(found["Observation"]) == {
        "resourceType",
        "id",
        "meta",
        "status",
        "code",
        "valueQuantity",
    }
    assert [tag["code"] for tag in found["Patient"]["meta"]["tag"]] == ["SUBSETTED"]


def test_a_type_whose_elements_nobody_names_is_exported_whole(api: Api, group: str) -> None:
    found = exported(api, f"{group}?_type=Patient,Observation&_elements=Patient.gender")

    whole = next(one for one in found if one["resourceType"] == "Observation")
    assert whole["subject"]["reference"] == "Patient/amina"
    assert "tag" not in whole["meta"]


@pytest.mark.parametrize("name", ["Patient.name.family", "Patient.status", "Pet.name", "furColour"])
def test_elements_that_are_not_at_the_root_of_a_resource_are_refused(
    api: Api, group: str, name: str
) -> None:
    answer = api.get(f"{group}?_elements={name}", **ASYNC)

    assert answer.status_code == 400
    assert name in words(answer)


def test_of_a_group_only_the_people_named_are_exported(api: Api, group: str) -> None:
    def named(*people: str) -> dict[str, Any]:
        return {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "patient", "valueReference": {"reference": f"Patient/{one}"}}
                for one in people
            ],
        }

    found = exported(api, f"{group}?_type=Patient,Observation", **named("amina"))

    assert {(one["resourceType"], one["id"]) for one in found} == {
        ("Patient", "amina"),
        ("Observation", "amina"),
    }
    refused = api.post(group, named("amina", "dana"), **ASYNC)
    assert refused.status_code == 400
    assert "Patient/dana" in words(refused)
    nobody = api.post("/Patient/$export", named("nobody"), **ASYNC)
    assert nobody.status_code == 400
    assert "Patient/nobody" in words(nobody)


def test_a_file_is_gone_once_its_time_is_over(api: Api, group: str) -> None:
    manifest = said(finished(api, place(api.get(group, **ASYNC))))
    with connection.cursor() as cursor:
        cursor.execute("update fhir_job set seen_at = seen_at - 8 * 86400000000")

    address = manifest["output"][0]["url"].partition("/fhir")[2]

    assert api.get(address).status_code == 404


@pytest.mark.parametrize("id_", ["%00", "a%00b", "x" * 300, "no-such-job"])
def test_a_job_that_cannot_be_is_not_there(api: Api, id_: str) -> None:
    assert api.get(f"/$export-job/{id_}").status_code == 404
    assert api.get(f"/$export-file/{id_}/Patient.ndjson").status_code == 404
    assert api.get(f"/$import-job/{id_}").status_code == 404
