"""The searches of another server's integration tests, over the people they were written for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction

from tests.web.fhir.calling import Api, said
from tests.web.fhir.searching import load, synthea
from tests.web.fhir.test_search_conformance import SUITE, cases

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.django_db,
    pytest.mark.skipif(not SUITE.is_dir(), reason="QAMQOR_CONFORMANCE names no folder"),
]
TYPES = ("Patient", "Observation", "Encounter", "Medication", "MedicationRequest")


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield load(synthea(SUITE.parent / "synthea" / "synthea-120", *TYPES))
        transaction.set_rollback(True)


def test_every_count_is_the_expected_one(people: int) -> None:
    api, failed = Api(), []
    listed = cases("synthea_cases.csv")
    for case in listed:
        query = quote(case["query"], safe="=&:|.,$/[]-_()")
        bundle = said(api.get(f"/{case['type']}?{query}&_total=accurate&_count=1"))
        if str(bundle.get("total")) != case["expected"]:
            failed.append((case["id"], case["query"], case["expected"], bundle.get("total")))
    print(f"fhir-search, synthea-120: {len(listed) - len(failed)} passed of {len(listed)}")
    assert failed == []
    assert len(listed) == 34


def test_sorted_pages_go_through_all_in_order(people: int) -> None:
    api = Api()
    found: list[str] = []
    address = "/Observation?patient.gender=male&_sort=_id&_count=1000"
    for _ in range(5):
        bundle = said(api.get(address))
        found += [entry["resource"]["id"] for entry in bundle["entry"]]
        address = next(li["url"] for li in bundle["link"] if li["relation"] == "next")
        address = address.partition("/fhir")[2]
    assert found == sorted(found)
    assert len(set(found)) == 5_000
