"""One resource is created, read, changed and deleted as FHIR's REST asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.fhir.calling import Api, bundle, entry, patient, said, words


def make(api: Api, **more: Any) -> str:
    return str(said(api.post("/Patient", patient(**more)))["id"])


def test_a_new_resource_gets_an_id_a_version_and_an_address(api: Api) -> None:
    answer = api.post("/Patient", patient("chosen-by-client", gender="female"))

    stored = said(answer)
    assert answer.status_code == 201
    assert stored["id"] != "chosen-by-client"
    assert stored["meta"]["versionId"] == "1"
    where = f"http://testserver/fhir/Patient/{stored['id']}/_history/1"
    assert answer.headers["Location"] == where
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")


def test_what_was_written_is_read_with_its_decimals_as_written(api: Api) -> None:
    body = (
        '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"mass"},'
        '"valueQuantity":{"value":1.00}}'
    )
    api.put("/Observation/o", body)

    assert b'"value":1.00' in api.get("/Observation/o").content


def test_an_update_makes_a_new_version_and_the_old_one_stays(api: Api) -> None:
    id_ = make(api, gender="female")

    answer = api.put(f"/Patient/{id_}", patient(id_, gender="male"), if_match='W/"1"')

    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"2"'
    assert said(api.get(f"/Patient/{id_}/_history/1"))["gender"] == "female"
    assert said(api.get(f"/Patient/{id_}"))["gender"] == "male"


def test_a_client_may_choose_the_id_by_putting(api: Api) -> None:
    assert api.put("/Patient/aibek", patient("aibek")).status_code == 201
    assert api.put("/Patient/aibek", patient("aibek")).status_code == 200


def test_a_version_that_somebody_changed_meanwhile_is_not_overwritten(api: Api) -> None:
    id_ = make(api)
    api.put(f"/Patient/{id_}", patient(id_, gender="male"))

    answer = api.put(f"/Patient/{id_}", patient(id_, gender="other"), if_match='W/"1"')

    assert answer.status_code == 412
    assert "no longer version 1" in words(answer)
    assert said(api.get(f"/Patient/{id_}"))["gender"] == "male"


@pytest.mark.parametrize("tag", ['W/"9"', '"x"', 'W/""', "*" * 300, 'W/"1", W/"2"', "-1"])
def test_a_tag_that_is_not_the_current_version_never_matches(api: Api, tag: str) -> None:
    id_ = make(api)

    assert api.put(f"/Patient/{id_}", patient(id_), if_match=tag).status_code == 412


def test_any_version_will_do_for_a_star_but_there_must_be_one(api: Api) -> None:
    id_ = make(api)

    assert api.put(f"/Patient/{id_}", patient(id_), if_match="*").status_code == 200
    assert api.put("/Patient/new", patient("new"), if_match="*").status_code == 412


def test_if_none_match_star_only_makes_what_is_not_there(api: Api) -> None:
    assert api.put("/Patient/a", patient("a"), if_none_match="*").status_code == 201
    assert api.put("/Patient/a", patient("a"), if_none_match="*").status_code == 412


def test_who_holds_the_current_version_is_not_sent_it_again(api: Api) -> None:
    id_ = make(api)
    first = api.get(f"/Patient/{id_}")

    by_tag = api.get(f"/Patient/{id_}", if_none_match=first.headers["ETag"])
    by_date = api.get(f"/Patient/{id_}", if_modified_since=first.headers["Last-Modified"])

    assert (by_tag.status_code, by_tag.content) == (304, b"")
    assert by_date.status_code == 304
    assert api.get(f"/Patient/{id_}", if_none_match='W/"7"').status_code == 200
    assert api.get(f"/Patient/{id_}", if_modified_since="yesterday").status_code == 200


def test_what_is_deleted_is_gone_and_deleting_it_again_says_nothing_new(api: Api) -> None:
    id_ = make(api)

    assert api.delete(f"/Patient/{id_}").status_code == 204
    assert api.get(f"/Patient/{id_}").status_code == 410
    assert api.delete(f"/Patient/{id_}").status_code == 204
    assert api.delete("/Patient/never").status_code == 204
    assert api.get(f"/Patient/{id_}/_history/1").status_code == 200
    assert api.get(f"/Patient/{id_}/_history/2").status_code == 410


def test_what_is_deleted_can_come_back(api: Api) -> None:
    id_ = make(api)
    api.delete(f"/Patient/{id_}")

    answer = api.put(f"/Patient/{id_}", patient(id_))

    assert answer.status_code == 201
    assert answer.headers["ETag"] == 'W/"3"'


def test_what_never_was_is_not_there(api: Api) -> None:
    id_ = make(api)

    assert api.get("/Patient/nobody").status_code == 404
    assert api.get(f"/Patient/{id_}/_history/9").status_code == 404
    assert api.get(f"/Patient/{id_}/_history/zwei").status_code == 404
    assert "'Dragon' is not a resource type" in words(api.get("/Dragon/1"))


def test_the_caller_says_what_comes_back_of_a_change(api: Api) -> None:
    minimal = api.post("/Patient", patient(), prefer="return=minimal")
    told = api.post("/Patient", patient(), prefer="return=OperationOutcome")
    whole = api.post("/Patient", patient(), prefer="return=representation")
    id_ = said(whole)["id"]

    assert (minimal.status_code, minimal.content) == (201, b"")
    assert "version 1" in words(told)
    gone = api.delete(f"/Patient/{id_}", prefer="return=OperationOutcome")
    assert (gone.status_code, words(gone)) == (200, "deleted, or not here before")


def test_head_says_what_get_would_without_its_body(api: Api) -> None:
    id_ = make(api)

    answer, whole = api.call("HEAD", f"/Patient/{id_}"), api.get(f"/Patient/{id_}")

    assert answer.content == b""
    assert answer.headers["ETag"] == whole.headers["ETag"]
    assert int(answer.headers["Content-Length"]) == len(whole.content)


def test_a_method_that_is_not_possible_is_told_what_is(api: Api) -> None:
    refused, asked = api.post("/Patient/x", patient()), api.call("OPTIONS", "/Patient/x")

    assert refused.status_code == 405
    assert refused.headers["Allow"] == asked.headers["Allow"]
    assert {"GET", "PUT", "PATCH", "DELETE"} <= set(refused.headers["Allow"].split(", "))


@pytest.mark.parametrize("id_", ["has space", "ä", "x" * 65, "semi;colon", "%00", "a/../b'--"])
def test_what_cannot_be_an_id_is_refused_in_words(api: Api, id_: str) -> None:
    assert api.get(f"/Patient/{id_}").status_code in {400, 404}
    assert api.put(f"/Patient/{id_}", patient(id_)).status_code in {400, 404, 405}


def test_address_and_resource_must_name_the_same(api: Api) -> None:
    other_id = api.put("/Patient/a", patient("b"))
    no_id = api.put("/Patient/a", patient())
    other_type = api.post("/Patient", {"resourceType": "Group"})

    assert "the address names 'a', the resource says it is 'b'" in words(other_id)
    assert "has no id" in words(no_id)
    assert "resourceType must be 'Patient'" in words(other_type)


def test_a_page_pretty_or_in_part(api: Api) -> None:
    api.put("/Patient/p", patient("p", gender="male", birthDate="1970-01-01", photo=[{"url": "x"}]))

    pretty = api.get("/Patient/p?_pretty=true").content.decode()
    few = said(api.get("/Patient/p?_elements=gender"))
    short = said(api.get("/Patient/p?_summary=true"))

    assert '\n  "resourceType": "Patient"' in pretty
    assert set(few) == {"resourceType", "id", "meta", "gender"}
    assert "photo" not in short
    assert short["birthDate"] == "1970-01-01"
    assert short["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert api.get("/Patient/p?_summary=everything").status_code == 400


@pytest.mark.parametrize(
    "form", ["json", "application/json", "application/fhir+json", "application/fhir%2Bjson"]
)
def test_json_may_be_asked_for_by_any_of_its_names(api: Api, form: str) -> None:
    api.put("/Patient/p", patient("p"))

    answer = api.get(f"/Patient/p?_format={form}", accept="text/turtle")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_xml_is_refused_clearly(api: Api) -> None:
    api.put("/Patient/p", patient("p"))

    asked = api.get("/Patient/p", accept="application/fhir+xml")
    by_name = api.get("/Patient/p?_format=xml")
    sent = api.post("/Patient", "<Patient/>", content_type="application/fhir+xml")

    assert (asked.status_code, by_name.status_code, sent.status_code) == (406, 406, 415)
    assert "application/fhir+json" in words(asked)
    assert "application/fhir+json" in words(sent)


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/*;q=0.5", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"],
)
def test_who_takes_anything_gets_json(api: Api, accept: str) -> None:
    api.put("/Patient/p", patient("p"))

    assert api.get("/Patient/p", accept=accept).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"Patient"', 400),
        (b"\xff\xfe{\x00", 400),
        (b'{"resourceType":"Patient","gender":"\xc3\x28"}', 400),
        (b'{"resourceType":"Patient","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"resourceType":"Patient","meta":[]}', 400),
    ],
)
def test_a_body_that_is_no_resource_is_refused_in_words(api: Api, body: bytes, status: int) -> None:
    answer = api.post("/Patient", body)

    assert answer.status_code in {status, 422}
    assert words(answer)


def test_nobody_gets_in_without_a_token(api: Api) -> None:
    answer = api.get("/Patient/p", authorization="")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert api.get("/Patient/p", authorization="Bearer made-up").status_code == 401


def test_an_address_that_does_not_exist_says_where_to_look(api: Api) -> None:
    answer = api.get("/Patient/p/what/ever/this")

    assert answer.status_code == 404
    assert "/fhir/metadata" in words(answer)
    assert api.get("/Patient/p", host="elsewhere.example").status_code == 400


def test_what_is_said_twice_is_refused_and_not_half_lost(api: Api) -> None:
    twice = api.post("/Patient", '{"resourceType":"Patient","gender":"male","gender":"female"}')
    deep = '{"resourceType":"Patient","name":[{"family":"A","text":"x","family":"B"}]}'

    assert twice.status_code == 400
    assert "'gender' is given twice" in words(twice)
    assert "'family' is given twice" in words(api.post("/Patient", deep))


@pytest.mark.parametrize(
    "text",
    ['"\\u0410\\/"', '"А"', '  "a"  ', '"x","extension":[{"url":"u","valueDecimal":1.50e3}]'],
)
def test_what_is_written_at_length_is_not_said_twice(api: Api, text: str) -> None:
    body = '{ "resourceType" : "Patient",\n "name" : [ { "family" : ' + text + " } ] }"

    assert api.post("/Patient", body).status_code == 201


@pytest.mark.parametrize("asked", ["_elements=gender", "_summary=true", "_summary=text"])
def test_a_part_of_a_resource_does_not_replace_the_whole(api: Api, asked: str) -> None:
    api.put("/Patient/a", patient("a", gender="male", maritalStatus={"text": "married"}))
    part = said(api.get(f"/Patient/a?{asked}"))

    refused = api.put("/Patient/a", part)
    in_bundle = api.post("", bundle("transaction", entry("PUT", "Patient/a", part)))

    assert (refused.status_code, in_bundle.status_code) == (422, 422)
    assert "SUBSETTED" in words(refused)
    assert said(api.get("/Patient/a"))["maritalStatus"] == {"text": "married"}
    assert api.put("/Patient/new", {**part, "id": "new"}).status_code == 201
