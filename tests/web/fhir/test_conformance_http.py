"""Other people's resources go in and out over HTTP: unchanged, or refused in words."""

from __future__ import annotations

import csv
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.web.fhir.serving import Node

FOLDER = os.environ.get("QAMQOR_CONFORMANCE")
pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FOLDER, reason="QAMQOR_CONFORMANCE names no folder of cases"),
]
REFUSED = {
    "auditevent-example.json": "AuditEvents are written by the platform alone",
    "AuditEvent-slice23-first": "AuditEvents are written by the platform alone",
    "json-comments-1-yes": "comments are not JSON",
    "json-comments-2-yes": "comments are not JSON",
    "contained-resource-bad-id-ignore": "what is contained is read too, and its id is too long",
}
"""What others call valid and is refused here, with the reason."""
JSON = {"Content-Type": "application/fhir+json"}


def folder(name: str) -> Path:
    return Path(str(FOLDER)) / name


class Call:
    """One connection to a node."""

    def __init__(self, server: Node) -> None:
        self.url = server.url
        self.session = requests.Session()
        self.session.headers.update(server.headers | JSON)

    def put(self, type_: str, id_: str, body: bytes) -> requests.Response:
        return self.session.put(f"{self.url}/{type_}/{id_}", data=body, timeout=60)

    def get(self, type_: str, id_: str) -> requests.Response:
        return self.session.get(f"{self.url}/{type_}/{id_}", timeout=60)


def meaning(text: str | bytes) -> Any:
    """JSON with its decimals as written, without what the server says of it in meta."""
    read = json.loads(text, parse_float=lambda digits: ("decimal", digits))
    meta = read.get("meta", {})
    meta.pop("versionId", None)
    meta.pop("lastUpdated", None)
    if not meta:
        read.pop("meta", None)
    return read


def test_examples_come_back_as_they_went_in(server: Node) -> None:
    call = Call(server)
    files = sorted(folder("fhir-examples").rglob("*.json"))
    unchanged, told = 0, []
    for file in files:
        sent = json.loads(file.read_bytes())
        id_, type_ = str(sent.get("id", "x")), sent["resourceType"]
        body = file.read_bytes()
        if "id" not in sent:
            body = json.dumps({**sent, "id": "x"}).encode()
        answer = call.put(type_, id_, body)
        if file.name in REFUSED:
            assert answer.status_code == 405
            unchanged += 1
            continue
        if answer.status_code not in {200, 201}:
            told.append(f"{file.name}: {answer.text[:300]}")
            continue
        assert meaning(call.get(type_, id_).content) == meaning(body), file.name
        unchanged += 1
    print(f"fhir-examples over HTTP: {unchanged} passed of {len(files)}")
    assert unchanged == len(files), told


def test_resources_to_be_judged_are_taken_or_refused_in_words(server: Node) -> None:
    call = Call(server)
    with (folder("fhir-validation") / "cases.csv").open() as opened:
        cases = list(csv.DictReader(opened))
    right, wrong = 0, []
    for case in cases:
        file = next(iter(folder("fhir-validation").rglob(case["file"])), None)
        body = b"" if file is None else file.read_bytes()
        try:
            read = json.loads(body)
        except ValueError:
            read = {}
        type_ = read.get("resourceType") if isinstance(read, dict) else None
        answer = call.session.post(f"{call.url}/{type_ or 'Patient'}", data=body, timeout=60)
        assert answer.status_code < 500, case
        is_refused = answer.status_code >= 400 and case["name"] not in REFUSED
        if case["expect"] == "valid" and is_refused:
            wrong.append(f"{case['name']}: {answer.text[:300]}")
        else:
            right += 1
        if answer.status_code >= 400:
            assert answer.json()["resourceType"] == "OperationOutcome"
    print(f"fhir-validation over HTTP: {right} passed of {len(cases)}")
    assert not wrong


def test_decimals_keep_every_digit(server: Node) -> None:
    call = Call(server)
    for digits in ("1.00", "0.000000000000000001", "12345678901234567890.5", "1E2", "-0.0"):
        body = (
            '{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"x"},'
            f'"valueQuantity":{{"value":{digits}}}}}'
        )
        assert call.put("Observation", "digits", body.encode()).status_code < 300
        read = json.loads(call.get("Observation", "digits").text, parse_float=Decimal)
        assert str(read["valueQuantity"]["value"]) == str(Decimal(digits))
