"""The vaccinations of everyone in a warehouse, held against one person at a time."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from qamqor.engine.immunisation.one_child.answer import answer
from qamqor.engine.immunisation.one_child.state import Child, GivenDose, Observed
from qamqor.errors import NotThere
from qamqor.services.immunisation import open_schedule
from qamqor.services.immunisation_everyone import COVERAGE, Coverage, evaluate_all
from qamqor.services.immunisation_shown import coverage_text
from qamqor.services.immunisation_words import ImmunisationWords
from qamqor.services.population import Place
from qamqor.store.warehouse import Warehouse

AS_OF = date(2026, 11, 20)
SCHEDULE = open_schedule(None, [Path("content")], AS_OF)
CVX = "http://hl7.org/fhir/sid/cvx"
PATIENTS = """
select * from (values
    ('a', date '2025-09-01', 'female', null::date, true),
    ('b', date '2026-02-10', 'male', null, true),
    ('c', date '2026-02-10', 'male', null, true),
    ('dead', date '2020-01-01', 'male', date '2024-01-01', true),
    ('gone', date '2020-01-01', 'male', null, false),
    ('unborn', null, 'male', null, true)
) as t (patient_id, born_on, sex, died_on, is_active) order by patient_id
"""
DOSES = f"""
select * from (values
    ('a', 'a1', '{CVX}', '08', date '2025-09-01', 'completed', null::date, null::boolean),
    ('a', 'a1', 'local', 'HBV-0', date '2025-09-01', 'completed', null, null),
    ('a', 'a2', '{CVX}', '146', date '2025-10-01', 'completed', null, null),
    ('a', 'a3', '{CVX}', '146', date '2025-10-01', 'completed', null, null),
    ('a', 'a4', '{CVX}', '999', date '2025-11-01', 'completed', null, null),
    ('a', 'a5', 'local', 'BCG', date '2025-11-01', 'completed', null, null),
    ('b', 'b1', '{CVX}', '19', date '2026-02-09', 'completed', null, null),
    ('b', 'b2', '{CVX}', '19', date '2026-11-21', 'completed', null, null),
    ('b', 'b3', '{CVX}', '146', date '2026-04-12', 'not-done', null, null),
    ('b', 'b4', '{CVX}', '133', date '2026-04-12', 'completed', date '2026-04-01', null),
    ('c', 'c1', '{CVX}', '133', date '2026-04-12', 'completed', null, true)
) as t (patient_id, immunization_id, system, code, given_on, status, expires_on, is_subpotent)
order by patient_id, given_on
"""

SEEN = """
select * from (values
    ('c', 'o1', 'Observation', 'K02', date '2026-09-01', null::date),
    ('b', 'o2', 'Condition', 'K81', date '2026-03-01', date '2026-05-01'),
    ('b', 'o3', 'Observation', 'K80', date '2026-12-01', null),
    ('a', 'o4', 'Observation', 'nonsense', null, null)
) as t (patient_id, source_id, source_type, code, observed_on, until) order by patient_id
"""
EXEMPT = """
select * from (values
    ('a', 'e1', 'bcg', date '2025-10-01', null::date),
    ('b', 'e2', 'hepb', date '2026-01-01', date '2026-11-20'),
    ('b', 'e3', 'mmr', date '2026-11-21', null)
) as t (patient_id, observation_id, vaccine_group, from_on, until) order by patient_id
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("home")
    warehouse = Warehouse.create(
        folder / "warehouse",
        tables=["patient", "immunisation", "vaccination_observation", "exemption"],
        people=10,
    )
    changed = {}
    asked = {"patient": PATIENTS, "immunisation": DOSES, "vaccination_observation": SEEN}
    asked["exemption"] = EXEMPT
    for table, query in asked.items():
        file = warehouse.new_file(table, 0)
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{file}' (format parquet)")  # noqa: S608
        changed[table, 0] = [file]
    warehouse.replace(changed)
    return Place(folder, workers=1)


@pytest.fixture(scope="module")
def coverage(place: Place) -> Coverage:
    return evaluate_all(place, SCHEDULE, as_of=AS_OF)


def test_each_person_gets_the_answer_of_the_plain_engine(coverage: Coverage) -> None:
    people = {
        "a": Child(
            date(2025, 9, 1),
            "Female",
            (GivenDose(date(2025, 9, 1), 8), GivenDose(date(2025, 10, 1), 146)),
        ),
        "b": Child(date(2026, 2, 10), "Male", (GivenDose(date(2026, 4, 12), 133, is_unfit=True),)),
        "c": Child(
            date(2026, 2, 10),
            "Male",
            (GivenDose(date(2026, 4, 12), 133, is_unfit=True),),
            (Observed("K02", date(2026, 9, 1)),),
        ),
    }
    expected = {
        (name, group.group): (
            str(group.standing),
            group.dose_number,
            group.earliest,
            group.recommended,
            group.past_due,
        )
        for name, child in people.items()
        for group in answer(SCHEDULE.schedule, child, AS_OF).groups.values()
    }
    with duckdb.connect() as connection:
        rows = connection.execute(f"from '{coverage.folder}/groups/*.parquet'").fetchall()
    assert {(row[0], row[1]): row[2:7] for row in rows} == expected
    assert {(row[0], row[1]) for row in rows if row[7]} == {("a", "BCG")}
    assert coverage.groups["BCG"]["exempt"] == 1


def test_every_dose_left_out_is_counted_with_its_reason(coverage: Coverage) -> None:
    assert coverage.left_out == {
        "duplicate": 1,
        "vaccine code unknown": 1,
        "no vaccine code": 1,
        "before birth": 1,
        "after the day": 1,
        "not done": 1,
    }


def test_everybody_is_counted_once_in_each_group(coverage: Coverage) -> None:
    assert (coverage.people, coverage.not_counted) == (3, 3)
    assert all(sum(found.values()) == 3 for found in coverage.groups.values())
    assert coverage.groups["BCG"] == {
        "complete": 0,
        "up_to_date": 0,
        "due": 0,
        "overdue": 2,
        "exempt": 1,
        "other": 0,
    }


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_coverage_is_told_in_each_language(coverage: Coverage, language: str) -> None:
    words = ImmunisationWords(language, [Path("content")], SCHEDULE.schedule, SCHEDULE.folder)
    text = coverage_text(coverage, words)
    heads = [words.say(f"coverage_{head}") for head in COVERAGE]
    for part in [*heads, words.group("MMR"), words.tell("outcome", "duplicate")]:
        assert part in text


def test_results_are_replaced_whole(place: Place, coverage: Coverage) -> None:
    before = coverage.folder.resolve()
    again = evaluate_all(place, SCHEDULE, as_of=AS_OF)
    assert again.folder == coverage.folder
    assert again.folder.resolve() != before
    assert not before.exists()


def test_without_doses_or_people_there_is_still_an_answer(tmp_path: Path) -> None:
    Warehouse.create(tmp_path / "warehouse", tables=["patient", "immunisation"], people=10)
    assert evaluate_all(Place(tmp_path), SCHEDULE, as_of=AS_OF).people == 0

    with pytest.raises(NotThere, match="no warehouse"):
        evaluate_all(Place(tmp_path / "nowhere"), SCHEDULE, as_of=AS_OF)
