"""Any sequence of deliveries gives the same tables as loading its outcome at once."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qamqor.engine.fhir.newest import Version, after, is_newer
from qamqor.engine.tables.definition import read_view
from qamqor.engine.tables.rows import rows
from qamqor.services.warehouse.delivery import Limits
from tests.services.warehouse.records import VIEWS, Clinic, deletion, household, patient, weight

PEOPLE = ["p0", "p1", "p2"]
STAMPS = st.one_of(
    st.just({}),
    st.builds(lambda n: {"versionId": str(n)}, st.integers(1, 4)),
    st.builds(lambda n: {"lastUpdated": f"2026-01-0{n}T00:00:00Z"}, st.integers(1, 4)),
)
PATIENTS = st.builds(
    lambda one, sex, meta: patient(one, gender=sex, meta=meta),
    st.sampled_from(PEOPLE),
    st.sampled_from(["male", "female"]),
    STAMPS,
)
WEIGHTS = st.builds(
    lambda one, of, kg, status, meta: weight(one, of, kg, status=status, meta=meta),
    st.sampled_from(["w0", "w1", "w2", "w3"]),
    st.sampled_from(PEOPLE),
    st.integers(40, 44),
    st.sampled_from(["final", "final", "final", "entered-in-error"]),
    STAMPS,
)
GROUPS = st.builds(
    lambda one, members, meta: household(one, *members) | {"meta": meta},
    st.sampled_from(["g0", "g1"]),
    st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
    STAMPS,
)
DELETIONS = st.builds(
    deletion,
    st.sampled_from(
        ["Patient/p0", "Patient/p1", "Observation/w0", "Observation/w1", "Group/g0", "Group/g1"]
    ),
)
DELIVERIES = st.lists(
    st.lists(st.one_of(PATIENTS, PATIENTS, WEIGHTS, WEIGHTS, GROUPS, DELETIONS), max_size=7),
    min_size=1,
    max_size=5,
)


class OnPaper:
    """The same rules with a dictionary: what is here, after each delivery."""

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {}
        self.resources: dict[str, dict[str, Any]] = {}

    def deliver(self, lines: list[dict[str, Any]]) -> None:
        newest: dict[str, tuple[Version, dict[str, Any]]] = {}
        for line in lines:
            name, version = _read(line)
            if name not in newest or is_newer(version, newest[name][0]):
                old = newest[name][0] if name in newest else None
                newest[name] = after(version, old), line
        for name, (version, line) in newest.items():
            old = self.versions.get(name)
            if old is None or is_newer(version, old):
                self.versions[name] = after(version, old)
                self.resources[name] = line

    def here(self) -> list[dict[str, Any]]:
        return [
            self.resources[name] for name, version in self.versions.items() if not version.removed
        ]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        people = {one["id"] for one in self.here() if one["resourceType"] == "Patient"}
        found: dict[str, list[tuple[Any, ...]]] = {}
        for name in ("patient", "weight", "household_member"):
            view = read_view({"name": name, **VIEWS[name]})
            made = [row for one in self.here() for row in rows(view, one)]
            found[name] = sorted(
                tuple(str(value) for value in row.values())
                for row in made
                if row["patient_id"] in people
            )
        return found


def _read(line: dict[str, Any]) -> tuple[str, Version]:
    if line["resourceType"] == "Bundle":
        return line["entry"][0]["request"]["url"], Version(None, None, 0, True)
    meta = line["meta"]
    updated = int(meta["lastUpdated"][8:10]) if "lastUpdated" in meta else None
    version = int(meta["versionId"]) if "versionId" in meta else None
    removed = line.get("status") == "entered-in-error"
    digest = hashlib.blake2b(json.dumps(line).encode(), digest_size=7).digest()
    content = 0 if removed else int.from_bytes(digest, "little") + 1
    return f"{line['resourceType']}/{line['id']}", Version(updated, version, content, removed)


@contextmanager
def a_clinic(**more: Any) -> Iterator[Clinic]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield Clinic(folder, **more)
    finally:
        shutil.rmtree(folder)


def in_tables(clinic: Clinic) -> dict[str, list[tuple[str, ...]]]:
    return {
        name: sorted(tuple(str(value) for value in row) for row in clinic.rows(name))
        for name in ("patient", "weight", "household_member")
    }


CHUNKS = st.sampled_from([1, 1 << 20])


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(deliveries=DELIVERIES, chunk_bytes=CHUNKS)
def test_deliveries_one_by_one_give_what_a_dictionary_gives(
    deliveries: list[list[dict[str, Any]]], chunk_bytes: int
) -> None:
    same_as_on_paper(deliveries, chunk_bytes)


@pytest.mark.long
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries=DELIVERIES, chunk_bytes=CHUNKS)
def test_many_more_deliveries_give_what_a_dictionary_gives(
    deliveries: list[list[dict[str, Any]]], chunk_bytes: int
) -> None:
    same_as_on_paper(deliveries, chunk_bytes)


def same_as_on_paper(deliveries: list[list[dict[str, Any]]], chunk_bytes: int) -> None:
    """Deliveries one by one, and their outcome at once, both against the dictionary."""
    on_paper = OnPaper()
    with a_clinic(limits=Limits(chunk_bytes=chunk_bytes)) as clinic:
        for lines in deliveries:
            clinic.load(*lines)
            on_paper.deliver(lines)
            assert in_tables(clinic) == on_paper.tables()
    with a_clinic() as at_once:
        at_once.load(*on_paper.here())
        assert in_tables(at_once) == on_paper.tables()
