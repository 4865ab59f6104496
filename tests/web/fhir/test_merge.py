"""$merge, $unmerge and $match, as an application calls them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from qamqor.errors import CannotMerge, NotAllowed, NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.web.fhir import outcomes
from qamqor.web.fhir.operations import registry
from qamqor.web.fhir.operations.registry import Call
from tests.services.access.village import SYSTEM, observation, resident, through
from tests.services.access.village import put as put_all
from tests.services.merge.record import whole
from tests.services.registration.desk import AT, put
from tests.tokens import token

pytestmark = pytest.mark.django_db
IIN = "http://qamqor.invalid/fhir/sid/iin"
BOTH = (
    {"name": "source-patient", "valueReference": {"reference": "Patient/second"}},
    {"name": "target-patient", "valueReference": {"reference": "Patient/first"}},
)
PREVIEW = {"name": "preview", "valueBoolean": True}


def run(name: str, *parameters: dict[str, Any], by: Actor = PLATFORM) -> dict[str, Any]:
    found = registry.find(name, level="type", type_="Patient")
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    inputs = registry.read_inputs(found, query={}, body=body)
    call = Call(actor=by, at=AT, inputs=inputs, type="Patient", address="http://x/fhir")
    return dict(found.run(call).resource or {})


def parts(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [part for part in answer["parameter"] if part["name"] == name]


@pytest.fixture(autouse=True)
def _two() -> None:
    put("first", "Ахметова", "Айгүл", iin="870312900004")
    put("second", "Akhmetova", "Aigul")
    put_all(observation("o", "second"))


class TestMerge:
    def test_answers_with_the_result_the_trace_and_what_was_led_on(self) -> None:
        answer = run("merge", *BOTH, {"name": "reason", "valueString": "one passport"})
        assert parts(answer, "result")[0]["resource"]["id"] == "first"
        assert parts(answer, "linked")[0]["part"] == [
            {"name": "type", "valueCode": "Observation"},
            {"name": "count", "valueInteger": 1},
        ]
        trace = parts(answer, "trace")[0]["valueReference"]["reference"]
        assert whole(with_traces=True)[trace]["reason"] == [{"text": "one passport"}]
        assert {"name": "likeness", "valueCode": "family.spelling"} in answer["parameter"]
        assert parts(answer, "input")[0]["resource"]["parameter"] == list(BOTH)
        assert parts(answer, "outcome")[0]["resource"]["resourceType"] == "OperationOutcome"

    def test_previewed_changes_nothing(self) -> None:
        before = whole(with_traces=True)
        answer = run("merge", *BOTH, PREVIEW)
        assert parts(answer, "trace") == []
        assert whole(with_traces=True) == before

    def test_takes_a_number_instead_of_a_reference_and_does_not_repeat_it(self) -> None:
        number = {"system": IIN, "value": "870312900004"}
        target = {"name": "target-patient-identifier", "valueIdentifier": number}
        answer = run("merge", BOTH[0], target, PREVIEW)
        assert parts(answer, "result")[0]["resource"]["id"] == "first"
        assert "870312900004" not in str(parts(answer, "input"))

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ([], Unusable),
            ([BOTH[0]], Unusable),
            ([{"name": "source-patient", "valueReference": {"reference": "Group/x"}}, BOTH[1]],
             Unusable),
            ([BOTH[0], {"name": "target-patient-identifier",
                        "valueIdentifier": {"system": "x", "value": "1"}}], Unusable),
            ([BOTH[0], {"name": "target-patient-identifier",
                        "valueIdentifier": {"system": IIN, "value": "1"}}], Unusable),
            ([BOTH[0], {"name": "target-patient-identifier",
                        "valueIdentifier": {"system": IIN, "value": "850312900030"}}], NotThere),
            ([BOTH[1], {**BOTH[1], "name": "source-patient"}], CannotMerge),
            ([*BOTH, {"name": "result-patient", "resource": {"resourceType": "Patient"}}],
             Unusable),
        ],
    )  # fmt: skip
    def test_refuses_what_it_cannot_use(
        self, given: list[dict[str, Any]], error: type[Exception]
    ) -> None:
        with pytest.raises(error) as refused:
            run("merge", *given)
        assert 400 <= outcomes.reading(refused.value)[0] < 500

    def test_is_refused_to_an_application_without_the_scope_and_to_a_resident(self) -> None:
        for by in (through(SYSTEM, "system/Patient.rs"), resident("first")):
            with pytest.raises(NotAllowed):
                run("merge", *BOTH, by=by)

    def test_taken_back_answers_with_what_changed_since(self) -> None:
        before = whole()
        run("merge", *BOTH)
        put_all(observation("new", "first"))
        seen = run("unmerge", BOTH[0], PREVIEW)
        answer = run("unmerge", BOTH[0])
        assert parts(seen, "new-since") == parts(answer, "new-since") == [
            {"name": "new-since", "valueReference": {"reference": "Observation/new"}}
        ]  # fmt: skip
        after = whole()
        del after["Observation/new"]
        assert after == before

    def test_taken_back_names_what_stays_changed_or_deleted(self) -> None:
        run("merge", *BOTH)
        put_all(observation("o", "other"))
        answer = run("unmerge", BOTH[0])
        assert parts(answer, "changed-since")[0]["part"] == [
            {"name": "what", "valueReference": {"reference": "Observation/o"}},
            {"name": "kept", "valueString": "subject.reference"},
        ]


class TestMatch:
    KNOWN = {
        "name": "resource",
        "resource": {
            "resourceType": "Patient",
            "name": [{"family": "Ахметова", "given": ["Айгуль"]}],
            "birthDate": "1987-12-03",
        },
    }

    def test_finds_who_it_may_be_with_score_and_grade(self) -> None:
        bundle = run("match", self.KNOWN)
        assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["first", "second"]
        search = bundle["entry"][0]["search"]
        assert search["mode"] == "match"
        assert 0 < search["score"] < 1
        assert search["extension"][0]["valueCode"] == "probable"

    def test_answers_only_with_one_who_is_certain_if_asked(self) -> None:
        only = {"name": "onlyCertainMatches", "valueBoolean": True}
        assert run("match", self.KNOWN, only)["total"] == 0
        number = [{"system": IIN, "value": "870312900004"}]
        known = {"name": "resource", "resource": {**self.KNOWN["resource"], "identifier": number}}
        bundle = run("match", known, only)
        assert bundle["entry"][0]["resource"]["id"] == "first"
        assert bundle["entry"][0]["search"]["score"] == 1

    def test_counts_as_asked(self) -> None:
        count = {"name": "count", "valueInteger": 1}
        assert len(run("match", self.KNOWN, count)["entry"]) == 1
        with pytest.raises(Unusable):
            run("match", self.KNOWN, {"name": "count", "valueInteger": 0})

    def test_takes_a_patient_only(self) -> None:
        with pytest.raises(Unusable):
            run("match", {"name": "resource", "resource": {"resourceType": "Group"}})

    def test_leaves_out_whose_record_the_caller_may_not_read(self) -> None:
        writes = through(SYSTEM, "system/Patient.c")
        with pytest.raises(NotAllowed):
            run("match", self.KNOWN, by=writes)
        both = through(SYSTEM, "system/Patient.crs")
        assert len(run("match", self.KNOWN, by=both)["entry"]) == 2


class TestOverHttp:
    """The same by its address, with a token."""

    def post(self, client: Client, name: str, scope: str, *parts: dict[str, Any]) -> HttpResponse:
        body = json.dumps({"resourceType": "Parameters", "parameter": list(parts)})
        headers = {"Authorization": f"Bearer {token(scope)}"}
        kind = "application/fhir+json"
        path = f"/fhir/Patient/${name}"
        found: HttpResponse = client.post(path, body, content_type=kind, headers=headers)
        return found

    def test_a_merge_and_its_undoing_answer(self, client: Client) -> None:
        before = whole()
        merged = self.post(client, "merge", "system/*.cruds", *BOTH)
        assert (merged.status_code, merged.json()["resourceType"]) == (200, "Parameters")
        again = self.post(client, "merge", "system/*.cruds", *BOTH)
        assert (again.status_code, again.json()["resourceType"]) == (409, "OperationOutcome")
        assert self.post(client, "unmerge", "system/*.cruds", BOTH[0]).status_code == 200
        assert whole() == before

    def test_a_merge_is_refused_without_the_scope_and_by_get(self, client: Client) -> None:
        assert self.post(client, "merge", "system/Patient.rs", *BOTH).status_code == 403
        headers = {"Authorization": f"Bearer {token('system/*.cruds')}"}
        got = client.get("/fhir/Patient/$merge", headers=headers)
        assert got.status_code == 405

    def test_a_match_answers_by_post_and_a_number_in_an_address_does_not(
        self, client: Client
    ) -> None:
        found = self.post(client, "match", "system/*.cruds", TestMatch.KNOWN)
        assert found.json()["type"] == "searchset"
        headers = {"Authorization": f"Bearer {token('system/*.cruds')}"}
        got = client.get("/fhir/Patient", {"identifier": f"{IIN}|870312900004"}, headers=headers)
        assert got.status_code == 400
        assert "_search" in got.content.decode()
        assert "870312900004" not in got.content.decode()
