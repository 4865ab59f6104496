"""A save works out its person's due care, with the numbers that everybody's run gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qamqor.engine.fhir import json_text
from qamqor.services import derived, due, installed
from qamqor.services.access.actor import PLATFORM
from qamqor.services.demo import Wish, invent_resources
from qamqor.services.due import Wanted
from qamqor.services.fhir.write import Change, apply, save
from qamqor.services.population import Place, refresh
from qamqor.services.warehouse.load import load
from qamqor.store import derived as kept
from qamqor.store import node
from qamqor.store.fhir import versions
from qamqor.store.node import Transaction

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
LOINC = "http://loinc.org"
PROGRAMME = "http://qamqor.invalid/fhir/CodeSystem/programme"
EPISODE = "http://qamqor.invalid/fhir/CodeSystem/episode"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def put(*resources: dict[str, Any], at: datetime = AT) -> None:
    changes = [Change("PUT", one["resourceType"], one["id"], one) for one in resources]
    save(changes, actor=PLATFORM, at=at)


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "aliya", "gender": "female", **more} | {
        "birthDate": more.get("birthDate", "1961-05-05")
    }


def pressure(id_: str, day: str, systolic: int, status: str = "final") -> dict[str, Any]:
    def part(code: str, value: int) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "code": "mm[Hg]"},
        }

    return {
        "resourceType": "Observation",
        "id": id_,
        "status": status,
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": "Patient/aliya"},
        "effectiveDateTime": day,
        "component": [part("8480-6", systolic), part("8462-4", 80)],
    }


def enrolment() -> dict[str, Any]:
    return {
        "resourceType": "EpisodeOfCare",
        "id": "enrolled",
        "status": "active",
        "type": [{"coding": [{"system": PROGRAMME, "code": "hypertension"}]}],
        "patient": {"reference": "Patient/aliya"},
        "managingOrganization": {"reference": "Organization/polyclinic"},
        "period": {"start": "2025-12-01"},
    }


def attachment() -> dict[str, Any]:
    return {
        "resourceType": "EpisodeOfCare",
        "id": "attached",
        "status": "active",
        "type": [{"coding": [{"system": EPISODE, "code": "attachment"}]}],
        "patient": {"reference": "Patient/aliya"},
        "managingOrganization": {"reference": "Organization/area-7"},
        "period": {"start": "2025-01-01"},
    }


def area(parent: str) -> dict[str, Any]:
    kind = "http://qamqor.invalid/fhir/CodeSystem/organisation_kind"
    return {
        "resourceType": "Organization",
        "id": "area-7",
        "type": [{"coding": [{"system": kind, "code": "gp_area"}]}],
        "name": "Area 7",
        "partOf": {"reference": f"Organization/{parent}"},
    }


def nurse_contact(as_of: date = TODAY) -> Any:
    found = due.why_due("aliya", programme="hypertension", action="nurse_contact", as_of=as_of)
    return found and found.due


def kept_rows(patient_id: str = "aliya") -> dict[tuple[str, str, str], Any]:
    rows = dict(kept.due_of([patient_id])).get(patient_id, [])
    found = [kept.read_due(row, TODAY) for row in rows]
    return {(one.programme, one.action, one.item): one for one in found}


def test_what_was_just_done_is_no_longer_due() -> None:
    put(patient(), enrolment(), attachment(), area("polyclinic"))
    before = kept_rows()["hypertension", "nurse_contact", ""]
    put(pressure("bp", "2026-03-02", 128))
    after = kept_rows()["hypertension", "nurse_contact", ""]

    assert before.status in {"due", "overdue", "unknown"}
    assert after.status == "not_due"
    assert after.evidence == "Observation/bp"
    assert (after.area_id, after.organization_id) == ("area-7", "polyclinic")


def test_a_record_withdrawn_counts_no_longer() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    put(pressure("bp", "2026-03-02", 128, status="entered-in-error"))

    assert kept_rows()["hypertension", "nurse_contact", ""].evidence != "Observation/bp"


def test_a_deleted_record_counts_no_longer() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    save([Change("DELETE", "Observation", "bp")], actor=PLATFORM, at=AT)

    assert kept_rows()["hypertension", "nurse_contact", ""].evidence != "Observation/bp"


def test_a_record_that_turns_out_to_be_another_persons_moves() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    put({**pressure("bp", "2026-03-02", 128), "subject": {"reference": "Patient/bolat"}})

    assert "blood_pressure" not in kept.rows_of(["aliya"])["aliya"]
    assert "blood_pressure" in kept.rows_of(["bolat"])["bolat"]
    assert kept_rows()["hypertension", "nurse_contact", ""].evidence != "Observation/bp"


def test_nobody_is_due_anything_after_death() -> None:
    put(patient(), enrolment())
    put(patient(deceasedDateTime="2026-03-01"))

    assert kept_rows() == {}
    assert due.due_of("aliya", as_of=TODAY) == ()


def test_an_area_that_moves_to_another_organisation_takes_its_due_rows_along() -> None:
    put(patient(), enrolment(), attachment(), area("polyclinic"))
    put(area("hospital"))

    assert {one.organization_id for one in kept_rows().values()} == {"hospital"}


def test_households_are_kept_for_each_member() -> None:
    kind = "http://qamqor.invalid/fhir/CodeSystem/group_kind"
    members = [{"entity": {"reference": f"Patient/{one}"}} for one in ("aliya", "bolat")]
    group = {
        "resourceType": "Group",
        "id": "home",
        "type": "person",
        "actual": True,
        "code": {"coding": [{"system": kind, "code": "household"}]},
        "member": members,
    }
    put(patient(), group)
    rows = kept.rows_of(["aliya", "bolat"])

    assert [one["group_id"] for one in rows["aliya"]["household_member"]] == ["home"]
    put({**group, "member": members[1:]})
    assert "household_member" not in kept.rows_of(["aliya"])["aliya"]
    assert "household_member" in kept.rows_of(["bolat"])["bolat"]


def test_a_failed_save_changes_nobodys_care() -> None:
    put(patient(), enrolment())
    before = kept_rows()
    with pytest.raises(Exception, match="not here"):
        save(
            [
                Change("PUT", "Observation", "bp", pressure("bp", "2026-03-02", 128)),
                Change("DELETE", "Observation", "never"),
            ],
            actor=PLATFORM,
            at=AT,
        )

    assert kept_rows() == before


def test_nothing_is_due_where_no_programme_is_approved(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=False)
    put(patient(), enrolment())

    assert kept_rows() == {}
    assert due.due_of("aliya", as_of=TODAY) == ()


def test_the_night_brings_everyone_to_the_new_day() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    later = TODAY + timedelta(days=400)
    worked = derived.refresh(later, sequence=versions.last_sequence())

    assert (worked.people, worked.known, worked.failed) == (1, 1, 0)
    assert kept_rows()["hypertension", "nurse_contact", ""].status in {"due", "overdue"}
    again = derived.refresh(later, sequence=versions.last_sequence())
    assert again.people == 0


def test_another_day_is_answered_without_being_kept() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    before = kept_rows()
    later = {one.action: one for one in due.due_of("aliya", as_of=date(2027, 3, 2))}

    assert later["nurse_contact"].status in {"due", "overdue"}
    assert kept_rows() == before


def test_why_names_the_records_a_due_row_rests_on() -> None:
    put(patient(), enrolment(), pressure("bp", "2026-03-02", 128))
    need = due.why_due("aliya", programme="hypertension", action="nurse_contact", as_of=TODAY)

    assert need is not None
    assert need.evidence[0].reference == "Observation/bp"
    assert need.evidence[0].rows["blood_pressure"]["systolic_mmhg"] == 128
    assert due.why_due("aliya", programme="hypertension", action="no", as_of=TODAY) is None


def test_a_load_of_many_marks_people_until_they_are_worked_out() -> None:
    put(patient(), enrolment())
    bp = pressure("bp", "2026-03-02", 128)

    def load(tx: Transaction) -> None:
        tx.are_many = True
        apply(tx, [Change("PUT", "Observation", "bp", bp)], actor=PLATFORM, at=AT)

    node.commit(load)

    assert kept.states(["aliya"])["aliya"].sequence == 0
    assert kept_rows()["hypertension", "nurse_contact", ""].evidence != "Observation/bp"
    answered = {one.action: one for one in due.due_of("aliya", as_of=TODAY)}
    assert answered["nurse_contact"].evidence == "Observation/bp"
    assert not due.list_for(Wanted(statuses=()), as_of=TODAY).is_current
    derived.refresh(TODAY, sequence=999)
    assert kept_rows()["hypertension", "nurse_contact", ""].evidence == "Observation/bp"
    assert due.list_for(Wanted(statuses=()), as_of=TODAY).is_current


def test_a_rule_that_fails_on_a_person_keeps_no_record_from_being_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    put(patient(), enrolment())
    monkeypatch.setattr(derived.asker(TODAY).one, "due", fail)
    put(pressure("bp", "2026-03-02", 128))

    assert versions.read("Observation", "bp") is not None
    assert kept_rows() == {}
    assert kept.states(["aliya"])["aliya"].sequence == 0


def test_everything_can_be_made_again_from_the_resources() -> None:
    put(patient(), enrolment(), attachment(), area("polyclinic"), pressure("bp", "2026-03-02", 128))
    before = kept_rows()
    told: list[int] = []
    worked = derived.rebuild(sequence=versions.last_sequence(), as_of=TODAY, progress=told.append)

    assert kept_rows() == before
    assert (worked.people, told) == (1, [5, 6])


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district")
    content = django_settings.QAMQOR.content
    invent_resources(Wish(content, 120, "merke", 3, TODAY), folder / "records")
    return folder


def records(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((folder / "records").glob("*.ndjson")):
        yield from map(json_text.decode, file.read_bytes().splitlines())


def from_everybodys_run(district: Path) -> list[tuple[Any, ...]]:
    """The due rows of the warehouse's run on the same records."""
    pack = installed.pack()
    load([district / "records"], district, tables=pack.tables.values(), at=AT)
    choice = installed.choice(TODAY)
    assert choice is not None
    results = refresh(Place(district, 1), pack, as_of=TODAY, choice=choice)
    files = [str(file) for file in results.files("due")]
    columns = ", ".join(kept.DUE_COLUMNS)
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from read_parquet($files) order by 1, 2, 4, 5", {"files": files}
        ).fetchall()


