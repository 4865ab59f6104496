"""The demo's record holds everybody of some areas with all that speaks of them, and nobody else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from qamqor.services.demo import Wish, invent_resources
from qamqor.services.demo_record import pick_areas

CONTENT = Path(__file__).parents[2] / "content"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    invent_resources(Wish(CONTENT, 4_000, "merke", 2, date(2026, 3, 2)), folder)
    return folder


def areas_of(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (folder / "Patient.ndjson").read_bytes().splitlines():
        patient = msgspec.json.decode(line)
        for one in patient.get("generalPractitioner", []):
            if one["reference"].startswith("Organization/"):
                found.setdefault(one["reference"], set()).add(patient["id"])
    return found


def test_an_area_is_taken_whole_and_others_not_at_all(district: Path, tmp_path: Path) -> None:
    every = areas_of(district)
    smallest = min(every, key=lambda area: len(every[area])).removeprefix("Organization/")
    people = pick_areas(district, tmp_path / "out", areas=1, first=smallest)
    taken = areas_of(tmp_path / "out")

    assert len(every) > 1
    assert taken == {f"Organization/{smallest}": every[f"Organization/{smallest}"]}
    assert people == len(every[f"Organization/{smallest}"])
    assert (tmp_path / "out" / "Organization.ndjson").exists()
    text = (tmp_path / "out" / "Condition.ndjson").read_text(encoding="utf-8")
    named = {msgspec.json.decode(line)["subject"]["reference"] for line in text.splitlines()}
    assert named <= {f"Patient/{one}" for one in every[f"Organization/{smallest}"]}


def test_the_largest_areas_of_one_organisation_come_first(district: Path, tmp_path: Path) -> None:
    every = areas_of(district)
    people = pick_areas(district, tmp_path / "out", areas=2)

    taken = areas_of(tmp_path / "out")
    assert taken == {area: every[area] for area in taken}
    assert people == sum(map(len, taken.values()))
    assert len(organisations_of(tmp_path / "out")) == 1


def organisations_of(folder: Path) -> set[str]:
    lines = (folder / "Patient.ndjson").read_bytes().splitlines()
    patients = [msgspec.json.decode(line) for line in lines]
    return {one["managingOrganization"]["reference"] for one in patients}
