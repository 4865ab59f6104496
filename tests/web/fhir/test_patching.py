"""Part of a resource is changed by JSON Patch or FHIRPath Patch."""

from __future__ import annotations

import base64
import json

import pytest

from tests.web.fhir.calling import Api, bundle, entry, patient, said, words

TO_MALE = [{"op": "replace", "path": "/gender", "value": "male"}]


def path_patch(**parts: object) -> dict[str, object]:
    listed = [
        {"name": name, **(value if isinstance(value, dict) else {"valueString": value})}
        for name, value in parts.items()
    ]
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "operation", "part": listed}],
    }


def test_a_json_patch_makes_a_new_version(api: Api) -> None:
    api.put("/Patient/p", patient("p", gender="female"))

    answer = api.patch("/Patient/p", TO_MALE, content_type="application/json-patch+json")

    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert said(api.get("/Patient/p"))["gender"] == "male"


def test_a_fhirpath_patch_makes_a_new_version(api: Api) -> None:
    api.put("/Patient/p", patient("p", gender="female"))
    asked = path_patch(type="replace", path="Patient.gender", value={"valueCode": "male"})

    assert api.patch("/Patient/p", asked).status_code == 200
    assert said(api.get("/Patient/p"))["gender"] == "male"


def test_a_patch_that_cannot_be_done_changes_nothing(api: Api) -> None:
    api.put("/Patient/p", patient("p"))
    steps = [
        {"op": "add", "path": "/gender", "value": "male"},
        {"op": "test", "path": "/gender", "value": "female"},
    ]

    answer = api.patch("/Patient/p", steps)

    assert answer.status_code == 422
    assert "operation 1" in words(answer)
    assert said(api.get("/Patient/p"))["meta"]["versionId"] == "1"


def test_a_patch_knows_which_version_it_means(api: Api) -> None:
    api.put("/Patient/p", patient("p", gender="female"))

    assert api.patch("/Patient/p", TO_MALE, if_match='W/"7"').status_code == 412
    assert api.patch("/Patient/p", TO_MALE, if_match='W/"1"').status_code == 200


def test_there_must_be_something_to_patch(api: Api) -> None:
    api.put("/Patient/p", patient("p"))
    api.delete("/Patient/p")

    assert api.patch("/Patient/nobody", TO_MALE).status_code == 404
    assert api.patch("/Patient/p", TO_MALE).status_code == 410


def test_a_patch_cannot_make_it_another_resource(api: Api) -> None:
    api.put("/Patient/p", patient("p"))

    for path, value in (("/id", "q"), ("/resourceType", "Group"), ("", []), ("", patient("q"))):
        answer = api.patch("/Patient/p", [{"op": "replace", "path": path, "value": value}])
        assert answer.status_code in {400, 422}
    assert api.get("/Patient/q").status_code == 404


def test_a_bundle_carries_both_kinds_of_patch(api: Api) -> None:
    api.put("/Patient/a", patient("a", gender="female"))
    api.put("/Patient/b", patient("b", gender="female"))
    packed = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(json.dumps(TO_MALE).encode()).decode(),
    }
    by_path = path_patch(type="replace", path="Patient.gender", value={"valueCode": "male"})

    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("PATCH", "Patient/a", packed),
            entry("PATCH", "Patient/b", by_path),
        ),
    )

    assert answer.status_code == 200, answer.content
    assert {said(api.get(f"/Patient/{id_}"))["gender"] for id_ in "ab"} == {"male"}


def test_what_is_no_patch_is_refused_in_words(api: Api) -> None:
    api.put("/Patient/p", patient("p"))

    for sent in ({}, "text", 1, None, patient("p"), [{"op": "explode"}], [1]):
        answer = api.patch("/Patient/p", json.dumps(sent))
        assert answer.status_code == 400
        assert words(answer)


ALL = "%resource.descendants()"
NESTED = f"{ALL}.where({ALL}.where({ALL}.where({ALL}.count()>0).count()>0).count()>0).count()>0"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient.name.where(family.matches('^(a+)+$')).family", 422),
        ("Patient.name.where(family.matches('^(a+)+!$')).family", 200),
        ("Patient.name.where(family.matches('(')).family", 400),
        ("Patient.name.where(family.repeat($this & 'a').exists()).family", 400),
        (f"Patient.name.where({NESTED}).family", 400),
    ],
)
def test_a_path_that_would_run_for_years_stops_nobody(api: Api, path: str, status: int) -> None:
    names = [{"given": [f"{n}", "x"]} for n in range(20)]
    api.put("/Patient/a", patient("a", name=[{"family": "a" * 40 + "!"}, *names]))
    part = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": path},
        {"name": "value", "valueString": "Z"},
    ]
    asked = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}

    assert api.patch("/Patient/a", asked).status_code == status