def from_the_record() -> list[tuple[Any, ...]]:
    people = [one.id for one in versions.current_of_type("Patient")]
    rows = [row for _, own in kept.due_of(people) for row in own]
    return sorted(
        (kept.read_due(row, TODAY)[1:] for row in rows), key=lambda r: (r[0], r[1], r[3], r[4])
    )


def sent(resources: Sequence[dict[str, Any]], *, together: int) -> None:
    for start in range(0, len(resources), together):
        put(*resources[start : start + together])


def test_saves_give_the_due_rows_of_everybodys_run_and_lists_few_queries(
    district: Path, django_assert_max_num_queries: Any
) -> None:
    everything = list(records(district))
    sent(everything, together=500)
    expected = from_everybodys_run(district)

    assert len(expected) > 100
    assert from_the_record() == expected
    wanted = Wanted(roles=("practice_nurse",))
    with django_assert_max_num_queries(4):
        shown = due.list_for(wanted, as_of=TODAY, limit=20)
    pressing = {
        row[0] for row in expected if row[5] == "practice_nurse" and row[10] in due.PRESSING
    }
    assert shown.people_in_all == len(pressing)
    assert shown.is_current
    assert {one.patient_id for one in shown.people} <= pressing
    statuses = [min(("overdue", "due").index(d.status) for d in p.due) for p in shown.people]
    assert statuses == sorted(statuses)


