"""Following the record step by step gives the tables that loading all of it at once gives."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qamqor.errors import NotPossible
from qamqor.services.access.actor import PLATFORM
from qamqor.services.fhir import export
from qamqor.services.fhir.write import Change, save
from qamqor.services.warehouse import follow as room
from qamqor.services.warehouse.follow import Followed
from qamqor.store.fhir import versions
from tests.services.warehouse.records import MONDAY, Clinic, household, patient, weight

pytestmark = pytest.mark.django_db


class Record:
    """The record of a test; every save is a second after the one before."""

    def __init__(self) -> None:
        self.at = MONDAY

    def put(self, resource: dict[str, Any]) -> None:
        self.at += timedelta(seconds=1)
        change = Change("PUT", resource["resourceType"], resource["id"], resource)
        save([change], actor=PLATFORM, at=self.at)

    def delete(self, type_: str, id_: str) -> None:
        self.at += timedelta(seconds=1)
        save([Change("DELETE", type_, id_)], actor=PLATFORM, at=self.at)

    def holds(self, type_: str, id_: str) -> bool:
        found = versions.read(type_, id_)
        return found is not None and found.content is not None


def followed(clinic: Clinic, **more: Any) -> Followed:
    return room.follow(clinic.into, tables=clinic.tables, at=MONDAY, **more)


@pytest.fixture
def record(db: None) -> Record:
    return Record()


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


def test_the_first_time_all_of_it_comes_and_then_only_what_changed(
    record: Record, clinic: Clinic
) -> None:
    record.put(patient("amina"))
    record.put(weight("w1", "amina", 70))
    record.put(weight("w2", "amina", 71))

    assert followed(clinic) == Followed(sequence=3, changes=3, resources=3)
    assert len(clinic.rows("weight")) == 2

    record.put(weight("w1", "amina", 72))
    record.put(weight("w1", "amina", 73))
    record.delete("Observation", "w2")
    record.put({"resourceType": "Basic", "id": "x", "code": {"text": "in no table"}})

    assert followed(clinic) == Followed(sequence=7, changes=4, resources=1, deleted=1)
    assert [float(row[-1]) for row in clinic.rows("weight")] == [73.0]


def test_nothing_new_changes_nothing(record: Record, clinic: Clinic) -> None:
    record.put(patient("amina"))
    followed(clinic)
    before = clinic.manifest

    assert followed(clinic) == Followed(sequence=1)
    assert clinic.manifest == before


def test_an_empty_record_makes_an_empty_warehouse(record: Record, clinic: Clinic) -> None:
    assert followed(clinic) == Followed(sequence=0)
    assert clinic.rows("patient") == []
    record.put(patient("amina"))
    assert followed(clinic).resources == 1


def test_changes_of_what_no_table_reads_are_passed_over_once(
    record: Record, clinic: Clinic
) -> None:
    record.put(patient("amina"))
    followed(clinic)
    record.put({"resourceType": "Basic", "id": "x", "code": {"text": "x"}})

    assert followed(clinic).changes == 1
    assert followed(clinic).changes == 0


def test_a_long_way_is_gone_in_steps(record: Record, clinic: Clinic) -> None:
    record.put(patient("amina"))
    followed(clinic)
    for number in range(10):
        record.put(weight(f"w{number % 4}", "amina", 60 + number))

    assert followed(clinic, most=3).changes == 10
    assert sorted(float(row[-1]) for row in clinic.rows("weight")) == [66, 67, 68, 69]


def test_a_record_put_back_to_an_earlier_state_is_not_followed(
    record: Record, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.put(patient("amina"))
    record.put(patient("bolat"))
    followed(clinic)
    before = clinic.manifest

    for other in ([], [versions.changes_after(0, limit=1)[0]._replace(sequence=2)]):
        monkeypatch.setattr(versions, "changes_after", lambda _, limit, one=other: one)
        with pytest.raises(NotPossible, match="another record"):
            followed(clinic)
    assert clinic.manifest == before


def test_what_dies_on_the_way_is_begun_again(
    record: Record, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.put(patient("amina"))
    followed(clinic)
    record.put(weight("w1", "amina"))
    with monkeypatch.context() as broken:
        broken.setattr(room, "load", lambda *_, **__: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(OSError, match="no room"):
            followed(clinic)
    assert not (clinic.into / ".following").exists()

    assert followed(clinic).resources == 1
    assert len(clinic.rows("weight")) == 1


def some_change(draw: random.Random, record: Record) -> None:
    """One save of some kind, among few enough people and records that they meet."""
    person = f"p{draw.randrange(4)}"
    kind = draw.choice(["patient", "weight", "weight", "weight", "household", "delete", "error"])
    name = f"w{draw.randrange(8)}"
    if kind == "patient":
        record.put(patient(person, gender=draw.choice(["male", "female"])))
    elif kind == "weight":
        record.put(weight(name, person, draw.randrange(40, 99)))
    elif kind == "error":
        record.put(weight(name, person, status="entered-in-error"))
    elif kind == "household":
        members = draw.sample(["p0", "p1", "p2", "p3"], draw.randrange(1, 4))
        record.put(household(f"g{draw.randrange(2)}", *members))
    else:
        type_, id_ = draw.choice(
            [("Patient", person), ("Observation", name), ("Group", f"g{draw.randrange(2)}")]
        )
        if record.holds(type_, id_):
            record.delete(type_, id_)


def agree(tmp_path: Path, seed: int, steps: int) -> None:
    draw, record = random.Random(seed), Record()
    clinic = Clinic(tmp_path / "followed")
    for _ in range(steps):
        for _ in range(draw.randrange(12)):
            some_change(draw, record)
        followed(clinic, most=draw.choice([3, 7, 1000]))
    at_once = Clinic(tmp_path / "at-once")
    export.export(tmp_path / "out")
    at_once.load_path(tmp_path / "out")
    assert clinic.all_rows() == at_once.all_rows()


@pytest.mark.parametrize("seed", range(4))
def test_step_by_step_is_as_all_at_once(db: None, tmp_path: Path, seed: int) -> None:
    agree(tmp_path, seed, steps=6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_more_ways_are_as_all_at_once(db: None, tmp_path: Path, seed: int) -> None:
    agree(tmp_path, seed, steps=15)
