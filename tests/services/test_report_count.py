"""What is counted from the results, on a handful of people."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qamqor.errors import NotThere
from qamqor.services.report_count import Counts, Sources, count

AS_OF = date(2026, 11, 24)
DUE = {
    "as_of": AS_OF, "programme": "p", "version": "2026-01-01", "item": "", "channel": "clinic",
    "evidence": "", "organization_id": "o", "area_id": "a", "place_id": "x", "is_rural": True,
    "sex": "female", "age_years": 50,
}  # fmt: skip


def need(person: str, action: str, status: str, **more: Any) -> dict[str, Any]:
    known = {"role": "gp", "urgency": 3, "reason": "r", "due_on": None, "overdue_on": None}
    return DUE | known | {"patient_id": person, "action": action, "status": status} | more


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> list[Path]:
    path = folder / name / "0.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return [path]


def counted(folder: Path, due: list[dict[str, Any]], **tables: list[dict[str, Any]]) -> Counts:
    write(folder, "due", due)
    share = {"measure": "m", "programme": "p", "version": "1", "numerator": 3, "denominator": 9}
    period = {"period_start": date(2025, 11, 24), "period_end": AS_OF, "excluded": 1}
    groups = {"place_id": "x", "area_id": "a", "age_band": "40-59", "is_rural": True}
    rows = [share | period | groups | {"sex": sex} for sex in ("female", "male")]
    write(folder, "measures", rows)
    files = {name: write(folder / "house", name, rows) for name, rows in tables.items()}
    with duckdb.connect() as connection:
        return count(Sources(folder, files), connection)


def test_a_person_stands_once_at_the_most_pressing_state(tmp_path: Path) -> None:
    late = {"overdue_on": date(2026, 11, 14), "urgency": 1}
    found = counted(
        tmp_path,
        [
            need("ada", "x", "overdue", **late),
            need("ada", "y", "due"),
            need("bek", "x", "not_due"),
            need("bek", "y", "unknown"),
        ],
    )
    states = {row["state"]: (row["people"], row["urgent"]) for row in found.cells}
    assert states == {0: (1, 1), 2: (1, 0)}
    assert found.lateness == [{"class": 0, "people": 1}]
    assert not found.covers_residents


def test_several_items_of_one_action_are_one_need(tmp_path: Path) -> None:
    found = counted(
        tmp_path,
        [need("ada", "x", "due", item="one"), need("ada", "x", "overdue", item="two")],
    )
    (action,) = found.actions
    assert (action["people"], action["overdue"], action["due"]) == (1, 1, 0)
    assert (action["middle_days"], action["most_days"]) == (None, None)
    (reason,) = found.reasons
    assert reason["people"] == 1


def test_the_middle_wait_is_told_from_ten_people_on(tmp_path: Path) -> None:
    rows = [
        need(f"p{days}", "x", "overdue", overdue_on=date(2026, 11, 24 - days)) for days in range(11)
    ]
    (action,) = counted(tmp_path, rows).actions
    assert (action["middle_days"], action["most_days"]) == (5, 9)


def test_a_person_of_two_roles_is_counted_with_both(tmp_path: Path) -> None:
    found = counted(
        tmp_path,
        [need("ada", "x", "due"), need("ada", "y", "overdue", role="midwife", urgency=1)],
    )
    assert found.roles == [
        {"role": "gp", "overdue": 0, "due": 1, "urgent": 0},
        {"role": "midwife", "overdue": 1, "due": 0, "urgent": 1},
    ]


def test_measures_are_added_up_by_one_breakdown_at_a_time(tmp_path: Path) -> None:
    found = counted(tmp_path, [need("ada", "x", "due")])
    sums = {
        (row["breakdown"], row["sex"]): (row["numerator"], row["denominator"], row["excluded"])
        for row in found.measures
    }
    assert sums["all", None] == (6, 18, 2)
    assert sums["sex", "male"] == (3, 9, 1)
    assert {row["measure"] for row in found.measures} == {"p.m"}


def test_residents_are_the_living_who_are_attached_now(tmp_path: Path) -> None:
    person = {"born_on": date(1976, 11, 25), "sex": "male", "died_on": None, "is_active": True}
    person |= {"kato": "1", "is_rural": False}
    people = [
        person | {"patient_id": "ada"},
        person | {"patient_id": "bek", "kato": None},
        person | {"patient_id": "gone", "died_on": date(2020, 1, 1)},
        person | {"patient_id": "twin", "is_active": False},
        person | {"patient_id": "unborn", "born_on": date(2027, 1, 1)},
    ]
    stay = {"patient_id": "ada", "from_on": date(2020, 1, 1), "left_on": None}
    found = counted(
        tmp_path,
        [need("ada", "x", "due")],
        patient=people,
        attachment=[
            stay
            | {"episode_of_care_id": "1", "organization_id": "old", "left_on": date(2021, 1, 1)},
            stay | {"episode_of_care_id": "2", "organization_id": "a"},
        ],
        territory=[{"place_id": "x", "parent_id": None, "kato": "1", "is_rural": False}],
        organisation=[{"id": "a", "parent_id": None, "name_en": "Area"}],
    )
    assert found.covers_residents
    assert {
        (row["area_id"], row["place_id"], row["state"]): row["people"] for row in found.cells
    } == {
        ("a", "x", 1): 1,
        (None, None, 4): 1,
    }
    assert {row["age_band"] for row in found.cells} == {"40-59"}
    assert found.organisations[0]["name_en"] == "Area"


RESIDENT = {
    "patient_id": "ada", "born_on": date(1976, 11, 25), "sex": "male", "died_on": None,
    "is_active": True, "kato": "1", "is_rural": False,
}  # fmt: skip


def test_residents_are_counted_where_nobody_is_attached_and_no_territory_is_known(
    tmp_path: Path,
) -> None:
    found = counted(tmp_path, [need("ada", "x", "due")], patient=[RESIDENT])
    assert found.covers_residents
    assert [(row["area_id"], row["place_id"], row["people"]) for row in found.cells] == [
        (None, None, 1)
    ]


def test_a_person_without_a_birth_date_is_counted_with_the_others(tmp_path: Path) -> None:
    people = [RESIDENT, RESIDENT | {"patient_id": "bek", "born_on": None}]
    found = counted(tmp_path, [need("ada", "x", "due")], patient=people)
    assert {row["age_band"]: row["people"] for row in found.cells} == {"40-59": 1, None: 1}


def test_a_person_attached_to_two_areas_stands_with_the_newer_one_as_in_the_list(
    tmp_path: Path,
) -> None:
    stay = {"patient_id": "ada", "left_on": None}
    one = {"episode_of_care_id": "1", "organization_id": "z", "from_on": date(2020, 1, 1)}
    two = {"episode_of_care_id": "2", "organization_id": "a", "from_on": date(2021, 1, 1)}
    found = counted(
        tmp_path,
        [need("ada", "x", "due")],
        patient=[RESIDENT],
        attachment=[stay | one, stay | two],
    )
    assert [row["area_id"] for row in found.cells] == ["a"]


def test_empty_results_say_so(tmp_path: Path) -> None:
    write(tmp_path, "due", [need("ada", "x", "due")])
    with pytest.raises(NotThere, match="no measures"), duckdb.connect() as connection:
        count(Sources(tmp_path, {}), connection)
