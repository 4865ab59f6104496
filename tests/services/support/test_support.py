"""Support: plans with steps, notes under their label, and what the team decides together."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.errors import NotAllowed, NotThere, Unusable, VersionConflict
from qamqor.services.access.actor import Actor
from qamqor.services.support import conference, plans, steps
from qamqor.services.support.plans import Needs, Wish
from qamqor.services.support.sensitive import offered
from qamqor.services.support.steps import Step
from qamqor.store import audit
from qamqor.store.audit import Wanted
from tests.services.access.village import AT, actor
from tests.services.worklist.test_today import resident

TODAY = date(2026, 3, 2)
NURSE, GP = actor("practice_nurse"), actor("gp")
PSYCHOLOGIST, SOCIAL = actor("psychologist"), actor("social_worker")
FAR = actor("psychologist", areas=frozenset({"south"}), reference="PractitionerRole/far")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def key() -> str:
    return str(uuid.uuid4())


def step(owner: Actor = SOCIAL, what: str = "Ask for the heating allowance") -> Step:
    return Step(what, owner.reference, date(2026, 3, 9))


def wish(**more: Any) -> Wish:
    said: dict[str, Any] = {
        "title": "Winter at home",
        "goal": "To stay warm",
        "is_own": True,
        "steps": (step(),),
        "review_on": date(2026, 4, 1),
    }
    return Wish(**{**said, **more})


def read(by: Actor, who: str = "amina") -> Needs:
    return plans.read(who, actor=by, as_of=TODAY, at=AT)


def test_a_plan_is_a_care_plan_with_a_goal_and_a_task_for_each_step() -> None:
    resident("amina")
    made = key()

    stored = plans.make("amina", wish(), key=made, actor=SOCIAL, at=AT)

    assert [one.version.type for one in stored] == ["Goal", "CarePlan", "Task"]
    assert plans.make("amina", wish(), key=made, actor=SOCIAL, at=AT) == []
    found = read(NURSE)
    (plan,) = found.plans
    assert plan["goal"] == [{"reference": f"Goal/{found.goals[0]['id']}"}]
    assert found.goals[0]["expressedBy"] == {"reference": "Patient/amina"}
    assert found.steps[0]["basedOn"] == [{"reference": f"CarePlan/{plan['id']}"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"goal": ""},
        {"review_on": date(2026, 3, 1)},
        {"steps": (Step("", SOCIAL.reference, TODAY),)},
        {"steps": (Step("x", "Patient/amina", TODAY),)},
        {"steps": (Step("x", SOCIAL.reference, date(2026, 3, 1)),)},
        {"label": "HIV"},
        {"label": "PSY"},
    ],
)
def test_half_a_plan_is_not_kept(wrong: dict[str, Any]) -> None:
    resident("amina")

    with pytest.raises(Unusable):
        plans.make("amina", wish(**wrong), key=key(), actor=SOCIAL, at=AT)
    assert read(NURSE).plans == ()


def test_another_teams_person_gets_no_plan_note_or_question() -> None:
    resident("amina")

    with pytest.raises(NotThere):
        plans.make("amina", wish(), key=key(), actor=FAR, at=AT)
    with pytest.raises(NotThere):
        plans.write_note("amina", "x", label="", key=key(), actor=FAR, at=AT)
    with pytest.raises(NotThere):
        conference.bring("amina", "x", label="", key=key(), actor=FAR, at=AT)
    with pytest.raises(NotThere):
        read(FAR)


def test_a_sensitive_note_is_read_only_by_the_roles_of_its_label() -> None:
    resident("amina")
    plans.write_note("amina", "Between us", label="PSY", key=key(), actor=PSYCHOLOGIST, at=AT)
    plans.write_note("amina", "For everybody", label="", key=key(), actor=SOCIAL, at=AT)

    def texts(by: Actor) -> set[str]:
        return {one["payload"][0]["contentString"] for one in read(by).notes}

    assert texts(PSYCHOLOGIST) == texts(GP) == {"Between us", "For everybody"}
    for role in ("practice_nurse", "district_nurse", "midwife", "social_worker", "lead_nurse"):
        assert texts(actor(role)) == {"For everybody"}
    assert set(read(GP).labels.values()) == {"PSY"}
    assert read(NURSE).labels == {}


def test_nobody_may_put_a_label_that_hides_from_themselves() -> None:
    resident("amina")

    assert [one.code for one in offered("psychologist")] == ["PSY", "R"]
    assert [one.code for one in offered("practice_nurse")] == ["R"]
    with pytest.raises(Unusable):
        plans.write_note("amina", "x", label="PSY", key=key(), actor=NURSE, at=AT)
    with pytest.raises(Unusable):
        plans.write_note("amina", "  ", label="", key=key(), actor=NURSE, at=AT)


def test_reading_somebodys_needs_is_kept() -> None:
    resident("amina")
    plans.write_note("amina", "For everybody", label="", key=key(), actor=SOCIAL, at=AT)

    note = read(GP).notes[0]

    entry = audit.find(Wanted(patient="amina", agent=GP.reference), limit=1)[0]
    assert f"Communication/{note['id']}" in entry.entry


def test_my_steps_are_mine_by_day_and_done_or_not_with_a_reason() -> None:
    resident("amina")
    early = Step("Call the school", SOCIAL.reference, date(2026, 3, 3))
    plans.make("amina", wish(steps=(step(), early, step(NURSE))), key=key(), actor=GP, at=AT)

    mine = steps.mine(SOCIAL, at=AT)

    assert [one.task["description"] for one in mine] == ["Call the school", step().what]
    assert mine[0].person["id"] == "amina"
    task = mine[0].task["id"]
    with pytest.raises(Unusable):
        steps.close(task, done=False, note=" ", actor=SOCIAL, at=AT)
    (closed,) = steps.close(task, done=False, note="Holidays", actor=SOCIAL, at=AT)
    assert (closed.resource or {})["status"] == "failed"
    with pytest.raises(NotThere):
        steps.close(task, done=True, note="", actor=SOCIAL, at=AT)
    assert len(steps.mine(SOCIAL, at=AT)) == 1
    with pytest.raises(NotThere):
        steps.close(mine[1].task["id"], done=True, note="", actor=FAR, at=AT)


def test_a_plan_ends_with_its_goal_and_a_stale_page_is_refused() -> None:
    resident("amina")
    plans.make("amina", wish(), key=key(), actor=SOCIAL, at=AT)
    plan = read(SOCIAL).plans[0]

    with pytest.raises(VersionConflict):
        plans.end("amina", plan["id"], reached=True, version=7, actor=SOCIAL, at=AT)
    plans.end("amina", plan["id"], reached=True, version=1, actor=SOCIAL, at=AT)

    found = read(SOCIAL)
    assert found.plans[0]["status"] == "completed"
    assert found.goals[0]["achievementStatus"]["coding"][0]["code"] == "achieved"
    with pytest.raises(NotThere):
        plans.end("amina", plan["id"], reached=True, version=2, actor=SOCIAL, at=AT)


def test_the_team_decides_about_somebody_brought_and_everybody_gets_their_step() -> None:
    resident("amina")
    conference.bring("amina", "Alone since autumn", label="", key=key(), actor=NURSE, at=AT)
    (brought,) = conference.read(GP, at=AT).brought
    task, version = conference.one(brought.task["id"], actor=GP, at=AT)
    made = key()

    def decide(version: int, key: str) -> int:
        return len(
            conference.decide(
                task["id"],
                "Visit each week",
                (step(), step(PSYCHOLOGIST, "Talk")),
                (NURSE.reference,),
                version=version,
                key=key,
                actor=GP,
                at=AT,
            )
        )

    assert decide(version, made) == 4
    assert decide(version, made) == 0
    with pytest.raises(NotThere):
        decide(version, key())

    found = conference.read(NURSE, at=AT)
    assert found.brought == ()
    assert found.decided[0].task["output"][0]["valueString"] == "Visit each week"
    assert {one.task["owner"]["reference"] for one in found.steps} == {
        SOCIAL.reference,
        PSYCHOLOGIST.reference,
    }
    assert [one.task["description"] for one in steps.mine(PSYCHOLOGIST, at=AT)] == ["Talk"]


def test_two_who_decide_at_once_do_not_both_decide() -> None:
    resident("amina")
    conference.bring("amina", "Alone", label="", key=key(), actor=NURSE, at=AT)
    task = conference.read(GP, at=AT).brought[0].task["id"]

    with pytest.raises(VersionConflict):
        conference.decide(task, "x", (), (), version=9, key=key(), actor=GP, at=AT)
    with pytest.raises(Unusable):
        conference.decide(task, " ", (), (), version=1, key=key(), actor=GP, at=AT)
    assert len(conference.read(GP, at=AT).brought) == 1


def test_a_sensitive_question_is_brought_only_before_those_who_may_read_it() -> None:
    resident("amina")
    conference.bring("amina", "Between us", label="PSY", key=key(), actor=PSYCHOLOGIST, at=AT)

    assert len(conference.read(GP, at=AT).brought) == 1
    assert conference.read(NURSE, at=AT).brought == ()
    task = conference.read(GP, at=AT).brought[0].task["id"]
    with pytest.raises(NotThere):
        conference.one(task, actor=NURSE, at=AT)


def test_the_conference_shows_only_ones_own_people_and_is_closed_to_others() -> None:
    resident("amina")
    conference.bring("amina", "Alone", label="", key=key(), actor=NURSE, at=AT)

    assert conference.read(FAR, at=AT).brought == ()
    with pytest.raises(NotAllowed):
        conference.read(actor("auditor"), at=AT)
