"""People are attached to one area, with history, and move with their open work."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.names import CODES
from qamqor.errors import AttachedAlready, NotInUse, NotThere
from qamqor.services.empanelment import attach, move, team_of
from qamqor.store import people
from qamqor.store.fhir import versions
from tests.services.organisation import area, clinic, put
from tests.services.registration.desk import AT, CLERK
from tests.services.registration.desk import put as put_person

pytestmark = pytest.mark.django_db


def read(type_: str, id_: str) -> dict[str, Any]:
    found = versions.read(type_, id_)
    assert found is not None
    assert found.content is not None
    resource: dict[str, Any] = json_text.decode(found.content)
    return resource


@pytest.fixture
def aigul() -> str:
    clinic()
    put_person("aigul", "Ахметова", "Айгүл")
    return "aigul"


def test_attaching_opens_an_episode_and_the_patient_repeats_it(aigul: str) -> None:
    done = attach(aigul, "area-1", actor=CLERK, at=AT)
    episode, patient = read("EpisodeOfCare", done.episode_id), read("Patient", aigul)
    assert episode["status"] == "active"
    assert episode["period"] == {"start": "2026-03-02"}
    assert episode["managingOrganization"] == {"reference": "Organization/area-1"}
    assert episode["careManager"] == {"reference": "PractitionerRole/gp-1"}
    assert episode["team"] == [{"reference": "CareTeam/team-area-1"}]
    assert patient["managingOrganization"] == {"reference": "Organization/site-1"}
    assert patient["generalPractitioner"] == [
        {"reference": "PractitionerRole/gp-1"},
        {"reference": "Organization/area-1"},
    ]
    filed = people.by_id(aigul)
    assert filed is not None
    assert (filed.area_id, filed.organization_id) == ("area-1", "site-1")


def test_somebody_attached_is_not_attached_again(aigul: str) -> None:
    attach(aigul, "area-1", actor=CLERK, at=AT)
    for area_id in ("area-1", "area-2"):
        with pytest.raises(AttachedAlready):
            attach(aigul, area_id, actor=CLERK, at=AT)
    assert versions.last_sequence() == 7


def test_moving_closes_the_old_attachment_and_opens_the_new(aigul: str) -> None:
    first = attach(aigul, "area-1", actor=CLERK, at=AT, since=date(2025, 1, 1))
    done = move(aigul, "area-2", actor=CLERK, at=AT, since=date(2026, 1, 1))
    old, new = read("EpisodeOfCare", first.episode_id), read("EpisodeOfCare", done.episode_id)
    assert (old["status"], old["period"]) == (
        "finished",
        {"start": "2025-01-01", "end": "2026-01-01"},
    )
    assert (new["status"], new["period"]) == ("active", {"start": "2026-01-01"})
    assert read("Patient", aigul)["generalPractitioner"][1]["reference"] == "Organization/area-2"
    assert done.left == "area-1"


def work(type_: str, id_: str, **elements: Any) -> None:
    put({"resourceType": type_, "id": id_, **elements})


def owned(id_: str, owner: str, status: str = "requested") -> None:
    work("Task", id_, status=status, **{"for": {"reference": "Patient/aigul"}},
         owner={"reference": owner}, requester={"reference": "PractitionerRole/gp-1"})  # fmt: skip


@pytest.fixture
def busy(aigul: str) -> str:
    attach(aigul, "area-1", actor=CLERK, at=AT)
    owned("of-team", "CareTeam/team-area-1")
    owned("of-gp", "PractitionerRole/gp-1")
    owned("of-midwife", "PractitionerRole/midwife")
    owned("of-psychologist", "PractitionerRole/psychologist-1")
    owned("done", "PractitionerRole/gp-1", "completed")
    owned("of-hospital", "Organization/hospital")
    subject = {"reference": "Patient/aigul"}
    work("ServiceRequest", "referral", status="active", subject=subject,
         performer=[{"reference": "PractitionerRole/nurse-1"}])  # fmt: skip
    work("EpisodeOfCare", "enrolment", status="active", patient=subject,
         type=[{"coding": [{"system": f"{CODES}/programme", "code": "any"}]}],
         careManager={"reference": "PractitionerRole/nurse-1"})  # fmt: skip
    for id_, start in (("ahead", "2026-03-09T09:00:00+05:00"), ("past", "2026-03-01T09:00:00Z")):
        work("Appointment", id_, status="booked", start=start, participant=[
            {"actor": subject, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/gp-1"}, "status": "accepted"},
        ])  # fmt: skip
    return aigul


class TestOpenWorkGoesAlong:
    def test_to_the_same_role_or_the_team(self, busy: str) -> None:
        done = move(busy, "area-2", actor=CLERK, at=AT)
        owners = {
            id_: read("Task", id_)["owner"]["reference"]
            for id_ in ("of-team", "of-gp", "of-midwife", "of-psychologist", "of-hospital", "done")
        }
        assert owners == {
            "of-team": "CareTeam/team-area-2",
            "of-gp": "PractitionerRole/gp-2",
            "of-midwife": "PractitionerRole/midwife",
            "of-psychologist": "CareTeam/team-area-2",
            "of-hospital": "Organization/hospital",
            "done": "PractitionerRole/gp-1",
        }
        assert read("ServiceRequest", "referral")["performer"] == [
            {"reference": "PractitionerRole/nurse-2"}
        ]
        assert read("EpisodeOfCare", "enrolment")["careManager"] == {
            "reference": "PractitionerRole/nurse-2"
        }
        assert set(done.moved) == {
            "Task/of-team", "Task/of-gp", "Task/of-psychologist", "ServiceRequest/referral",
            "EpisodeOfCare/enrolment", "Appointment/ahead",
        }  # fmt: skip

    def test_but_who_asked_for_it_stays(self, busy: str) -> None:
        move(busy, "area-2", actor=CLERK, at=AT)
        assert read("Task", "of-gp")["requester"] == {"reference": "PractitionerRole/gp-1"}

    def test_a_booking_to_come_waits_for_the_new_team_and_a_past_one_stays(self, busy: str) -> None:
        done = move(busy, "area-2", actor=CLERK, at=AT)
        ahead, past = read("Appointment", "ahead"), read("Appointment", "past")
        assert ahead["status"] == "pending"
        assert ahead["participant"] == [
            {"actor": {"reference": "Patient/aigul"}, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/gp-2"}, "status": "needs-action"},
        ]
        assert past["status"] == "booked"
        assert done.to_confirm == ("Appointment/ahead",)

    def test_and_stays_where_the_new_area_has_no_team(self, busy: str) -> None:
        area("area-3", roles={}, site="")
        done = move(busy, "area-3", actor=CLERK, at=AT)
        assert done.moved == ()
        assert read("Patient", busy)["managingOrganization"]["reference"] == "Organization/area-3"


class TestAMoveIsRefused:
    def test_to_the_area_the_person_is_in(self, aigul: str) -> None:
        attach(aigul, "area-1", actor=CLERK, at=AT)
        with pytest.raises(AttachedAlready):
            move(aigul, "area-1", actor=CLERK, at=AT)

    def test_for_somebody_attached_to_none(self, aigul: str) -> None:
        with pytest.raises(NotThere):
            move(aigul, "area-1", actor=CLERK, at=AT)

    @pytest.mark.parametrize("who", ["aigul", "nobody"])
    def test_to_an_area_or_of_a_person_that_is_not_here(self, aigul: str, who: str) -> None:
        attach(aigul, "area-1", actor=CLERK, at=AT)
        with pytest.raises(NotThere):
            move(who, "area-9" if who == aigul else "area-1", actor=CLERK, at=AT)

    @pytest.mark.parametrize(
        "gone",
        [{"active": False}, {"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-01"}],
    )
    def test_of_somebody_who_has_died_or_is_out_of_use(
        self, aigul: str, gone: dict[str, Any]
    ) -> None:
        put_person("gone", "Ким", "Олег", **gone)
        with pytest.raises(NotInUse):
            attach("gone", "area-1", actor=CLERK, at=AT)


def test_a_move_from_an_area_that_is_gone_still_works(aigul: str) -> None:
    put({"resourceType": "EpisodeOfCare", "id": "old", "status": "active",
         "type": [{"coding": [{"system": f"{CODES}/episode", "code": "attachment"}]}],
         "patient": {"reference": "Patient/aigul"},
         "managingOrganization": {"reference": "Organization/closed"}})  # fmt: skip
    done = move(aigul, "area-1", actor=CLERK, at=AT)
    assert (done.left, read("EpisodeOfCare", "old")["status"]) == ("closed", "finished")


def test_a_team_is_known_by_role_and_a_retired_one_is_passed_over(aigul: str) -> None:
    put({"resourceType": "CareTeam", "id": "retired", "status": "inactive",
         "managingOrganization": [{"reference": "Organization/area-4"}]})  # fmt: skip
    area("area-4", roles={})
    assert team_of("area-4").care_team == ""
    assert team_of("area-1").posts["gp"] == ("PractitionerRole/gp-1",)


def test_the_day_is_that_of_the_installation(aigul: str) -> None:
    late = AT.replace(hour=22)
    done = attach(aigul, "area-1", actor=CLERK, at=late)
    assert read("EpisodeOfCare", done.episode_id)["period"]["start"] == "2026-03-03"
