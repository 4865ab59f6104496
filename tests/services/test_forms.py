"""Answers to a questionnaire become a response and a score, once, and can be taken back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings as django_settings

from qamqor.engine.fhir import json_text
from qamqor.engine.fhir.validation import check
from qamqor.errors import NotThere, Unusable
from qamqor.services import forms
from qamqor.store import derived
from qamqor.store.fhir import versions
from tests.services.access.village import actor
from tests.services.test_derived import AT
from tests.services.worklist.test_today import NURSE, resident

pytestmark = pytest.mark.django_db
QUIET = {one.id: "not_at_all" for one in forms.form("phq9").questions if one.is_required}


@pytest.fixture(autouse=True)
def invented_approvals(settings: Any) -> None:
    settings.QAMQOR = replace(django_settings.QAMQOR, is_demo=True)


def asked(**instead: str) -> forms.Asked:
    return forms.asked(forms.form("phq9"), {**QUIET, **instead})


def test_a_finished_form_is_a_response_and_a_score_that_rules_can_read() -> None:
    resident("amina")

    stored = forms.keep(
        "amina", asked(mood="several_days"), actor=NURSE, at=AT, key=str(uuid.uuid4())
    )

    answered, scored = (one.resource for one in stored)
    assert answered is not None
    assert scored is not None
    assert (answered["status"], scored["valueInteger"]) == ("completed", 1)
    assert scored["derivedFrom"] == [{"reference": f"QuestionnaireResponse/{answered['id']}"}]
    assert [check(one) for one in (answered, scored)] == [[], []]
    (row,) = derived.rows_of(["amina"])["amina"]["questionnaire_score"]
    assert (row["questionnaire"], row["score"]) == ("phq9", 1)


def test_the_same_form_sent_twice_is_one() -> None:
    resident("amina")
    key = str(uuid.uuid4())
    forms.keep("amina", asked(), actor=NURSE, at=AT, key=key)
    before = versions.last_sequence()

    assert forms.keep("amina", asked(), actor=NURSE, at=AT, key=key) == []
    assert versions.last_sequence() == before


@pytest.mark.parametrize("instead", [{"mood": ""}, {"mood": "sometimes"}])
def test_half_a_form_or_an_unknown_answer_is_refused(instead: dict[str, str]) -> None:
    resident("amina")

    with pytest.raises(Unusable):
        forms.keep("amina", asked(**instead), actor=NURSE, at=AT, key=str(uuid.uuid4()))


def test_an_urgent_answer_is_named() -> None:
    (alert,) = asked(self_harm="several_days").score.alerts
    assert alert.question == "self_harm"


def test_a_question_that_is_not_asked_counts_nothing() -> None:
    typed = {"frequency": "never", "amount": "ten", "injury": "no", "concern": "no"}
    found = forms.asked(forms.form("audit"), typed)

    assert found.score.total == 0
    assert "amount" not in found.answers


def test_answers_taken_back_stay_in_the_history_and_only_the_writer_may() -> None:
    resident("amina")
    key = str(uuid.uuid4())
    forms.keep("amina", asked(), actor=NURSE, at=AT, key=key)

    with pytest.raises(NotThere):
        forms.take_back("amina", "phq9", actor=actor("gp"), at=AT, key=key)
    assert forms.take_back("amina", "phq9", actor=NURSE, at=AT, key=key) == 2

    id_ = str(uuid.uuid5(uuid.UUID(key), "phq9"))
    found = versions.read("QuestionnaireResponse", id_)
    assert found is not None
    assert json_text.decode(found.content or "")["status"] == "entered-in-error"


def test_a_social_worker_may_ask_about_needs_and_nobody_about_another_areas_people() -> None:
    resident("amina")
    resident("bolat", "south")
    needs = forms.asked(forms.form("social_needs"), {"food": "true", "wants_help": "false"})
    worker = actor("social_worker")

    (stored,) = forms.keep("amina", needs, actor=worker, at=AT, key=str(uuid.uuid4()))
    assert stored.resource is not None
    assert stored.resource["item"][0]["answer"] == [{"valueBoolean": True}]
    with pytest.raises(NotThere):
        forms.keep("bolat", needs, actor=worker, at=AT, key=str(uuid.uuid4()))


def test_an_unknown_form_is_not_there() -> None:
    with pytest.raises(NotThere):
        forms.form("nonsense")
