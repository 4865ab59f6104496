"""What a delivery changes: inserts, replaces, removes, and nothing else."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from qamqor.engine.tables.partition import bucket_of
from qamqor.errors import NotPossible, NotThere
from qamqor.services.warehouse.contents import show
from qamqor.services.warehouse.delivery import Limits
from qamqor.services.warehouse.load import load
from qamqor.store.warehouse import Warehouse
from tests.services.warehouse.records import (
    MONDAY,
    Clinic,
    deletion,
    household,
    patient,
    weight,
)

JANUARY = date(2026, 1, 5)


def test_records_become_rows(clinic: Clinic) -> None:
    summary = clinic.load(patient("amina"), weight("w1", "amina", 61.5))
    assert (summary.read, summary.new, summary.people) == (2, 2, 1)
    assert clinic.rows("patient") == [("amina", date(1970, 1, 1), None)]
    assert clinic.rows("weight") == [("amina", "w1", JANUARY, 61.5)]
    assert clinic.quarantine() == []


def test_the_same_delivery_twice_changes_nothing(clinic: Clinic) -> None:
    lines = [patient("amina"), weight("w1", "amina"), "{broken", weight("w2", "nobody")]
    clinic.load_file("day.ndjson", b"\n".join(_text(line) for line in lines))
    before, files = clinic.manifest, sorted(clinic.into.rglob("*.parquet"))
    summary = clinic.load_file("day.ndjson", b"\n".join(_text(line) for line in lines))
    assert not summary.is_changed
    assert (summary.unchanged, sum(summary.quarantined.values())) == (2, 2)
    assert clinic.manifest == before
    assert sorted(clinic.into.rglob("*.parquet")) == files


def _text(line: object) -> bytes:
    import json

    return line.encode() if isinstance(line, str) else json.dumps(line).encode()


def test_a_later_delivery_replaces_by_id(clinic: Clinic) -> None:
    clinic.load(patient("amina"), weight("w1", "amina", 61))
    summary = clinic.load(weight("w1", "amina", 62))
    assert (summary.replaced, summary.new) == (1, 0)
    assert clinic.rows("weight") == [("amina", "w1", JANUARY, 62.0)]


def test_only_partitions_of_touched_people_are_written(clinic: Clinic) -> None:
    people = [f"person-{number}" for number in range(40)]
    clinic.load(*map(patient, people), *(weight(f"w-{one}", one) for one in people))
    before = {table: clinic.warehouse.files(table) for table in clinic.warehouse.tables}
    summary = clinic.load(weight("w-person-3", "person-3", 80))
    after = {table: clinic.warehouse.files(table) for table in clinic.warehouse.tables}
    assert summary.partitions_written == 1
    assert after["patient"] == before["patient"]
    changed = set(before["weight"]) ^ set(after["weight"])
    assert {path.name[:3] for path in changed} == {f"{bucket_of('person-3', 16):03d}"}


@pytest.mark.parametrize(
    ("first", "then", "counts"),
    [
        ({"lastUpdated": "2026-02-01T00:00:00Z"}, {"lastUpdated": "2026-01-01T00:00:00Z"}, "first"),
        ({"lastUpdated": "2026-01-01T00:00:00Z"}, {"lastUpdated": "2026-02-01T00:00:00Z"}, "then"),
        (
            {"lastUpdated": "2026-01-01T10:00:00+05:00"},
            {"lastUpdated": "2026-01-01T06:00:00Z"},
            "then",
        ),
        ({"versionId": "10"}, {"versionId": "9"}, "first"),
        ({"versionId": "9"}, {"versionId": "10"}, "then"),
        ({"versionId": "W/zz"}, {"versionId": "W/aa"}, "then"),
        ({"versionId": "9"}, {}, "then"),
        ({}, {}, "then"),
        (
            {"lastUpdated": "2026-02-01T00:00:00Z", "versionId": "1"},
            {"lastUpdated": "2026-01-01T00:00:00Z", "versionId": "2"},
            "first",
        ),
    ],
)
def test_the_newest_version_counts(
    clinic: Clinic, first: dict[str, str], then: dict[str, str], counts: str
) -> None:
    clinic.load(patient("amina"), weight("w1", "amina", 1, meta=first))
    summary = clinic.load(weight("w1", "amina", 2, meta=then))
    assert clinic.rows("weight")[0][3] == (1.0 if counts == "first" else 2.0)
    assert (summary.older, summary.replaced) == ((1, 0) if counts == "first" else (0, 1))


def test_a_resource_that_moves_leaves_the_old_person(clinic: Clinic) -> None:
    clinic.load(patient("amina"), patient("joseph"), weight("w1", "amina"))
    clinic.load(weight("w1", "joseph"))
    assert clinic.rows("weight") == [("joseph", "w1", JANUARY, 70.0)]


def test_a_household_is_a_row_for_each_member_and_leaves_those_who_left(clinic: Clinic) -> None:
    clinic.load(patient("amina"), patient("joseph"), patient("li"), household("h", "amina", "li"))
    assert [row[0] for row in clinic.rows("household_member")] == ["amina", "li"]
    clinic.load(household("h", "li", "joseph"))
    assert [row[0] for row in clinic.rows("household_member")] == ["joseph", "li"]


def test_an_entered_in_error_record_disappears_and_stays_away(clinic: Clinic) -> None:
    good = weight("w1", "amina", meta={"versionId": "1"})
    clinic.load(patient("amina"), good)
    withdrawn = weight("w1", "amina", status="entered-in-error", meta={"versionId": "2"})
    assert clinic.load(withdrawn).removed == 1
    assert clinic.rows("weight") == []
    assert clinic.load(good).older == 1
    assert clinic.rows("weight") == []


def test_a_withdrawn_diagnosis_is_known_by_its_verification_status(clinic: Clinic) -> None:
    clinic.load(patient("amina"), weight("w1", "amina"))
    summary = clinic.load(weight("w9", "amina", status="entered-in-error"))
    assert (summary.removed, summary.new) == (1, 0)


@pytest.mark.parametrize("meta", [{}, {"versionId": "4"}, {"lastUpdated": "2026-01-01T00:00:00Z"}])
def test_an_old_copy_does_not_bring_back_what_was_deleted(
    clinic: Clinic, meta: dict[str, str]
) -> None:
    old = weight("w1", "amina", meta=meta)
    clinic.load(patient("amina"), old)
    assert clinic.load(deletion("Observation/w1")).removed == 1
    assert clinic.rows("weight") == []
    assert clinic.load(old).older == 1
    assert clinic.rows("weight") == []


def test_a_newer_version_brings_back_what_was_deleted(clinic: Clinic) -> None:
    clinic.load(patient("amina"), weight("w1", "amina", meta={"versionId": "1"}))
    clinic.load(deletion("Observation/w1"))
    assert clinic.load(weight("w1", "amina", 75, meta={"versionId": "3"})).new == 1
    assert clinic.rows("weight") == [("amina", "w1", JANUARY, 75.0)]


def test_a_deletion_older_than_the_version_here_is_not_followed(clinic: Clinic) -> None:
    clinic.load(
        patient("amina"), weight("w1", "amina", meta={"lastUpdated": "2026-05-01T00:00:00Z"})
    )
    assert clinic.load(deletion("Observation/w1", timestamp="2026-04-01T00:00:00Z")).older == 1
    assert len(clinic.rows("weight")) == 1


def test_a_deletion_of_something_never_seen_is_remembered(clinic: Clinic) -> None:
    clinic.load(patient("amina"), deletion("Observation/w1", timestamp="2026-04-01T00:00:00Z"))
    late = weight("w1", "amina", meta={"lastUpdated": "2026-03-01T00:00:00Z"})
    assert clinic.load(late).older == 1
    assert clinic.rows("weight") == []


def test_deleting_a_patient_removes_the_rows_and_lists_what_referred(clinic: Clinic) -> None:
    clinic.load(
        patient("amina"), patient("li"), weight("w1", "amina"), household("h", "amina", "li")
    )
    summary = clinic.load(deletion("Patient/amina"))
    assert summary.referring == ["Group/h", "Observation/w1"]
    assert clinic.rows("weight") == []
    assert [row[0] for row in clinic.rows("household_member")] == ["li"]
    assert {entry.resource for entry in clinic.quarantine()} == {"Group/h", "Observation/w1"}
    assert show(clinic.into).held == {"household_member": 1, "weight": 1}


def test_a_patient_who_comes_back_has_the_records_again(clinic: Clinic) -> None:
    clinic.load(patient("amina"), weight("w1", "amina"))
    clinic.load(deletion("Patient/amina"))
    summary = clinic.load(patient("amina", gender="female"))
    assert clinic.rows("weight") == [("amina", "w1", JANUARY, 70.0)]
    assert summary.ended == 1
    assert clinic.quarantine() == []


def test_rows_without_their_patient_wait_and_are_tried_again(clinic: Clinic) -> None:
    first = clinic.load(weight("w1", "amina"))
    assert first.quarantined == {"patient-not-here": 1}
    assert clinic.rows("weight") == []
    (entry,) = clinic.quarantine()
    assert (entry.line, entry.resource, entry.waits_for) == (
        1,
        "Observation/w1",
        ("Patient/amina",),
    )
    assert '"w1"' in entry.raw
    assert clinic.load(patient("li")).ended == 0
    assert clinic.load(patient("amina")).ended == 1
    assert clinic.rows("weight") == [("amina", "w1", JANUARY, 70.0)]
    assert clinic.quarantine() == []


def test_the_order_within_a_delivery_does_not_matter_for_references(clinic: Clinic) -> None:
    assert clinic.load(weight("w1", "amina"), patient("amina")).new == 2
    assert len(clinic.rows("weight")) == 1


def test_two_types_that_feed_one_table_do_not_disturb_each_other(clinic: Clinic) -> None:
    request = {
        "resourceType": "ServiceRequest",
        "id": "r1",
        "subject": {"reference": "Patient/amina"},
        "authoredOn": "2026-01-01",
    }
    task = {
        "resourceType": "Task",
        "id": "r1",
        "for": {"reference": "Patient/amina"},
        "focus": {"reference": "ServiceRequest/r1"},
        "authoredOn": "2026-02-01",
    }
    clinic.load(patient("amina"), request, task)
    said_on = [row[2] for row in clinic.rows("outcome")]
    assert said_on == [date(2026, 1, 1), date(2026, 2, 1)]
    clinic.load(task | {"authoredOn": "2026-03-01"})
    assert [row[2] for row in clinic.rows("outcome")] == [date(2026, 1, 1), date(2026, 3, 1)]
    clinic.load(deletion("Task/r1"))
    assert [row[2] for row in clinic.rows("outcome")] == [date(2026, 1, 1)]


def test_tables_without_patients_are_kept_as_one_part(clinic: Clinic) -> None:
    clinic.load({"resourceType": "Organization", "id": "a", "name": "Merke"})
    clinic.load({"resourceType": "Organization", "id": "b", "name": "Taraz"})
    assert clinic.rows("organisation") == [("a", "Merke"), ("b", "Taraz")]
    assert len(clinic.warehouse.files("organisation")) == 1
    clinic.load(deletion("Organization/a"))
    assert clinic.rows("organisation") == [("b", "Taraz")]


def test_rows_are_sorted_by_person_then_date(clinic: Clinic) -> None:
    people = [f"person-{number}" for number in range(30)]
    days = ["2026-03-01", "2026-01-01", "2026-02-01"]
    records = [
        weight(f"w-{one}-{day}", one, effectiveDateTime=day) for day in days for one in people[::-1]
    ]
    clinic.load(*records, *map(patient, people))
    for path in clinic.warehouse.files("weight"):
        with duckdb.connect() as db:
            found = db.execute("select patient_id, effective_on from read_parquet($1)", [str(path)])
            rows = found.fetchall()
        assert rows == sorted(rows)
        assert {bucket_of(row[0], 16) for row in rows} == {int(path.name[:3])}


def test_a_first_load_decides_the_buckets_by_the_people_it_brings(clinic: Clinic) -> None:
    assert clinic.load(patient("amina")).buckets == 16


def test_a_first_load_can_be_told_how_many_people_will_come(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, limits=Limits(people=300_000))
    assert clinic.load(patient("amina")).buckets == 64
    assert clinic.load(patient("li")).buckets == 64
    assert [row[0] for row in clinic.rows("patient")] == ["amina", "li"]


def test_what_is_not_there_cannot_be_loaded(clinic: Clinic) -> None:
    with pytest.raises(NotThere, match="nowhere"):
        clinic.load_path(Path("nowhere"))
    assert not (clinic.into / "warehouse/manifest.json").exists()


def test_a_warehouse_made_with_other_tables_is_not_mixed(clinic: Clinic) -> None:
    clinic.load(patient("amina"))
    before = clinic.manifest
    with pytest.raises(NotPossible, match="other tables"):
        load([clinic.folder / "delivered"], clinic.into, tables=clinic.tables[:-1], at=MONDAY)
    assert clinic.manifest == before


def test_tables_written_without_records_cannot_be_added_to(clinic: Clinic) -> None:
    clinic.load(patient("amina"))
    files = clinic.warehouse.files("patient")
    folder = clinic.folder / "other"
    made = Warehouse.create(folder / "warehouse", tables=["patient"], people=1)
    path = made.new_file("patient", 0)
    path.write_bytes(files[0].read_bytes())
    made.replace({("patient", 0): [path]})
    with pytest.raises(NotPossible, match="without an index"):
        load([clinic.folder / "delivered"], folder, tables=clinic.tables, at=MONDAY)


def test_many_small_loads_keep_the_index_short_and_right(clinic: Clinic) -> None:
    clinic.load(*(patient(f"p{number}") for number in range(30)))
    for number in range(20):
        clinic.load(patient(f"p{number}", gender="female"))
    assert len(clinic.warehouse.manifest.index["Patient"]) <= 9
    assert [row[2] for row in clinic.rows("patient")].count("female") == 20
    assert clinic.load(patient("p3", gender="female")).unchanged == 1
