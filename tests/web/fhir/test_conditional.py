"""What is meant may be said by a condition instead of an id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.fhir.calling import Api, bundle, entry, patient, said, words

A = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
QUERY = "identifier=urn:x|7"


def known(**more: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": "urn:x", "value": "7"}], **more)


def test_a_condition_keeps_from_making_it_twice(api: Api) -> None:
    first = api.post("/Patient", known(), if_none_exist=QUERY)
    second = api.post("/Patient", known(), if_none_exist=QUERY)

    assert (first.status_code, second.status_code) == (201, 200)
    assert said(first)["id"] == said(second)["id"]
    api.post("/Patient", known())
    assert api.post("/Patient", known(), if_none_exist=QUERY).status_code == 412


def test_an_update_by_condition_makes_changes_or_refuses(api: Api) -> None:
    made = api.put(f"/Patient?{QUERY}", known())
    changed = api.put(f"/Patient?{QUERY}", known(gender="male"))
    id_ = said(made)["id"]

    assert (made.status_code, changed.status_code) == (201, 200)
    assert said(api.get(f"/Patient/{id_}"))["gender"] == "male"
    assert api.put(f"/Patient?{QUERY}", known(id="other")).status_code == 400
    api.post("/Patient", known())
    assert "several Patient match" in words(api.put(f"/Patient?{QUERY}", known()))


def test_an_update_by_condition_may_choose_the_id_of_what_is_new(api: Api) -> None:
    assert said(api.put(f"/Patient?{QUERY}", known(id="chosen")))["id"] == "chosen"


def test_an_update_by_condition_does_not_run_into_another_resource(api: Api) -> None:
    api.put("/Patient/taken", patient("taken"))

    answer = api.put(f"/Patient?{QUERY}", known(id="taken"))

    assert answer.status_code == 409
    assert "is here, but does not match" in words(answer)


def test_patching_and_deleting_by_condition(api: Api) -> None:
    id_ = said(api.post("/Patient", known()))["id"]
    steps = [{"op": "add", "path": "/gender", "value": "male"}]

    assert api.patch(f"/Patient?{QUERY}", steps).status_code == 200
    assert api.delete(f"/Patient?{QUERY}").status_code == 204
    assert api.get(f"/Patient/{id_}").status_code == 410
    assert api.delete(f"/Patient?{QUERY}").status_code == 204
    assert api.patch(f"/Patient?{QUERY}", steps).status_code == 404


def test_a_condition_must_say_something_that_can_be_searched(api: Api) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        for query in ("", "?", "?_format=json", "?dragon=1", "?birthdate=yesterday"):
            answer = api.call(method, f"/Patient{query}", known() if method == "PUT" else [])
            assert answer.status_code == 400, (method, query)
            assert words(answer)


def test_a_bundle_may_refer_by_condition(api: Api) -> None:
    id_ = said(api.post("/Patient", known()))["id"]
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": f"Patient?{QUERY}"},
    }

    answer = api.post("", bundle("transaction", entry("POST", "Observation", observation)))

    where = said(answer)["entry"][0]["response"]["location"].split("/fhir")[1]
    assert said(api.get(where))["subject"]["reference"] == f"Patient/{id_}"
    observation["subject"]["reference"] = "Patient?identifier=urn:x|nobody"  # type: ignore[index]
    refused = api.post("", bundle("transaction", entry("POST", "Observation", observation)))
    assert refused.status_code == 412
    assert "no Patient matches" in words(refused)


def test_what_a_condition_finds_is_what_links_point_to(api: Api) -> None:
    id_ = said(api.post("/Patient", known()))["id"]
    other = patient(link=[{"other": {"reference": A}, "type": "seealso"}])
    sent = bundle(
        "transaction",
        entry("POST", "Patient", other),
        entry("POST", "Patient", known(), fullUrl=A, ifNoneExist=QUERY),
    )

    told = said(api.post("", sent))["entry"]

    assert [one["response"]["status"] for one in told] == ["201 Created", "200 OK"]
    where = told[0]["response"]["location"].split("/fhir")[1]
    assert said(api.get(where))["link"][0]["other"]["reference"] == f"Patient/{id_}"


def test_a_link_by_condition_finds_what_the_same_bundle_makes(api: Api) -> None:
    other = patient(link=[{"other": {"reference": f"Patient?{QUERY}"}, "type": "seealso"}])
    sent = bundle(
        "transaction",
        entry("POST", "Patient", other),
        entry("POST", "Patient", known(), ifNoneExist=QUERY),
    )

    told = said(api.post("", sent))["entry"]

    made = told[1]["response"]["location"].split("/fhir/")[1].split("/_history")[0]
    where = told[0]["response"]["location"].split("/fhir")[1]
    assert said(api.get(where))["link"][0]["other"]["reference"] == made


def test_two_entries_that_mean_one_resource_are_refused(api: Api) -> None:
    api.put("/Patient/a", known(id="a"))
    twice = [entry("PUT", "Patient/a", known(id="a")), entry("DELETE", f"Patient?{QUERY}")]

    assert "name it once" in words(api.post("", bundle("transaction", *twice)))
    assert said(api.get("/Patient/a"))["meta"]["versionId"] == "1"


def test_a_condition_may_come_with_the_type_before_it(api: Api) -> None:
    id_ = said(api.post("/Patient", known()))["id"]

    for written in (f"Patient?{QUERY}", f"?{QUERY}"):
        assert said(api.post("/Patient", known(), if_none_exist=written))["id"] == id_
        answer = api.post(
            "", bundle("batch", entry("POST", "Patient", known(), ifNoneExist=written))
        )
        assert said(answer)["entry"][0]["response"]["status"] == "200 OK"


def test_what_a_transaction_deletes_meets_no_condition_of_it(api: Api) -> None:
    api.put("/Patient/old", known(id="old"))
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", known(), ifNoneExist=QUERY, fullUrl=A),
            entry("DELETE", f"Patient?{QUERY}"),
        ),
    )

    statuses = [one["response"]["status"] for one in said(answer)["entry"]]
    assert statuses == ["201 Created", "204 No Content"]
    assert api.get("/Patient/old").status_code == 410


def test_a_reference_by_condition_does_not_mean_what_goes(api: Api) -> None:
    api.put("/Patient/old", known(id="old"))
    sent = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient?{QUERY}"},
    }
    answer = api.post(
        "",
        bundle("transaction", entry("DELETE", "Patient/old"), entry("POST", "Observation", sent)),
    )

    assert answer.status_code == 412
    assert api.get("/Patient/old").status_code == 200


def test_two_entries_on_one_condition_make_one_resource(api: Api) -> None:
    sent = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": A},
    }
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", known(), ifNoneExist=QUERY),
            entry("POST", "Patient", known(), ifNoneExist=QUERY, fullUrl=A),
            entry("POST", "Observation", sent),
        ),
        prefer="return=representation",
    )

    first, second, observation = said(answer)["entry"]
    statuses = [one["response"]["status"] for one in (first, second)]
    assert statuses == ["201 Created", "200 OK"]
    assert first["response"]["location"] == second["response"]["location"]
    assert observation["resource"]["subject"]["reference"] == f"Patient/{first['resource']['id']}"


def test_two_updates_on_one_condition_cannot_both_make_it(api: Api) -> None:
    twice = [entry("PUT", f"Patient?{QUERY}", known()) for _ in range(2)]

    answer = api.post("", bundle("transaction", *twice))

    assert answer.status_code == 400
    assert said(answer)["issue"][0]["code"] == "duplicate"
    assert said(api.get("/Patient?_summary=count"))["total"] == 0


def about(reference: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": reference},
    }


def test_a_reference_by_condition_finds_what_the_same_transaction_makes(api: Api) -> None:
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", about(f"Patient?{QUERY}")),
            entry("POST", "Patient", known()),
        ),
        prefer="return=representation",
    )

    observation, person = (one["resource"] for one in said(answer)["entry"])
    assert observation["subject"]["reference"] == f"Patient/{person['id']}"


def test_a_reference_by_condition_that_means_two_of_the_same_transaction_undoes_it(
    api: Api,
) -> None:
    sent = [entry("POST", "Patient", known()) for _ in range(2)]
    answer = api.post(
        "",
        bundle("transaction", entry("POST", "Observation", about(f"Patient?{QUERY}")), *sent),
    )

    assert answer.status_code == 412
    assert said(api.get("/Patient?_summary=count"))["total"] == 0


def test_what_waits_for_a_condition_is_still_named_once_only(api: Api) -> None:
    first = patient("a", generalPractitioner=[{"reference": "Practitioner?identifier=urn:x|1"}])
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:x", "value": "1"}]}
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("PUT", "Patient/a", first),
            entry("POST", "Practitioner", doctor),
            entry("PUT", "Patient/a", patient("a")),
        ),
    )

    assert answer.status_code == 400
    assert said(answer)["issue"][0]["code"] == "duplicate"
    assert api.get("/Patient/a").status_code == 404


def measured(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": subject},
    }


def told_in_batch(answer: Any) -> int:
    return int(said(answer)["entry"][0]["response"]["status"][:3])


@pytest.mark.parametrize("way", ["POST", "PUT", "batch"])
def test_a_reference_by_a_condition_is_pointed_at_what_it_means(api: Api, way: str) -> None:
    api.put("/Patient/a", patient("a", identifier=[{"system": "urn:x", "value": "1"}]))
    api.put("/Patient/b", patient("b", identifier=[{"system": "urn:x", "value": "2"}]))
    api.put("/Patient/c", patient("c", identifier=[{"system": "urn:x", "value": "2"}]))

    def sent(subject: str) -> int:
        resource = measured(subject)
        if way == "batch":
            return told_in_batch(
                api.post("", bundle("batch", entry("PUT", "Observation/o", resource)))
            )
        path = "/Observation" if way == "POST" else "/Observation/o"
        return int(api.call(way, path, resource).status_code)

    assert sent("Patient?identifier=urn:x|3") == 412
    assert sent("Patient?identifier=urn:x|2") == 412
    assert said(api.get("/Observation")).get("entry", []) == []
    assert sent("Patient?identifier=urn:x|1") == 201
    stored = said(api.get("/Observation?subject=Patient/a"))["entry"][0]["resource"]
    assert stored["subject"]["reference"] == "Patient/a"


def test_what_is_deleted_is_named_once_even_where_it_is_not_here(api: Api) -> None:
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("PUT", "Patient/x", patient("x")),
            entry("DELETE", "Patient/x"),
        ),
    )

    assert answer.status_code == 400
    assert "already changed" in words(answer)
    assert api.get("/Patient/x").status_code == 404
