"""A condition is said in the reader's language on every page; an English title is marked."""

from __future__ import annotations

from typing import Any

import pytest

from qamqor.engine.fhir.names import ICD10
from qamqor.services.person import content
from qamqor.web.components import facts


def condition(code: str, **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD10, "code": code, "display": "A display"}], **more}
    return {"resourceType": "Condition", "id": "one", "code": coded}


@pytest.mark.parametrize(
    ("code", "language", "title", "english"),
    [
        ("I10", "kk", "Артериялық гипертензия", ""),
        ("E11.9", "ru", "Диабет 2-го типа без осложнений", ""),
        ("A52.1", "ru", "Поздний сифилис", "Symptomatic neurosyphilis"),
        ("A52.1", "kk", "Кеш мерез", "Symptomatic neurosyphilis"),
        ("A52.1", "en", "Symptomatic neurosyphilis", ""),
        ("W01", "ru", "Падения", "Fall on same level from slipping, tripping and stumbling"),
    ],
)
def test_a_condition_is_said_in_the_readers_language(
    code: str, language: str, title: str, english: str
) -> None:
    line = facts.line(condition(code), language)

    assert (line.title, line.detail, line.english) == (title, code, english)


def test_a_code_nobody_knows_is_said_as_the_record_says_it() -> None:
    line = facts.line(condition("XX9"), "ru")

    assert (line.title, line.english) == ("A display", "")
    assert content.said({"text": "cold"}, "ru") == "cold"


def test_an_english_title_is_marked_and_nothing_of_the_record_becomes_html() -> None:
    said = facts.marked(facts.line(condition("A52.1"), "ru"), with_code=True)
    odd = facts.marked(facts.line(condition("<i>", text="<b>bold</b>"), "ru"), with_code=True)

    assert said == 'Поздний сифилис (A52.1) <span lang="en">Symptomatic neurosyphilis</span>'
    assert "<" not in odd
    assert facts.marked(facts.line(condition("I10"), "ru")) == "Артериальная гипертензия"
