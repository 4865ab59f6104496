"""Refreshing, listing and explaining on a small invented district."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from qamqor.engine.population.person_list import PersonList, Wanted
from qamqor.engine.programmes.approval import Approval, invented_approvals
from qamqor.engine.programmes.schema import Pack
from qamqor.errors import MissingColumns, NotPossible, NotThere
from qamqor.services import population, population_shown
from qamqor.services.demo import Wish, invent_tables
from qamqor.services.population import Choice, Place, choose, explain_person, list_due, refresh
from qamqor.services.population_groups import groups
from qamqor.services.population_run import Job, run_job
from qamqor.services.population_words import PopulationWords
from qamqor.store.results import Results, new_results
from qamqor.store.warehouse import Warehouse
from tests.engine.population.made_up import WEIGHED, action, pack, programme, shipped

AS_OF = date(2026, 11, 20)
EVERYTHING = Wanted(statuses=())


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Three hundred invented people with the results of a day."""
    folder = tmp_path_factory.mktemp("district")
    invent_tables(Wish(Path("content"), 300, "merke", 7, AS_OF), folder)
    place = Place(folder, workers=2, memory_gb=1)
    refresh(place, shipped(), as_of=AS_OF, choice=everything(shipped()))
    return place


def everything(known: Pack, as_of: date = AS_OF) -> Choice:
    return choose(known, as_of, invented_approvals(known, datetime(2026, 1, 1, tzinfo=UTC)))


def listed(place: Place, **asked: object) -> PersonList:
    return list_due(place, as_of=AS_OF, wanted=replace(EVERYTHING, **asked))[1]  # type: ignore[arg-type]


def test_a_refresh_says_of_whom_when_and_by_which_rules(district: Place) -> None:
    summary = Results.open(district.results, AS_OF).summary
    assert (summary["as_of"], summary["pack"]["id"]) == ("2026-11-20", "kazakhstan")
    assert (summary["invented"], summary["approval"]) == (True, "invented")
    assert summary["people_on_register"] == 300
    assert {one["programme"] for one in summary["programmes"]} == {
        one.id for one in shipped().in_force(AS_OF)
    }
    assert sum(one["people"] for one in summary["programmes"]) > 100


def test_groups_of_any_size_give_the_same_results(district: Place) -> None:
    alone = replace(district, workers=1)
    before = Results.open(district.results, AS_OF)
    files = len(before.files("due"))
    rows = {part: _rows(before, part) for part in ("due", "measures")}
    after = refresh(alone, shipped(), as_of=AS_OF, choice=everything(shipped()))
    assert (files, len(after.files("due"))) == (2, 1)
    assert rows == {part: _rows(after, part) for part in ("due", "measures")}
    refresh(district, shipped(), as_of=AS_OF, choice=everything(shipped()))


