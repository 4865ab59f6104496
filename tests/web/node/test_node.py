"""Whoever runs a node sees how it is; nobody else does, and no log holds what was asked."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client, RequestFactory

from qamqor.services import node_health
from qamqor.web.node.lines import JsonLines
from qamqor.web.node.watching import interaction

pytestmark = pytest.mark.django_db


def test_a_node_is_alive_and_ready(client: Client) -> None:
    assert client.get("/health/live").content == b"alive\n"
    said = client.get("/health/ready")

    assert said.status_code == 200
    assert said.json() == {"database": "ok", "migrations": "ok", "disk": "ok"}


def test_a_node_without_room_on_its_disk_is_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_health, "LEAST_FREE_BYTES", 1 << 62)
    said = client.get("/health/ready", headers={"X-Forwarded-For": "203.0.113.9"})

    assert said.status_code == 503
    assert said.json() == {"ready": False}


def test_what_cannot_be_asked_is_named_by_its_kind(settings: Any) -> None:
    data = django_settings.QAMQOR.data / "not" / "there"
    settings.QAMQOR = replace(django_settings.QAMQOR, data=data)

    assert node_health.ready()["disk"] == "FileNotFoundError"


def test_metrics_count_requests_and_are_not_open_to_the_world(client: Client) -> None:
    client.get("/health/live")
    text = client.get("/metrics").content.decode()

    assert 'qamqor_requests_total{interaction="live",status="200"}' in text
    assert "qamqor_sequence 0.0" in text
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


def test_metrics_are_read_from_elsewhere_by_token(client: Client, settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, metrics_token="a token of the operator")
    right = {"Authorization": "Bearer a token of the operator"}

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers=right).status_code == 200


@pytest.mark.parametrize(
    ("method", "address", "expected"),
    [
        ("GET", "/fhir/Patient?name=Aliya", ("search", "Patient")),
        ("POST", "/fhir/Patient/_search", ("search", "Patient")),
        ("GET", "/fhir/Patient/850101300123", ("read", "Patient")),
        ("PUT", "/fhir/Patient/x", ("update", "Patient")),
        ("POST", "/fhir/Observation", ("create", "Observation")),
        ("POST", "/fhir", ("bundle", "")),
        ("GET", "/fhir/metadata", ("capabilities", "")),
        ("GET", "/fhir/Patient/x/_history/2", ("vread", "Patient")),
        ("GET", "/fhir/Patient/_history", ("history", "Patient")),
        ("POST", "/fhir/Patient/x/$everything", ("operation", "Patient")),
        ("TRACE", "/fhir/Nonsense/x", ("other", "")),
        ("GET", "/no/such/page", ("unknown", "")),
    ],
)
def test_a_request_is_known_by_what_it_asks(
    method: str, address: str, expected: tuple[str, str]
) -> None:
    assert interaction(RequestFactory().generic(method, address)) == expected


def test_the_log_of_requests_holds_no_query_and_no_id(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "qamqor.access"):
        client.get("/fhir/Patient/850101300123?name=Aliya")
    lines = [JsonLines().format(one) for one in caplog.records if one.name == "qamqor.access"]

    assert len(lines) == 1
    assert "Aliya" not in lines[0]
    assert "850101300123" not in lines[0]
    said = json.loads(lines[0])
    assert (said["interaction"], said["resource_type"]) == ("read", "Patient")


def test_a_logged_exception_says_where_and_never_what() -> None:
    try:
        raise ValueError("Aliya was born in 1985")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, "f", 1, "it failed", (), __import__("sys").exc_info()
        )
    said = json.loads(JsonLines().format(record))

    assert said["exception"] == "ValueError"
    assert "Aliya" not in json.dumps(said)
    assert "test_node.py" in said["raised"][0]
