"""Questionnaires as content: which questions to show, what is missing, what the answers add up to.

A form is a YAML file a clinician can read. It names its questions, the answers each may have and
what they count, when a question is shown, how the score is banded, and which answers need
somebody's attention at once. The same file gives a FHIR Questionnaire, and answers to it a
QuestionnaireResponse and the Observation of the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from qamqor.engine.fhir.names import BASE
from qamqor.engine.words import Words

KINDS: Final = ("choice", "boolean", "integer", "text")
Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose, and what it counts; None = it counts nothing."""

    code: str
    words: Words
    counts: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        kind: ``choice``, ``boolean``, ``integer`` or ``text``.
        shown_when: question → answers of which one must have been given; empty = always shown.
        counts: whether its answer is part of the score.
    """

    id: str
    kind: str
    words: Words
    options: tuple[Option, ...] = ()
    shown_when: Mapping[str, tuple[Any, ...]] | None = None
    is_required: bool = True
    counts: bool = True
    smallest: int | None = None
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the scale, from ``from_`` up to the next band."""

    from_: int
    code: str
    words: Words


@dataclass(frozen=True, slots=True)
class Alert:
    """Answers that somebody must look at before the person leaves, whatever the score."""

    question: str
    answers: tuple[Any, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class Form:
    """A questionnaire of one version.

    Attributes:
        score_system, score_code: code of the Observation that holds the score; empty = no score.
    """

    id: str
    version: str
    status: str
    title: Words
    source: str
    questions: tuple[Question, ...]
    bands: tuple[Band, ...] = ()
    alerts: tuple[Alert, ...] = ()
    intro: Words | None = None
    score_system: str = ""
    score_code: str = ""

    @property
    def canonical(self) -> str:
        """Address and version, as a response names the form it answers."""
        return f"{BASE}/Questionnaire/{self.id}|{self.version}"


def may_be(question: Question, answer: Any) -> bool:
    """Whether a question can be answered so."""
    if question.kind == "choice":
        return any(option.code == answer for option in question.options)
    if question.kind == "boolean":
        return isinstance(answer, bool)
    if question.kind == "integer":
        return (
            isinstance(answer, int)
            and not isinstance(answer, bool)
            and (question.smallest is None or answer >= question.smallest)
            and (question.largest is None or answer <= question.largest)
        )
    return isinstance(answer, str)