def _rows(results: Results, part: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        files = [str(file) for file in results.files(part)]
        return connection.execute(
            "select * from read_parquet($files) order by all", {"files": files}
        ).fetchall()


def test_an_earlier_day_is_kept_beside_a_later_one(district: Place) -> None:
    earlier = date(2026, 1, 15)
    refresh(district, shipped(), as_of=earlier, choice=everything(shipped(), earlier))
    assert Results.open(district.results, earlier).summary["as_of"] == "2026-01-15"
    assert Results.open(district.results, AS_OF).summary["as_of"] == "2026-11-20"


def test_what_was_known_on_a_day_is_kept_apart(district: Place) -> None:
    known_at = date(2026, 6, 1)
    results = refresh(
        district, shipped(), as_of=AS_OF, known_at=known_at, choice=everything(shipped())
    )
    assert results.summary["known_at"] == "2026-06-01"
    assert _rows(results, "due") != _rows(Results.open(district.results, AS_OF), "due")


def test_a_refresh_that_fails_leaves_the_earlier_results(district: Place) -> None:
    before = Results.open(district.results, AS_OF).folder
    broken = pack(programme(action(WEIGHED.replace("as due_on", "as due_date"))))
    with pytest.raises(MissingColumns):
        refresh(district, broken, as_of=AS_OF, choice=everything(broken))
    assert Results.open(district.results, AS_OF).folder == before
    assert [path.name for path in district.results.glob(f".{AS_OF}.*")] == [before.name]


def test_a_reader_of_replaced_results_is_not_told_half_of_each(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with new_results(tmp_path, "2026-01-01") as folder:
            (folder / "due" / "0000.parquet").write_text(text)
            (folder / "summary.json").write_text(json.dumps({"is": text}))
    found = Results.open(tmp_path, date(2026, 1, 1))
    assert (found.summary, found.files("due")[0].read_text()) == ({"is": "new"}, "new")
    assert len(list(tmp_path.glob(".2026-01-01.*"))) == 1


def test_results_nobody_worked_out_are_not_there(district: Place) -> None:
    with pytest.raises(NotThere, match="qamqor population refresh --as-of 1999-01-01"):
        Results.open(district.results, date(1999, 1, 1))


def test_one_row_a_person_the_urgent_before_the_longest_waiting(district: Place) -> None:
    found = listed(district)
    people = [one.patient_id for one in found.people]
    assert len(set(people)) == len(people) == found.all_people
    now = listed(district, statuses=("overdue", "due")).people
    order = [(one.urgency, one.oldest_due_on or date.max) for one in now]
    assert order == sorted(order)
    assert len({urgency for urgency, _ in order}) > 1


def test_only_what_is_asked_for_is_listed(district: Place) -> None:
    everyone = listed(district)
    need = everyone.people[0].needs[0]
    for column, asked in {
        "role": "roles",
        "programme": "programmes",
        "area_id": "areas",
        "organization_id": "organisations",
        "status": "statuses",
        "place_id": "places",
    }.items():
        value = getattr(need, column)
        found = listed(district, **{asked: [value]})
        assert {getattr(one, column) for who in found.people for one in who.needs} == {value}


def test_a_limit_says_how_many_there_are(district: Place) -> None:
    found = listed(district, limit=3)
    assert (len(found.people), found.all_people) == (3, listed(district).all_people)


def test_a_place_means_all_below_it(district: Place) -> None:
    assert listed(district, places=["kazakhstan"]).all_people == listed(district).all_people
    with pytest.raises(NotThere, match="no place atlantis"):
        listed(district, places=["atlantis"])


@pytest.mark.parametrize("asked", ["roles", "programmes", "statuses"])
def test_a_word_nobody_knows_is_refused_not_answered_with_nobody(
    district: Place, asked: str
) -> None:
    with pytest.raises(NotThere, match="there is no .* 'nix' here; choose from"):
        listed(district, **{asked: ["nix"]})


def test_a_list_for_a_spreadsheet_runs_nothing(district: Place) -> None:
    results, found = list_due(district, as_of=AS_OF, wanted=Wanted(limit=5))
    said = population_shown.Said(shipped(), AS_OF, "en")
    rows = list(
        csv.DictReader(io.StringIO(population_shown.list_csv(found, results.summary, said)))
    )
    assert len(rows) == 5
    assert {row["people"] for row in rows} == {"invented people"}
    assert population_shown.safe_cell("=cmd()") == "'=cmd()"
    assert [population_shown.safe_cell(one) for one in ("@a", "-1", "+1", None, 3)] == [
        *("'@a", "'-1", "'+1", "", 3),
    ]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_lists_and_explanations_speak_three_languages(district: Place, language: str) -> None:
    words = PopulationWords(language)
    results, found = list_due(district, as_of=AS_OF, wanted=Wanted(limit=2, statuses=()))
    said = population_shown.Said(shipped(), AS_OF, language)
    heads, rows = population_shown.list_rows(found, said, words, {})
    assert (len(heads), len(rows)) == (6, 2)
    about = population_shown.header(results.summary, words)
    assert words.tell("invented") in about
    explained = explain_person(
        district, shipped(), found.people[0].patient_id, as_of=AS_OF, choice=everything(shipped())
    )
    text = population_shown.explanation_text(
        explained.explanation, explained.about, shipped(), words
    )
    assert all(words.tell(status) in text for status in ("overdue", "due", "unknown", "not_due"))


def test_an_explanation_names_what_the_list_names(district: Place) -> None:
    person = listed(district).people[0]
    explained = explain_person(
        district, shipped(), person.patient_id, as_of=AS_OF, choice=everything(shipped())
    )
    assert sorted(one.due for one in explained.explanation.needs) == sorted(person.needs)
    said = population_shown.explanation_json(
        explained.explanation, explained.about, shipped(), PopulationWords("en")
    )
    programmes = {one["programme"] for one in [*said["needs"], *said["not_applicable"]]}
    assert programmes == {one.id for one in shipped().in_force(AS_OF)}


def test_a_person_nobody_knows_is_not_there(district: Place) -> None:
    with pytest.raises(NotThere, match="nothing is known of nobody"):
        explain_person(district, shipped(), "nobody", as_of=AS_OF, choice=everything(shipped()))


def test_unapproved_programmes_are_left_out_and_named() -> None:
    first, second, *_ = shipped().in_force(AS_OF)
    approved = Approval(first.id, first.version, first.sha256, "Dr A", datetime.now(UTC))
    choice = choose(shipped(), AS_OF, [approved])
    assert (choice.programmes, choice.approval) == ((first,), "approved")
    assert second in choice.not_approved
    assert choose(shipped(), AS_OF, [approved], drafts=True).approval == "draft"


def test_without_approvals_drafts_must_be_asked_for() -> None:
    with pytest.raises(NotPossible, match="--drafts"):
        choose(shipped(), AS_OF, ())
    assert choose(shipped(), AS_OF, (), drafts=True).programmes == shipped().in_force(AS_OF)


def test_a_day_before_every_programme_says_when_the_first_came_into_force() -> None:
    with pytest.raises(NotPossible, match="the first came into force on 20"):
        choose(shipped(), date(1999, 1, 1), ())
    with pytest.raises(NotPossible, match="has no programme"):
        choose(pack(), AS_OF, ())


def test_groups_share_all_buckets_and_keep_to_the_memory(district: Place, tmp_path: Path) -> None:
    warehouse = Warehouse.open(district.warehouse)
    for memory, workers in ((2**33, 2), (2**20, 2), (2**33, 1)):
        found = groups(warehouse, tmp_path / "due", workers=workers, memory_bytes=memory)
        assert sorted(b for one in found for b in one.buckets) == list(range(warehouse.buckets))
        assert len({one.due_file for one in found}) == len(found)
    assert len(groups(warehouse, tmp_path, workers=2, memory_bytes=2**20)) > 2


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """One person with high blood pressure, and a line that is no record."""
    file = tmp_path / "records.ndjson"
    lines: list[object] = [
        {"resourceType": "Patient", "id": "amina", "gender": "female", "birthDate": "1975-02-03"},
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": {"reference": "Patient/amina"},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
            "verificationStatus": {"coding": [{"code": "confirmed"}]},
            "recordedDate": "2024-05-01",
        },
    ]
    file.write_text("\n".join([*(json.dumps(line) for line in lines), "{broken"]))
    return file


def test_one_call_turns_records_into_results_and_a_report(records: Path, tmp_path: Path) -> None:
    out, said = tmp_path / "out", []
    job = Job([records], out, AS_OF, None, datetime(2026, 11, 24, tzinfo=UTC))
    summary = run_job(Place(out, 1, 1), shipped(), everything(shipped()), job, say=said.append)
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} >= {
        *("due.parquet", "measures.parquet", "report.html", "quarantine.ndjson", "summary.json"),
    }
    assert summary == json.loads((out / "summary.json").read_text())
    assert (summary["invented"], summary["records"]["in_quarantine_now"]) == (False, 1)
    with duckdb.connect() as connection:
        rows = connection.execute(f"select distinct patient_id from '{out}/due.parquet'").fetchall()
    assert rows == [("amina",)]
    assert "amina" not in (out / "report.html").read_text()
    assert len(said) == 3


def test_the_folder_of_a_days_results_has_its_name(district: Place) -> None:
    assert population.named_folder(district, AS_OF).name == "2026-11-20"
    assert population.named_folder(district, AS_OF, AS_OF).name == "2026-11-20-known-2026-11-20"
