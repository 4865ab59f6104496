"""A transaction does all of it or nothing, in FHIR's order; a batch does each by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from qamqor.services.fhir import write
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.web.fhir.calling import Api, bundle, entry, patient, said, words

A = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
B = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e1"


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": subject},
        **more,
    }


def located(answer: Any, number: int = 0) -> str:
    return str(said(answer)["entry"][number]["response"]["location"].split("/fhir/")[1][:-11])


def test_links_follow_what_gets_a_new_address(api: Api) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{B}">who</a> {B}</div>'
    sent = observation(B.upper().replace("URN:UUID", "urn:uuid"))
    sent["text"] = {"status": "generated", "div": div}
    sent["extension"] = [{"url": "http://example.org/x", "valueUri": B}]
    sent["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": B}]
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", sent, fullUrl=A),
            entry("POST", "Patient", patient(), fullUrl=B),
        ),
    )

    who = located(answer, 1)
    stored = said(api.get(f"/{located(answer)}"))
    assert stored["subject"]["reference"] == who
    assert f'<a href="{who}">who</a> {B}' in stored["text"]["div"]
    assert stored["extension"][0]["valueUri"] == who
    assert stored["identifier"][0]["value"] == B, "an identifier is not a link"


def test_two_may_point_at_each_other(api: Api) -> None:
    one = patient(link=[{"other": {"reference": B}, "type": "seealso"}])
    two = patient(link=[{"other": {"reference": A}, "type": "seealso"}])
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", one, fullUrl=A),
            entry("POST", "Patient", two, fullUrl=B),
        ),
    )

    first, second = located(answer), located(answer, 1)
    assert said(api.get(f"/{first}"))["link"][0]["other"]["reference"] == second
    assert said(api.get(f"/{second}"))["link"][0]["other"]["reference"] == first


def test_full_addresses_of_another_server_are_pointed_here(api: Api) -> None:
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient("7"), fullUrl="http://far/fhir/Patient/7"),
            entry(
                "POST",
                "Observation",
                observation("Patient/7"),
                fullUrl="http://far/fhir/Observation/1",
            ),
            entry("POST", "Observation", observation("http://far/fhir/Patient/7"), fullUrl=A),
        ),
    )

    for number in (1, 2):
        stored = said(api.get(f"/{located(answer, number)}"))
        assert stored["subject"]["reference"] == located(answer)


def test_deletions_come_first_and_reading_last_whatever_the_order(api: Api) -> None:
    api.put("/Patient/old", patient("old"))
    answer = api.post(
        "",
        bundle(
            "transaction",
            entry("GET", "Patient/new"),
            entry("PUT", "Patient/new", patient("new", gender="male")),
            entry("DELETE", "Patient/old"),
        ),
    )

    told = said(answer)["entry"]
    assert told[0]["resource"]["gender"] == "male"
    assert [one["response"]["status"] for one in told] == [
        "200 OK",
        "201 Created",
        "204 No Content",
    ]
    assert api.get("/Patient/old").status_code == 410


@pytest.mark.parametrize(
    "bad",
    [
        entry("PUT", "Patient/b", patient("c")),
        entry("PUT", "Patient/b", patient("b"), ifMatch='W/"5"'),
        entry("GET", "Patient/nobody"),
        entry("POST", "Dragon", {"resourceType": "Dragon"}),
        entry("PATCH", "Patient/nobody", {"resourceType": "Parameters"}),
        entry("FROB", "Patient/b"),
        entry("POST", "Patient/b", patient()),
        entry("DELETE", "Patient"),
        entry("POST", "http://elsewhere/fhir/Patient", patient()),
        {"resource": patient()},
        entry("PUT", "Patient/a", patient("a")),
    ],
)
def test_one_bad_entry_and_nothing_is_done(api: Api, bad: dict[str, Any]) -> None:
    answer = api.post("", bundle("transaction", entry("PUT", "Patient/a", patient("a")), bad))

    assert 400 <= answer.status_code < 500
    assert words(answer)
    assert api.get("/Patient/a").status_code == 404


def test_every_bad_entry_is_named_at_once(api: Api) -> None:
    bad = [entry("PUT", f"Patient/{id_}", patient("x")) for id_ in "abc"]

    answer = api.post("", bundle("transaction", *bad))

    expressions = [issue["expression"][0] for issue in said(answer)["issue"]]
    assert expressions == [f"Bundle.entry[{n}].resource.id" for n in range(3)]


def test_two_entries_of_one_name_are_refused(api: Api) -> None:
    twice = [entry("POST", "Patient", patient(), fullUrl=A) for _ in range(2)]

    assert "is also that of entry 0" in words(api.post("", bundle("transaction", *twice)))


def test_a_batch_does_what_can_be_done_and_says_what_cannot(api: Api) -> None:
    answer = api.post(
        "",
        bundle(
            "batch",
            entry("POST", "Patient", patient()),
            entry("PUT", "Patient/a", patient("b")),
            entry("GET", "Patient/nobody"),
            entry("FROB", "Patient/b"),
            entry("DELETE", "Patient/nobody"),
        ),
    )

    told = [one["response"] for one in said(answer)["entry"]]
    statuses = [one["status"][:3] for one in told]
    assert statuses == ["201", "400", "404", "400", "204"]
    assert "nobody is not here" in told[2]["outcome"]["issue"][0]["diagnostics"]


def test_an_entry_may_say_which_version_it_holds(api: Api) -> None:
    api.put("/Patient/a", patient("a"))

    answer = api.post(
        "",
        bundle("batch", entry("GET", "Patient/a", ifNoneMatch='W/"1"'), entry("GET", "Patient/a")),
    )

    told = said(answer)["entry"]
    assert told[0]["response"]["status"] == "304 Not Modified"
    assert told[1]["resource"]["id"] == "a"


def test_the_stored_resources_come_back_only_when_asked_for(api: Api) -> None:
    sent = bundle("transaction", entry("POST", "Patient", patient(gender="male")))

    usual = said(api.post("", sent))["entry"][0]
    whole = said(api.post("", sent, prefer="return=representation"))["entry"][0]

    assert "resource" not in usual
    assert whole["resource"]["gender"] == "male"


@pytest.mark.parametrize("kind", ["collection", "searchset", None, 5])
def test_only_batches_and_transactions_are_taken_here(api: Api, kind: Any) -> None:
    answer = api.post("", {"resourceType": "Bundle", "type": kind})

    assert answer.status_code == 400
    assert "batch or transaction" in words(answer)


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("listed", [None, "x", {"a": 1}, [None], ["x"], [{"request": "x"}]])
def test_a_list_of_entries_that_is_none_is_refused(api: Api, kind: str, listed: Any) -> None:
    sent = {"resourceType": "Bundle", "type": kind, "entry": listed}

    assert api.post("", sent).status_code < 500


def test_an_empty_bundle_is_answered_by_an_empty_one(api: Api) -> None:
    assert said(api.post("", bundle("transaction"))) == {
        "resourceType": "Bundle",
        "type": "transaction-response",
    }


def answers(api: Api, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    found = said(api.post("", bundle("batch", *entries)))["entry"]
    return list(found)


def test_a_batch_calls_operations_by_get_and_post(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    whole, checked, code = answers(
        api,
        entry("GET", "Patient/a/$everything?_count=1"),
        entry("POST", "Patient/$validate", patient("x", gender="f")),
        entry("GET", "ValueSet/$expand?url=http://example.org/none"),
    )
    assert whole["response"]["status"] == "200 OK"
    assert whole["resource"]["entry"][0]["resource"]["id"] == "a"
    assert checked["resource"]["resourceType"] == "OperationOutcome"
    assert checked["resource"]["issue"][0]["code"] == "code-invalid"
    assert code["response"]["status"].startswith("404")


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "Patient/a/$nothing", "404"),
        ("GET", "$export", "404"),
        ("POST", "$import", "404"),
        ("PUT", "Patient/a/$everything", "405"),
        ("GET", "Patient/$merge", "405"),
        ("GET", "Patient/a/$everything?_count=x", "400"),
        ("GET", "Patient/a/$everything/more", "404"),
        ("GET", "Patient/b/$everything", "404"),
    ],
)
def test_what_is_no_operation_here_is_told_so_and_stops_nobody(
    api: Api, method: str, url: str, status: str
) -> None:
    api.put("/Patient/a", patient("a"))
    wrong, right = answers(api, entry(method, url, patient("a")), entry("GET", "Patient/a"))
    assert wrong["response"]["status"].startswith(status)
    assert wrong["response"]["outcome"]["issue"]
    assert right["response"]["status"] == "200 OK"


def test_a_transaction_may_read_by_an_operation_and_not_change_by_one(api: Api) -> None:
    api.put("/Patient/a", patient("a"))
    reads = api.post("", bundle("transaction", entry("GET", "Patient/a/$everything")))
    assert said(reads)["entry"][0]["resource"]["type"] == "searchset"
    changes = api.post("", bundle("transaction", entry("POST", "Patient/$merge", patient("a"))))
    assert changes.status_code == 400


def test_a_bundle_may_ask_for_whatever_can_be_read(api: Api) -> None:
    api.put("/Patient/a", patient("a", gender="female"))
    api.put("/Observation/o", observation("Patient/a", id="o"))
    found = answers(
        api,
        entry("GET", "Patient/a/_history"),
        entry("GET", "Patient/_history?_count=1"),
        entry("GET", "_history"),
        entry("GET", "Patient/a/Observation"),
        entry("GET", "Patient/a/*?_type=Observation"),
        entry("GET", "?_type=Patient&_id=a"),
        entry("POST", "Patient/_search?gender=female"),
        entry("GET", "Patient/a?_elements=id"),
        entry("GET", "metadata"),
        entry("GET", "AuditEvent?_count=1"),
    )

    assert [one["response"]["status"] for one in found] == ["200 OK"] * len(found)
    kinds = [one["resource"].get("type") for one in found]
    assert kinds == ["history"] * 3 + ["searchset"] * 4 + [None, None, "searchset"]
    ids = [[e["resource"]["id"] for e in one["resource"].get("entry", [])] for one in found[:7]]
    assert ids == [["a"], ["a"], ["o", "a"], ["o"], ["o"], ["a"], ["a"]]
    assert "gender" not in found[7]["resource"]
    assert found[8]["resource"]["resourceType"] == "CapabilityStatement"
    assert found[9]["resource"]["entry"][0]["resource"]["resourceType"] == "AuditEvent"


@pytest.mark.parametrize(
    "url", ["Patient/none/_history", "Organization/o/Patient", "Patient/a/Organization", "_nothing"]
)
def test_what_is_not_there_to_be_read_stops_nobody(api: Api, url: str) -> None:
    wrong, right = answers(api, entry("GET", url), entry("GET", "Patient?_count=1"))

    assert wrong["response"]["status"].startswith("404")
    assert right["response"]["status"] == "200 OK"


def test_what_a_batch_makes_is_written_together_and_refused_alone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, together = write.create_each, []

    def counted(tx: Any, asked: list[Any]) -> Any:
        together.append(len(asked))
        return whole(tx, asked)

    monkeypatch.setattr(write, "create_each", counted)
    limited = Api("system/Observation.crs")
    made = [entry("POST", "Observation", observation("Patient/x")) for _ in range(3)]
    wrong = entry("POST", "Observation", observation("Patient/x", status="blue"))
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/x"}}
    closed = entry("POST", "Condition", condition)
    read = entry("GET", "Observation?_summary=count")

    before = audit.count(Wanted(outcome="refused"))
    told = answers(limited, *made, wrong, closed, *made, read)

    statuses = [int(one["response"]["status"][:3]) for one in told]
    assert statuses == [201, 201, 201, 422, 403, 201, 201, 201, 200]
    assert told[-1]["resource"]["total"] == 6
    assert audit.count(Wanted(outcome="refused")) == before + 1
    assert audit.count(Wanted(actions=("create",))) == 6
    assert together == [3, 4]


def test_what_cannot_be_written_together_is_written_one_by_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write.create_each

    def only_alone(tx: Any, asked: list[Any]) -> Any:
        if len(asked) > 1:
            raise DatabaseError("together it does not fit")
        return whole(tx, asked)

    monkeypatch.setattr(write, "create_each", only_alone)
    made = [entry("POST", "Observation", observation("Patient/x")) for _ in range(3)]
    told = answers(api, *made)

    assert [one["response"]["status"] for one in told] == ["201 Created"] * 3
    assert len({one["response"]["location"] for one in told}) == 3
