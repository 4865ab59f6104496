"""Forecasts from files: which schedule, whose record, and what is said of bad input."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.immunisation.one_child import answer, next_dose
from qamqor.engine.immunisation.one_child.state import Fault, Judged, Standing
from qamqor.engine.immunisation.record import Outcome
from qamqor.errors import ContentError, NotPossible, NotThere
from qamqor.services.immunisation import OpenSchedule, forecast, open_schedule
from qamqor.services.immunisation_shown import COLUMNS, forecast_json, forecast_text
from qamqor.services.immunisation_words import ImmunisationWords

CONTENT = Path("content")
AS_OF = date(2026, 1, 10)
CVX = "http://hl7.org/fhir/sid/cvx"
LANGUAGES = ("kk", "ru", "en")


def dose(name: str, code: str, day: str, who: str = "Patient/a", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": name,
        "status": "completed",
        "patient": {"reference": who},
        "vaccineCode": {"coding": [{"system": CVX, "code": code}]},
        "occurrenceDateTime": day,
        **more,
    }


PATIENT = {"resourceType": "Patient", "id": "a", "birthDate": "2025-09-01", "gender": "female"}


@pytest.fixture
def schedule() -> OpenSchedule:
    return open_schedule(None, [CONTENT], AS_OF)


def words(schedule: OpenSchedule, language: str = "en") -> ImmunisationWords:
    return ImmunisationWords(language, [CONTENT], schedule.schedule, schedule.folder)


def bundle(folder: Path, *resources: dict[str, Any]) -> Path:
    file = folder / "bundle.json"
    entries = [{"resource": resource} for resource in resources]
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    return file


def test_the_newest_schedule_in_force_on_the_day_is_used(tmp_path: Path) -> None:
    text = sorted(CONTENT.glob("schedules/kazakhstan/*/schedule.yaml"))[-1].read_text()
    for day in ("2026-01-01", "2026-03-01", "2027-01-01"):
        file = tmp_path / "schedules" / "here" / day / "schedule.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(text.replace("2026-draft", day))
    assert open_schedule(None, [tmp_path, CONTENT], date(2026, 6, 1)).title.endswith("2026-03-01")
    with pytest.raises(NotPossible, match="the first came into force on 2026-01-01"):
        open_schedule(None, [tmp_path], date(2025, 12, 31))


def test_a_schedule_may_be_a_file_or_a_folder(schedule: OpenSchedule, tmp_path: Path) -> None:
    assert open_schedule(schedule.folder, [], AS_OF).title == "kazakhstan 2026-draft"
    assert open_schedule(schedule.folder / "schedule.yaml", [], AS_OF).status == "draft"
    with pytest.raises(NotThere, match="no schedule there"):
        open_schedule(tmp_path, [], AS_OF)


def test_a_bundle_with_full_addresses_is_one_person(schedule: OpenSchedule, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    entries = [
        {"resource": dose("d", "8", "2025-09-01", "urn:uuid:1")},
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
    ]
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    people, problems = forecast(file, schedule, as_of=AS_OF)
    assert (len(people), problems) == (1, [])
    found = forecast_json(people[0], words(schedule))
    group = next(one for one in found["groups"] if one["group"] == "HepB")
    assert (group["dose_number"], group["doses"][0]["judged"]) == (2, "valid")


def test_a_folder_of_ndjson_gives_everybody_or_the_one_asked_for(
    schedule: OpenSchedule, tmp_path: Path
) -> None:
    patients = [PATIENT, {**PATIENT, "id": "b"}]
    (tmp_path / "Patient.ndjson").write_text("\n".join(map(json.dumps, patients)))
    (tmp_path / "Immunization.ndjson").write_text(json.dumps(dose("d", "8", "2025-09-01")))
    people, _ = forecast(tmp_path, schedule, as_of=AS_OF)
    assert [one.record.patient_id for one in people] == ["a", "b"]
    people, _ = forecast(tmp_path, schedule, as_of=AS_OF, patient="b")
    assert [one.record.patient_id for one in people] == ["b"]
    with pytest.raises(NotThere, match="Patient/c"):
        forecast(tmp_path, schedule, as_of=AS_OF, patient="c")
    with pytest.raises(NotThere, match="no such file"):
        forecast(tmp_path / "none", schedule, as_of=AS_OF)


def test_lines_that_cannot_be_read_are_named_beside_the_answer(
    schedule: OpenSchedule, tmp_path: Path
) -> None:
    file = tmp_path / "people.ndjson"
    lost = dose("lost", "8", "2025-09-01")
    del lost["patient"]
    file.write_text("\n".join([json.dumps(PATIENT), "{", "[]", json.dumps(lost)]))
    people, problems = forecast(file, schedule, as_of=AS_OF)
    assert len(people) == 1
    assert [(one.line, one.what) for one in problems] == [
        (2, "not JSON"),
        (3, "not a FHIR resource"),
        (4, "Immunization/lost names no patient"),
    ]
    assert forecast(bundle(tmp_path, PATIENT), schedule, as_of=AS_OF)[1] == []


def test_an_entry_without_a_resource_is_named(schedule: OpenSchedule, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    entries = [{"resource": PATIENT}, {"request": {}}]
    file.write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    _, problems = forecast(file, schedule, as_of=AS_OF)
    assert [(one.line, one.what) for one in problems] == [(2, "an entry without a resource")]


def test_nobody_in_a_file_is_said(schedule: OpenSchedule, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="no Patient"):
        forecast(bundle(tmp_path), schedule, as_of=AS_OF)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_forecast_reads_in_each_language(
    schedule: OpenSchedule, tmp_path: Path, language: str
) -> None:
    file = bundle(tmp_path, PATIENT, dose("d", "146", "2025-10-01"), dose("x", "999", "2025-11-01"))
    (person,), _ = forecast(file, schedule, as_of=AS_OF)
    said = words(schedule, language)
    text = forecast_text(person, said, AS_OF, is_why=True)
    for part in [
        said.tell("standing", "not complete"),
        said.tell("fault", "age: too young"),
        said.tell("outcome", "vaccine code unknown"),
        said.tell("floor", "minimum age"),
        said.group("MMR"),
        "Immunization/x",
        "13.10.2025",
    ]:
        assert part in text


def test_a_person_of_whom_nothing_can_be_forecast_is_still_answered(
    schedule: OpenSchedule, tmp_path: Path
) -> None:
    file = bundle(tmp_path, {**PATIENT, "birthDate": None})
    (person,), _ = forecast(file, schedule, as_of=AS_OF)
    assert "nothing can be forecast" in forecast_text(person, words(schedule), AS_OF)
    found = forecast_json(person, words(schedule))
    assert (found["groups"], found["one_visit"]) == ([], None)
    assert found["outcomes"][0]["outcome"] == "birth date unknown"


def test_reasons_are_given_for_each_date_when_asked(schedule: OpenSchedule, tmp_path: Path) -> None:
    (person,), _ = forecast(bundle(tmp_path, PATIENT), schedule, as_of=AS_OF)
    found = forecast_json(person, words(schedule), is_why=True)
    group = next(one for one in found["groups"] if one["group"] == "Polio")
    assert group["why"] == [
        "Polio – polio, inactivated with one oral dose · lowest age: 13.10.2025,"
        " earliest: 13.10.2025"
    ]


def test_words_are_only_kept_in_three_languages(schedule: OpenSchedule) -> None:
    with pytest.raises(NotPossible, match="kk, ru or en"):
        words(schedule, "kz")


def every_reason() -> set[str]:
    """The reasons as the plain engine writes them."""
    text = "".join(Path(str(module.__file__)).read_text() for module in (next_dose, answer))
    written = re.findall(r'Standing\.\w+, "([^"]+)"|course\.reason = "([^"]+)"', text)
    return {one or other for one, other in written}


def every_floor() -> set[str]:
    text = Path(str(next_dose.__file__)).read_text()
    return set(re.findall(r'^        "([a-z ]+)": ', text, re.MULTILINE)) | {"earliest"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words_in_each_language(language: str) -> None:
    found = yaml.safe_load((CONTENT / f"schedules/words.{language}.yaml").read_text())
    assert len(every_reason()) >= 9
    assert set(found["standing"]) == set(map(str, Standing))
    assert set(found["judged"]) == set(map(str, Judged))
    assert set(found["fault"]) == set(map(str, Fault))
    assert set(found["outcome"]) == set(map(str, Outcome))
    assert set(found["reason"]) == every_reason()
    assert set(found["floor"]) == every_floor()
    assert set(found["say"]) >= set(COLUMNS)
    english = yaml.safe_load((CONTENT / "schedules/words.en.yaml").read_text())
    assert set(found["say"]) == set(english["say"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("file", sorted(CONTENT.glob("schedules/*/*/schedule.yaml")), ids=str)
def test_every_vaccine_group_and_series_has_a_name_in_each_language(
    file: Path, language: str
) -> None:
    schedule = yaml.safe_load(file.read_text())
    found = yaml.safe_load((file.parent / f"words.{language}.yaml").read_text())
    assert set(found["group"]) == {one["name"] for one in schedule["groups"]}
    assert set(found["vaccine"]) == {one["cvx"] for one in schedule["products"]}
    assert set(found["series"]) == {one["name"] for one in schedule["series"]}
    assert set(found["antigen"]) == {a for one in schedule["series"] for a in one["antigens"]}


def test_a_day_without_injections_says_so(schedule: OpenSchedule, tmp_path: Path) -> None:
    born = {**PATIENT, "birthDate": "2026-01-10"}
    (person,), _ = forecast(
        bundle(tmp_path, born, dose("d", "8", "2026-01-10")), schedule, as_of=AS_OF
    )
    assert "Nothing to give on this day" in forecast_text(person, words(schedule), AS_OF)


def test_a_schedule_may_be_a_folder_of_xml(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<wrong/>")
    with pytest.raises(ContentError):
        open_schedule(tmp_path, [], AS_OF)
