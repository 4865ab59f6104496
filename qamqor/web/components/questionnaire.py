"""A questionnaire as a page shows it: questions, answers so far, the score, urgent answers.

    sheet = questionnaire.present(form, questionnaire.typed(form, request.POST))
    {% from "components/questionnaire.html" import questions with context %}
    {{ questions(sheet) }}                           # inside a form; load qamqor/questionnaire.js

Without scripts every question stands there, and the server says the same when it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from qamqor.engine.forms.form import Form, Question
from qamqor.services import forms
from qamqor.web.components import reader


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose; ``counts`` is empty where it counts nothing.

    Attributes:
        key: the digit that chooses it: its points, as on the paper form, where each answer of the
            question has other points of one digit; else its place.
    """

    value: str
    label: str
    counts: str
    is_chosen: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One question.

    Attributes:
        when: JSON of question → answers of which one must be given; empty = always asked.
        warning: what somebody must do now about the answer that is chosen.
        alerts: JSON of answer → such words, for the script.
    """

    id: str
    name: str
    kind: str
    words: str
    choices: tuple[Choice, ...]
    value: str
    is_asked: bool
    is_required: bool
    when: str
    error: str
    warning: str
    alerts: str
    smallest: int | None
    largest: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole questionnaire.

    Attributes:
        bands: JSON of where each part of the scale begins and what it is called.
        score: in words; empty while something that counts is not answered.
    """

    id: str
    title: str
    intro: str
    questions: tuple[Shown, ...]
    has_score: bool
    bands: str
    score: str
    is_draft: bool


def typed(form: Form, sent: Mapping[str, str]) -> dict[str, str]:
    """The answers among what a page sent, by question."""
    return {one.id: str(sent.get(_name(form, one), "")) for one in form.questions}


def present(form: Form, given: Mapping[str, str], *, say_missing: bool = False) -> Sheet:
    """A questionnaire with the answers given so far.

    Args:
        given: id of the question → text.
        say_missing: whether to say at each question that it is not answered.
    """
    language, found = reader.language(), forms.asked(form, given)
    missing = {one.expression: one for one in found.missing}
    warned = {one.question: one.words[language] for one in found.score.alerts}
    questions = tuple(
        Shown(
            id=one.id,
            name=_name(form, one),
            kind=one.kind,
            words=one.words[language],
            choices=_choices(one, given.get(one.id, ""), language),
            value=given.get(one.id, ""),
            is_asked=one.id in found.shown,
            is_required=one.is_required,
            when=_json({k: [_text(a) for a in v] for k, v in (one.shown_when or {}).items()}),
            error=_said(missing[one.id].code) if say_missing and one.id in missing else "",
            warning=warned.get(one.id, ""),
            alerts=_json(
                {
                    _text(answer): alert.words[language]
                    for alert in form.alerts
                    if alert.question == one.id
                    for answer in alert.answers
                }
            ),
            smallest=one.smallest,
            largest=one.largest,
        )
        for one in form.questions
    )
    band, total = found.score.band, found.score.total
    in_words = f": {band.words[language]}" if band else ""
    return Sheet(
        id=form.id,
        title=form.title[language],
        intro=form.intro[language] if form.intro else "",
        questions=questions,
        has_score=bool(form.score_code),
        bands=_json([[one.from_, one.words[language]] for one in form.bands]),
        score=f"{total}{in_words}" if total is not None and form.score_code else "",
        is_draft=form.status != "approved",
    )


def answer_of(question: Question, given: str, language: str) -> str:
    """An answer in the words of the page."""
    chosen = (one.label for one in _choices(question, given, language) if one.is_chosen)
    return next(chosen, given)


def _name(form: Form, question: Question) -> str:
    return f"{form.id}-{question.id}"


def _choices(question: Question, given: str, language: str) -> tuple[Choice, ...]:
    """The answers with their digits: a nurse who knows the paper form types 3 for 3 points."""
    found = _answers(question, given, language)
    points = {one.counts for one in found if len(one.counts) == 1}
    return tuple(
        replace(one, key=one.counts if len(points) == len(found) else str(place))
        for place, one in enumerate(found, 1)
    )


def _answers(question: Question, given: str, language: str) -> tuple[Choice, ...]:
    if question.kind == "boolean":
        return (
            Choice("true", gettext("Yes"), "", given == "true"),
            Choice("false", gettext("No"), "", given == "false"),
        )
    return tuple(
        Choice(
            one.code,
            one.words[language],
            str(one.counts) if question.counts and one.counts is not None else "",
            given == one.code,
        )
        for one in question.options
    )


def _text(answer: object) -> str:
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def _json(found: object) -> str:
    return json.dumps(found, ensure_ascii=False) if found else ""


def _said(code: str) -> str:
    if code == "required":
        return gettext("Not answered yet.")
    return gettext("This is no answer to the question.")
