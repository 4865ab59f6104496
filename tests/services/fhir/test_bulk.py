"""An export is one moment's picture, whatever changes or dies while it is written."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir import bulk, bulk_confirmed, bulk_filters, own_parameters, stream
from qamqor.services.fhir.write import Change, save
from qamqor.store import node
from qamqor.store.fhir import jobs, versions

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NURSE = Actor(account=1, reference="PractitionerRole/n", role="practice_nurse")
EVERYTHING, NOTES = frozenset({"system/*.rs"}), frozenset({"system/Basic.rs"})
pytestmark = pytest.mark.django_db(transaction=True)


def clock() -> datetime:
    return AT


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.QAMQOR = dataclasses.replace(settings.QAMQOR, data=tmp_path)


def put(type_: str, id_: str, at: datetime = AT, **rest: Any) -> None:
    resource = {"resourceType": type_, "id": id_, **rest}
    save([Change("PUT", type_, id_, resource)], actor=PLATFORM, at=at)


def finished(job: jobs.Job, *, actor: Actor = PLATFORM) -> jobs.Job:
    for _ in range(200):
        found = bulk.find(job.id, actor=actor)
        if found.state == "done":
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def written(job: jobs.Job, name: str) -> list[dict[str, Any]]:
    with bulk.open_file(job.id, name, actor=PLATFORM) as file:
        return [json.loads(line) for line in file]


def test_every_resource_is_in_the_file_of_its_type() -> None:
    put("Patient", "amina")
    put("Patient", "bolat")
    put("Basic", "note", code={"text": "x"})

    job = finished(bulk.ask(actor=PLATFORM, clock=clock))

    assert [p["id"] for p in written(job, "Patient.ndjson")] == ["amina", "bolat"]
    listed = bulk.manifest(job, request="asked", address="files")["output"]
    assert [(one["type"], one["count"]) for one in listed] == [("Basic", 1), ("Patient", 2)]


def test_what_changes_after_the_question_is_not_in_the_answer() -> None:
    put("Patient", "amina", gender="unknown")
    put("Patient", "bolat")
    first = versions.last_sequence()
    put("Patient", "amina", gender="female")
    put("Patient", "dana")
    save([Change("DELETE", "Patient", "bolat")], actor=PLATFORM, at=AT)

    then = [v.content for v in versions.type_as_of("Patient", first)]

    assert [json.loads(c or "{}").get("gender") for c in then] == ["unknown", None]
    assert [json.loads(c or "{}")["id"] for c in then] == ["amina", "bolat"]


def test_a_worker_that_died_is_followed_by_another_that_ends_with_the_same_picture() -> None:
    put("Basic", "note", code={"text": "x"})
    put("Patient", "amina")
    asked = {
        "types": ["Basic", "Patient"],
        "since": 0,
        "patients": None,
        "sequence": versions.last_sequence(),
        "at": AT.isoformat(),
    }
    so_far = {"done": {"Basic": 1}, "deleted": 0, "current": "Patient", "written": 1}
    seen = round(AT.timestamp() * 1e6)
    dead = jobs.Job("dead", PLATFORM.reference, "running", asked, so_far, seen, seen)
    node.commit(lambda tx: jobs.add(tx, dead))
    put("Patient", "later")

    bulk.go_on("dead", clock=clock)
    assert bulk.find("dead", actor=PLATFORM).state == "running"
    bulk.go_on("dead", clock=lambda: AT + timedelta(minutes=1))

    assert [p["id"] for p in written(finished(dead), "Patient.ndjson")] == ["amina"]


def test_a_moment_limits_an_export_and_names_what_was_deleted_since() -> None:
    put("Patient", "amina", at=AT - timedelta(days=2))
    put("Patient", "bolat", at=AT - timedelta(days=2))
    save([Change("DELETE", "Patient", "bolat")], actor=PLATFORM, at=AT)
    put("Patient", "dana")

    job = finished(bulk.ask(actor=PLATFORM, clock=clock, since=AT - timedelta(days=1)))

    assert [p["id"] for p in written(job, "Patient.ndjson")] == ["dana"]
    assert written(job, "deleted.ndjson")[0]["entry"][0]["request"]["url"] == "Patient/bolat"
    assert bulk.manifest(job, request="", address="")["deleted"][0]["count"] == 1


def test_an_export_of_some_people_holds_nothing_of_others() -> None:
    put("Patient", "amina")
    put("Patient", "bolat")
    for who in ("amina", "bolat"):
        subject = {"reference": f"Patient/{who}"}
        put("Flag", f"flag-{who}", status="active", code={"text": "x"}, subject=subject)
    put("Organization", "clinic", name="x")

    job = finished(bulk.ask(actor=PLATFORM, clock=clock, patients=frozenset({"amina"})))

    assert [p["id"] for p in written(job, "Patient.ndjson")] == ["amina"]
    assert [f["id"] for f in written(job, "Flag.ndjson")] == ["flag-amina"]
    assert "Organization" not in job.so_far["done"]


def test_a_cancelled_export_is_gone_with_its_files() -> None:
    put("Patient", "amina")
    job = finished(bulk.ask(actor=PLATFORM, clock=clock))

    bulk.cancel(job.id, actor=PLATFORM)

    assert not bulk.folder(job.id).exists()
    with pytest.raises(NotThere):
        bulk.find(job.id, actor=PLATFORM)


def test_another_clients_export_does_not_exist_for_me() -> None:
    job = finished(bulk.ask(actor=PLATFORM, clock=clock))
    other = Actor(account=None, reference="Device/x", role="system", client="x", scopes=EVERYTHING)

    with pytest.raises(NotThere):
        bulk.open_file(job.id, "Patient.ndjson", actor=other)


@pytest.mark.parametrize("name", ["../../qamqor.sqlite3", "Patient.part", "secret.ndjson"])
def test_only_files_of_the_export_can_be_fetched(name: str) -> None:
    put("Patient", "amina")
    job = finished(bulk.ask(actor=PLATFORM, clock=clock))

    with pytest.raises(NotThere):
        bulk.open_file(job.id, name, actor=PLATFORM)


def test_a_nurse_cannot_export_and_a_system_only_what_its_scopes_say() -> None:
    put("Patient", "amina")
    put("Basic", "note", code={"text": "x"})
    narrow = Actor(account=None, reference="Device/x", role="system", client="x", scopes=NOTES)

    with pytest.raises(NotAllowed):
        bulk.ask(actor=NURSE, clock=clock)
    with pytest.raises(NotAllowed, match="Patient"):
        bulk.ask(actor=narrow, clock=clock, types=("Patient",))
    asked = bulk.ask(actor=narrow, clock=clock)
    head = Actor(account=2, reference="PractitionerRole/h", role="head")
    bulk_confirmed.confirm(asked.id, actor=head, at=AT)
    bulk.go_on(asked.id, clock=clock)
    assert finished(asked, actor=narrow).asked["types"] == ["Basic"]


def test_an_export_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    put("Patient", "amina")
    (tmp_path / "exports").write_text("a file where the folder should be")
    job = bulk.ask(actor=PLATFORM, clock=clock)

    for _ in range(200):
        if bulk.find(job.id, actor=PLATFORM).state == "failed":
            return
        time.sleep(0.02)
    raise AssertionError("still running")


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(Unusable, match="Patients is no resource type"):
        bulk.ask(actor=PLATFORM, clock=clock, types=("Patients",))


def test_a_filter_leaves_out_what_does_not_answer_it_and_touches_no_other_type() -> None:
    put("Patient", "amina", gender="female")
    put("Patient", "bolat", gender="male")
    put("Patient", "daria", birthDate="1990-01-01")
    put("Basic", "note", code={"text": "x"})
    filters = {"Patient": ["gender=male", "birthdate=lt1991"]}

    job = finished(bulk.ask(actor=PLATFORM, clock=clock, filters=filters))

    assert [one["id"] for one in written(job, "Patient.ndjson")] == ["bolat", "daria"]
    assert len(written(job, "Basic.ndjson")) == 1


@pytest.mark.parametrize(
    ("written_", "why"),
    [
        ("Patient", "write Type"),
        ("Dragon?a=b", "write Type"),
        ("Patient?nothing=1", "no search parameter"),
        ("Patient?_sort=gender", "shapes a page"),
        ("Patient?_count=1", "shapes a page"),
        ("Patient?organization.name=x", "other resources"),
        ("Patient?_has:Observation:patient:status=final", "other resources"),
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused(written_: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        bulk_filters.by_type([written_], at=AT)


def test_a_filter_may_ask_by_a_search_parameter_of_ones_own() -> None:
    put("Patient", "amina", name=[{"use": "maiden", "text": "A"}])
    put("Patient", "bolat", name=[{"use": "official", "text": "B"}])
    put(
        "SearchParameter",
        "name-use",
        url="http://example.org/SearchParameter/name-use",
        name="NameUse",
        status="active",
        description="By the use of a name.",
        code="name-use",
        base=["Patient"],
        type="token",
        expression="Patient.name.use",
    )
    own_parameters.forget()
    asked = bulk_filters.by_type(["Patient?name-use=maiden"], at=AT)

    job = finished(bulk.ask(actor=PLATFORM, clock=clock, types=("Patient",), filters=asked))

    assert [one["id"] for one in written(job, "Patient.ndjson")] == ["amina"]


def test_several_filters_may_be_written_in_one() -> None:
    found = bulk_filters.by_type(["Patient?gender=male,female,Basic?code=x"], at=AT)

    assert found == {"Patient": ["gender=male,female"], "Basic": ["code=x"]}


def test_a_filter_of_what_is_not_exported_is_refused() -> None:
    put("Basic", "note", code={"text": "x"})
    put("Patient", "amina")

    with pytest.raises(Unusable, match="leaves out"):
        bulk.ask(actor=PLATFORM, clock=clock, types=("Patient",), filters={"Basic": ["code=x"]})


def test_what_was_exported_is_not_kept_for_ever() -> None:
    put("Patient", "amina")
    job = finished(bulk.ask(actor=PLATFORM, clock=clock))

    bulk.remove_old(bulk.kept_until(job))
    assert bulk.folder(job.id).exists()
    bulk.remove_old(bulk.kept_until(job) + timedelta(seconds=1))

    assert not bulk.folder(job.id).exists()
    with pytest.raises(NotThere):
        bulk.find(job.id, actor=PLATFORM)


def test_who_may_read_nothing_exports_nothing() -> None:
    writer = Actor(None, "Device/w", "system", scopes=frozenset({"system/Basic.c"}), client="w")

    with pytest.raises(NotAllowed):
        bulk.ask(actor=writer, clock=clock)


def test_who_left_a_group_is_not_exported_with_it() -> None:
    there = {"entity": {"reference": "Patient/amina"}}
    left = {"entity": {"reference": "Patient/bolat"}, "inactive": True}
    put("Group", "g", type="person", actual=True, member=[there, left])

    assert stream.members("g") == frozenset({"amina"})
