"""The report speaks Kazakh, Russian and English completely."""

import re
import string
from datetime import date

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from qamqor.engine.population.intervals import Interval
from qamqor.services.report_speaker import name_order
from qamqor.services.report_words import TEMPLATES, Words
from tools.report_words import sentences

KAZAKH = set("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")
LATIN_WORDS = {"qamqor", "population", "due"}


def catalog(language: str) -> Catalog:
    with (TEMPLATES / "words" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def said(message: object) -> list[str]:
    return [message] if isinstance(message, str) else list(message)  # type: ignore[call-overload]


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_sentence_has_every_form(language: str) -> None:
    known = catalog(language)
    forms = {"kk": 2, "ru": 3}[language]
    for message in sentences():
        if not message.id:
            continue
        entry = known.get(message.id)
        assert entry is not None, f"{language} lacks {message.id!r}"
        assert not entry.fuzzy
        texts = said(entry.string)
        assert len(texts) == (forms if isinstance(message.id, tuple) else 1)
        for text in texts:
            assert text, f"{language} lacks a form of {message.id!r}"
            assert places(text) == places(said(message.id)[-1]), text


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_translation_is_left_over(language: str) -> None:
    used = {str(message.id) for message in sentences()}
    assert {str(message.id) for message in catalog(language)} <= used | {""}


def test_kazakh_text_has_kazakh_letters_only() -> None:
    for message in catalog("kk"):
        for text in said(message.string) if message.id else []:
            words = re.sub(r"\{\w+\}|</?b>", "", text).lower()
            strange = set(re.findall(r"[^\W\d_]", words)) - KAZAKH
            assert not strange or set(re.findall(r"[a-z]+", words)) <= LATIN_WORDS, text


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_no_ending_is_glued_to_a_value(language: str) -> None:
    for message in catalog(language):
        for text in said(message.string) if message.id else []:
            assert not re.search(r"\}-?[а-яәғқңөұүһі]", text), text


@pytest.mark.parametrize(
    ("language", "number", "percent", "day", "ends"),
    [
        ("kk", "1 234,5", "45,3%", "2026 жылғы 5 наурыз", "12,1–15,8"),
        ("ru", "1 234,5", "45,3%", "5 марта 2026 года", "12,1–15,8"),
        ("en", "1,234.5", "45.3%", "5 March 2026", "12.1 to 15.8"),
    ],
)
def test_numbers_and_dates_follow_the_language(
    language: str, number: str, percent: str, day: str, ends: str
) -> None:
    words = Words(language)
    assert words.number(1234.5, 1).replace("\N{NO-BREAK SPACE}", " ") == number
    assert words.percent(0.453) == percent
    assert words.day(date(2026, 3, 5)) == day
    assert words.between(Interval(0.14, 0.121, 0.158)) == ends
    assert words.number(-3) == "\N{MINUS SIGN}3"


def test_intervals_across_nought_keep_their_signs_apart() -> None:
    assert Words("ru").between(Interval(0, -0.01, 0.02)) == "\N{MINUS SIGN}1,0 … 2,0"


@pytest.mark.parametrize(
    ("days", "en", "ru", "kk"),
    [
        (1, "1 day", "1 день", "1 күн"),
        (13, "13 days", "13 дней", "13 күн"),
        (21, "3 weeks", "3 недели", "3 апта"),
        (150, "5 months", "5 месяцев", "5 ай"),
        (740, "2 years", "2 года", "2 жыл"),
    ],
)
def test_lateness_is_said_in_the_unit_people_use(days: int, en: str, ru: str, kk: str) -> None:
    assert [Words(language).lateness(days) for language in ("en", "ru", "kk")] == [en, ru, kk]


def test_values_in_rich_sentences_are_escaped() -> None:
    words = Words("en")
    sentence = ("<b>{n}</b> of {people} people needs somebody now.",) * 2
    assert "&lt;i&gt;" in words.rich_count(*sentence, 1, people="<i>")
    assert words.rich("{role}", role="<b>") == "&lt;b&gt;"


def test_names_stand_in_the_order_of_the_kazakh_alphabet() -> None:
    names = ["Шымкент", "Ұлытау", "Қостанай", "Абай", "№10 учаске", "№2 учаске", "Ақмола"]
    assert sorted(names, key=name_order) == [
        "№2 учаске", "№10 учаске", "Абай", "Ақмола", "Қостанай", "Ұлытау", "Шымкент",
    ]  # fmt: skip
