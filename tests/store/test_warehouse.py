"""The files in force: replaced whole, read by bucket, never half."""

import multiprocessing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qamqor.errors import NotPossible, NotThere
from qamqor.store.warehouse import MANIFEST, Warehouse, only_writer


@pytest.fixture
def empty(tmp_path: Path) -> Warehouse:
    return Warehouse.create(
        tmp_path / "warehouse", tables=["patient", "weight"], people=100, shared=["organisation"]
    )


def written(warehouse: Warehouse, table: str, bucket: int, ids: list[str]) -> Path:
    path = warehouse.new_file(table, bucket)
    pq.write_table(pa.table({"patient_id": ids}), path)
    return path


def test_a_new_warehouse_has_every_table_and_no_rows(empty: Warehouse) -> None:
    assert empty.tables == ("organisation", "patient", "weight")
    assert empty.buckets == 16
    assert empty.files("patient") == []
    assert empty.rows("weight") == 0


def test_replaced_files_are_in_force_for_the_next_reader(empty: Warehouse) -> None:
    first = written(empty, "patient", 3, ["amina"])
    empty.replace({("patient", 3): [first]}, facts={"made_by": "test"})
    now = Warehouse.open(empty.folder)
    assert now.files("patient") == [first]
    assert now.rows("patient") == 1
    assert now.manifest.facts == {"made_by": "test"}


def test_only_the_named_buckets_change(empty: Warehouse) -> None:
    three, five = (written(empty, "patient", bucket, ["x"]) for bucket in (3, 5))
    before = empty.replace({("patient", 3): [three], ("patient", 5): [five]})
    new_five = written(before, "patient", 5, ["x", "y"])
    after = before.replace({("patient", 5): [new_five]})
    assert after.files("patient", [3]) == [three]
    assert after.files("patient", [5]) == [new_five]
    assert after.replace({("patient", 5): []}).files("patient") == [three]


def test_a_reader_of_the_state_before_still_finds_its_files(empty: Warehouse) -> None:
    before = empty.replace({("patient", 3): [written(empty, "patient", 3, ["old"])]})
    before.replace({("patient", 3): [written(before, "patient", 3, ["new"])]})
    assert pq.read_table(before.files("patient")[0]).to_pylist() == [{"patient_id": "old"}]


def test_sweeping_removes_only_what_is_not_in_force(empty: Warehouse) -> None:
    before = empty.replace({("patient", 3): [written(empty, "patient", 3, ["old"])]})
    after = before.replace({("patient", 3): [written(before, "patient", 3, ["new"])]})
    leftover = written(after, "patient", 9, ["half a load"])
    after.sweep()
    assert not leftover.exists()
    assert not before.files("patient")[0].exists()
    assert after.files("patient")[0].exists()
    assert Warehouse.open(after.folder).manifest == after.manifest


def test_a_table_without_patients_has_one_part_in_every_bucket(empty: Warehouse) -> None:
    path = written(empty, "organisation", 0, [])
    now = empty.replace({("organisation", 0): [path]})
    assert now.files("organisation", [7]) == [path]
    assert not now.has_patient("organisation")
    assert now.has_patient("patient")


def test_a_missing_file_stops_the_replacement_and_changes_nothing(empty: Warehouse) -> None:
    with pytest.raises(FileNotFoundError):
        empty.replace({("patient", 1): [empty.new_file("patient", 1)]})
    assert Warehouse.open(empty.folder).manifest == empty.manifest


def test_a_folder_without_a_warehouse_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="no warehouse in"):
        Warehouse.open(tmp_path)


def test_a_second_warehouse_in_the_same_folder_is_refused(empty: Warehouse) -> None:
    with pytest.raises(NotPossible, match="already"):
        Warehouse.create(empty.folder, tables=[], people=1)


def test_an_unknown_table_is_named(empty: Warehouse) -> None:
    with pytest.raises(NotThere, match="no table shoe_size"):
        empty.files("shoe_size")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not a manifest"),
        ('{"format": 99, "generation": 1, "buckets": 16, "tables": {}}', "newer version"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_said(empty: Warehouse, content: str, words: str) -> None:
    (empty.folder / MANIFEST).write_text(content)
    with pytest.raises(NotPossible, match=words):
        Warehouse.open(empty.folder)


def _try_to_write(folder: Path, answers: "multiprocessing.Queue[str]") -> None:
    try:
        with only_writer(folder):
            answers.put("in")
    except NotPossible as error:
        answers.put(str(error))


def test_a_second_writer_is_sent_away(tmp_path: Path) -> None:
    answers: multiprocessing.Queue[str] = multiprocessing.get_context("fork").Queue()
    with only_writer(tmp_path):
        other = multiprocessing.get_context("fork").Process(
            target=_try_to_write, args=(tmp_path, answers)
        )
        other.start()
        assert "another load is writing" in answers.get(timeout=30)
        other.join()
    with only_writer(tmp_path):
        pass
