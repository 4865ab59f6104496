"""Forms ask what must be asked, add up what was answered, and say what is wrong with themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from qamqor.engine.forms.answers import problems, score, shown
from qamqor.engine.forms.form import Form
from qamqor.engine.forms.read import read_form
from qamqor.engine.forms.resources import questionnaire, response, score_observation
from qamqor.errors import InvalidPack

FORMS = Path(__file__).parents[2] / "content/forms"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def form(name: str) -> Form:
    return read_form(yaml.safe_load((FORMS / f"{name}.yaml").read_text()), name)


def first_answers(one: Form, **instead: Any) -> dict[str, Any]:
    """The first answer everywhere, as somebody without any trouble would give."""
    answers: dict[str, Any] = {}
    for question in one.questions:
        first = {"boolean": False, "integer": question.smallest or 0, "text": "x"}
        answers[question.id] = (
            question.options[0].code if question.options else first[question.kind]
        )
    return answers | instead


@pytest.mark.parametrize("file", sorted(FORMS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_form_of_the_pack_can_be_read_in_three_languages(file: Path) -> None:
    found = read_form(yaml.safe_load(file.read_text()), file.name)

    assert found.id == file.stem
    assert found.questions


def test_a_score_is_the_sum_of_its_answers_and_has_a_band() -> None:
    phq9 = form("phq9")
    every_day = {q.id: "nearly_every_day" for q in phq9.questions if q.counts}
    moderate = first_answers(phq9, interest="nearly_every_day", mood="nearly_every_day",
                             sleep="nearly_every_day", energy="several_days")  # fmt: skip

    assert score(phq9, every_day).total == 27
    found = score(phq9, moderate)
    assert (found.total, found.band.code if found.band else "") == (10, "moderate")


@pytest.mark.parametrize(
    ("total", "band"), [(4, "minimal"), (5, "mild"), (14, "moderate"), (15, "severe")]
)
def test_a_band_begins_at_its_number(total: int, band: str) -> None:
    gad7 = form("gad7")
    codes = ["not_at_all", "several_days", "more_than_half", "nearly_every_day"]
    answers, left = {}, total
    for question in gad7.questions:
        answers[question.id] = codes[min(left, 3)]
        left -= min(left, 3)

    found = score(gad7, answers)

    assert (found.total, found.band.code if found.band else "") == (total, band)


def test_half_a_form_has_no_score_and_says_what_is_missing() -> None:
    phq9 = form("phq9")
    answers = first_answers(phq9)
    del answers["sleep"]

    assert score(phq9, answers).total is None
    assert [one.expression for one in problems(phq9, answers)] == ["sleep"]


def test_a_thought_of_self_harm_is_never_hidden_by_a_low_or_unfinished_score() -> None:
    assert score(form("phq9"), {"self_harm": "several_days"}).alerts
    assert not score(form("phq9"), {"self_harm": "not_at_all"}).alerts


def test_questions_that_do_not_apply_are_not_asked_and_do_not_count() -> None:
    audit = form("audit")
    sober = {"frequency": "never", "injury": "no", "concern": "no", "amount": "ten"}

    assert [one.id for one in shown(audit, sober)] == ["frequency", "injury", "concern"]
    assert score(audit, sober).total == 0
    assert problems(audit, sober) == ()


def test_wrong_and_unknown_answers_are_named() -> None:
    found = problems(form("phq9"), first_answers(form("phq9"), sleep="perhaps", nonsense="x"))

    assert {one.expression for one in found} == {"sleep", "nonsense"}


def test_answers_become_a_response_and_a_score_observation() -> None:
    phq9 = form("phq9")
    answers = first_answers(phq9)
    said = response(phq9, answers, patient="Patient/a", author="PractitionerRole/n",
                    encounter="Encounter/e", at=AT)  # fmt: skip
    observation = score_observation(phq9, score(phq9, answers), patient="Patient/a",
                                    performer="PractitionerRole/n",
                                    derived_from="QuestionnaireResponse/r", at=AT)  # fmt: skip

    assert said["status"] == "completed"
    assert said["questionnaire"].endswith("/Questionnaire/phq9|2026-01-01")
    assert observation is not None
    assert observation["valueInteger"] == 0
    assert observation["code"]["coding"][0]["code"] == "44261-6"


def test_an_unfinished_response_says_so_and_has_no_score() -> None:
    phq9 = form("phq9")
    said = response(phq9, {"interest": "not_at_all"}, patient="Patient/a", author="x",
                    encounter=None, at=AT)  # fmt: skip

    assert said["status"] == "in-progress"
    assert len(said["item"]) == 1
    assert score_observation(phq9, score(phq9, {}), patient="", performer="", derived_from="",
                             at=AT) is None  # fmt: skip


@pytest.mark.parametrize("name", ["phq9", "audit", "social_needs"])
def test_a_form_is_a_questionnaire_with_translations(name: str) -> None:
    one = form(name)
    found = questionnaire(one)

    assert [item["linkId"] for item in found["item"]] == [q.id for q in one.questions]
    assert {e["extension"][0]["valueCode"] for e in found["_title"]["extension"]} == {"ru", "kk"}
    conditional = [item for item in found["item"] if "enableWhen" in item]
    assert len(conditional) == sum(q.shown_when is not None for q in one.questions)


WRONG = {
    "id": "x",
    "version": "1",
    "status": "draft",
    "title": {"en": "x", "ru": "x"},
    "source": "x",
    "nonsense": 1,
    "answers": {
        "no": [{"code": False}],
        "yn": [{"code": "y", "counts": "many", "en": "y", "ru": "y", "kk": "y"}],
    },
    "items": [
        {"id": "a", "answers": "nowhere", "en": "a", "ru": "a", "kk": "a"},
        {"id": "a", "type": "picture", "en": "a", "ru": "a", "kk": "a"},
        {"id": "b", "answers": "yn", "shown_when": {"c": ["y"]}, "en": "b", "ru": "b", "kk": "b"},
        {"id": "c", "answers": "yn", "shown_when": {"b": ["z"]}, "en": "c", "ru": "c", "kk": "c"},
    ],
    "score": {"system": "none", "bands": [{"from": 5}, {"from": 5}]},
    "alerts": [{"question": "z", "answers": ["y"]}, {"question": "c", "answers": ["z"]}],
}


@pytest.mark.parametrize(
    "said",
    [
        "title: has no words in kk",
        "nonsense: is no part of a form",
        "counts must be a whole number",
        "code is False; write it in quotes",
        "'nowhere' is no set of answers",
        "a: stands twice",
        "type is one of choice",
        "names c, which is not an earlier question",
        "b cannot be answered 'z'",
        "from must be a number above the band before",
        "there is no question z",
        "answers must be answers of c",
        "score.system: is one of",
    ],
)
def test_every_mistake_in_a_form_is_listed(said: str) -> None:
    with pytest.raises(InvalidPack) as refused:
        read_form(WRONG, "x.yaml")
    assert said in str(refused.value)


def test_a_file_that_is_no_form_is_refused() -> None:
    with pytest.raises(InvalidPack, match="must be a mapping"):
        read_form([], "x.yaml")
