"""Parameters a node adds are read alike by the walk and by evaluating their paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qamqor.engine.fhir.search import own
from qamqor.engine.fhir.search.extract import NATIONAL, values
from qamqor.engine.fhir.search.parameters import Parameter, indexed, install, parameters
from qamqor.engine.fhir.search.plainly import values_plainly

RESOURCE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "language": "kk",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Weight"}]},
    "subject": {"reference": "Patient/p", "identifier": {"system": "s", "value": "v"}},
    "valueQuantity": {
        "value": 5,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    },
    "extension": [{"url": "http://example.org/x", "valueCode": "red"}],
    "referenceRange": [{"text": "Usual", "low": {"value": 1, "unit": "kg"}}],
}
PATHS = [
    ("token", "Observation.referenceRange.type | Observation.code"),
    ("token", "Observation.extension.where(url = 'http://example.org/x').value"),
    ("token", "Observation.status = 'final'"),
    ("string", "Observation.referenceRange.text"),
    ("quantity", "Observation.referenceRange.low"),
    ("quantity", "(Observation.value as Quantity)"),
    ("reference", "Observation.subject.where(resolve() is Patient)"),
    ("reference", "Observation.subject.where(resolve() is Group)"),
    ("uri", "Observation.extension.url"),
    ("token", "Practitioner.name.use | Observation.language"),
    ("token", "Observation.status + 1"),
]


@pytest.fixture(autouse=True)
def _none_afterwards() -> Iterator[None]:
    yield
    install([])


@pytest.mark.parametrize(("kind", "path"), PATHS)
def test_both_ways_read_the_same(kind: str, path: str) -> None:
    install([Parameter(own.FIRST_NUMBER, "Observation", "own", kind, path, url="u")])
    found = values(RESOURCE)
    assert found.by_kind() == values_plainly(RESOURCE, NATIONAL).by_kind()
    rows = [row for rows in found.of({own.FIRST_NUMBER}).by_kind().values() for row in rows]
    assert bool(rows) == ("Group" not in path and "+ 1" not in path)


def test_one_that_is_not_ready_is_indexed_and_not_asked() -> None:
    one = Parameter(own.FIRST_NUMBER, "Observation", "own", "token", "x", url="u", is_ready=False)
    install([one])
    assert "own" in indexed("Observation")
    assert "own" not in parameters("Observation")
    assert "own" not in indexed("Patient")
