"""A person's page: what it shows, to whom, in how few statements, and that it is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from qamqor.engine.fhir import json_text
from qamqor.errors import NotAllowed, NotThere, Unusable
from qamqor.services.access import glass, trail
from qamqor.services.access.actor import Actor
from qamqor.services.break_glass import open_glass
from qamqor.services.person import history, letters, page, wrong
from qamqor.services.person.page import Page
from qamqor.services.person.sight import Closed
from qamqor.services.support import plans
from qamqor.services.support.plans import Wish
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import ACT, AT, actor
from tests.services.access.village import resident as themselves
from tests.services.test_derived import pressure, put
from tests.services.worklist.test_today import household, of, resident

TODAY = date(2026, 3, 2)
NURSE = actor("practice_nurse")
GP = actor("gp")
MOST_STATEMENTS = 12
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def opened(who: str = "amina", by: Actor = NURSE) -> Page:
    found = page.read(who, actor=by, as_of=TODAY, at=AT)
    assert isinstance(found, Page)
    return found


def about(type_: str, id_: str, who: str = "amina", **said: Any) -> dict[str, Any]:
    field = "patient" if type_ == "AllergyIntolerance" else "subject"
    return {"resourceType": type_, "id": id_, field: {"reference": f"Patient/{who}"}, **said}


@contextmanager
def reads() -> Iterator[list[str]]:
    """Every statement that reads the record, below Django too; not those of keeping the audit."""
    log: list[str] = []
    connection.ensure_connection()
    connection.connection.set_trace_callback(log.append)
    found: list[str] = []
    yield found
    connection.connection.set_trace_callback(None)
    kept = ("select value from node_counter", "select number, hash from audit_entry")
    found += [one for one in log if one.startswith("select") and not one.startswith(kept)]


def a_full_record() -> None:
    resident("amina")
    resident("bolat", systolic=150)
    household("amina", "bolat")
    put(
        {
            "resourceType": "CareTeam",
            "id": "team",
            "status": "active",
            "managingOrganization": [{"reference": "Organization/north"}],
            "participant": [{"member": {"reference": "PractitionerRole/nurse"}}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": "nurse",
            "practitioner": {"reference": "Practitioner/aigul"},
            "code": [{"coding": [{"code": "practice_nurse"}]}],
        },
        {
            "resourceType": "Practitioner",
            "id": "aigul",
            "name": [{"family": "Рахимова", "given": ["Мадина"]}],
        },
        about("AllergyIntolerance", "penicillin", code={"text": "Penicillin"}),
    )


def test_the_page_shows_who_they_are_what_they_need_and_who_is_around() -> None:
    a_full_record()

    found = opened()

    assert found.person["id"] == "amina"
    assert "overdue" in {one.status for one in found.due}
    (number,) = [one for one in found.numbers if one.number.id == "blood_pressure"]
    assert number.points[-1].values == (160, 80)
    assert number.target is not None
    assert number.target.values == (140, 90)
    assert [one.name for one in found.team] == ["Рахимова Мадина"]
    assert [one.patient for one in found.household] == ["bolat"]
    assert found.household[0].overdue + found.household[0].due > 0
    assert "Observation/p-amina" in found.facts
    assert found.resources["AllergyIntolerance"][0]["id"] == "penicillin"


@pytest.mark.skipif("postgresql" in str(django_settings.DATABASES), reason="counts SQLite's own")
def test_a_dozen_statements_however_large_the_record_is() -> None:
    a_full_record()
    put(*(of(pressure(f"n{n}", "2025-11-05", 150), "amina") for n in range(300)))
    opened()

    with reads() as few:
        opened()

    assert len(few) <= MOST_STATEMENTS, "\n".join(few)


def test_who_is_shown_is_in_the_audit_with_everybody_of_the_household() -> None:
    a_full_record()

    opened()

    entry = audit.find(Wanted(agent=NURSE.reference), limit=1)[0]
    said = json_text.decode(entry.entry.encode())
    assert (entry.action, said["relation"]) == ("read", "panel")
    assert said["people"] == ["amina", "bolat"]
    assert "Observation/p-amina" in " ".join(said["what"])


def test_somebody_of_the_household_with_another_team_stays_without_a_name() -> None:
    resident("amina")
    resident("bolat", "south")
    household("amina", "bolat")

    (other,) = opened().household

    assert (other.person, other.overdue, other.due) == (None, 0, 0)
    entry = audit.find(Wanted(agent=NURSE.reference), limit=1)[0]
    assert json_text.decode(entry.entry.encode())["people"] == ["amina"]


def test_what_is_sensitive_is_there_only_for_the_roles_the_policy_names() -> None:
    resident("amina")
    condition = about(
        "Condition",
        "grief",
        code={"text": "Grief"},
        meta={"security": [{"system": ACT, "code": "PSY"}]},
    )
    score = about(
        "Observation",
        "score",
        status="final",
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        effectiveDateTime="2026-02-01",
        valueQuantity={"value": 61, "code": "kg"},
        meta={"security": [{"system": ACT, "code": "PSY"}]},
    )
    put(condition, score)

    nurse, gp = opened(), opened(by=GP)

    assert "Condition" not in nurse.resources
    assert nurse.labels == frozenset()
    assert not [one for one in nurse.numbers if one.number.id == "weight" and one.points]
    assert gp.resources["Condition"][0]["id"] == "grief"
    assert gp.labels == {"PSY"}
    assert [one for one in gp.numbers if one.number.id == "weight" and one.points]
    assert gp.total == nurse.total + 2

    resting = tuple(one._replace(evidence="Condition/grief") for one in gp.due[:1])
    assert resting
    paper = letters.on_paper(replace(gp, due=(*gp.due, *resting)))

    assert "grief" not in str(paper.resources)
    assert paper.due == gp.due
    assert not [one for one in paper.numbers if one.number.id == "weight" and one.points]


def test_a_social_worker_sees_no_clinical_record_and_only_their_own_needs() -> None:
    resident("amina")
    put(about("AllergyIntolerance", "penicillin", code={"text": "Penicillin"}))

    found = opened(by=actor("social_worker"))

    assert "AllergyIntolerance" not in found.resources
    assert not [one for one in found.numbers if one.points]
    assert found.due == ()
    assert found.facts == {}


def test_a_person_of_another_team_is_closed_and_the_glass_is_offered_to_clinicians_only() -> None:
    resident("bolat", "south")

    assert page.read("bolat", actor=NURSE, as_of=TODAY, at=AT) == Closed("bolat", True)
    assert page.read("nobody", actor=NURSE, as_of=TODAY, at=AT) == Closed("nobody", True)
    with pytest.raises(NotThere):
        page.read("bolat", actor=actor("lead_nurse", organization="far"), as_of=TODAY, at=AT)
    with pytest.raises((NotThere, NotAllowed)):
        page.read("bolat", actor=actor("auditor"), as_of=TODAY, at=AT)
    assert audit.find(Wanted(agent=NURSE.reference), limit=1)[0].outcome == "refused"


def test_through_a_broken_glass_the_page_opens_and_says_so() -> None:
    resident("bolat", "south")
    open_glass("bolat", actor=NURSE, reason="unconscious, no one knows her medicines", at=AT)

    found = opened("bolat", glass.carried(NURSE, AT))

    assert found.relation == "break_glass"
    assert not found.may_see_opened
    assert found.opened == ()


def test_a_record_changed_in_the_night_is_worked_out_for_today() -> None:
    resident("amina")
    later = date(2026, 9, 2)

    found = page.read("amina", actor=NURSE, as_of=later, at=AT)

    assert isinstance(found, Page)
    assert {one.as_of for one in found.due} == {later}


def test_the_team_sees_who_opened_and_nobody_else_of_the_staff_does() -> None:
    a_full_record()
    opened()

    rows, _ = trail.openings_of_own("amina", actor=GP, at=AT)

    assert NURSE.reference in {one.agent for one in rows}
    assert [(one.agent, one.is_me) for one in opened().opened][:2] == [
        (GP.reference, False),
        (NURSE.reference, True),
    ]
    with pytest.raises(NotThere):
        trail.openings_of_own("amina", actor=actor("gp", areas=frozenset({"south"})), at=AT)
    open_glass("amina", actor=actor("gp", areas=frozenset(), account=9), reason="x" * 20, at=AT)
    far = glass.carried(actor("gp", areas=frozenset(), account=9), AT)
    with pytest.raises(NotAllowed):
        trail.openings_of_own("amina", actor=far, at=AT)


def test_a_need_found_wrong_is_kept_with_its_rule_and_leaves_no_second_task() -> None:
    resident("amina")
    need = next(one for one in opened().due if one.status == "overdue")
    said = f"{need.programme}/{need.action}/{need.item}"
    key = str(uuid.uuid4())

    (stored,) = wrong.say("amina", said, reason="Measured last week", key=key, actor=NURSE, at=AT)

    assert wrong.say("amina", said, reason="again", key=key, actor=NURSE, at=AT) == []
    task = stored.resource or {}
    assert (task["status"], task["statusReason"]["text"]) == ("rejected", "Measured last week")
    assert need.version in {one["valueCode"] for one in task["input"]}
    for action, reason in ((said, "  "), ("nothing/of/that", "because")):
        with pytest.raises(Unusable):
            wrong.say("amina", action, reason=reason, key=key, actor=NURSE, at=AT)
    with pytest.raises(NotThere):
        wrong.say("amina", said, reason="x", key=key, actor=themselves("bolat"), at=AT)


def test_the_history_is_whole_in_pages_by_the_day_things_happened() -> None:
    resident("amina")
    days = [f"2025-{month:02}-10" for month in range(1, 13)]
    put(*(of(pressure(f"n{day}", day, 150), "amina") for day in reversed(days)))

    seen: list[str] = []
    wanted, pages = history.asked("Observation", ""), 0
    while True:
        found = history.read("amina", wanted, actor=NURSE, at=AT, limit=5)
        seen += [one["effectiveDateTime"] for _, one in found.resources]
        pages += 1
        if not found.more:
            break
        wanted = history.asked("Observation", found.more)

    assert seen == sorted([*days, "2025-12-05"], reverse=True)
    assert pages == 3
    assert found.counts["Observation"] == 13


@pytest.mark.parametrize("before", ["", "x", "1_x", "_", "9" * 40, "12_" + "9" * 40, "²_1"])
def test_a_place_in_the_history_that_nobody_wrote_begins_with_the_newest(before: str) -> None:
    assert history.asked("", before).before is None


def test_a_single_record_is_open_only_as_its_labels_allow() -> None:
    resident("amina")
    resident("bolat")
    tagged = {"security": [{"system": ACT, "code": "PSY"}]}
    put(about("Condition", "grief", code={"text": "Grief"}, meta=tagged))

    assert history.one("amina", "Condition", "grief", actor=GP, at=AT).resource["id"] == "grief"
    with pytest.raises(NotThere):
        history.one("amina", "Condition", "grief", actor=NURSE, at=AT)
    with pytest.raises(NotThere):
        history.one("bolat", "Condition", "grief", actor=GP, at=AT)


def test_what_another_role_owes_is_hidden_where_it_rests_on_a_record_closed_to_the_reader() -> None:
    resident("amina")
    psychologist = actor("psychologist")
    for label in ("", "PSY"):
        wish = Wish("Talks", "To sleep again", True, (), date(2026, 3, 2), label)
        plans.make("amina", wish, key=str(uuid.uuid4()), actor=psychologist, at=AT)
        seen = {
            by.role: {one.action for one in opened(by=by).due} for by in (psychologist, GP, NURSE)
        }
        if not label:
            assert all("plan_review" in actions for actions in seen.values())
            plan = next(one for one in opened(by=psychologist).resources["CarePlan"])
            plans.end("amina", plan["id"], reached=True, version=1, actor=psychologist, at=AT)
    assert "plan_review" in seen["psychologist"] & seen["gp"]
    assert "plan_review" not in seen["practice_nurse"]
