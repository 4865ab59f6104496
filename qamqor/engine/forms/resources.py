"""A form, its answers and its score as FHIR resources."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from qamqor.engine.forms.answers import Score, problems, shown
from qamqor.engine.forms.form import Answers, Form, Option, Question
from qamqor.engine.words import LANGUAGES, Words

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"
ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"


def questionnaire(form: Form) -> dict[str, Any]:
    """The form as a FHIR Questionnaire, English with translations beside."""
    return {
        "resourceType": "Questionnaire",
        "id": form.id.replace("_", "-"),
        "url": form.canonical.partition("|")[0],
        "version": form.version,
        "name": form.id,
        **_said("title", form.title),
        "status": "active" if form.status == "approved" else "draft",
        "subjectType": ["Patient"],
        "item": [_item(one) for one in form.questions],
    }


def _said(key: str, words: Words) -> dict[str, Any]:
    translations = [
        {
            "url": TRANSLATION,
            "extension": [
                {"url": "lang", "valueCode": language},
                {"url": "content", "valueString": words[language]},
            ],
        }
        for language in LANGUAGES[1:]
    ]
    return {key: words["en"], f"_{key}": {"extension": translations}}


def _item(question: Question) -> dict[str, Any]:
    item: dict[str, Any] = {
        "linkId": question.id,
        **_said("text", question.words),
        "type": question.kind,
        "required": question.is_required,
    }
    if question.shown_when:
        item["enableWhen"] = [
            {"question": name, "operator": "=", **_answer(answer)}
            for name, answers in question.shown_when.items()
            for answer in answers
        ]
        if len(item["enableWhen"]) > 1:
            item["enableBehavior"] = "any" if len(question.shown_when) == 1 else "all"
    if question.options:
        item["answerOption"] = [{"valueCoding": _coding(one)} for one in question.options]
    return item


def _answer(answer: Any) -> dict[str, Any]:
    if isinstance(answer, bool):
        return {"answerBoolean": answer}
    if isinstance(answer, int):
        return {"answerInteger": answer}
    return {"answerCoding": {"code": answer}}


def _coding(option: Option) -> dict[str, Any]:
    coding: dict[str, Any] = {"code": option.code, **_said("display", option.words)}
    if option.counts is not None:
        coding["extension"] = [{"url": ORDINAL, "valueDecimal": option.counts}]
    return coding


def response(
    form: Form, answers: Answers, *, patient: str, author: str, encounter: str | None, at: datetime
) -> dict[str, Any]:
    """The answers as a QuestionnaireResponse; only questions that were shown.

    Args:
        patient, author, encounter: FHIR references.
    """
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form.canonical,
        "status": "in-progress" if problems(form, answers) else "completed",
        "subject": {"reference": patient},
        "author": {"reference": author},
        **({"encounter": {"reference": encounter}} if encounter else {}),
        "authored": at.isoformat(),
        "item": items(form, answers),
    }


def items(form: Form, answers: Answers) -> list[dict[str, Any]]:
    """The answers alone, as a QuestionnaireResponse lists them."""
    return [
        {"linkId": one.id, "text": one.words["en"], "answer": [_value(one, answers[one.id])]}
        for one in shown(form, answers)
        if answers.get(one.id) is not None
    ]


def _value(question: Question, answer: Any) -> dict[str, Any]:
    if question.kind == "choice":
        option = next(one for one in question.options if one.code == answer)
        return {"valueCoding": {"code": option.code, "display": option.words["en"]}}
    return {f"value{ {'text': 'String'}.get(question.kind, question.kind.capitalize()) }": answer}


def score_observation(
    form: Form, found: Score, *, patient: str, performer: str, derived_from: str, at: datetime
) -> dict[str, Any] | None:
    """The score as an Observation; None for a form without a score or an unfinished one."""
    if found.total is None or not form.score_code:
        return None
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "survey",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": form.score_system, "code": form.score_code}]},
        "subject": {"reference": patient},
        "performer": [{"reference": performer}],
        "effectiveDateTime": at.isoformat(),
        "valueInteger": found.total,
        "derivedFrom": [{"reference": derived_from}],
    }