def test_a_list_narrows_by_area_urgency_day_and_person() -> None:
    put(patient(), enrolment(), attachment(), area("polyclinic"))

    def names(**wanted: Any) -> list[str]:
        found = due.list_for(Wanted(**wanted), as_of=TODAY)
        return [one.action for person in found.people for one in person.due]

    every = names(statuses=())
    assert set(names(areas=("area-7",), statuses=())) == set(every)
    assert names(areas=("area-8",), statuses=()) == []
    assert names(organisations=("polyclinic",), actions=("nurse_contact",), statuses=()) == [
        "nurse_contact"
    ]
    assert names(statuses=(), most_urgent=0) == []
    assert set(names(statuses=("not_due",), until=TODAY)) <= set(every)
    assert names(patients=("nobody",), statuses=()) == []


def test_many_people_in_one_transaction_are_each_worked_out_once() -> None:
    people = [
        {"resourceType": "Patient", "id": f"p{n}", "birthDate": "1970-01-01"} for n in range(50)
    ]
    twice = [{**one, "gender": "female"} for one in people]

    def both(tx: Transaction) -> None:
        for some in (people, twice):
            changes = [Change("PUT", "Patient", one["id"], one) for one in some]
            apply(tx, changes, actor=PLATFORM, at=AT)

    with CaptureQueriesContext(connection) as captured:
        node.commit(both)

    worked = [
        q for q in captured.captured_queries if "from person_rows where patient_id in" in q["sql"]
    ]
    assert len(worked) == 1
    assert len(kept.states([one["id"] for one in people])) == 50
