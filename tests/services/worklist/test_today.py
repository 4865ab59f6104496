"""A nurse sees who needs her today and why; what she records moves the list at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qamqor.engine.booking import Wish, appointment
from qamqor.engine.worklist import Tab
from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access.actor import PLATFORM, Actor
from qamqor.services.fhir.write import Change, save
from qamqor.services.worklist import outcome as outcomes
from qamqor.services.worklist import today as worklist
from qamqor.services.worklist.outcome import Outcome
from qamqor.services.worklist.today import Filters
from qamqor.store import audit
from qamqor.store.audit import Wanted
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.access.village import patient as villager
from tests.services.test_derived import AT, enrolment, pressure, put

TODAY = date(2026, 3, 2)
NURSE = actor("practice_nurse")
CONTACT = ("hypertension/nurse_contact/",)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def of(resource: dict[str, Any], who: str) -> dict[str, Any]:
    """The same resource of another person."""
    text = {k: v for k, v in resource.items() if k not in {"subject", "patient"}}
    field = "subject" if "subject" in resource else "patient"
    return {**text, "id": f"{resource['id']}-{who}", field: {"reference": f"Patient/{who}"}}


def resident(who: str, area: str = "north", *, systolic: int = 160) -> None:
    attached = {
        "resourceType": "EpisodeOfCare",
        "id": "attached",
        "status": "active",
        "type": [
            {
                "coding": [
                    {
                        "system": "http://qamqor.invalid/fhir/CodeSystem/episode",
                        "code": "attachment",
                    }
                ]
            }
        ],
        "patient": {},
        "managingOrganization": {"reference": f"Organization/{area}"},
        "period": {"start": "2025-01-01"},
    }
    put(
        villager(who, area, gender="female", birthDate="1961-05-05"),
        of(enrolment(), who),
        of(attached, who),
        of(pressure("p", "2025-12-05", systolic), who),
    )


def household(*members: str) -> None:
    kind = "http://qamqor.invalid/fhir/CodeSystem/group_kind"
    code = {"coding": [{"system": kind, "code": "household"}]}
    put(
        {
            "resourceType": "Group",
            "id": "home",
            "type": "person",
            "actual": True,
            "code": code,
            "member": [
                {"entity": {"reference": f"Patient/{one}"}, "period": {"start": "2020-01-01"}}
                for one in members
            ],
        }
    )


def names(tab: Tab = Tab.to_see, by: Actor = NURSE, role: str = "") -> list[str]:
    filters = Filters(role=role)
    shown = worklist.today(by, tab=tab, as_of=TODAY, at=AT, filters=filters)
    return [line.row.patient_id for line in shown.lines]


def test_the_people_of_my_area_are_on_my_list_and_no_others() -> None:
    resident("amina")
    resident("bolat", "south")

    assert names() == ["amina"]
    assert names(by=actor("practice_nurse", areas=frozenset({"south"}))) == ["bolat"]


def test_one_row_a_person_with_everything_the_role_owes_them() -> None:
    resident("amina")

    (line,) = worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT).lines

    actions = {need.action for need in line.row.needs}
    assert "nurse_contact" in actions
    assert {need.role for need in line.row.needs} == {"practice_nurse"}
    assert line.person["id"] == "amina"


def test_who_leads_the_team_sees_every_role_and_may_choose_one() -> None:
    resident("amina")

    assert set(names(by=actor("lead_nurse"))) == {"amina"}
    assert names(by=actor("lead_nurse"), role="practice_nurse") == ["amina"]
    with pytest.raises(NotAllowed):
        names(role="gp")
    with pytest.raises(NotAllowed):
        names(by=actor("registrar"))


def test_a_family_stands_together() -> None:
    for who in ("amina", "bolat", "dana"):
        resident(who, systolic=150)
    resident("zhanar", systolic=190)
    household("amina", "zhanar")

    order = names()

    assert abs(order.index("amina") - order.index("zhanar")) == 1


def call(code: str, who: str = "amina", *, key: str = "", by: Actor = NURSE, **said: Any) -> str:
    key = key or str(uuid.uuid4())
    found = Outcome(code, CONTACT, **said)
    outcomes.record(who, found, actor=by, at=AT, today=TODAY, key=key)
    return key


def test_a_promise_moves_a_person_to_what_is_agreed_and_can_be_taken_back() -> None:
    resident("amina")

    key = call("agreed", until=TODAY + timedelta(days=2))
    assert (names(), names(Tab.agreed)) == ([], ["amina"])

    assert outcomes.undo("amina", actor=NURSE, at=AT, key=key, actions=1) == 2
    assert (names(), names(Tab.agreed)) == (["amina"], [])


def booked(who: str, days: int, *actions: str) -> None:
    """A booking made before their pressure was found too high."""
    at = datetime.combine(TODAY + timedelta(days=days), time(10, 30), tzinfo=AT.tzinfo)
    wish = Wish(at, at + timedelta(minutes=20), NURSE.reference, "practice_nurse", "clinic",
                actions=actions)  # fmt: skip
    made = AT - timedelta(days=30)
    put(appointment(f"b-{who}", who, wish, created=made))


def test_a_booking_far_ahead_hides_nobody_whose_need_it_is_not_for() -> None:
    for who in ("amina", "bolat", "dana"):
        resident(who, systolic=190)
    booked("amina", 20, "diabetes/tests/hba1c")
    booked("bolat", 20, *CONTACT)
    booked("dana", 1, "diabetes/tests/hba1c")

    (line,) = worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT).lines
    assert line.row.patient_id == "amina"
    assert line.row.booked is not None
    assert line.row.booked.on == TODAY + timedelta(days=20)
    assert names(Tab.agreed) == ["dana", "bolat"]


def test_a_red_result_found_after_the_booking_brings_the_person_back() -> None:
    resident("bolat", systolic=190)
    booked("bolat", 20, *CONTACT)
    assert names(Tab.agreed) == ["bolat"]

    put(of(pressure("new", "2026-02-10", 195), "bolat"))
    assert (names(Tab.agreed), names()) == ([], ["bolat"])
    call("agreed", "bolat", until=TODAY + timedelta(days=1))
    assert names(Tab.agreed) == ["bolat"]


def test_three_calls_in_vain_become_a_visit() -> None:
    resident("amina")
    for _ in range(3):
        call("no_answer")

    (line,) = worklist.today(NURSE, tab=Tab.to_visit, as_of=TODAY, at=AT).lines

    assert line.row.failed_attempts == 3


def test_the_same_form_sent_twice_is_one_call() -> None:
    resident("amina")
    key = call("no_answer")
    before = versions.last_sequence()

    call("no_answer", key=key)

    assert versions.last_sequence() == before


@pytest.mark.parametrize(
    ("code", "said", "field"),
    [
        ("agreed", {}, "until"),
        ("later", {"until": TODAY - timedelta(days=1)}, "until"),
        ("refused", {}, "reason"),
        ("perhaps", {}, "outcome"),
        ("no_answer", {"medium": "pigeon"}, "medium"),
    ],
)
def test_an_outcome_that_says_too_little_is_refused(
    code: str, said: dict[str, Any], field: str
) -> None:
    resident("amina")

    with pytest.raises(Unusable) as refused:
        call(code, **said)
    assert [one.expression for one in refused.value.issues] == [field]


def test_another_teams_person_can_be_neither_called_nor_taken_back() -> None:
    resident("bolat", "south")
    elsewhere = actor("practice_nurse", areas=frozenset({"south"}), reference="PractitionerRole/x")
    key = call("no_answer", "bolat", by=elsewhere)

    with pytest.raises(NotThere):
        call("no_answer", "bolat")
    with pytest.raises(NotThere):
        outcomes.undo("bolat", actor=NURSE, at=AT, key=key, actions=1)


def test_a_colleagues_outcome_is_not_mine_to_take_back() -> None:
    resident("amina")
    key = call("no_answer", by=actor("gp"))

    with pytest.raises(NotThere):
        outcomes.undo("amina", actor=NURSE, at=AT, key=key, actions=1)


def test_what_is_kept_is_valid_fhir() -> None:
    from qamqor.engine.fhir.json_text import decode
    from qamqor.engine.fhir.validation import check

    resident("amina")
    call("refused", reason="does not want to")

    for change in versions.changes_after(0):
        if change.type in {"Communication", "Task"}:
            errors = [one for one in check(decode(change.content or "")) if one.severity == "error"]
            assert errors == []


def test_who_was_shown_is_kept_in_the_audit() -> None:
    resident("amina")
    names()

    newest = audit.find(Wanted(patient="amina"), limit=1)[0]

    assert (newest.agent, newest.action) == (NURSE.reference, "search")


def test_the_number_of_queries_does_not_grow_with_the_list() -> None:
    resident("amina")
    with CaptureQueriesContext(connection) as few:
        worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT)
    for number in range(20):
        resident(f"person-{number}")
    with CaptureQueriesContext(connection) as many:
        found = worklist.today(NURSE, tab=Tab.to_see, as_of=TODAY, at=AT)

    assert len(found.lines) == 21
    assert len(many) == len(few)


def test_a_person_who_died_meanwhile_leaves_the_list() -> None:
    resident("amina")
    dead = villager("amina", gender="female", birthDate="1961-05-05", deceasedBoolean=True)
    save([Change("PUT", "Patient", "amina", dead)], actor=PLATFORM, at=AT)

    assert names() == []


def test_who_names_no_tab_begins_where_somebody_waits() -> None:
    """A home page that is empty while people wait elsewhere looks like a day without work."""

    def begins() -> Tab:
        return worklist.today(NURSE, tab=None, as_of=TODAY, at=AT).tab

    assert begins() is Tab.to_see, "nobody waits anywhere"
    resident("amina")
    assert begins() is Tab.to_see
    for _ in range(3):
        call("no_answer")
    assert names(Tab.to_see) == []
    assert begins() is Tab.to_visit
