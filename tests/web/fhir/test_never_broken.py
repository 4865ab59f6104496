"""Whatever is sent, the answer is an answer: never a status of 500 or more, never a page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.fhir.calling import Api, bundle, entry, patient, said

SHORT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LONG = settings(SHORT, max_examples=3000)
NASTY = (
    "' or 1=1 --",
    "%s%d{0}",
    "\x00",
    "a\r\nX-Injected: 1",
    "../../etc/passwd",
    "٣",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "𝔘" * 300,
    "1e400",
    "-" * 5000,
    "[]",
    "null",
)
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=10,
)
ELEMENTS = st.sampled_from(
    ["id", "meta", "text", "name", "identifier", "birthDate", "contained", "extension", "link"]
)
TYPES = st.sampled_from(["Patient", "Observation", "Bundle", "Parameters", "Binary", "List"])
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])


def is_answer(answer: HttpResponse) -> bool:
    """Whether it is below 500, and says in FHIR what is wrong when something is."""
    if answer.status_code < 400 or not answer.content:
        return answer.status_code < 500
    return answer.status_code < 500 and said(answer)["resourceType"] == "OperationOutcome"


@SHORT
@given(type_=TYPES, elements=st.dictionaries(ELEMENTS, VALUES, max_size=4))
def test_resources_of_any_shape(api: Api, type_: str, elements: dict[str, Any]) -> None:
    sent = {"resourceType": type_, **elements}

    assert is_answer(api.post(f"/{type_}", sent))
    assert is_answer(api.put(f"/{type_}/a", {**sent, "id": "a"}))
    assert is_answer(api.patch("/Patient/a", [{"op": "add", "path": "/name", "value": elements}]))
    assert is_answer(api.post("", {**sent, "resourceType": "Bundle", "type": "batch"}))


@SHORT
@given(listed=st.lists(VALUES, max_size=3), request=VALUES, resource=VALUES)
def test_bundles_of_any_shape(api: Api, listed: Any, request: Any, resource: Any) -> None:
    for kind in ("batch", "transaction"):
        sent = {"resourceType": "Bundle", "type": kind}
        assert is_answer(api.post("", {**sent, "entry": listed}))
        assert is_answer(
            api.post("", {**sent, "entry": [{"request": request, "resource": resource}]})
        )


@SHORT
@given(method=METHODS, path=st.lists(TEXTS, max_size=4), body=st.binary(max_size=60))
def test_addresses_of_any_shape(api: Api, method: str, path: list[str], body: bytes) -> None:
    from urllib.parse import quote

    inner = "/".join(quote(part, safe="$_") for part in path)

    assert is_answer(api.call(method, f"/{inner}", body))
    assert is_answer(api.call(method, f"/Patient/{inner}", body))


@SHORT
@given(
    name=st.sampled_from(
        ["_count", "_since", "_at", "_page", "_summary", "_elements", "_format", "_pretty", "x"]
    ),
    value=TEXTS,
)
def test_queries_of_any_shape(api: Api, name: str, value: str) -> None:
    from urllib.parse import quote

    query = f"{name}={quote(value)}"
    for path in ("/Patient/a", "/Patient/_history", "/_history", "/metadata", "/Patient"):
        assert is_answer(api.get(f"{path}?{query}")), path


@SHORT
@given(
    name=st.sampled_from(
        [
            "if_match",
            "if_none_match",
            "if_modified_since",
            "if_none_exist",
            "prefer",
            "accept",
            "host",
            "authorization",
            "content_type",
        ]
    ),
    value=TEXTS,
)
def test_headers_of_any_shape(api: Api, name: str, value: str) -> None:
    said_ = value.encode("latin-1", "replace").decode("latin-1").replace("\r", "").replace("\n", "")

    assert is_answer(api.get("/Patient/a", **{name: said_}))
    assert is_answer(api.post("/Patient", patient(), **{name: said_}))


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5000 + b"}",
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":1e999999}}',
        b'{"resourceType":"Patient","name":[{"text":"\\ud800"}]}',
        b'{"resourceType":"Patient","name":[{"text":"\\u0000"}]}',
        b'{"resourceType":"Patient","a":' * 3000 + b"1" + b"}" * 3000,
        b'{"resourceType":"Patient","extension":' + b'[{"url":"x","extension":' * 500 + b"[]"
        b"" + b"}]" * 500 + b"}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"\x00" * 1000,
    ],
)
def test_bodies_meant_to_break_things(api: Api, body: bytes) -> None:
    assert is_answer(api.post("/Patient", body))
    assert is_answer(api.put("/Observation/x", body))
    assert is_answer(api.patch("/Patient/x", body))
    assert is_answer(api.post("", body))


def test_nothing_sent_becomes_a_header_of_the_answer(api: Api) -> None:
    answer = api.get("/Patient/a%0d%0aX-Injected:%201?_format=json%0d%0aX-Injected:%201")

    assert "X-Injected" not in answer.headers


def test_a_body_of_fifty_megabytes_is_answered(api: Api) -> None:
    big = patient(text={"status": "generated", "div": "<div>" + "x" * 50_000_000 + "</div>"})

    assert is_answer(api.post("/Patient", big))
    assert api.post("/Patient", json.dumps(big) + " " * 20_000_000).status_code == 413


def test_ten_thousand_entries_are_done_in_one_transaction(api: Api) -> None:
    entries = [entry("PUT", f"Basic/b{n}", basic(f"b{n}")) for n in range(10_000)]

    answer = api.post("", bundle("transaction", *entries))

    assert answer.status_code == 200
    assert len(said(answer)["entry"]) == 10_000


def basic(id_: str) -> dict[str, Any]:
    return {"resourceType": "Basic", "id": id_, "code": {"text": "x"}}


@pytest.mark.long
@LONG
@given(type_=TYPES, elements=st.dictionaries(ELEMENTS, VALUES, max_size=6))
def test_many_resources_of_any_shape(api: Api, type_: str, elements: dict[str, Any]) -> None:
    test_resources_of_any_shape.hypothesis.inner_test(api, type_, elements)  # type: ignore[attr-defined]
